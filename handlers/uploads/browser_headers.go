package uploads

import (
	"fmt"
	"maps"
	"slices"

	"github.com/postern-dev/postern/policy"
	"github.com/postern-dev/postern/policy/profile"
)

// BrowserHeaders lists the headers that browsers send to the store for uploads of a profile, and
// that CORS rules therefore have to allow: in lower case, sorted, empty where all uploads are forms
// or parts without a checksum. A form has none; a part has its checksum; a presigned PUT has what
// it is signed with. A ticket can name further metadata, so that for a PUT the list has a wildcard,
// such as "x-amz-meta-*". The error is a profile that profile.Compile refuses.
func (p Provider) BrowserHeaders(of profile.Profile) ([]string, error) {
	compiled, err := profile.Compile(of)
	if err != nil {
		return nil, fmt.Errorf("uploads: headers of browsers: %w", err)
	}
	p, of = p.withDefaults(), compiled.Profile()
	names := map[string]bool{}
	md5Parts := !p.PostPolicy && of.Checksum == profile.ChecksumMD5
	if of.Checksum != "" && (of.MaxSize >= of.Multipart.Threshold || md5Parts) {
		names[of.Checksum.Header()] = true
	}
	if !p.PostPolicy && of.MinSize < of.Multipart.Threshold && (!md5Parts || of.MinSize == 0) {
		plan := profile.Plan{Type: profile.OctetStream, Filename: "file", Metadata: possibleMetadata(of)}
		for _, header := range putHeaders(p, &ServedProfile{Settings: of}, plan) {
			names[header.Name] = true
		}
		names[p.Attributes().MetadataPrefix+"*"] = true
	}
	return slices.Sorted(maps.Keys(names)), nil
}

// possibleMetadata has a field for every name of user metadata that a profile sets or accepts.
func possibleMetadata(of profile.Profile) (fields []policy.Field) {
	for _, name := range append(slices.Sorted(maps.Keys(of.Metadata)), of.AcceptMetadata...) {
		fields = append(fields, policy.Field{Name: name, Value: "value"})
	}
	return fields
}
