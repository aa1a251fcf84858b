package tickets

import (
	"cmp"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/postern-dev/postern/policy/profile"
	"github.com/postern-dev/postern/policy/sigv4"
)

// Audience is the audience a ticket names unless Config says otherwise.
const Audience = "postern"

const (
	minSecret = 32      // bytes: RFC 7518 section 3.2 wants as many as the hash has
	maxTicket = 8 << 10 // bytes; common servers take headers of 8 KiB
)

// Config says which tickets are accepted. Secrets or JWKS is required.
type Config struct {
	// Secrets verify HS256 tickets, at least 32 bytes each; all are tried, so that a new one can be
	// added before the old one is removed.
	Secrets []sigv4.Secret
	// JWKS is the URL of a JSON Web Key Set for RS256, ES256 and EdDSA tickets: https, or http on
	// loopback. Keys are fetched when first needed, kept 10 minutes and fetched again for an
	// unknown key ID, at most every 10 seconds. When the set can't be fetched, the keys at hand are
	// used for up to an hour. A ticket that was verified is accepted for another minute.
	JWKS string
	// Client fetches JWKS. nil: 5 s timeout, no redirects.
	Client *http.Client
	// Issuer has to equal iss. Empty: any, which is safe with a shared secret. With a key set that
	// several issuers use, tickets of all of them are accepted.
	Issuer string
	// Audience has to be among aud. Empty: "postern".
	Audience string
	// MaxLifetime is how long a ticket may be valid at most. 0: 24 h.
	MaxLifetime time.Duration
	// Leeway is how much clocks may differ. 0: 30 s; at most 5 min.
	Leeway time.Duration
	// Now is the clock. nil: time.Now.
	Now func() time.Time
}

// A Verifier accepts or refuses tickets. It is immutable but for what it caches, and safe for
// concurrent use.
type Verifier struct {
	keys     verifyingKeys
	parser   *jwt.Parser
	lifetime time.Duration
	leeway   time.Duration
	now      func() time.Time
	cache    identityCache
}

// New checks c and returns its Verifier; every contradiction is in the error.
func New(c Config) (*Verifier, error) {
	c = c.withDefaults()
	if err := c.check(); err != nil {
		return nil, err
	}
	return &Verifier{keys: c.keys(), lifetime: c.MaxLifetime, leeway: c.Leeway, now: c.Now, parser: c.parser()}, nil
}

// keys are those that tokens may be signed with.
func (c Config) keys() (k verifyingKeys) {
	for _, secret := range c.Secrets {
		k.secrets.Keys = append(k.secrets.Keys, []byte(secret))
	}
	if c.JWKS != "" {
		k.set = newKeySet(c.JWKS, c.Client, c.Now)
	}
	return k
}

func (c Config) withDefaults() Config {
	c.Audience = cmp.Or(c.Audience, Audience)
	c.MaxLifetime = cmp.Or(c.MaxLifetime, 24*time.Hour)
	c.Leeway = cmp.Or(c.Leeway, 30*time.Second)
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Client == nil {
		c.Client = &http.Client{Timeout: fetchTimeout, CheckRedirect: noRedirect}
	}
	return c
}

// check returns every contradiction, joined.
func (c Config) check() error {
	var errs []error
	if len(c.Secrets) == 0 && c.JWKS == "" {
		errs = append(errs, errors.New("tickets: neither a secret nor a key set is configured"))
	}
	for i, secret := range c.Secrets {
		if len(secret) < minSecret {
			errs = append(errs, fmt.Errorf("tickets: secret %d has %d bytes, wanted at least %d", i+1, len(secret), minSecret))
		}
	}
	if c.JWKS != "" {
		errs = append(errs, checkKeySetURL(c.JWKS))
	}
	if c.MaxLifetime < 0 {
		errs = append(errs, fmt.Errorf("tickets: longest lifetime %s is negative", c.MaxLifetime))
	}
	if c.Leeway < 0 || c.Leeway > 5*time.Minute {
		errs = append(errs, fmt.Errorf("tickets: leeway %s, wanted 0 to 5m", c.Leeway))
	}
	return errors.Join(errs...)
}

