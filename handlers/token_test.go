package handlers

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/postern-dev/postern/policy"
	"github.com/postern-dev/postern/policy/profile"
	"github.com/postern-dev/postern/policy/sigv4"
)

func testTokens(t testing.TB) *tokens {
	t.Helper()
	keys := []sigv4.Secret{sigv4.Secret(strings.Repeat("k", 32))}
	out, err := newTokens(keys, func() time.Time { return time.Unix(1_700_000_000, 0) })
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func testUpload() upload {
	return upload{id: "0198", subject: "alice", profile: "photos", bucket: "media", key: "users/alice/0198.png",
		method: profile.MethodMultipart, uploadID: "abc.def-_", contentType: "image/png", minSize: 9, maxSize: 9 << 20,
		partSize: 5 << 20, checksum: "crc32", metadata: "xyz", issued: time.Unix(1_700_000_000, 0).UTC(),
		expires: time.Unix(1_700_000_100, 0).UTC()}
}

// FuzzTokens proves that the appending encoder writes what a JSON decoder reads back, whatever the
// values are.
func FuzzTokens(f *testing.F) {
	tokens := testTokens(f)
	f.Add("alice", "users/alice/1.png", "upload", int64(1))
	f.Add(`a"b\c`, "k\x00\x1f\u2028", "</script>", int64(1<<62))
	f.Add("日本語", "\u202e", "e\u0301", int64(0))
	f.Fuzz(func(t *testing.T, subject, key, uploadID string, size int64) {
		u := testUpload()
		u.subject, u.key, u.uploadID, u.minSize, u.maxSize = subject, key, uploadID, size, size
		got, err := tokens.verify(tokens.mint(u))
		whole := subject != "" && key != "" && size >= 0
		if !whole {
			if !errors.Is(err, errBadToken) {
				t.Fatalf("claims that aren't whole: got %+v %v", got, err)
			}
			return
		}
		valid := utf8.ValidString(subject) && utf8.ValidString(key) && utf8.ValidString(uploadID)
		if err != nil || valid && got != u {
			t.Fatalf("wanted %+v, got %+v %v", u, got, err)
		}
	})
}

func TestAppendedStringsAreThoseOfEncodingJSON(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"", "plain", `"`, `\`, "\n", "\x7f", "é", "\u2028", "</script>", "\xff"} {
		got := appendString(nil, text)
		var back string
		if err := json.Unmarshal(got, &back); err != nil || back != strings.ToValidUTF8(text, "\ufffd") {
			t.Errorf("%q: got %s, read back as %q %v", text, got, back, err)
		}
	}
}

func TestTheDigestTellsMetadataApart(t *testing.T) {
	t.Parallel()
	field := func(pairs ...string) (out []policy.Field) {
		for i := 0; i < len(pairs); i += 2 {
			out = append(out, policy.Field{Name: pairs[i], Value: pairs[i+1]})
		}
		return out
	}
	digests := map[string]string{}
	for name, fields := range map[string][]policy.Field{
		"none": nil, "a": field("a", "1"), "b": field("b", "1"), "other value": field("a", "2"), "both": field("a", "1", "b", "1"),
		"joined": field("a", "1b1"), "empty": field("a", ""), "shifted": field("a1", ""),
	} {
		d := digestFields(fields)
		if other, taken := digests[d]; taken {
			t.Errorf("%s and %s have the same digest", name, other)
		}
		digests[d] = name
	}
	if digestFields(field("a", "é")) != digestFields(field("a", "=?utf-8?b?w6k=?=")) || digestFields(field("a", "é")) != digestFields(field("a", " =?UTF-8?Q?=C3=A9?= ")) {
		t.Error("one text, encoded in two ways, has two digests")
	}
}

func BenchmarkMint(b *testing.B) {
	tokens, u := testTokens(b), testUpload()
	b.ReportAllocs()
	for b.Loop() {
		tokens.mint(u)
	}
}
