package profile_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/postern-dev/postern/policy/profile"
)

func TestCleanFilenameRemovesInvisibleCharacters(t *testing.T) {
	t.Parallel()
	cases := []struct{ name, in, want string }{
		{"an ordinary name stays", "Holiday 2026 (1).png", "Holiday 2026 (1).png"},
		{"letters of any script stay", "Übersicht-漢字-عربي.pdf", "Übersicht-漢字-عربي.pdf"},
		{"two dots inside stay", "my..file.png", "my..file.png"},
		{"controls go", "a\x00b\r\nc\x7f\u0085.png", "abc.png"},
		{"bidirectional marks go", "photo\u202egnp.exe\u2066\u200f", "photognp.exe"},
		{"zero-width characters go", "a\u200b\ufeff\u2060b", "ab"},
		{"line separators go", "a\u2028b\u2029c", "abc"},
		{"private use and replacement characters go", "a\ue000\ufffdb", "ab"},
		{"outer spaces go", "  a.png\u00a0", "a.png"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if got, err := profile.CleanFilename(c.in); err != nil || got != c.want {
				t.Errorf("wants %q, got %q, %v", c.want, got, err)
			}
		})
	}
}

func TestCleanFilenameRefusesWhatNamesNoFile(t *testing.T) {
	t.Parallel()
	cases := []struct{ name, in string }{
		{"nothing", ""},
		{"nothing but spaces", " \t "},
		{"nothing visible", "\u200b\u202e"},
		{"a dot", "."},
		{"two dots", ".."},
		{"two dots behind an invisible mark", "\u200b.\u2060."},
		{"a path", "a/b.png"},
		{"an absolute path", "/etc/passwd"},
		{"a path of another system", `C:\fakepath\a.png`},
		{"a climbing path", `..\..\a`},
		{"bytes that aren't UTF-8", "a\xff.png"},
		{"an overlong dot", "\xc0\xae\xc0\xae"},
		{"4 KB", strings.Repeat("a", 4096)},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			got, err := profile.CleanFilename(c.in)
			if !errors.Is(err, &profile.RequestError{Code: profile.FilenameInvalid}) || got != "" {
				t.Errorf("wants filename_invalid, got %q, %v", got, err)
			}
			if err != nil && len(err.Error()) > 700 {
				t.Errorf("the error repeats %d bytes of the name", len(err.Error()))
			}
		})
	}
}

func TestKeysHaveExtensionsAndSlugsOfFileNames(t *testing.T) {
	t.Parallel()
	c := compile(t, func(p *profile.Profile) {
		p.InsecureKey, p.Key, p.Types = true, "in/{name}{ext}", []string{"*/*", "image/svg+xml"}
	})
	cases := []struct{ name, file, contentType, key string }{
		{"lower case, hyphens for the rest", "My Holiday_Photo (1).PNG", "image/png", "in/my-holiday-photo-1.png"},
		{"only the last extension", "backup.tar.gz", "application/gzip", "in/backup-tar.gz"},
		{"a name of another script", "漢字.pdf", "application/pdf", "in/漢字.pdf"},
		{"a hidden file has no extension", ".profile", "", "in/profile"},
		{"a long extension is none", "a.abcdefghijklmnop", "", "in/a"},
		{"an extension with a control character", "a.p\x00ng", "image/png", "in/a.png"},
		{"a full-width extension is none", "a.ｐng", "image/png", "in/a.png"},
		{"a full-width extension of unknown bytes", "a.ｐng", "", "in/a"},
		{"an extension that promises a page", "a.html", "image/png", "in/a.png"},
		{"an extension its type allows", "a.svg", "image/svg+xml", "in/a.svg"},
		{"a trailing dot", "a.", "", "in/a"},
		{"a long name", strings.Repeat("ab", 100) + ".png", "image/png", "in/" + strings.Repeat("ab", 32) + ".png"},
	}
	for _, k := range cases {
		t.Run(k.name, func(t *testing.T) {
			t.Parallel()
			p, err := c.Plan(alice(), profile.File{Name: k.file, Type: k.contentType, Size: 1}, params())
			if err != nil || p.Key != k.key {
				t.Errorf("wants %q, got %q, %v", k.key, p.Key, err)
			}
		})
	}
}
