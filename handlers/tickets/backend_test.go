package tickets_test

import (
	"crypto"
	"errors"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/postern-dev/postern/handlers/tickets"
	"github.com/postern-dev/postern/policy/sigv4"
)

// backendVerifier verifies tokens of the tests' secret unless c says otherwise.
func backendVerifier(t *testing.T, c tickets.BackendConfig) *tickets.BackendVerifier {
	t.Helper()
	if c.Secrets == nil && c.JWKS == "" {
		c.Secrets = secrets()
	}
	c.Now = at(noon)
	v, err := tickets.NewBackend(c)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// backendToken is a good token with changes; nil takes a member out.
func backendToken(changes object) string {
	payload := object{"aud": tickets.BackendAudience, "iat": noon.Unix(), "exp": noon.Add(time.Minute).Unix()}
	maps.Copy(payload, changes)
	maps.DeleteFunc(payload, func(_ string, value any) bool { return value == nil })
	return packed(payload)
}

func TestBackendTokensAreAcceptedForTheProfilesThatTheyName(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		token  string
		wanted []string
	}{
		"for all profiles":                 {backendToken(nil), nil},
		"for all by a star":                {backendToken(object{"profiles": []string{"photos", "*"}}), nil},
		"for two profiles":                 {backendToken(object{"profiles": []string{"photos", "files"}}), []string{"photos", "files"}},
		"its audience in a list":           {backendToken(object{"aud": []string{tickets.BackendAudience}}), nil},
		"with issuer, ID and nbf":          {backendToken(object{"iss": "shop", "jti": "1", "nbf": noon.Unix()}), nil},
		"without typ":                      {pack(`{"alg":"HS256"}`, asJSON(object{"aud": tickets.BackendAudience, "iat": noon.Unix(), "exp": noon.Unix() + 1}), []byte(secret)), nil},
		"nearly five minutes old":          {backendToken(object{"iat": noon.Unix() - 299, "exp": noon.Unix() + 1}), nil},
		"from a clock 30 seconds ahead":    {backendToken(object{"iat": noon.Unix() + 30, "exp": noon.Unix() + 330}), nil},
		"minted here":                      {must(tickets.MintBackend(secret, noon)), nil},
		"minted here, for a profile alone": {must(tickets.MintBackend(secret, noon, "photos")), []string{"photos"}},
	} {
		profiles, err := backendVerifier(t, tickets.BackendConfig{}).Authorize(request("Bearer " + c.token))
		if err != nil || !slices.Equal(profiles, c.wanted) {
			t.Errorf("%s: got %q, wanted %q: %v", name, profiles, c.wanted, err)
		}
	}
}

// notForBackends are tokens that open nothing, although the key is the right one.
var notForBackends = map[string]struct {
	token string
	want  error
}{
	"a ticket":                            {packed(good()), tickets.ErrClaim},
	"an audience beside its own":          {backendToken(object{"aud": []string{"postern", tickets.BackendAudience}}), tickets.ErrAudience},
	"its audience twice":                  {backendToken(object{"aud": []string{tickets.BackendAudience, tickets.BackendAudience}}), tickets.ErrAudience},
	"the audience of tickets":             {backendToken(object{"aud": "postern"}), tickets.ErrAudience},
	"the audience of receipts":            {backendToken(object{"aud": "postern:receipt"}), tickets.ErrAudience},
	"no audience":                         {backendToken(object{"aud": nil}), tickets.ErrAudience},
	"an audience with a blank":            {backendToken(object{"aud": tickets.BackendAudience + " "}), tickets.ErrAudience},
	"a subject":                           {backendToken(object{"sub": "alice"}), tickets.ErrClaim},
	"a scope":                             {backendToken(object{"scope": "postern:backend admin"}), tickets.ErrClaim},
	"a nonce":                             {backendToken(object{"nonce": "n"}), tickets.ErrClaim},
	"no iat":                              {backendToken(object{"iat": nil}), tickets.ErrClaim},
	"no exp":                              {backendToken(object{"exp": nil}), tickets.ErrClaim},
	"an end that is over":                 {backendToken(object{"iat": noon.Unix() - 60, "exp": noon.Unix() - 1}), tickets.ErrExpired},
	"an end at this second":               {backendToken(object{"iat": noon.Unix() - 60, "exp": noon.Unix()}), tickets.ErrExpired},
	"an age of five minutes and a second": {backendToken(object{"iat": noon.Unix() - 301, "exp": noon.Unix() + 1}), tickets.ErrLifetime},
	"a life of five minutes and a second": {backendToken(object{"exp": noon.Unix() + 301}), tickets.ErrLifetime},
	"a life of a year":                    {backendToken(object{"exp": noon.AddDate(1, 0, 0).Unix()}), tickets.ErrLifetime},
	"a start 31 seconds ahead":            {backendToken(object{"iat": noon.Unix() + 31, "exp": noon.Unix() + 90}), tickets.ErrNotYetValid},
	"an nbf 31 seconds ahead":             {backendToken(object{"nbf": noon.Unix() + 31}), tickets.ErrNotYetValid},
	"an empty list of profiles":           {backendToken(object{"profiles": []string{}}), tickets.ErrClaim},
	"a profile without a name":            {backendToken(object{"profiles": []string{"photos", ""}}), tickets.ErrClaim},
	"profiles that are one text":          {backendToken(object{"profiles": "photos"}), tickets.ErrClaim},
	"profiles that are null":              {packedText(strings.Replace(asJSON(object{"aud": tickets.BackendAudience, "iat": noon.Unix(), "exp": noon.Unix() + 1}), "{", `{"profiles":null,`, 1)), tickets.ErrClaim},
	"65 profiles":                         {backendToken(object{"profiles": strings.Split(strings.Repeat("p ", 64)+"p", " ")}), tickets.ErrClaim},
	"profiles in capitals":                {backendToken(object{"Profiles": []string{"photos"}}), tickets.ErrClaim},
	"a member twice":                      {packedText(`{"aud":"postern:backend","aud":"postern:backend","iat":1,"exp":2}`), tickets.ErrClaim},
	"typ of another kind of token":        {pack(`{"alg":"HS256","typ":"at+jwt"}`, asJSON(object{}), []byte(secret)), tickets.ErrMalformed},
	"typ of a receipt":                    {pack(`{"alg":"HS256","typ":"postern-receipt+jwt"}`, asJSON(object{}), []byte(secret)), tickets.ErrMalformed},
	"no algorithm":                        {unsigned(`{"alg":"none"}`, asJSON(object{})), tickets.ErrAlgorithm},
	"another algorithm":                   {pack(`{"alg":"HS512"}`, asJSON(object{}), []byte(secret)), tickets.ErrAlgorithm},
	"another secret":                      {pack(`{"alg":"HS256"}`, asJSON(object{"aud": tickets.BackendAudience, "iat": noon.Unix(), "exp": noon.Unix() + 1}), []byte("x")), tickets.ErrSignature},
	"over 8 KiB":                          {backendToken(object{"jti": strings.Repeat("x", 8<<10)}), tickets.ErrMalformed},
}

