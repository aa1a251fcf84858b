package uploads

import (
	"fmt"
	"slices"
	"strings"

	"github.com/postern-dev/postern/policy"
	"github.com/postern-dev/postern/policy/profile"
)

// Ability is one thing that a store can do or can't, by the name that the config file has for it in
// store.can.
type Ability struct {
	Name  string
	About string // what it means, half a sentence
	has   func(*Provider) bool
	set   func(*Provider, bool)
}

// flag is an ability that is one field of a Provider.
func flag(name, about string, field func(*Provider) *bool) Ability {
	return Ability{name, about, func(p *Provider) bool { return *field(p) }, func(p *Provider, can bool) { *field(p) = can }}
}

// values is an ability that is a list of a Provider: without it the list is empty, with it the list
// has at least everything that S3 has.
func values[T comparable](name, about string, all []T, field func(*Provider) *[]T) Ability {
	return Ability{name, about, func(p *Provider) bool { return len(*field(p)) > 0 }, func(p *Provider, can bool) {
		switch list := field(p); {
		case !can:
			*list = nil
		case len(*list) == 0:
			*list = slices.Clone(all)
		}
	}}
}

// checksum is the ability to verify one checksum of a part.
func checksum(name string) Ability {
	return Ability{name, "a part or file with another " + name + " is refused",
		func(p *Provider) bool { return slices.Contains(p.Checksums, name) },
		func(p *Provider, can bool) {
			p.Checksums = slices.DeleteFunc(slices.Clone(p.Checksums), func(c string) bool { return c == name })
			if can {
				p.Checksums = append(p.Checksums, name)
			}
		}}
}

var abilities = []Ability{
	flag("post_policy", "takes forms under a signed policy, so that uploads work without script", func(p *Provider) *bool { return &p.PostPolicy }),
	flag("covers_fields", "refuses a form field without a condition", func(p *Provider) *bool { return &p.CoversFields }),
	flag("strict_ranges", "enforces every size range of a policy", func(p *Provider) *bool { return &p.StrictRanges }),
	flag("refuses_unsigned", "refuses headers of its own that weren't signed", func(p *Provider) *bool { return &p.RefusesUnsigned }),
	flag("conditional_put", "a presigned PUT can forbid overwriting", func(p *Provider) *bool { return &p.ConditionalPut }),
	flag("conditional_complete", "completing a multipart upload can forbid overwriting", func(p *Provider) *bool { return &p.ConditionalComplete }),
	flag("complete_size", "compares the object's size on completion", func(p *Provider) *bool { return &p.CompleteSize }),
	checksum("crc32"), checksum("crc32c"), checksum("crc64nvme"),
	flag("md5", "compares Content-MD5 of a PUT and of a part", func(p *Provider) *bool { return &p.MD5 }),
	flag("tags", "objects have tags", func(p *Provider) *bool { return &p.Tags }),
	values("acl", "objects have canned ACLs", allACLs, func(p *Provider) *[]policy.CannedACL { return &p.CannedACLs }),
	values("storage_class", "objects have storage classes", readableInAWS, func(p *Provider) *[]policy.S3Class { return &p.Classes }),
	values("encryption", "encrypts as the profile says", bothModes, func(p *Provider) *[]profile.EncryptionMode { return &p.Encryptions }),
	flag("versions", "buckets can keep versions", func(p *Provider) *bool { return &p.Versions }),
	flag("cors_calls", "takes the bucket's CORS rules by API", func(p *Provider) *bool { return &p.CORSCalls }),
	flag("lifecycle_calls", "takes lifecycle rules by API", func(p *Provider) *bool { return &p.LifecycleCalls }),
	flag("list_uploads", "lists unfinished multipart uploads", func(p *Provider) *bool { return &p.ListsUploads }),
	{"unequal_parts", "takes parts of different sizes", func(p *Provider) bool { return !p.EqualParts }, func(p *Provider, can bool) { p.EqualParts = !can }},
}

// Abilities lists all abilities in the order of the documentation.
func Abilities() []Ability { return slices.Clone(abilities) }

// With returns the record with single abilities changed, as store.can of the config file has them.
// An unknown name is an error.
func (p Provider) With(can map[string]bool) (Provider, error) {
	p = p.withDefaults()
	known := make([]string, len(abilities))
	for i, ability := range abilities {
		known[i] = ability.Name
		if value, ok := can[ability.Name]; ok {
			ability.set(&p, value)
		}
	}
	for name := range can {
		if !slices.Contains(known, name) {
			return p, fmt.Errorf("uploads: provider: ability %q: wanted one of %s", name, strings.Join(known, ", "))
		}
	}
	return p, nil
}

// Evidence says how an entry of a record is known.
type Evidence string

// The kinds of evidence.
const (
	EvidenceNo         Evidence = "no"         // the store can't do it, or nobody says that it can
	EvidenceDocumented Evidence = "documented" // by the store's own documentation
	EvidenceTested     Evidence = "tested"     // by a test of this project as well, with a double or the store itself
)

// EvidenceOf returns how it is known whether the provider of a name has an ability.
func EvidenceOf(provider string, a Ability) Evidence {
	r := providers[provider]
	switch {
	case !a.has(&r.Provider):
		return EvidenceNo
	case slices.Contains(r.tested, a.Name) || slices.Contains(testedWithDoubles, a.Name):
		return EvidenceTested
	}
	return EvidenceDocumented
}

// SourcesOf lists the pages that the record of a name follows.
func SourcesOf(provider string) []string { return slices.Clone(providers[provider].sources) }
