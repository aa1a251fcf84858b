package profile

import (
	"maps"
	"slices"

	"github.com/postern-dev/postern/policy"
)

// Done says how the store answers an accepted POST.
type Done struct {
	Redirect string // where a form's visitor is sent; "" answers 201 with the store's XML, for scripts
}

// Document writes a plan as the policy document its POST is signed with: bucket and key exact, the size range, for
// scripts the one content type, how the store answers, and everything the profile sets. A form's document has no
// condition on Content-Type, since a form can't send that field.
func (c *Compiled) Document(p Plan, done Done) policy.Document {
	conditions := []policy.Condition{
		policy.Bucket(p.Bucket),
		policy.Key(p.Key),
		policy.ContentLengthRange(p.MinSize, p.MaxSize),
	}
	if p.Method != MethodForm {
		conditions = append(conditions, policy.ContentType(p.Type))
	}
	if done.Redirect != "" {
		conditions = append(conditions, policy.SuccessActionRedirect(done.Redirect))
	} else {
		conditions = append(conditions, policy.SuccessActionStatus(201))
	}
	conditions = append(conditions, c.settings()...)
	for _, m := range p.Metadata {
		conditions = append(conditions, policy.Metadata(m.Name, m.Value))
	}
	return policy.Document{Expiration: p.Expiration, Conditions: conditions}
}

// settings are the conditions that don't depend on the file.
func (c *Compiled) settings() []policy.Condition {
	var out []policy.Condition
	p := &c.profile
	if p.ACL != "" {
		out = append(out, policy.ACL(policy.CannedACL(p.ACL)))
	}
	if p.CacheControl != "" {
		out = append(out, policy.CacheControl(p.CacheControl))
	}
	if p.StorageClass != "" {
		out = append(out, policy.StorageClass(policy.Class(p.StorageClass)))
	}
	switch p.Encryption.Mode {
	case "AES256":
		out = append(out, policy.SSES3())
	case "aws:kms":
		out = append(out, policy.SSEKMS(policy.KMS{KeyID: p.Encryption.KeyID})...)
	}
	if len(p.Tags) > 0 {
		out = append(out, policy.Tagging(sortedTags(p.Tags)...))
	}
	return out
}

func sortedTags(tags map[string]string) []policy.Tag {
	out := make([]policy.Tag, 0, len(tags))
	for _, name := range slices.Sorted(maps.Keys(tags)) {
		out = append(out, policy.Tag{Key: name, Value: tags[name]})
	}
	return out
}
