package profile

import (
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/postern-dev/postern/policy"
	"github.com/postern-dev/postern/policy/sigv4"
)

// PostOptions says whom a document is for and how the store answers an accepted POST.
type PostOptions struct {
	Redirect string         // where a form's visitor is sent; "" answers 201 with the store's XML, for scripts
	Dialect  *sigv4.Dialect // names the fields as the store does; nil is sigv4.AWS
}

// Document writes a plan as the policy document its POST is signed with: bucket and key exact, the
// size range, for scripts the one content type, how the store answers, and everything the profile
// sets. A form's document has no condition on Content-Type, since a form can't send that field.
func (c *Compiled) Document(p Plan, done PostOptions) policy.Document {
	conditions := make([]policy.Condition, 0, 8+len(p.Metadata))
	conditions = append(conditions, policy.Bucket(p.Bucket), policy.Key(p.Key), policy.ContentLengthRange(p.MinSize, p.MaxSize))
	if p.Method != MethodForm {
		conditions = append(conditions, policy.ContentType(p.Type))
	}
	if done.Redirect != "" {
		conditions = append(conditions, policy.SuccessActionRedirect(done.Redirect))
	} else {
		conditions = append(conditions, policy.SuccessActionStatus(201))
	}
	f := fieldsOf(done.Dialect)
	conditions = append(conditions, c.settings[f.metadata]...)
	for _, m := range p.Metadata {
		conditions = append(conditions, policy.Equal(f.metadata+m.Name, m.Value))
	}
	return policy.Document{Expiration: p.Expiration, Conditions: conditions}
}

// CheckDialect reports, joined, which of the profile's settings a store of this dialect has no form
// fields for, or doesn't allow: each a *FieldError or a *policy.ConditionError. It is for servers
// to ask before they serve.
func (c *Compiled) CheckDialect(d *sigv4.Dialect) error {
	var faults []error
	f := fieldsOf(d)
	for _, condition := range c.appendSettings(nil, f) {
		if err := condition.Err(); err != nil {
			faults = append(faults, fmt.Errorf("profile: %q: %w", c.profile.Name, err))
		}
	}
	for field, lacking := range map[string]bool{"tags": len(c.profile.Tags) > 0 && !f.tags, "encryption": c.profile.Encryption.Mode != "" && f.encryption == ""} {
		if lacking {
			faults = append(faults, &FieldError{Profile: c.profile.Name, Field: field, Wanted: "nothing: forms of this store have no field for it", Got: "a value"})
		}
	}
	return errors.Join(faults...)
}

// fieldNames are what a dialect calls the fields a profile sets.
type fieldNames struct {
	acl, storageClass, encryption, kmsKey, metadata string
	kms                                             string // the value that asks for KMS
	tags                                            bool
}

// The names of "PostObject" in the OSS documentation and "POST Object" in that of Cloud Storage.
var (
	awsFields = fieldNames{"acl", "x-amz-storage-class", "x-amz-server-side-encryption", "x-amz-server-side-encryption-aws-kms-key-id", "x-amz-meta-", "aws:kms", true}
	ossFields = fieldNames{"x-oss-object-acl", "x-oss-storage-class", "x-oss-server-side-encryption", "x-oss-server-side-encryption-key-id", "x-oss-meta-", "KMS", false}
	gcsFields = fieldNames{"acl", "x-goog-storage-class", "", "", "x-goog-meta-", "", false}
)

func fieldsOf(d *sigv4.Dialect) fieldNames {
	switch d {
	case sigv4.OSS:
		return ossFields
	case sigv4.GCS, sigv4.GCSRSA:
		return gcsFields
	}
	return awsFields
}

// appendSettings adds the conditions that don't depend on the file.
func (c *Compiled) appendSettings(out []policy.Condition, f fieldNames) []policy.Condition {
	p := &c.profile
	if p.ACL != "" {
		out = append(out, policy.Equal(f.acl, p.ACL))
	}
	if p.CacheControl != "" {
		out = append(out, policy.CacheControl(p.CacheControl))
	}
	if p.StorageClass != "" {
		out = append(out, policy.Equal(f.storageClass, p.StorageClass))
	}
	if p.Encryption.Mode != "" && f.encryption != "" {
		out = append(out, policy.Equal(f.encryption, p.Encryption.mode(f)))
	}
	if p.Encryption.KeyID != "" && f.kmsKey != "" {
		out = append(out, policy.Equal(f.kmsKey, p.Encryption.KeyID))
	}
	if len(p.Tags) > 0 && f.tags {
		out = append(out, policy.Tagging(sortedTags(p.Tags)...))
	}
	return out
}

// settingsByDialect makes those conditions once for each dialect, by its prefix of user metadata.
func (c *Compiled) settingsByDialect() map[string][]policy.Condition {
	out := map[string][]policy.Condition{}
	for _, f := range []fieldNames{awsFields, ossFields, gcsFields} {
		out[f.metadata] = c.appendSettings(nil, f)
	}
	return out
}

func (e Encryption) mode(f fieldNames) string {
	if e.Mode == "aws:kms" {
		return f.kms
	}
	return e.Mode
}

func sortedTags(tags map[string]string) []policy.Tag {
	out := make([]policy.Tag, 0, len(tags))
	for _, name := range slices.Sorted(maps.Keys(tags)) {
		out = append(out, policy.Tag{Key: name, Value: tags[name]})
	}
	return out
}
