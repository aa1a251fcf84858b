package profile_test

import (
	"crypto/sha256"
	"fmt"
	"math/rand/v2"
	"net/url"
	"path"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"github.com/postern-dev/postern/policy"
	"github.com/postern-dev/postern/policy/profile"
)

// fragments are what hostile names are made of.
var fragments = []string{
	"..", ".", "/", `\`, "//", "../", `..\`, "%2e", "%2E%2e", "%2f", "%5c", "%00", "%", "~", "~2F", "${filename}", "$",
	"．", "／", "＼", "。", "․", "‥", "\u202e", "\u2066", "\u200b", "\u200d", "\ufeff", "\u0000", "\r\n", "\t", "\x7f",
	"\u0085", "\u2028", "\"", "'", "<script>", "</script>", "{}", "{id}", "?", "#", "&", "=", ":", ";", " ", "\xff", "\xc0\xae",
	"\xed\xa0\x80", "a", "Z", "9", "é", "ß", "漢字", "عربي", "👩‍💻", "e\u0301", ".png", ".PNG", ".html", ".svg", ".tar.gz",
	".p\u0000ng", ".ｐng", "CON", "NUL.txt", "C:", "con.", "|", "*", "\ufffd", "\ufffe",
}

// appendHostile appends one generated name; one in 500 is about 4 KB long.
func appendHostile(r *rand.Rand, out []byte) []byte {
	minLength := 0
	if r.IntN(500) == 0 {
		minLength = 4096
	}
	for n := r.IntN(8); n >= 0 || len(out) < minLength; n-- {
		switch r.IntN(4) {
		case 0:
			out = append(out, byte(r.IntN(256)))
		case 1:
			out = utf8.AppendRune(out, rune(r.IntN(utf8.MaxRune+1)))
		default:
			out = append(out, fragments[r.IntN(len(fragments))]...)
		}
	}
	return out
}

// keyFault says what is wrong with a key made below prefix, or nothing.
func keyFault(key, prefix string) string {
	switch {
	case len(key) > policy.MaxKeyBytes:
		return "is over 1,024 bytes"
	case prefix == "" || !strings.HasSuffix(prefix, "/") || !strings.HasPrefix(key, prefix) || len(key) == len(prefix):
		return "isn't below its prefix"
	case strings.ContainsFunc(key, isUnsafe) || !norm.NFC.IsNormalString(key) || strings.ContainsFunc(prefix, func(r rune) bool { return r > '~' }):
		return "holds an unsafe character"
	case strings.Contains("/"+key+"/", "/./") || strings.Contains("/"+key+"/", "/../") || strings.Contains(key, "//"):
		return "has a segment that cleaning a path removes"
	case !allowedExtensions[path.Ext(key)]:
		return "has an extension that is in no list"
	}
	return ""
}

// parsedFault says what parsers of paths and URLs change in a key, or nothing.
func parsedFault(key, prefix string) string {
	if path.Clean(key) != key {
		return "changes as a path"
	}
	u, err := url.Parse("https://media.example/bucket/" + key)
	if err != nil || u.Path != "/bucket/"+key || u.JoinPath().Path != u.Path || !strings.HasPrefix(u.EscapedPath(), "/bucket/"+prefix) {
		return "changes as a URL"
	}
	if again, err := url.PathUnescape(key); err != nil || again != key {
		return "changes when decoded"
	}
	return ""
}

// isUnsafe reports whether a character may be in no key: beside some of ASCII only letters, marks
// and digits may, of any script, and none that is invisible.
func isUnsafe(r rune) bool {
	if r < utf8.RuneSelf {
		return !strings.ContainsRune(keyAlphabet, r)
	}
	return r == utf8.RuneError || !unicode.In(r, unicode.L, unicode.M, unicode.Nd) ||
		unicode.In(r, unicode.Other_Default_Ignorable_Code_Point, unicode.Variation_Selector)
}

const keyAlphabet = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.=@~/"

// namedKeys returns a profile whose keys have as much of the file's name as a template allows.
func namedKeys(t testing.TB) *profile.Compiled {
	return compile(t, func(p *profile.Profile) {
		p.Key, p.Types = "users/{subject}/{claim:team}/{yyyy}/{id}/{name}{ext}", []string{"*/*", "text/html"}
		p.AcceptMetadata = []string{"filename"}
	})
}

func TestAMillionFileNamesGiveKeysBelowThePrefix(t *testing.T) {
	t.Parallel()
	const names = 1_000_000
	c := namedKeys(t)
	r := rand.New(rand.NewPCG(1, 2026))
	id := alice()
	id.Claims = map[string]string{"team": "a/../b"}
	const prefix = "users/alice/a~2F..~2Fb/"
	var buffer []byte
	minted := 0
	for range names {
		buffer = appendHostile(r, buffer[:0])
		p, err := c.Plan(id, profile.File{Name: string(buffer), Type: "text/html", Size: 1}, params())
		if err != nil {
			continue
		}
		minted++
		fault := keyFault(p.Key, prefix)
		if minted%16 == 0 && fault == "" {
			fault = parsedFault(p.Key, prefix)
		}
		if fault != "" || p.Prefix != prefix {
			t.Fatalf("name %q: key %q %s", buffer, p.Key, fault)
		}
	}
	if minted < names/5 {
		t.Errorf("only %d of %d names became keys", minted, names)
	}
}

func TestHostileSubjectsAndClaimsBecomeOneSegmentEach(t *testing.T) {
	t.Parallel()
	c := namedKeys(t)
	r := rand.New(rand.NewPCG(3, 2026))
	for range 50_000 {
		subject, team := string(appendHostile(r, nil)), string(appendHostile(r, nil))
		id := profile.Identity{Subject: subject, Profiles: []string{profile.AllProfiles}, Claims: map[string]string{"team": team}}
		p, err := c.Plan(id, png(), params())
		if err != nil {
			continue
		}
		if strings.Count(p.Key, "/") != 5 || strings.Count(p.Prefix, "/") != 3 {
			t.Fatalf("subject %q, claim %q: key %q has other segments", subject, team, p.Key)
		}
		if fault := keyFault(p.Key, p.Prefix) + parsedFault(p.Key, p.Prefix); fault != "" {
			t.Fatalf("subject %q, claim %q: key %q %s", subject, team, p.Key, fault)
		}
	}
}

func TestSubjectsNeverShareAPrefix(t *testing.T) {
	t.Parallel()
	c := compile(t, func(p *profile.Profile) { p.Key = "users/{subject}/{id}" })
	seen := map[string]string{}
	add := func(subject string) {
		prefix, err := c.Prefix(profile.Identity{Subject: subject, Profiles: []string{profile.AllProfiles}})
		if err != nil {
			return
		}
		if other, taken := seen[prefix]; taken && other != subject {
			t.Fatalf("%q and %q share %q", subject, other, prefix)
		}
		seen[prefix] = subject
	}
	alphabet := []string{"a", "A", "~", "2", "E", "e", ".", "/", "%", "é", "．", " ", "\x00"}
	eachText(alphabet, 4, "", add)
	r := rand.New(rand.NewPCG(4, 2026))
	for range 100_000 {
		add(string(appendHostile(r, nil)))
	}
	for n := range 600 {
		add(strings.Repeat("a", n+1))
		add(strings.Repeat("/", n+1))
		add("~~" + strings.Repeat("f", n))
	}
	for prefix := range seen {
		segment := strings.TrimPrefix(prefix, "users/")
		if i := strings.IndexByte(segment, '/'); i != len(segment)-1 {
			t.Fatalf("%q isn't one whole segment", prefix)
		}
	}
}

// eachText calls f with every text of 1 to n letters of the alphabet.
func eachText(alphabet []string, n int, text string, f func(string)) {
	if n == 0 {
		return
	}
	for _, letter := range alphabet {
		f(text + letter)
		eachText(alphabet, n-1, text+letter, f)
	}
}

func TestSubjectsAreEncodedAsSegments(t *testing.T) {
	t.Parallel()
	c := compile(t, func(p *profile.Profile) { p.Key = "users/{subject}/{id}" })
	cases := []struct{ name, subject, segment string }{
		{"plain text stays", "alice-01_B", "alice-01_B"},
		{"an address is escaped", "alice@example.com", "alice~40example.com"},
		{"a dot alone", ".", "~2E"},
		{"two dots", "..", "~2E~2E"},
		{"dots at the ends", ".a.b.", "~2Ea.b~2E"},
		{"a slash", "users/1", "users~2F1"},
		{"an escape look-alike", "a~2Fb", "a~7E2Fb"},
		{"percent-encoding", "%2e%2e%2f", "~252e~252e~252f"},
		{"full-width dots", "．．", "~EF~BC~8E~EF~BC~8E"},
		{"what is too long for a segment", strings.Repeat("é", 100), "~~" + sha256Hex(strings.Repeat("é", 100))},
	}
	for _, k := range cases {
		t.Run(k.name, func(t *testing.T) {
			t.Parallel()
			got, err := c.Prefix(profile.Identity{Subject: k.subject, Profiles: []string{profile.AllProfiles}})
			if want := "users/" + k.segment + "/"; err != nil || got != want {
				t.Errorf("wants %q, got %q, %v", want, got, err)
			}
		})
	}
}

func sha256Hex(text string) string {
	return fmt.Sprintf("%x", sha256.Sum256([]byte(text)))
}

func FuzzKeys(f *testing.F) {
	f.Add("alice", "holiday.png", "image/png")
	f.Add("../bob", "..\\..\\evil.svg", "image/svg+xml")
	f.Add("a\u202eb", "%2e%2e%2fx.p\u0000ng", "text/html")
	f.Add("alice", "x.png.php", "image/png")
	f.Add("alice", "x.asp;.PHP. ", "application/x-own")
	c := namedKeys(f)
	f.Fuzz(func(t *testing.T, subject, name, contentType string) {
		id := profile.Identity{Subject: subject, Profiles: []string{profile.AllProfiles}, Claims: map[string]string{"team": name}}
		p, err := c.Plan(id, profile.File{Name: name, Type: contentType, Size: 1}, params())
		if err != nil {
			if p.Key != "" {
				t.Fatalf("a refused plan has key %q", p.Key)
			}
			return
		}
		if fault := keyFault(p.Key, p.Prefix) + parsedFault(p.Key, p.Prefix); fault != "" {
			t.Fatalf("key %q %s", p.Key, fault)
		}
	})
}
