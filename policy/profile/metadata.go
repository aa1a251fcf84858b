package profile

import (
	"encoding/base64"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/postern-dev/postern/policy"
)

// checkMetadata checks the metadata that the profile sets and the names that callers may set.
func (c *Compiled) checkMetadata(k *checker) {
	p := &c.profile
	total := 0
	for _, name := range slices.Sorted(maps.Keys(p.Metadata)) {
		value := p.Metadata[name]
		k.require(isMetadataName(name), "metadata", "names of 1 to 64 lower-case letters, digits, - and _", name)
		k.require(utf8.ValidString(value), "metadata."+name, "UTF-8", value)
		total += len(name) + len(metadataValue(value))
	}
	k.require(total <= policy.MaxMetadataBytes, "metadata", "at most 2,048 bytes in all", total)
	c.accepts = make(map[string]bool, len(p.AcceptMetadata))
	for i, name := range p.AcceptMetadata {
		field := fmt.Sprintf("accept_metadata[%d]", i)
		_, fixed := p.Metadata[name]
		k.require(isMetadataName(name), field, "a name of 1 to 64 lower-case letters, digits, - and _", name)
		k.require(!fixed, field, "a name that metadata doesn't set", name)
		k.require(!c.accepts[name], field, "each name once", name)
		c.accepts[name] = true
	}
}

// isMetadataName is narrower than what S3 takes: names are header names, and S3 turns them to lower
// case.
func isMetadataName(name string) bool {
	return isIdentifier(name) && strings.ToLower(name) == name
}

// metadataValue returns text as a header can carry it. What isn't printable ASCII, or holds `$`,
// becomes one encoded word of RFC 2047 (`=?utf-8?b?…?=`), the form S3 itself uses for such
// metadata.
func metadataValue(text string) string {
	if isHeaderValue(text) && !strings.HasPrefix(text, "=?") {
		return text
	}
	return "=?utf-8?b?" + base64.StdEncoding.EncodeToString([]byte(text)) + "?="
}

// metadata joins what profile, identity and caller set, sorted by name. The caller may set only
// accepted names, and nobody overrides what was set before.
func (c *Compiled) metadata(id Identity, given map[string]string, filename string) ([]policy.Field, error) {
	fields := make([]policy.Field, 0, len(c.profile.Metadata)+len(id.Metadata)+len(given)+1)
	fields = appendMetadata(fields, c.profile.Metadata)
	for name := range id.Metadata {
		if _, taken := c.profile.Metadata[name]; taken {
			return nil, metadataError(Forbidden, name, "a name the profile doesn't set")
		}
	}
	fields = appendMetadata(fields, id.Metadata)
	for name := range given {
		if _, taken := id.Metadata[name]; taken || !c.accepts[name] {
			return nil, metadataError(InvalidRequest, name, c.acceptedNames())
		}
	}
	fields = appendMetadata(fields, given)
	fields = c.appendFilename(fields, filename)
	return sortMetadata(fields)
}

func appendMetadata(fields []policy.Field, from map[string]string) []policy.Field {
	for name, value := range from {
		fields = append(fields, policy.Field{Name: name, Value: value})
	}
	return fields
}

// appendFilename adds the file's name where the profile accepts metadata of that name and nobody
// set it.
func (c *Compiled) appendFilename(fields []policy.Field, filename string) []policy.Field {
	taken := slices.ContainsFunc(fields, func(f policy.Field) bool { return f.Name == "filename" })
	if filename == "" || taken || !c.accepts["filename"] {
		return fields
	}
	return append(fields, policy.Field{Name: "filename", Value: filename})
}

// sortMetadata checks the entries, encodes their values for headers and sorts them by name.
func sortMetadata(fields []policy.Field) ([]policy.Field, error) {
	total := 0
	for i, f := range fields {
		if !isMetadataName(f.Name) || !utf8.ValidString(f.Value) {
			return nil, metadataError(InvalidRequest, f.Name, "a lower-case name and a value in UTF-8")
		}
		fields[i].Value = metadataValue(f.Value)
		total += len(f.Name) + len(fields[i].Value)
	}
	if total > policy.MaxMetadataBytes {
		wanted := "at most 2,048 bytes in all"
		return nil, &RequestError{Code: InvalidRequest, Field: "metadata", Wanted: wanted, Got: strconv.Itoa(total)}
	}
	slices.SortFunc(fields, func(a, b policy.Field) int { return strings.Compare(a.Name, b.Name) })
	return fields, nil
}

func metadataError(code Code, name, wanted string) error {
	return &RequestError{Code: code, Field: "metadata." + clip(name), Wanted: wanted, Got: clip(name)}
}

func (c *Compiled) acceptedNames() string {
	if len(c.profile.AcceptMetadata) == 0 {
		return "no metadata"
	}
	return "one of " + strings.Join(c.profile.AcceptMetadata, ", ")
}
