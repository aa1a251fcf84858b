package profile_test

import (
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
