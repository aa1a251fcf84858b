package profile_test

import (
	"strings"
	"testing"

	"github.com/postern-dev/postern/policy/profile"
)

func TestProfilesAllowTheirContentTypes(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name  string
		types []string
		asked string
		want  bool
	}{
		{"a type named exactly", []string{"image/png"}, "image/png", true},
		{"in another case", []string{"image/png"}, "Image/PNG", true},
		{"with a parameter", []string{"text/plain"}, "text/plain; charset=utf-8", true},
		{"another of the family", []string{"image/png"}, "image/pngx", false},
		{"a family", []string{"image/*"}, "image/avif", true},
		{"a look-alike family", []string{"image/*"}, "imagex/png", false},
		{"a list beginning with the family", []string{"image/*"}, "image/png,text/html", false},
		{"an active type of the family", []string{"image/*"}, "image/svg+xml", false},
		{"an active type named exactly", []string{"image/*", "image/svg+xml"}, "image/svg+xml", true},
		{"anything", []string{"*/*"}, "application/zip", true},
		{"anything but pages", []string{"*/*"}, "text/html", false},
		{"anything but pages, in disguise", []string{"*/*"}, " TEXT/HTML ;charset=x", false},
		{"anything but XML that may hold script", []string{"*/*"}, "application/rss+xml", false},
		{"anything but script", []string{"*/*"}, "application/javascript", false},
		{"anything but a type that browsers sniff", []string{"*/*"}, "unknown/unknown", false},
		{"the other one that browsers sniff", []string{"*/*"}, "application/unknown", false},
		{"in another case, with blanks and a parameter", []string{"*/*"}, " \tApplication/Unknown ; charset=utf-8", false},
		{"a type that browsers sniff, by its family", []string{"application/*", "unknown/*"}, "application/unknown", false},
		{"a type that browsers sniff, named exactly", []string{"application/unknown"}, "application/unknown", true},
		{"a family of parts", []string{"*/*"}, "multipart/mixed", false},
		{"a recording with two codecs", []string{"video/*"}, "video/webm;codecs=vp9,opus", true},
		{"no type, which is bytes", []string{"*/*"}, "", true},
		{"no type where bytes aren't named", []string{"image/*"}, "", false},
		{"no type where bytes are named", []string{"application/octet-stream"}, ";", true},
		{"no subtype", []string{"*/*"}, "image/", false},
		{"no slash", []string{"*/*"}, "image", false},
		{"two slashes", []string{"*/*"}, "image/png/x", false},
		{"a wildcard", []string{"*/*"}, "*/*", false},
		{"a control character", []string{"*/*"}, "image/png\r\nx: y", false},
		{"a dollar", []string{"*/*"}, "image/$Content-Type", false},
		{"a letter of another alphabet", []string{"*/*"}, "imаge/png", false},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			compiled := compile(t, func(p *profile.Profile) { p.Types = c.types })
			if got := compiled.Allows(c.asked); got != c.want {
				t.Errorf("%q in %v: wants %v", c.asked, c.types, c.want)
			}
			_, err := compiled.Plan(alice(), profile.File{Name: "a", Type: c.asked, Size: 1}, params())
			if (err == nil) != c.want {
				t.Errorf("a plan for %q: got %v", c.asked, err)
			}
		})
	}
}

func TestBothNamesOfUnknownBytesAreOneType(t *testing.T) {
	t.Parallel()
	for _, pattern := range []string{"application/octet-stream", "binary/octet-stream"} {
		c := compile(t, func(p *profile.Profile) { p.Types = []string{pattern} })
		for _, declared := range []string{"", "application/octet-stream", "binary/octet-stream", "Binary/Octet-Stream; x=1"} {
			p, err := c.Plan(alice(), profile.File{Name: "a", Type: declared, Size: 1}, params())
			if err != nil || p.Type != profile.OctetStream {
				t.Errorf("%q in a profile for %q: got type %q, %v", declared, pattern, p.Type, err)
			}
		}
	}
}

// activeTypes are what a wildcard must not include; each list has its source in types.go.
var activeTypes = strings.Fields(`text/html text/xml application/xml application/xhtml+xml image/svg+xml application/mathml+xml application/rss+xml
	application/atom+xml application/xslt+xml application/rdf+xml application/vnd.mozilla.xul+xml application/dash+xml model/x3d+xml
	application/ecmascript application/javascript application/x-ecmascript application/x-javascript text/ecmascript text/javascript
	text/javascript1.0 text/javascript1.1 text/javascript1.2 text/javascript1.3 text/javascript1.4 text/javascript1.5 text/jscript
	text/livescript text/x-ecmascript text/x-javascript unknown/unknown application/unknown application/x-unknown-content-type
	text/xsl text/xslt application/xslt application/mathml text/rdf application/xml-dtd application/xml-external-parsed-entity
	text/xml-external-parsed-entity multipart/x-mixed-replace multipart/related multipart/mixed message/rfc822 application/x-mimearchive
	text/cache-manifest application/wasm application/webbundle application/importmap+json text/css application/x-shockwave-flash
	application/futuresplash text/vbscript application/hta`)

func TestActiveTypesHaveToBeNamed(t *testing.T) {
	t.Parallel()
	for _, active := range activeTypes {
		family, _, _ := strings.Cut(active, "/")
		wild := compile(t, func(p *profile.Profile) { p.Types = []string{"*/*", family + "/*", "image/png"} })
		named := compile(t, func(p *profile.Profile) { p.Types = []string{active} })
		for _, written := range []string{active, strings.ToUpper(active), " " + active + "\t", active + ";", active + " ; charset=utf-8", active + `;a="b,c"`} {
			if !profile.Active(written) || wild.Allows(written) {
				t.Errorf("%q counts as passive", written)
			}
			if !named.Allows(written) {
				t.Errorf("%q isn't allowed although it is named", written)
			}
		}
	}
}

func TestOrdinaryTypesArePassive(t *testing.T) {
	t.Parallel()
	c := compile(t, func(p *profile.Profile) { p.Types = []string{"*/*"} })
	for _, passive := range []string{"", "application/octet-stream", "image/png", "image/jpeg", "application/pdf", "text/plain", "text/csv", "text/markdown",
		"application/json", "application/zip", "video/mp4", "audio/mpeg", "font/woff2", "application/epub+zip", "model/gltf+json",
		"application/vnd.openxmlformats-officedocument.wordprocessingml.document", "application/msword", "application/java-archive"} {
		if profile.Active(passive) || !c.Allows(passive) {
			t.Errorf("%q counts as active", passive)
		}
	}
	for _, list := range []string{"image/png,text/html", "image/png, text/html", "text", "text/", "*/*", "text/html\r\n", "image/png text/html"} {
		if !profile.Active(list) || c.Allows(list) {
			t.Errorf("%q, which is no type, is allowed", list)
		}
	}
}
