package tickets_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/postern-dev/postern/handlers/tickets"
	"github.com/postern-dev/postern/policy/profile"
	"github.com/postern-dev/postern/policy/sigv4"
)

const secret = sigv4.Secret("a shared secret of 32 bytes or so")

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func at(t time.Time) func() time.Time { return func() time.Time { return t } }

type object map[string]any

// good is the payload that every case starts from.
func good() object {
	return object{
		"sub": "alice", "aud": "postern", "profiles": []string{"photos"},
		"iat": noon.Unix(), "exp": noon.Add(time.Minute).Unix(),
	}
}

func with(changes object) object {
	payload := good()
	for name, value := range changes {
		if value == nil {
			delete(payload, name)
			continue
		}
		payload[name] = value
	}
	return payload
}

// pack signs any header and payload, however wrong, with HMAC-SHA256.
func pack(header, payload string, key []byte) string {
	signed := base64.RawURLEncoding.EncodeToString([]byte(header)) + "." + base64.RawURLEncoding.EncodeToString([]byte(payload))
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte(signed))
	return signed + "." + base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}

func packed(payload object) string {
	return pack(`{"alg":"HS256","typ":"JWT"}`, asJSON(payload), []byte(secret))
}

func packedText(payload string) string {
	return pack(`{"alg":"HS256"}`, payload, []byte(secret))
}

func verifier(t *testing.T, c tickets.Config) *tickets.Verifier {
	t.Helper()
	if c.Secrets == nil && c.JWKS == "" {
		c.Secrets = []sigv4.Secret{secret}
	}
	if c.Now == nil {
		c.Now = at(noon)
	}
	v, err := tickets.New(c)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// request carries the given Authorization headers.
func request(authorization ...string) *http.Request {
	r := httptest.NewRequest(http.MethodPost, "/uploads", nil)
	for _, value := range authorization {
		r.Header.Add("Authorization", value)
	}
	return r
}

// checkRefusal wants a 401 that repeats nothing of the ticket.
func checkRefusal(t *testing.T, err error, ticket string) {
	t.Helper()
	var refusal interface{ Unauthorized() bool }
	if !errors.As(err, &refusal) || !refusal.Unauthorized() {
		t.Fatalf("error %v isn't marked as unauthorized", err)
	}
	for _, piece := range strings.Split(ticket, ".") {
		if len(piece) > 3 && strings.Contains(err.Error(), piece) {
			t.Errorf("error %q repeats a piece of the ticket", err)
		}
	}
}

func asJSON(payload object) string { return string(must(json.Marshal(payload))) }

func unsigned(header, payload string) string {
	signed := pack(header, payload, nil)
	return signed[:strings.LastIndex(signed, ".")+1]
}

func many(n int) object {
	o := object{}
	for i := range n {
		o["m"+strings.Repeat("x", i)] = "v"
	}
	return o
}

func TestGoodTicketsAreAccepted(t *testing.T) {
	t.Parallel()
	plain := profile.Identity{Subject: "alice", Profiles: []string{"photos"}}
	for name, c := range map[string]struct {
		payload object
		config  tickets.Config
		want    profile.Identity
	}{
		"the plain one":                  {payload: good(), want: plain},
		"expired within the leeway":      {payload: with(object{"exp": noon.Add(-29 * time.Second).Unix()}), want: plain},
		"a clock ahead by the leeway":    {payload: with(object{"iat": noon.Add(29 * time.Second).Unix()}), want: plain},
		"expiry with a fraction":         {payload: with(object{"exp": float64(noon.Unix()) + 60.75}), want: plain},
		"without iat":                    {payload: with(object{"iat": nil}), want: plain},
		"one of several audiences":       {payload: with(object{"aud": []string{"shop", "postern"}}), want: plain},
		"an audience of its own":         {payload: with(object{"aud": "uploads"}), config: tickets.Config{Audience: "uploads"}, want: plain},
		"the issuer asked for":           {payload: with(object{"iss": "shop"}), config: tickets.Config{Issuer: "shop"}, want: plain},
		"any issuer where none is asked": {payload: with(object{"iss": "shop", "jti": "1"}), want: plain},
		"every profile":                  {payload: with(object{"profiles": []string{"*"}}), want: profile.Identity{Subject: "alice", Profiles: []string{profile.AllProfiles}}},
		"a subject of 256 bytes":         {payload: with(object{"sub": strings.Repeat("é", 128)}), want: profile.Identity{Subject: strings.Repeat("é", 128), Profiles: []string{"photos"}}},
		"members of other kinds":         {payload: with(object{"groups": []string{"a"}, "age": 7, "admin": true, "gone": object{}, "big": json.Number("1e999")}), want: plain},
		"everything": {
			payload: with(object{
				"max_size": 1024, "metadata": object{"album": "sea"}, "origin": "https://app.example.com:8443",
				"tenant": "t1", "claims": object{"team": "blue"},
			}),
			want: profile.Identity{
				Subject: "alice", Profiles: []string{"photos"}, MaxSize: 1024, Origin: "https://app.example.com:8443",
				Metadata: map[string]string{"album": "sea"}, Claims: map[string]string{"tenant": "t1", "team": "blue"},
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			id, ok, err := verifier(t, c.config).Identify(request("Bearer " + packed(c.payload)))
			if err != nil || !ok {
				t.Fatalf("refused: %v", err)
			}
			if !reflect.DeepEqual(id, c.want) {
				t.Errorf("identity\n%+v, wanted\n%+v", id, c.want)
			}
		})
	}
}

func TestOldSecretVerifiesWhileItIsListed(t *testing.T) {
	t.Parallel()
	next := sigv4.Secret("the next secret, 32 bytes or more")
	both := verifier(t, tickets.Config{Secrets: []sigv4.Secret{next, secret}})
	if _, ok, err := both.Identify(request("Bearer " + packed(good()))); !ok || err != nil {
		t.Errorf("old secret: %v", err)
	}
	nextAlone := verifier(t, tickets.Config{Secrets: []sigv4.Secret{next}})
	if _, _, err := nextAlone.Identify(request("Bearer " + packed(good()))); !errors.Is(err, tickets.ErrSignature) {
		t.Errorf("error %v, wanted %v", err, tickets.ErrSignature)
	}
}

func TestEveryMistakeInTheConfigIsReported(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		config tickets.Config
		want   []string
	}{
		"nothing to verify with":  {tickets.Config{}, []string{"neither a secret nor a key set"}},
		"a short secret":          {tickets.Config{Secrets: []sigv4.Secret{secret, "short"}}, []string{"secret 2 has 5 bytes"}},
		"key set in the clear":    {tickets.Config{JWKS: "http://id.example/keys"}, []string{"wanted https"}},
		"key set without a host":  {tickets.Config{JWKS: "https:keys"}, []string{"wanted https://HOST"}},
		"key set with a password": {tickets.Config{JWKS: "https://a:b@id.example/keys"}, []string{"wanted https://HOST"}},
		"several at once": {
			tickets.Config{Secrets: []sigv4.Secret{"x"}, MaxLifetime: -1, Leeway: time.Hour},
			[]string{"secret 1", "negative", "leeway 1h0m0s"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := tickets.New(c.config)
			for _, want := range c.want {
				if err == nil || !strings.Contains(err.Error(), want) {
					t.Errorf("error %v, wanted %q in it", err, want)
				}
			}
		})
	}
}