func TestWrongBackendTokensAreRefused(t *testing.T) {
	t.Parallel()
	v := backendVerifier(t, tickets.BackendConfig{})
	for name, c := range notForBackends {
		profiles, err := v.Authorize(request("Bearer " + c.token))
		if !errors.Is(err, c.want) || profiles != nil {
			t.Errorf("%s: got %v and %q, wanted %v", name, err, profiles, c.want)
		}
		checkRefusal(t, err, c.token)
	}
	if _, err := v.Authorize(request()); !errors.Is(err, tickets.ErrNoBackendToken) {
		t.Errorf("nothing: got %v", err)
	}
}

// An identity provider may let people choose the audience, and adds members of its own. Even where
// its key verified backend tokens, none of its tickets would be one.
func TestNoTicketOfAnIdentityProviderIsABackendToken(t *testing.T) {
	t.Parallel()
	i := newIssuer(t, public("r", rsaKey), public("d", edKey))
	v := backendVerifier(t, tickets.BackendConfig{JWKS: i.URL})
	sign := func(method jwt.SigningMethod, kid string, key crypto.Signer, claims object) string {
		token := jwt.NewWithClaims(method, jwt.MapClaims(claims))
		token.Header["kid"] = kid
		return must(token.SignedString(key))
	}
	own := object{"aud": tickets.BackendAudience, "iat": noon.Unix(), "exp": noon.Unix() + 300, "profiles": []string{"photos"}}
	for _, token := range []string{sign(jwt.SigningMethodRS256, "r", rsaKey, own), sign(jwt.SigningMethodEdDSA, "d", edKey, own)} {
		if profiles, err := v.Verify(t.Context(), token); err != nil || !slices.Equal(profiles, []string{"photos"}) {
			t.Errorf("a token of the application: %q, %v", profiles, err)
		}
	}
	for name, claims := range map[string]object{
		"everything": {"sub": "alice", "scope": "openid postern:backend", "azp": "app", "client_id": "app", "roles": []string{"admin"}, "groups": []string{"staff"},
			"email": "a@example.com", "iss": "https://id.example", "jti": "1", "sid": "s", "auth_time": noon.Unix(), "nonce": "n", "metadata": object{}, "origin": "https://a.example"},
		"a subject alone":   {"sub": "alice"},
		"an empty subject":  {"sub": ""},
		"a client's grant":  {"sub": "client", "client_id": "client", "scope": "postern:backend"},
		"audiences of both": {"sub": "alice", "aud": []string{"postern", tickets.BackendAudience}},
	} {
		all := maps.Clone(own)
		maps.Copy(all, claims)
		if _, err := v.Verify(t.Context(), sign(jwt.SigningMethodRS256, "r", rsaKey, all)); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

func TestEveryMistakeInTheBackendConfigIsReported(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]tickets.BackendConfig{
		"nothing":           {},
		"a short secret":    {Secrets: []sigv4.Secret{"short"}},
		"an http key set":   {JWKS: "http://keys.example.com/"},
		"one good, one bad": {Secrets: []sigv4.Secret{secret, "short"}},
	} {
		if v, err := tickets.NewBackend(c); err == nil || v != nil {
			t.Errorf("%s: accepted", name)
		}
	}
	if _, err := tickets.MintBackend("short", noon); err == nil {
		t.Error("minted with a short secret")
	}
}