func (c Config) parser() *jwt.Parser {
	options := []jwt.ParserOption{
		jwt.WithStrictDecoding(), jwt.WithExpirationRequired(), jwt.WithIssuedAt(),
		jwt.WithAudience(c.Audience), jwt.WithLeeway(c.Leeway), jwt.WithTimeFunc(c.Now),
	}
	if c.Issuer != "" {
		options = append(options, jwt.WithIssuer(c.Issuer))
	}
	return jwt.NewParser(options...)
}

// Identify reads the ticket of a request. No ticket is (zero, false, nil). The error is a
// [*RefusedError] or, in an outage, a [*KeysError].
func (v *Verifier) Identify(r *http.Request) (profile.Identity, bool, error) {
	ticket, ok, err := ticketOf(r.Header)
	if !ok || err != nil {
		return profile.Identity{}, false, err
	}
	id, err := v.Verify(r.Context(), ticket)
	return id, err == nil, err
}

// Verify returns whom a ticket names. Errors are as for Identify. A ticket that was accepted is
// accepted for another minute without a look at the keys, but not beyond its end.
func (v *Verifier) Verify(ctx context.Context, ticket string) (profile.Identity, error) {
	if len(ticket) > maxTicket {
		return profile.Identity{}, refused(ErrMalformed, "longer than 8 KiB")
	}
	now, digest := v.now(), sha256.Sum256([]byte(ticket))
	if id, ok := v.cache.get(digest, now); ok {
		return id, nil
	}
	c, err := v.verify(ctx, ticket)
	if err != nil {
		return profile.Identity{}, err
	}
	id, err := c.identity()
	if err != nil {
		return profile.Identity{}, err
	}
	until := date(c.Expires).Add(v.leeway)
	if soon := now.Add(cacheLifetime); soon.Before(until) {
		until = soon
	}
	v.cache.put(digest, id, until)
	return id, nil
}

// verify checks signature, times, issuer and audience of a ticket.
func (v *Verifier) verify(ctx context.Context, ticket string) (*claims, error) {
	var c claims
	_, err := v.parser.ParseWithClaims(ticket, &c, func(t *jwt.Token) (any, error) {
		return v.keys.find(ctx, t.Header)
	})
	if err != nil {
		return nil, asOurs(err)
	}
	return &c, c.checkLifetime(v.now(), v.lifetime, v.leeway)
}

// verifyingKeys are the secrets and the key set that tokens are verified with.
type verifyingKeys struct {
	secrets jwt.VerificationKeySet
	set     *keySet // nil: none
}

// find returns the keys that a token with this header may be signed with. Each algorithm has its
// own kind of keys, and one that isn't listed has none.
func (k verifyingKeys) find(ctx context.Context, header map[string]any) (jwt.VerificationKeySet, error) {
	if err := checkHeader(header); err != nil {
		return jwt.VerificationKeySet{}, err
	}
	alg, _ := header["alg"].(string)
	switch {
	case alg == "HS256" && len(k.secrets.Keys) > 0:
		return k.secrets, nil
	case isUsable[alg] != nil && k.set != nil:
		kid, _ := header["kid"].(string)
		return k.set.find(ctx, alg, kid)
	}
	return jwt.VerificationKeySet{}, refused(ErrAlgorithm, "")
}

// checkHeader accepts no other typ than JWT, and no extensions that have to be understood (RFC 7515
// section 4.1.11): we understand none.
func checkHeader(header map[string]any) error {
	if _, critical := header["crit"]; critical {
		return refused(ErrMalformed, "critical header extensions aren't supported")
	}
	typ, given := header["typ"]
	if !given {
		return nil
	}
	if name, ok := typ.(string); !ok || !strings.EqualFold(name, "JWT") {
		return refused(ErrMalformed, "typ has to be JWT or left out")
	}
	return nil
}
