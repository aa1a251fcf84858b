package uploads

import (
	"cmp"
	"errors"
	"reflect"
	"slices"
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

func testUpload() Upload {
	return Upload{
		Plan: profile.Plan{ID: "0198", Subject: "alice", Profile: "photos", Bucket: "media", Key: "users/alice/0198.png",
			Method: profile.MethodMultipart, Type: "image/png", MinSize: 9, MaxSize: 9 << 20, PartSize: 5 << 20, PartCount: 2,
			Checksum: "crc32", Filename: `"é".png`, Nonce: "session 1", UploadExpiration: time.Unix(1_700_000_100, 0).UTC()},
		StoreUploadID: "abc.def-_", MetadataDigest: "xyz", Language: "de", Return: Return{Path: "/albums/new?draft=7", Field: "pictures"}, Issued: time.Unix(1_700_000_000, 0).UTC(),
	}
}

// FuzzTokens proves that a token gives back the upload that it was minted for, whatever the values
// are, up to the size that is read.
func FuzzTokens(f *testing.F) {
	tokens := testTokens(f)
	f.Add("alice", "users/alice/1.png", "upload", int64(1))
	f.Add(`a"b\c`, "k\x00\x1f\u2028", "</script>", int64(1<<62))
	f.Add("日本語", "\u202e", "e\u0301", int64(0))
	f.Add("alice", "k", strings.Repeat("\x00", maxToken/6), int64(1))
	f.Fuzz(func(t *testing.T, subject, key, uploadID string, size int64) {
		u := testUpload()
		u.Subject, u.Key, u.StoreUploadID, u.MinSize, u.MaxSize = subject, key, uploadID, size, size
		u.PartCount = int((size + u.PartSize - 1) / u.PartSize)
		token := tokens.mint("", u)
		got, err := tokens.verify(token)
		complete := subject != "" && key != "" && size >= 0
		if !complete || len(token) > maxToken {
			if !errors.Is(err, errInvalidToken) {
				t.Fatalf("claims that aren't complete, or %d bytes of token: got %+v %v", len(token), got, err)
			}
			return
		}
		valid := utf8.ValidString(subject) && utf8.ValidString(key) && utf8.ValidString(uploadID)
		if err != nil || valid && !reflect.DeepEqual(got, u) {
			t.Fatalf("wanted %+v, got %+v %v", u, got, err)
		}
	})
}

func TestATokenCarriesEveryFactOfAnUpload(t *testing.T) {
	t.Parallel()
	tokens := testTokens(t)
	cases := map[string]func(*Upload){
		"a multipart upload": func(*Upload) {},
		"a form": func(u *Upload) {
			u.Method, u.Type, u.PartSize, u.PartCount, u.StoreUploadID, u.Checksum = profile.MethodForm, "", 0, 0, "", ""
			u.MinSize = 0
		},
		"a PUT of an empty file": func(u *Upload) {
			u.Method, u.PartSize, u.PartCount, u.StoreUploadID, u.MinSize, u.MaxSize = profile.MethodPut, 0, 0, "", 0, 0
		},
		"a prefix before the token": func(*Upload) {},
	}
	for name, change := range cases {
		u := testUpload()
		change(&u)
		got, err := tokens.verify(strings.TrimPrefix(tokens.mint("https://a.example/done/", u), "https://a.example/done/"))
		if err != nil || !reflect.DeepEqual(got, u) {
			t.Errorf("%s: wanted %+v, got %+v %v", name, u, got, err)
		}
	}
}

// TestEveryFactHasAClaim fails when a field is added to Upload or profile.Plan and neither travels
// nor is known to stay behind.
func TestEveryFactHasAClaim(t *testing.T) {
	t.Parallel()
	// What only the issuing step needs, and what follows from other claims.
	left := []string{"Prefix", "Metadata", "PartCount", "Expiration", "Plan", "Return"}
	renamed := map[string]string{"UploadExpiration": "ExpiresAt", "Issued": "IssuedAt", "Path": "ReturnPath", "Field": "ReturnField"}
	claims := reflect.TypeFor[uploadClaims]()
	for _, facts := range []reflect.Type{reflect.TypeFor[Upload](), reflect.TypeFor[profile.Plan](), reflect.TypeFor[Return]()} {
		for i := range facts.NumField() {
			name := facts.Field(i).Name
			if _, ok := claims.FieldByName(cmp.Or(renamed[name], name)); !ok && !slices.Contains(left, name) {
				t.Errorf("%s.%s: wanted a claim", facts.Name(), name)
			}
		}
	}
}

func TestDifferentMetadataHasDifferentDigests(t *testing.T) {
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
		d := digestMetadata(fields)
		if other, taken := digests[d]; taken {
			t.Errorf("%s and %s have the same digest", name, other)
		}
		digests[d] = name
	}
	if digestMetadata(field("a", "é")) != digestMetadata(field("a", "=?utf-8?b?w6k=?=")) || digestMetadata(field("a", "é")) != digestMetadata(field("a", " =?UTF-8?Q?=C3=A9?= ")) {
		t.Error("one text, encoded in two ways, has two digests")
	}
}

func BenchmarkMint(b *testing.B) {
	tokens, u := testTokens(b), testUpload()
	b.ReportAllocs()
	for b.Loop() {
		tokens.mint("", u)
	}
}
