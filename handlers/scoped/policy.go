package scoped

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/postern-dev/postern/handlers/uploads"
	"github.com/postern-dev/postern/policy/profile"
)

// maxPolicy is the most characters of a session policy; see AssumeRole in the AWS STS API
// reference.
const maxPolicy = 2048

type document struct {
	Version   string
	Statement []statement
}

type statement struct {
	Sid       string
	Effect    string
	Action    []string
	Resource  string
	Condition map[string]map[string]string `json:",omitempty"`
}

// Policy is the session policy for one scope, in the language of AWS. The partition is aws, aws-cn
// or aws-us-gov.
//
// s3:PutObject covers single and multipart uploads. ACLs, tags and reading are actions of their
// own, which aren't granted. Encryption and storage class are held to the profile's where a request
// names them; parts of an upload name none, so that the bucket's default has to be the profile's
// too.
func Policy(s uploads.UploadGrant, partition string) (string, error) {
	if err := Check(s); err != nil {
		return "", err
	}
	resource := "arn:" + partition + ":s3:::" + s.Bucket + "/" + s.Prefix + "*"
	text, err := Encode(document{Version: "2012-10-17", Statement: []statement{
		{
			Sid: "Upload", Effect: "Allow", Action: []string{"s3:PutObject"}, Resource: resource,
			Condition: map[string]map[string]string{"StringEqualsIfExists": conditions(s)},
		},
		{
			Sid: "Resume", Effect: "Allow", Resource: resource,
			Action: []string{"s3:AbortMultipartUpload", "s3:ListMultipartUploadParts"},
		},
	}})
	if err != nil || len(text) > maxPolicy {
		return "", fmt.Errorf("scoped: session policy has %d characters, wanted at most %d", len(text), maxPolicy)
	}
	return text, nil
}

func conditions(s uploads.UploadGrant) map[string]string {
	class := s.StorageClass
	if class == "" {
		class = "STANDARD"
	}
	wanted := map[string]string{"s3:x-amz-storage-class": class}
	if s.Encryption != (profile.Encryption{}) {
		wanted["s3:x-amz-server-side-encryption"] = s.Encryption.Mode
	}
	if s.Encryption.KeyID != "" {
		wanted["s3:x-amz-server-side-encryption-aws-kms-key-id"] = s.Encryption.KeyID
	}
	return wanted
}

// Encode writes a policy document as compact JSON with nothing escaped that doesn't have to be.
func Encode(document any) (string, error) {
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	err := encoder.Encode(document)
	return strings.TrimSuffix(b.String(), "\n"), err
}

// partitionOf reads the partition from a role's ARN. Stores that only speak the language of AWS
// take any ARN and know one partition.
func partitionOf(roleARN string) string {
	parts := strings.SplitN(roleARN, ":", 3)
	if len(parts) == 3 && strings.HasPrefix(parts[1], "aws-") {
		return parts[1]
	}
	return "aws"
}
