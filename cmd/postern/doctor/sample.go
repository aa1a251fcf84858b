package doctor

import (
	"regexp"
	"slices"
	"strings"

	"github.com/postern-dev/postern/handlers/uploads"
	"github.com/postern-dev/postern/policy/profile"
)

// heads are first bytes that make a file one of a type.
var heads = []struct{ name, bytes string }{
	{"application/octet-stream", ""},
	{"text/plain", "postern doctor\n"},
	{"image/png", "\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x00\x01\x00\x00\x00\x01\x08\x06\x00\x00\x00\x1f\x15\xc4\x89"},
	{"image/jpeg", "\xff\xd8\xff\xe0\x00\x10JFIF\x00\x01\x01\x00\x00\x01\x00\x01\x00\x00"},
	{"image/gif", "GIF89a\x01\x00\x01\x00\x80\x00\x00"},
	{"image/webp", "RIFF\x24\x00\x00\x00WEBPVP8 "},
	{"application/pdf", "%PDF-1.7\n"},
	{"application/zip", "PK\x03\x04\x14\x00\x00\x00"},
	{"application/json", "{\"doctor\":true}"},
	{"video/mp4", "\x00\x00\x00\x18ftypmp42\x00\x00\x00\x00mp42isom"},
	{"video/webm", "\x1a\x45\xdf\xa3\x9f\x42\x86\x81\x01\x42\xf7\x81\x01\x42\xf2\x81\x04\x42\xf3\x81\x08\x42\x82\x84webm"},
	{"audio/mpeg", "ID3\x03\x00\x00\x00\x00\x00\x00"},
	{"audio/ogg", "OggS\x00\x02"},
}

// sample is a file that a profile allows.
type sample struct {
	contentType string
	head        string
	exact       bool // the bytes are of that type, so that verification accepts them
}

// sampleOf chooses a type that a profile allows and whose bytes can be made, else the first of its
// types.
func sampleOf(p *uploads.ServedProfile) sample {
	for _, h := range heads {
		if p.Allows(h.name) {
			return sample{h.name, h.bytes, true}
		}
	}
	for _, name := range p.Settings.Types {
		if !strings.HasSuffix(name, "/*") {
			return sample{name, "", false}
		}
	}
	family, _, _ := strings.Cut(p.Settings.Types[0], "/")
	return sample{family + "/x-" + Subject, "", false}
}

// content is a file of so many bytes.
func (s sample) content(size int) []byte {
	fill := byte(0)
	if strings.HasPrefix(s.contentType, "text/") || s.contentType == "application/json" {
		fill = ' '
	}
	content := slices.Repeat([]byte{fill}, size)
	copy(content, s.head)
	return content
}

var claimPlaceholder = regexp.MustCompile(`\{claim:([^}]+)\}`)

// visitorOf is who uploads to a profile: the doctor, with a value for every claim of the key.
func visitorOf(p profile.Profile) uploads.Visitor {
	v := uploads.Visitor{Identity: profile.Identity{Subject: Subject, Profiles: []string{profile.AllProfiles}}, Known: true}
	for _, found := range claimPlaceholder.FindAllStringSubmatch(p.Key, -1) {
		if v.Claims == nil {
			v.Claims = map[string]string{}
		}
		v.Claims[found[1]] = Subject
	}
	return v
}
