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
	names := policy.AttributeNamesOf(done.Dialect)
	conditions = append(conditions, c.settings[names.MetadataPrefix]...)
	for _, m := range p.Metadata {
		conditions = append(conditions, policy.Equal(names.MetadataPrefix+m.Name, m.Value))
	}
	return policy.Document{Expiration: p.Expiration, Conditions: conditions}
}

// CheckDialect reports, joined, which of the profile's settings a store of this dialect has no form
// fields for, or doesn't allow: each a *FieldError or a *policy.ConditionError. It is for servers
// to ask before they serve.
func (c *Compiled) CheckDialect(d *sigv4.Dialect) error {
	var faults []error
	names := policy.AttributeNamesOf(d)
	for _, condition := range c.appendSettings(nil, names) {
		if err := condition.Err(); err != nil {
			faults = append(faults, fmt.Errorf("profile: %q: %w", c.profile.Name, err))
		}
	}
	for field, lacking := range map[string]bool{"tags": len(c.profile.Tags) > 0 && names.TagsField == "", "encryption": c.profile.Encryption.Mode != "" && names.Encryption == ""} {
		if lacking {
			faults = append(faults, &FieldError{Profile: c.profile.Name, Field: field, Wanted: "nothing: forms of this store have no field for it", Got: "a value"})
		}
	}
	return errors.Join(faults...)
}

// appendSettings adds the conditions that don't depend on the file.
func (c *Compiled) appendSettings(out []policy.Condition, names policy.AttributeNames) []policy.Condition {
	p := &c.profile
	if p.ACL != "" {
		out = append(out, policy.Equal(names.ACLField, p.ACL))
	}
	if p.CacheControl != "" {
		out = append(out, policy.CacheControl(p.CacheControl))
	}
	if p.StorageClass != "" {
		out = append(out, policy.Equal(names.StorageClass, p.StorageClass))
	}
	if p.Encryption.Mode != "" && names.Encryption != "" {
		out = append(out, policy.Equal(names.Encryption, p.Encryption.ModeValue(names)))
	}
	if p.Encryption.KeyID != "" && names.KMSKey != "" {
		out = append(out, policy.Equal(names.KMSKey, p.Encryption.KeyID))
	}
	if len(p.Tags) > 0 && names.TagsField != "" {
		out = append(out, policy.Tagging(sortedTags(p.Tags)...))
	}
	return out
}

// settingsByDialect makes those conditions once for each dialect, by its prefix of user metadata.
func (c *Compiled) settingsByDialect() map[string][]policy.Condition {
	out := map[string][]policy.Condition{}
	for _, d := range []*sigv4.Dialect{sigv4.AWS, sigv4.OSS, sigv4.GCS} {
		names := policy.AttributeNamesOf(d)
		out[names.MetadataPrefix] = c.appendSettings(nil, names)
	}
	return out
}

// ModeValue is the mode as a dialect writes it.
func (e Encryption) ModeValue(names policy.AttributeNames) string {
	if e.Mode == "aws:kms" {
		return names.KMSMode
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
