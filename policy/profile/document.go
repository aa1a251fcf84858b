package profile

import (
	"errors"
	"fmt"
	"maps"
	"mime"
	"slices"
	"strings"

	"github.com/postern-dev/postern/policy"
	"github.com/postern-dev/postern/policy/sigv4"
)

// PostOptions says how the store answers an accepted POST, and which dialect it speaks.
type PostOptions struct {
	// Redirect is where the store sends a visitor without script: an absolute https URL. Empty: the
	// store answers 201 with XML, which is for scripts.
	Redirect string
	// Dialect decides how the fields are named. nil: sigv4.AWS.
	Dialect *sigv4.Dialect
}

// Document writes a plan as the policy document that its POST is signed with: bucket and key exact,
// the size range, for scripts the one content type, how the store answers, and everything the
// profile sets. A form's document has no condition on Content-Type, since a form can't send that
// field.
func (c *Compiled) Document(p Plan, o PostOptions) policy.Document {
	conditions := make([]policy.Condition, 0, 8+len(p.Metadata))
	conditions = append(conditions, policy.Bucket(p.Bucket), policy.Key(p.Key), policy.ContentLengthRange(p.MinSize, p.MaxSize))
	if p.Method != MethodForm {
		conditions = append(conditions, policy.ContentType(p.Type))
	}
	if o.Redirect != "" {
		conditions = append(conditions, policy.SuccessActionRedirect(o.Redirect))
	} else {
		conditions = append(conditions, policy.SuccessActionStatus(201))
	}
	names := policy.AttributeNamesOf(o.Dialect)
	conditions = append(conditions, c.settings[names.MetadataPrefix]...)
	if disposition := c.profile.DispositionOf(p); disposition != "" {
		conditions = append(conditions, policy.ContentDisposition(disposition))
	}
	for _, m := range p.Metadata {
		conditions = append(conditions, policy.Equal(names.MetadataPrefix+m.Name, m.Value))
	}
	return policy.Document{Expiration: p.Expiration, Conditions: conditions}
}

// CheckDialect reports, joined, which of the profile's settings a store of this dialect has no form
// field for, or doesn't allow: each a *SettingError or a *policy.ConditionError. Servers ask before
// they serve a profile. A nil dialect is sigv4.AWS.
func (c *Compiled) CheckDialect(d *sigv4.Dialect) error {
	names := policy.AttributeNamesOf(d)
	k := &checker{profile: c.profile.Name}
	for _, condition := range c.settingsOf(names) {
		if err := condition.Err(); err != nil {
			k.found = append(k.found, fmt.Errorf("profile: %q: %w", c.profile.Name, err))
		}
	}
	const wanted = "no value, since forms of this store have no field for it"
	class := c.profile.StorageClass
	k.require(class == "" || names.StorageClassField != "", "storage_class", wanted, class)
	k.require(class == "" || names.ClassName(class) != "", "storage_class", "a class that this store has", class)
	k.require(c.profile.Encryption.Mode == "" || names.Encryption != "", "encryption.mode", wanted, c.profile.Encryption.Mode)
	return errors.Join(k.found...)
}

// settingsOf returns the conditions that don't depend on the file. Settings that the dialect has no
// name for are left out.
func (c *Compiled) settingsOf(names policy.AttributeNames) (out []policy.Condition) {
	p := &c.profile
	add := func(name, value string) {
		if name != "" && value != "" {
			out = append(out, policy.Equal(name, value))
		}
	}
	add(names.ACLField, string(p.ACL))
	add("Cache-Control", p.CacheControl)
	add("Content-Encoding", p.ContentEncoding)
	if !p.Expires.IsZero() {
		out = append(out, policy.Expires(p.Expires))
	}
	if p.Overwrite == OverwriteForbid {
		add(names.OverwriteField, names.OverwriteValue)
	}
	add(names.StorageClassField, names.ClassName(p.StorageClass))
	add(names.Encryption, p.Encryption.ModeValue(names))
	add(names.KMSKey, p.Encryption.KeyID)
	if len(p.Tags) > 0 && names.TagsField != "" {
		out = append(out, policy.Tagging(sortedTags(p.Tags)...))
	}
	return out
}

func (c *Compiled) settingsByDialect() map[string][]policy.Condition {
	out := map[string][]policy.Condition{}
	for _, d := range []*sigv4.Dialect{sigv4.AWS, sigv4.OSS, sigv4.GCS} {
		names := policy.AttributeNamesOf(d)
		out[names.MetadataPrefix] = c.settingsOf(names)
	}
	return out
}

// DispositionOf is the Content-Disposition of a plan's object: the profile's, with the visitor's file
// name where it is known (RFC 6266); "" where the profile sets none.
func (p *Profile) DispositionOf(plan Plan) string {
	kind := string(p.ContentDisposition)
	if kind == "" || plan.Filename == "" {
		return kind
	}
	return mime.FormatMediaType(kind, map[string]string{"filename": strings.ReplaceAll(plan.Filename, "$", "_")})
}

// ModeValue returns the mode as a dialect writes it.
func (e Encryption) ModeValue(names policy.AttributeNames) string {
	if e.Mode == EncryptionKMS {
		return names.KMSMode
	}
	return string(e.Mode)
}

func sortedTags(tags map[string]string) []policy.Tag {
	out := make([]policy.Tag, 0, len(tags))
	for _, name := range slices.Sorted(maps.Keys(tags)) {
		out = append(out, policy.Tag{Key: name, Value: tags[name]})
	}
	return out
}
