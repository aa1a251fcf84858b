package tickets

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/golang-jwt/jwt/v5"

	"github.com/postern-dev/postern/policy/profile"
	"github.com/postern-dev/postern/policy/sigv4"
)

// BackendAudience is the one audience that a backend token names.
const BackendAudience = "postern:backend"

// BackendLifetime is how long a backend token may be valid at most, and how old it may be.
const BackendLifetime = 5 * time.Minute

// backendLeeway is how far ahead the clock of whoever signs may be.
const backendLeeway = 30 * time.Second

// ErrNoBackendToken says that a request has no backend token.
var ErrNoBackendToken = errors.New("no backend token")

// BackendConfig says which backend tokens are accepted: those that the application's own servers
// send, which act for no visitor. Secrets or JWKS is required. Neither may be what tickets are
// signed with.
type BackendConfig struct {
	// Secrets verify HS256 tokens, at least 32 bytes each; all are tried, so that a new one can be
	// added before the old one is removed.
	Secrets []sigv4.Secret
	// JWKS is the URL of a JSON Web Key Set for RS256, ES256 and EdDSA tokens, see Config.JWKS.
	JWKS string
	// Client fetches JWKS. nil: 5 s timeout, no redirects.
	Client *http.Client
	// Now is the clock. nil: time.Now.
	Now func() time.Time
}

// A BackendVerifier accepts or refuses backend tokens. It is immutable but for the keys that it
// caches, and safe for concurrent use.
type BackendVerifier struct {
	keys   verifyingKeys
	parser *jwt.Parser
	now    func() time.Time
}

// NewBackend checks c and returns its BackendVerifier; every contradiction is in the error.
func NewBackend(c BackendConfig) (*BackendVerifier, error) {
	settings := Config{Secrets: c.Secrets, JWKS: c.JWKS, Client: c.Client, Now: c.Now}.withDefaults()
	if err := settings.check(); err != nil {
		return nil, err
	}
	parser := jwt.NewParser(jwt.WithStrictDecoding(), jwt.WithExpirationRequired(), jwt.WithTimeFunc(settings.Now))
	return &BackendVerifier{keys: settings.keys(), parser: parser, now: settings.Now}, nil
}

// Authorize reads the backend token of a request and returns the profiles that its sender may
// reach; none for all. The error is a [*RefusedError] or, in an outage, a [*KeysError].
func (v *BackendVerifier) Authorize(r *http.Request) (profiles []string, err error) {
	token, ok, err := ticketOf(r.Header)
	switch {
	case err != nil:
		return nil, err
	case !ok:
		return nil, refused(ErrNoBackendToken, "")
	}
	return v.Verify(r.Context(), token)
}

// Verify returns the profiles that the sender of a backend token may reach; none for all. Errors
// are as for Authorize.
func (v *BackendVerifier) Verify(ctx context.Context, token string) (profiles []string, err error) {
	if len(token) > maxTicket {
		return nil, refused(ErrMalformed, "longer than 8 KiB")
	}
	var c backendClaims
	_, err = v.parser.ParseWithClaims(token, &c, func(t *jwt.Token) (any, error) { return v.keys.find(ctx, t.Header) })
	if err != nil {
		return nil, asOurs(err)
	}
	if err := c.check(v.now()); err != nil {
		return nil, err
	}
	if slices.Contains(c.Profiles, profile.AllProfiles) {
		return nil, nil
	}
	return c.Profiles, nil
}

// backendClaims is the payload of a backend token. It has no other members: a ticket always has a
// sub, so that no ticket passes for a backend token even where one key signs both.
type backendClaims struct {
	Audience  jwt.ClaimStrings `json:"aud"`
	Expires   *float64         `json:"exp,omitzero"`
	IssuedAt  *float64         `json:"iat,omitzero"`
	NotBefore *float64         `json:"nbf,omitzero"`
	Issuer    string           `json:"iss,omitzero"`
	ID        string           `json:"jti,omitzero"`
	Profiles  []string         `json:"profiles,omitzero"`
}

// plainBackendClaims has none of the methods of backendClaims.
type plainBackendClaims backendClaims

// UnmarshalJSON decodes the payload as that of a ticket is, and refuses unknown members.
func (c *backendClaims) UnmarshalJSON(payload []byte) error {
	if err := json.Unmarshal(payload, (*plainBackendClaims)(c), withoutNull, json.RejectUnknownMembers(true)); err != nil {
		return payloadError(err)
	}
	return checkInstants(c.Expires, c.NotBefore, c.IssuedAt)
}

// MarshalJSON encodes the payload.
func (c *backendClaims) MarshalJSON() ([]byte, error) { return json.Marshal((*plainBackendClaims)(c)) }

// The getters let the library check exp; check does the rest.

func (c *backendClaims) GetExpirationTime() (*jwt.NumericDate, error) { return date(c.Expires), nil }
func (c *backendClaims) GetIssuedAt() (*jwt.NumericDate, error)       { return nil, nil }
func (c *backendClaims) GetNotBefore() (*jwt.NumericDate, error)      { return nil, nil }
func (c *backendClaims) GetIssuer() (string, error)                   { return c.Issuer, nil }
func (c *backendClaims) GetSubject() (string, error)                  { return "", nil }
func (c *backendClaims) GetAudience() (jwt.ClaimStrings, error)       { return c.Audience, nil }

// check wants one audience, a short life, and no list of profiles that is empty.
func (c *backendClaims) check(now time.Time) error {
	issued, latest := date(c.IssuedAt), now.Add(backendLeeway)
	switch {
	case len(c.Audience) != 1 || c.Audience[0] != BackendAudience:
		return refused(ErrAudience, "aud has to be "+BackendAudience+" alone")
	case issued == nil:
		return refused(ErrClaim, "iat has to be there")
	case issued.After(latest) || c.NotBefore != nil && date(c.NotBefore).After(latest):
		return refused(ErrNotYetValid, "")
	case date(c.Expires).Sub(issued.Time) > BackendLifetime: // it hasn't ended, so it is no older either
		return refused(ErrLifetime, "at most "+BackendLifetime.String())
	case c.Profiles != nil && len(c.Profiles) == 0 || len(c.Profiles) > maxEntries || slices.Contains(c.Profiles, ""):
		return refused(ErrClaim, "profiles has to list 1 to 64 names, or be left out")
	}
	return nil
}

// MintBackend signs a backend token with a shared secret of at least 32 bytes (HS256), valid for 5
// minutes. Profiles are those that it reaches; none for all.
func MintBackend(secret sigv4.Secret, now time.Time, profiles ...string) (string, error) {
	if err := (Config{Secrets: []sigv4.Secret{secret}}).withDefaults().check(); err != nil {
		return "", err
	}
	issued, expires := float64(now.Unix()), float64(now.Add(BackendLifetime).Unix())
	claims := &backendClaims{Audience: jwt.ClaimStrings{BackendAudience}, IssuedAt: &issued, Expires: &expires, Profiles: profiles}
	return jwt.NewWithClaims(jwt.SigningMethodHS256, claims).SignedString([]byte(secret))
}
