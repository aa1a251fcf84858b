package iam

import (
	"cmp"
	"strings"

	"github.com/postern-dev/postern/cmd/postern/config"
	"github.com/postern-dev/postern/policy/profile"
)

// names writes the resources of a config: ARNs of AWS, or of Aliyun where the store is OSS.
type names struct {
	partition string // of AWS: aws, aws-cn, aws-us-gov, …
	region    string
	account   string // of the roles in the config; "" where it has none
	aliyun    bool
}

func namesOf(file *config.Config) names {
	role := cmp.Or(file.ScopedCredentials.RoleARN, file.Store.UploadCredentials.RoleARN)
	n := names{region: file.Store.Region, aliyun: file.Store.Provider == "oss", partition: partitionOf(file.Store.Region)}
	if parts := strings.Split(role, ":"); len(parts) >= 6 { // arn:PARTITION:iam::ACCOUNT:role/NAME
		n.account = parts[4]
	} else if n.aliyun && len(parts) == 5 { // acs:ram::ACCOUNT:role/NAME
		n.account = parts[3]
	}
	return n
}

// partitionOf is the partition of a region of AWS ("Amazon Resource Names" in the IAM User Guide).
func partitionOf(region string) string {
	for _, known := range []struct{ prefix, partition string }{
		{"cn-", "aws-cn"}, {"us-gov-", "aws-us-gov"}, {"us-iso-", "aws-iso"}, {"us-isob-", "aws-iso-b"},
		{"eu-isoe-", "aws-iso-e"}, {"us-isof-", "aws-iso-f"}, {"eusc-", "aws-eusc"},
	} {
		if strings.HasPrefix(region, known.prefix) {
			return known.partition
		}
	}
	return "aws"
}

// bucket is the resource of a bucket, objects that of the objects whose keys begin with prefix. A
// prefix holds no character that policies give a meaning: package profile allows letters, digits
// and -_.=@ only.
func (n names) bucket(bucket string) string {
	if n.aliyun {
		return "acs:oss:*:*:" + bucket
	}
	return "arn:" + n.partition + ":s3:::" + bucket
}

func (n names) objects(bucket, prefix string) string { return n.bucket(bucket) + "/" + prefix + "*" }

// root is the account of the config's roles, as the principal of a policy.
func (n names) root() string {
	if n.aliyun {
		return "acs:ram::" + n.account + ":root"
	}
	return "arn:" + n.partition + ":iam::" + n.account + ":root"
}

// keyPrefix is the part of a profile's key template before its first placeholder: "" where that
// comes first.
func keyPrefix(p profile.Profile) string {
	prefix, _, _ := strings.Cut(p.Key, "{")
	return prefix
}

// kmsKey is the resource of a KMS key and the condition that it takes: an ARN as it is, an ID in
// the store's region, an alias by the condition, since the rights on a key never follow from its
// alias.
func (n names) kmsKey(id string) (resource string, condition map[string]map[string][]string) {
	service := "s3." + n.region + ".amazonaws.com"
	if n.partition == "aws-cn" {
		service += ".cn"
	}
	condition = map[string]map[string][]string{"StringEquals": {"kms:ViaService": {service}}}
	keys := "arn:" + n.partition + ":kms:" + n.region + ":" + cmp.Or(n.account, "*") + ":"
	if n.aliyun {
		condition, keys = nil, "acs:kms:"+n.region+":*:"
	}
	alias := id
	if strings.HasPrefix(id, "arn:") {
		alias = id[strings.LastIndexByte(id, ':')+1:]
	}
	switch {
	case strings.HasPrefix(alias, "alias/") && !n.aliyun:
		condition["ForAnyValue:StringEquals"] = map[string][]string{"kms:ResourceAliases": {alias}}
		return keys + "key/*", condition
	case strings.HasPrefix(id, "arn:") || strings.HasPrefix(id, "acs:"):
		return id, condition
	}
	return keys + "key/" + strings.TrimPrefix(id, "key/"), condition
}
