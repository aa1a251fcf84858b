package scoped

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/postern-dev/postern/handlers/uploads"
	"github.com/postern-dev/postern/policy"
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

// SessionPolicy returns the session policy for a grant in AWS's policy language. The partition is
// aws, aws-cn or aws-us-gov. It fails as CheckGrant does, and when the policy has more than 2,048
// characters.
//
// s3:PutObject covers single and multipart uploads. ACLs, tags and reading are actions of their
// own, which aren't granted. Encryption and storage class have to be the profile's where a request
// names them; requests for parts name none, so the bucket's default has to be the profile's too.
func SessionPolicy(g uploads.UploadGrant, partition string) (string, error) {
	if err := CheckGrant(g); err != nil {
		return "", err
	}
	resource := "arn:" + partition + ":s3:::" + g.Bucket + "/" + g.Prefix + "*"
	encoded, err := EncodePolicy(document{Version: "2012-10-17", Statement: []statement{
		{
			Sid: "Upload", Effect: "Allow", Action: []string{"s3:PutObject"}, Resource: resource,
			Condition: map[string]map[string]string{"StringEqualsIfExists": conditions(g)},
		},
		{
			Sid: "Resume", Effect: "Allow", Resource: resource,
			Action: []string{"s3:AbortMultipartUpload", "s3:ListMultipartUploadParts"},
		},
	}})
	if err != nil || len(encoded) > maxPolicy {
		return "", fmt.Errorf("scoped: session policy has %d characters, wanted at most %d", len(encoded), maxPolicy)
	}
	return encoded, nil
}

// conditions returns condition keys of S3 with the only values that requests may give them.
func conditions(g uploads.UploadGrant) map[string]string {
	wanted := map[string]string{"s3:x-amz-storage-class": string(cmp.Or(g.StorageClass, policy.ClassStandard))}
	if g.Encryption.Mode != "" {
		wanted["s3:x-amz-server-side-encryption"] = string(g.Encryption.Mode)
	}
	if g.Encryption.KeyID != "" {
		wanted["s3:x-amz-server-side-encryption-aws-kms-key-id"] = g.Encryption.KeyID
	}
	return wanted
}

// EncodePolicy writes a policy document as compact JSON, without the escapes for HTML.
func EncodePolicy(document any) (string, error) {
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	err := encoder.Encode(document)
	return strings.TrimSuffix(b.String(), "\n"), err
}

// partitionOf returns the partition in a role's ARN. Stores that only have the API of AWS accept
// any ARN and know one partition.
func partitionOf(roleARN string) string {
	parts := strings.SplitN(roleARN, ":", 3)
	if len(parts) == 3 && strings.HasPrefix(parts[1], "aws-") {
		return parts[1]
	}
	return "aws"
}
