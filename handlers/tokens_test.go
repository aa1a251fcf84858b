package handlers_test

import (
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/postern-dev/postern/handlers"
	"github.com/postern-dev/postern/handlers/problem"
	"github.com/postern-dev/postern/policy/sigv4"
)

// claimsOf reads a token without looking at its signature.
func claimsOf(t *testing.T, token string) (map[string]any, jwt.MapClaims) {
	t.Helper()
	var claims jwt.MapClaims
	parsed, _, err := jwt.NewParser(jwt.WithJSONNumber()).ParseUnverified(token, &claims)
	if err != nil {
		t.Fatal(err)
	}
	return parsed.Header, claims
}

func TestTokenConfusion(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	p := s.issue("pictures", "garden.png", "image/png", 4000)
	header, claims := claimsOf(t, p.Token)
	sign := func(method jwt.SigningMethod, key any, edit func(header map[string]any, claims jwt.MapClaims)) string {
		token := jwt.NewWithClaims(method, jwt.MapClaims{})
		token.Header["kid"] = header["kid"]
		for name, value := range claims {
			token.Claims.(jwt.MapClaims)[name] = value
		}
		edit(token.Header, token.Claims.(jwt.MapClaims))
		text, err := token.SignedString(key)
		if err != nil {
			t.Fatal(err)
		}
		return text
	}
	private, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	as := func(map[string]any, jwt.MapClaims) {}
	good := []byte(tokenSecret)
	without := func(name string) func(map[string]any, jwt.MapClaims) {
		return func(_ map[string]any, c jwt.MapClaims) { delete(c, name) }
	}
	with := func(name string, value any) func(map[string]any, jwt.MapClaims) {
		return func(_ map[string]any, c jwt.MapClaims) { c[name] = value }
	}
	parts := strings.Split(p.Token, ".")
	none := base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"none","typ":"JWT","kid":"` + header["kid"].(string) + `"}`))
	cases := []struct {
		name, token string
		code        problem.Code
	}{
		{"nothing", "", problem.Unauthorized},
		{"not a token", "abc", problem.Unauthorized},
		{"ten thousand letters", strings.Repeat("a", 10000), problem.Unauthorized},
		{"a changed signature", flip(p.Token), problem.Unauthorized},
		{"no signature", parts[0] + "." + parts[1] + ".", problem.Unauthorized},
		{"alg none", none + "." + parts[1] + ".", problem.Unauthorized},
		{"alg none with the signature", none + "." + parts[1] + "." + parts[2], problem.Unauthorized},
		{"another key", sign(jwt.SigningMethodHS256, []byte(strings.Repeat("k", 40)), as), problem.Unauthorized},
		{"HS512", sign(jwt.SigningMethodHS512, good, as), problem.Unauthorized},
		{"RS256", sign(jwt.SigningMethodRS256, private, as), problem.Unauthorized},
		{"no key ID", sign(jwt.SigningMethodHS256, good, func(h map[string]any, _ jwt.MapClaims) { delete(h, "kid") }), problem.Unauthorized},
		{"an unknown key ID", sign(jwt.SigningMethodHS256, good, func(h map[string]any, _ jwt.MapClaims) { h["kid"] = "x" }), problem.Unauthorized},
		{"a ticket's audience", sign(jwt.SigningMethodHS256, good, with("aud", "postern")), problem.Unauthorized},
		{"no audience", sign(jwt.SigningMethodHS256, good, without("aud")), problem.Unauthorized},
		{"no expiry", sign(jwt.SigningMethodHS256, good, without("exp")), problem.Unauthorized},
		{"no key", sign(jwt.SigningMethodHS256, good, without("key")), problem.Unauthorized},
		{"over", sign(jwt.SigningMethodHS256, good, with("exp", time.Now().Add(-time.Second).Unix())), problem.UploadExpired},
		{"over and for another audience", sign(jwt.SigningMethodHS256, good, func(_ map[string]any, c jwt.MapClaims) {
			c["exp"], c["aud"] = time.Now().Add(-time.Hour).Unix(), "postern"
		}), problem.Unauthorized},
		{"another upload", sign(jwt.SigningMethodHS256, good, with("jti", "other")), problem.UnknownUpload},
		{"a form's token", sign(jwt.SigningMethodHS256, good, with("mth", "form")), problem.UnknownUpload},
		{"a profile that is gone", sign(jwt.SigningMethodHS256, good, with("prf", "gone")), problem.UnknownUpload},
		{"a bucket that isn't the profile's", sign(jwt.SigningMethodHS256, good, with("bkt", "other")), problem.UnknownUpload},
		{"as it was issued", sign(jwt.SigningMethodHS256, good, as), problem.Incomplete},
	}
	for _, c := range cases {
		for _, route := range []struct{ method, path string }{{"POST", "/complete"}} {
			a := s.call(route.method, "/uploads/"+p.ID+route.path, "", "Upload-Token", c.token)
			if refused := a.refused(c.code); strings.Contains(refused.Detail, "kid") {
				t.Errorf("%s: tells too much: %+v", c.name, refused)
			}
		}
	}
}

func TestTokensCarryThePlanAndNoSecret(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	p := s.issue("films", "plot.txt", "text/plain", 6<<20, "Authorization", "Bearer alice")
	_, claims := claimsOf(t, p.Token)
	wanted := map[string]any{"jti": p.ID, "sub": "alice", "prf": "films", "bkt": bucket, "key": p.Key, "mth": "multipart",
		"typ": "text/plain", "min": json.Number("6291456"), "max": json.Number("6291456"), "pts": json.Number("5242880"), "sum": "crc32", "aud": "postern-upload"}
	for name, value := range wanted {
		if claims[name] != value {
			t.Errorf("%s: wanted %v, got %v", name, value, claims[name])
		}
	}
}

func TestTokenKeysCanBeRotated(t *testing.T) {
	t.Parallel()
	const next = sigv4.Secret("next-token-secret-nobody-may-see-")
	old := newSite(t)
	both := newSite(t, func(c *handlers.Config) { c.TokenKeys = []sigv4.Secret{next, tokenSecret} })
	fresh := newSite(t, func(c *handlers.Config) { c.TokenKeys = []sigv4.Secret{next} })
	p := old.issue("pictures", "garden.png", "image/png", 4000)
	p.at(both).call("POST", "/complete", "").refused(problem.Incomplete)
	p.at(fresh).call("POST", "/complete", "").refused(problem.Unauthorized)
	q := both.issue("pictures", "garden.png", "image/png", 4000)
	q.at(fresh).call("POST", "/complete", "").refused(problem.Incomplete)
	q.at(old).call("POST", "/complete", "").refused(problem.Unauthorized)
}

func TestAForeignUploadAnswersAsAnUnknownOne(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	mine := s.issue("films", "plot.txt", "text/plain", 6<<20, "Authorization", "Bearer alice")
	theirs := s.issue("films", "plot.txt", "text/plain", 6<<20, "Authorization", "Bearer bob")
	routes := []struct{ method, path, body string }{{"POST", "/parts", `{"parts":[{"number":1,"checksum":"AAAAAA=="}]}`},
		{"GET", "/parts", ""}, {"POST", "/complete", ""}, {"DELETE", "", ""}}
	for _, r := range routes {
		to := "/uploads/" + theirs.ID + r.path
		first := s.call(r.method, to, r.body, "Upload-Token", mine.Token).refused(problem.UnknownUpload)
		second := s.call(r.method, to, r.body, "Upload-Token", theirs.Token, "Authorization", "Bearer alice").refused(problem.UnknownUpload)
		third := s.call(r.method, "/uploads/nothing"+r.path, r.body, "Upload-Token", mine.Token).refused(problem.UnknownUpload)
		if first.Detail != second.Detail || first.Detail != third.Detail || first.Field != third.Field {
			t.Errorf("%s %s: the answers differ: %+v %+v %+v", r.method, r.path, first, second, third)
		}
		s.call(r.method, to, r.body).refused(problem.Unauthorized)
		s.call(r.method, to, r.body, "Upload-Token", theirs.Token, "Authorization", "Bearer ended?").refused(problem.Unauthorized)
	}
	if open := openUploads(t, theirs.Key); open != 1 {
		t.Errorf("%d uploads are open", open)
	}
}
