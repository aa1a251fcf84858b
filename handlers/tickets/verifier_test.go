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
	text := base64.RawURLEncoding.EncodeToString([]byte(header)) + "." + base64.RawURLEncoding.EncodeToString([]byte(payload))
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte(text))
	return text + "." + base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}

func packed(payload object) string {
	text, err := json.Marshal(payload)
	if err != nil {
		panic(err)
	}
	return pack(`{"alg":"HS256","typ":"JWT"}`, string(text), []byte(secret))
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

func TestTicketsThatAreRefused(t *testing.T) {
	t.Parallel()
	minute := noon.Add(time.Minute).Unix()
	for name, c := range map[string]struct {
		ticket string
		config tickets.Config
		want   error
	}{
		"no algorithm at all":            {ticket: pack(`{"alg":"none"}`, text(good()), nil), want: tickets.ErrAlgorithm},
		"no algorithm, no signature":     {ticket: unsigned(`{"alg":"none"}`, text(good())), want: tickets.ErrAlgorithm},
		"algorithm None in capitals":     {ticket: unsigned(`{"alg":"NONE"}`, text(good())), want: tickets.ErrAlgorithm},
		"algorithm missing":              {ticket: pack(`{"typ":"JWT"}`, text(good()), []byte(secret)), want: tickets.ErrAlgorithm},
		"HS512 by the right secret":      {ticket: pack(`{"alg":"HS512"}`, text(good()), []byte(secret)), want: tickets.ErrAlgorithm},
		"RS256 where no key set is":      {ticket: pack(`{"alg":"RS256"}`, text(good()), []byte(secret)), want: tickets.ErrAlgorithm},
		"another secret":                 {ticket: pack(`{"alg":"HS256"}`, text(good()), []byte("x")), want: tickets.ErrSignature},
		"signature cut off":              {ticket: unsigned(`{"alg":"HS256"}`, text(good())), want: tickets.ErrSignature},
		"typ of another kind of token":   {ticket: pack(`{"alg":"HS256","typ":"at+jwt"}`, text(good()), []byte(secret)), want: tickets.ErrMalformed},
		"typ that isn't text":            {ticket: pack(`{"alg":"HS256","typ":1}`, text(good()), []byte(secret)), want: tickets.ErrMalformed},
		"critical extension":             {ticket: pack(`{"alg":"HS256","crit":["b64"],"b64":false}`, text(good()), []byte(secret)), want: tickets.ErrMalformed},
		"two parts":                      {ticket: "e30.e30", want: tickets.ErrMalformed},
		"four parts":                     {ticket: packed(good()) + ".e30", want: tickets.ErrMalformed},
		"header isn't JSON":              {ticket: pack("{", text(good()), []byte(secret)), want: tickets.ErrMalformed},
		"payload isn't JSON":             {ticket: packedText(`{"sub":"alice"`), want: tickets.ErrMalformed},
		"payload is a list":              {ticket: packedText(`[]`), want: tickets.ErrClaim},
		"payload is null":                {ticket: packedText(`null`), want: tickets.ErrClaim},
		"payload isn't UTF-8":            {ticket: packedText("{\"sub\":\"\xff\"}"), want: tickets.ErrMalformed},
		"over 8 KiB":                     {ticket: packed(with(object{"pad": strings.Repeat("x", 8<<10)})), want: tickets.ErrMalformed},
		"expired beyond the leeway":      {ticket: packed(with(object{"exp": noon.Add(-31 * time.Second).Unix()})), want: tickets.ErrExpired},
		"no expiry":                      {ticket: packed(with(object{"exp": nil})), want: tickets.ErrClaim},
		"expiry is text":                 {ticket: packed(with(object{"exp": "1772366460"})), want: tickets.ErrClaim},
		"expiry is null":                 {ticket: packedText(`{"exp":null}`), want: tickets.ErrClaim},
		"expiry is beyond all time":      {ticket: packedText(`{"exp":1e300}`), want: tickets.ErrClaim},
		"expiry is negative":             {ticket: packedText(`{"exp":-1}`), want: tickets.ErrClaim},
		"lives a year, without iat":      {ticket: packed(with(object{"iat": nil, "exp": noon.AddDate(1, 0, 0).Unix()})), want: tickets.ErrLifetime},
		"lives long, nearly over":        {ticket: packed(with(object{"iat": noon.AddDate(0, 0, -9).Unix()})), want: tickets.ErrLifetime},
		"longer than this server allows": {ticket: packed(with(object{"exp": minute + 31})), config: tickets.Config{MaxLifetime: time.Minute}, want: tickets.ErrLifetime},
		"not valid yet":                  {ticket: packed(with(object{"nbf": noon.Add(31 * time.Second).Unix()})), want: tickets.ErrNotYetValid},
		"issued in the future":           {ticket: packed(with(object{"iat": noon.Add(31 * time.Second).Unix()})), want: tickets.ErrNotYetValid},
		"no audience":                    {ticket: packed(with(object{"aud": nil})), want: tickets.ErrClaim},
		"audience of upload tokens":      {ticket: packed(with(object{"aud": "postern-upload"})), want: tickets.ErrAudience},
		"audience in capitals":           {ticket: packed(with(object{"aud": "Postern"})), want: tickets.ErrAudience},
		"audience is a number":           {ticket: packed(with(object{"aud": 1})), want: tickets.ErrClaim},
		"no issuer where one is asked":   {ticket: packed(good()), config: tickets.Config{Issuer: "https://id.example"}, want: tickets.ErrClaim},
		"another issuer":                 {ticket: packed(with(object{"iss": "https://id.example/"})), config: tickets.Config{Issuer: "https://id.example"}, want: tickets.ErrIssuer},
		"no subject":                     {ticket: packed(with(object{"sub": nil})), want: tickets.ErrClaim},
		"empty subject":                  {ticket: packed(with(object{"sub": ""})), want: tickets.ErrClaim},
		"subject is a number":            {ticket: packed(with(object{"sub": 7})), want: tickets.ErrClaim},
		"subject only as Sub":            {ticket: packed(with(object{"sub": nil, "Sub": "alice"})), want: tickets.ErrClaim},
		"subject twice":                  {ticket: packedText(strings.Replace(text(good()), `{`, `{"sub":"bob",`, 1)), want: tickets.ErrClaim},
		"subject with a line break":      {ticket: packed(with(object{"sub": "a\nb"})), want: tickets.ErrClaim},
		"subject of half a surrogate":    {ticket: packedText(strings.Replace(text(good()), "alice", `\ud800`, 1)), want: tickets.ErrMalformed},
		"subject of 257 bytes":           {ticket: packed(with(object{"sub": strings.Repeat("a", 257)})), want: tickets.ErrClaim},
		"no profiles":                    {ticket: packed(with(object{"profiles": nil})), want: tickets.ErrClaim},
		"empty list of profiles":         {ticket: packed(with(object{"profiles": []string{}})), want: tickets.ErrClaim},
		"profiles as one string":         {ticket: packed(with(object{"profiles": "photos"})), want: tickets.ErrClaim},
		"a profile that is null":         {ticket: packed(with(object{"profiles": []any{"photos", nil}})), want: tickets.ErrClaim},
		"a profile without a name":       {ticket: packed(with(object{"profiles": []string{""}})), want: tickets.ErrClaim},
		"largest size zero":              {ticket: packed(with(object{"max_size": 0})), want: tickets.ErrClaim},
		"largest size negative":          {ticket: packed(with(object{"max_size": -1})), want: tickets.ErrClaim},
		"largest size with a fraction":   {ticket: packedText(strings.Replace(text(good()), `{`, `{"max_size":1.5,`, 1)), want: tickets.ErrClaim},
		"largest size with an exponent":  {ticket: packedText(strings.Replace(text(good()), `{`, `{"max_size":1e3,`, 1)), want: tickets.ErrClaim},
		"largest size over int64":        {ticket: packedText(strings.Replace(text(good()), `{`, `{"max_size":9223372036854775808,`, 1)), want: tickets.ErrClaim},
		"largest size as text":           {ticket: packed(with(object{"max_size": "100"})), want: tickets.ErrClaim},
		"metadata that is a list":        {ticket: packed(with(object{"metadata": []string{"a"}})), want: tickets.ErrClaim},
		"metadata with a number":         {ticket: packed(with(object{"metadata": object{"a": 1}})), want: tickets.ErrClaim},
		"metadata named twice":           {ticket: packedText(strings.Replace(text(good()), `{`, `{"metadata":{"a":"1","a":"2"},`, 1)), want: tickets.ErrClaim},
		"metadata of 65 members":         {ticket: packed(with(object{"metadata": many(65)})), want: tickets.ErrClaim},
		"custom claim at both places":    {ticket: packed(with(object{"tenant": "a", "claims": object{"tenant": "b"}})), want: tickets.ErrClaim},
		"origin with a path":             {ticket: packed(with(object{"origin": "https://a.example/"})), want: tickets.ErrClaim},
		"origin with a user":             {ticket: packed(with(object{"origin": "https://a@b.example"})), want: tickets.ErrClaim},
		"origin null":                    {ticket: packed(with(object{"origin": "null"})), want: tickets.ErrClaim},
		"origin in capitals":             {ticket: packed(with(object{"origin": "https://A.example"})), want: tickets.ErrClaim},
		"origin by script":               {ticket: packed(with(object{"origin": "javascript://a"})), want: tickets.ErrClaim},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			id, ok, err := verifier(t, c.config).Identify(request("Bearer " + c.ticket))
			if !errors.Is(err, c.want) {
				t.Errorf("error %v, wanted %v", err, c.want)
			}
			if ok || !reflect.DeepEqual(id, profile.Identity{}) {
				t.Errorf("identity %+v, wanted none", id)
			}
			checkRefusal(t, err, c.ticket)
		})
	}
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

func text(payload object) string {
	t, err := json.Marshal(payload)
	if err != nil {
		panic(err)
	}
	return string(t)
}

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

func TestTicketsThatAreAccepted(t *testing.T) {
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
		"every profile":                  {payload: with(object{"profiles": []string{"*"}}), want: profile.Identity{Subject: "alice"}},
		"a subject of 256 bytes":         {payload: with(object{"sub": strings.Repeat("é", 128)}), want: profile.Identity{Subject: strings.Repeat("é", 128), Profiles: []string{"photos"}}},
		"members of other kinds":         {payload: with(object{"groups": []string{"a"}, "age": 7, "admin": true, "gone": object{}}), want: plain},
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
	only := verifier(t, tickets.Config{Secrets: []sigv4.Secret{next}})
	if _, _, err := only.Identify(request("Bearer " + packed(good()))); !errors.Is(err, tickets.ErrSignature) {
		t.Errorf("error %v, wanted %v", err, tickets.ErrSignature)
	}
}

func TestConfigIsRefusedWhole(t *testing.T) {
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
