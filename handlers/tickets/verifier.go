package tickets

import (
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
	minSecret       = 32 // bytes: RFC 7518 section 3.2 wants as many as the hash has
	defaultLifetime = 24 * time.Hour
	defaultLeeway   = 30 * time.Second
)

// Config says which tickets are accepted. Secrets or JWKS is required.
type Config struct {
	// Secrets verify HS256 tickets, at least 32 bytes each; all are tried, so that a new one can be
	// added before the old one goes.
	Secrets []sigv4.Secret
	// JWKS is the URL of a JSON Web Key Set for RS256, ES256 and EdDSA tickets: https, or http on
	// loopback. Keys are fetched when first needed, kept 10 minutes and fetched again for an
	// unknown key ID, at most every 10 seconds. When the set can't be fetched, the keys at hand are
	// good for an hour. A ticket that was verified is good for another minute.
	JWKS string
	// Client fetches JWKS. nil: 5 s timeout, no redirects.
	Client *http.Client
	// Issuer has to equal iss. Empty: any, which is fine for one shared secret, but leaves a key
	// set that serves several issuers open to all.
	Issuer string
	// Audience has to be among aud. Empty: "postern".
	Audience string
	// MaxLifetime is the longest a ticket may live. 0: 24 h.
	MaxLifetime time.Duration
	// Leeway forgives clocks that differ. 0: 30 s; at most 5 min.
	Leeway time.Duration
	// Now is the clock. nil: time.Now.
	Now func() time.Time
}

// A Verifier accepts or refuses tickets. It is immutable but for what it caches, and safe for
// concurrent use.
type Verifier struct {
	secrets  jwt.VerificationKeySet
	keys     *keySet
	parser   *jwt.Parser
	lifetime time.Duration
	leeway   time.Duration
	now      func() time.Time
	memory   memory
}

// New checks c and returns its Verifier; every contradiction is in the error.
func New(c Config) (*Verifier, error) {
	c = c.withDefaults()
	if err := c.check(); err != nil {
		return nil, err
	}
	v := &Verifier{lifetime: c.MaxLifetime, leeway: c.Leeway, now: c.Now, parser: c.parser()}
	for _, secret := range c.Secrets {
		v.secrets.Keys = append(v.secrets.Keys, []byte(secret))
	}
	if c.JWKS != "" {
		v.keys = newKeySet(c.JWKS, c.Client, c.Now)
	}
	return v, nil
}

func (c Config) withDefaults() Config {
	if c.Audience == "" {
		c.Audience = Audience
	}
	if c.MaxLifetime == 0 {
		c.MaxLifetime = defaultLifetime
	}
	if c.Leeway == 0 {
		c.Leeway = defaultLeeway
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Client == nil {
		c.Client = &http.Client{Timeout: fetchTimeout, CheckRedirect: noRedirect}
	}
	return c
}

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
	ticket, ok, err := bearer(r.Header)
	if !ok || err != nil {
		return profile.Identity{}, false, err
	}
	id, err := v.Verify(r.Context(), ticket)
	return id, err == nil, err
}

// Verify returns whom a ticket names. Errors are as for Identify. What was accepted is remembered
// for a minute, but never beyond the ticket's end.
func (v *Verifier) Verify(ctx context.Context, ticket string) (profile.Identity, error) {
	if len(ticket) > maxTicket {
		return profile.Identity{}, refused(ErrMalformed, "longer than 8 KiB")
	}
	now, digest := v.now(), sha256.Sum256([]byte(ticket))
	if id, ok := v.memory.recall(digest, now); ok {
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
	until := c.expires.Add(v.leeway)
	if soon := now.Add(rememberFor); soon.Before(until) {
		until = soon
	}
	v.memory.remember(digest, id, until)
	return id, nil
}

// verify checks all of a ticket but what its claims say of the visitor.
func (v *Verifier) verify(ctx context.Context, ticket string) (*claims, error) {
	var c claims
	_, err := v.parser.ParseWithClaims(ticket, &c, func(t *jwt.Token) (any, error) {
		return v.keysFor(ctx, t.Header)
	})
	if err != nil {
		return nil, explain(err)
	}
	return &c, c.checkLifetime(v.now(), v.lifetime, v.leeway)
}

// keysFor pins the algorithm: each leads to its own kind of keys and to no other, and whatever
// isn't listed leads nowhere.
func (v *Verifier) keysFor(ctx context.Context, header map[string]any) (jwt.VerificationKeySet, error) {
	if err := checkHeader(header); err != nil {
		return jwt.VerificationKeySet{}, err
	}
	alg, _ := header["alg"].(string)
	switch {
	case alg == "HS256" && len(v.secrets.Keys) > 0:
		return v.secrets, nil
	case usable[alg] != nil && v.keys != nil:
		kid, _ := header["kid"].(string)
		return v.keys.find(ctx, alg, kid)
	}
	return jwt.VerificationKeySet{}, refused(ErrAlgorithm, "")
}

// checkHeader pins typ and refuses extensions that have to be understood (RFC 7515 section 4.1.11):
// we understand none.
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
