package iam

import (
	"bytes"
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
)

// ramActions are the names of the actions in Aliyun's RAM ("RAM policy" in the OSS documentation).
// HeadBucket needs the bucket's information there.
var ramActions = map[string][]string{
	"s3:ListBucket":                 {"oss:GetBucketInfo", "oss:ListObjects"},
	"s3:GetBucketVersioning":        {"oss:GetBucketVersioning"},
	"s3:GetBucketCORS":              {"oss:GetBucketCors"},
	"s3:PutBucketCORS":              {"oss:PutBucketCors"},
	"s3:GetLifecycleConfiguration":  {"oss:GetBucketLifecycle"},
	"s3:PutLifecycleConfiguration":  {"oss:PutBucketLifecycle"},
	"s3:GetObject":                  {"oss:GetObject"},
	"s3:PutObject":                  {"oss:PutObject"},
	"s3:DeleteObject":               {"oss:DeleteObject"},
	"s3:PutObjectAcl":               {"oss:PutObjectAcl"},
	"s3:GetObjectAcl":               {"oss:GetObjectAcl"},
	"s3:GetObjectTagging":           {"oss:GetObjectTagging"},
	"s3:PutObjectTagging":           {"oss:PutObjectTagging"},
	"s3:AbortMultipartUpload":       {"oss:AbortMultipartUpload"},
	"s3:ListMultipartUploadParts":   {"oss:ListParts"},
	"s3:ListBucketMultipartUploads": {"oss:ListMultipartUploads"},
	"s3:GetObjectVersion":           {"oss:GetObjectVersion"},
	"s3:DeleteObjectVersion":        {"oss:DeleteObjectVersion"},
	"s3:GetObjectVersionAcl":        {"oss:GetObjectVersionAcl"},
	"s3:GetObjectVersionTagging":    {"oss:GetObjectVersionTagging"},
	"s3:PutObjectVersionTagging":    {"oss:PutObjectVersionTagging"},
	"s3:*":                          {"oss:*"},
	"sts:AssumeRole":                {"sts:AssumeRole"},
	"kms:Decrypt":                   {"kms:Decrypt"},
	"kms:GenerateDataKey":           {"kms:GenerateDataKey"},
}

// ramConditions are the names of the keys of conditions in RAM.
var ramConditions = strings.NewReplacer(`"aws:SecureTransport"`, `"acs:SecureTransport"`, `"s3:prefix"`, `"oss:Prefix"`)

// inRAM writes a policy in RAM's language: version 1, other actions and conditions, and statements
// without names. Resources are Aliyun's already.
func inRAM(p Policy) Policy {
	out := Policy{Version: "1"}
	for _, s := range p.Statement {
		var actions []string
		for _, action := range s.Action {
			actions = append(actions, ramActions[action]...)
		}
		s.Sid, s.Action = "", actions
		switch who := s.Principal.(type) {
		case string:
			s.Principal = []string{who}
		case map[string][]string:
			s.Principal = map[string][]string{"RAM": who["AWS"]}
		}
		if s.Condition != nil {
			text, _ := json.Marshal(s.Condition) // texts only, which always encode
			s.Condition = nil
			_ = json.Unmarshal([]byte(ramConditions.Replace(string(text))), &s.Condition)
		}
		out.Statement = append(out.Statement, s)
	}
	return out
}

// JSON is the policy as a file for the store's own tools, with a line break at its end.
func (p Policy) JSON() string {
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	_ = encoder.Encode(p) // texts only, which always encode
	return b.String()
}

// Text is all documents as JSON, each under a line that says whose it is.
func Text(list []Document) string {
	var b strings.Builder
	for _, d := range list {
		fmt.Fprintf(&b, "# %s: %s%s (%d of at most %d characters)\n%s\n", d.Name, d.Purpose, d.of(), d.Policy.Size(), d.maxSize, d.Policy.JSON())
	}
	return b.String()
}

// of names what the document belongs to.
func (d Document) of() string {
	switch {
	case d.Role != "":
		return ", " + d.Role
	case d.Bucket != "":
		return ", " + d.Bucket
	}
	return ""
}

// Terraform is all documents as resources of Terraform's provider "aws". A role is made together
// with its trust policy and its permissions.
func Terraform(list []Document) string {
	var b strings.Builder
	trusts := map[string]Policy{} // by role
	for _, d := range list {
		if strings.HasSuffix(d.Name, "-trust") {
			trusts[d.Role] = d.Policy
		}
	}
	for _, d := range list {
		label := "postern_" + unfitForLabel.ReplaceAllString(d.Name, "_")
		switch {
		case strings.HasSuffix(d.Name, "-trust"):
			continue
		case d.Bucket != "":
			resource(&b, d.Purpose, "aws_s3_bucket_policy", label, "bucket", quoted(d.Bucket), "policy", encoded(d.Policy))
		case d.Role != "":
			path, name := roleName(d.Role)
			resource(&b, d.Purpose, "aws_iam_role", label, "name", quoted(name), "path", quoted(path), "assume_role_policy", encoded(trusts[d.Role]))
			resource(&b, "", "aws_iam_role_policy", label, "name", quoted("postern-"+d.Name), "role", "aws_iam_role."+label+".id", "policy", encoded(d.Policy))
		default:
			resource(&b, d.Purpose, "aws_iam_policy", label, "name", quoted("postern-"+d.Name), "policy", encoded(d.Policy))
		}
	}
	return b.String()
}

var unfitForLabel = regexp.MustCompile(`[^A-Za-z0-9_]`)

// roleName splits the ARN of a role: arn:aws:iam::123456789012:role/PATH/NAME.
func roleName(arn string) (path, name string) {
	_, rest, _ := strings.Cut(arn, ":role/")
	cut := strings.LastIndexByte(rest, '/') + 1
	return "/" + rest[:cut], rest[cut:]
}

// resource writes one block; attributes are names and expressions in turn.
func resource(b *strings.Builder, comment, kind, label string, attributes ...string) {
	if comment != "" {
		fmt.Fprintf(b, "# %s\n", comment)
	}
	fmt.Fprintf(b, "resource %q %q {\n", kind, label)
	for i := 0; i < len(attributes); i += 2 {
		fmt.Fprintf(b, "  %s = %s\n", attributes[i], attributes[i+1])
	}
	b.WriteString("}\n\n")
}

// encoded is a policy as an expression. JSON is an expression of HCL once ${ and %{ are escaped.
func encoded(p Policy) string {
	text := strings.TrimSuffix(p.JSON(), "\n")
	return "jsonencode(" + inHCL.Replace(strings.ReplaceAll(text, "\n", "\n  ")) + ")"
}

var inHCL = strings.NewReplacer("${", "$${", "%{", "%%{")

func quoted(text string) string { return `"` + inHCL.Replace(text) + `"` }
