package tickets

import (
	"maps"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/postern-dev/postern/policy/profile"
)

// The getters let the library check exp, nbf, iat, iss and aud.

func (c *claims) GetExpirationTime() (*jwt.NumericDate, error) { return c.expires, nil }
func (c *claims) GetIssuedAt() (*jwt.NumericDate, error)       { return c.issuedAt, nil }
func (c *claims) GetNotBefore() (*jwt.NumericDate, error)      { return c.notBefore, nil }
func (c *claims) GetIssuer() (string, error)                   { return c.issuer, nil }
func (c *claims) GetSubject() (string, error)                  { return c.subject, nil }
func (c *claims) GetAudience() (jwt.ClaimStrings, error)       { return c.audience, nil }

// checkLifetime bounds how far ahead exp may lie, so that a ticket minted for ever by mistake opens
// nothing. It holds without iat too.
func (c *claims) checkLifetime(now time.Time, most, leeway time.Duration) error {
	if c.expires.Sub(now)-leeway > most {
		return refused(ErrLifetime, "at most "+most.String())
	}
	if c.issuedAt != nil && c.expires.Sub(c.issuedAt.Time) > most {
		return refused(ErrLifetime, "at most "+most.String())
	}
	return nil
}

// identity is the last step: whom the checked claims name.
func (c *claims) identity() (profile.Identity, error) {
	if err := checkSubject(c.subject); err != nil {
		return profile.Identity{}, err
	}
	if len(c.profiles) == 0 {
		return profile.Identity{}, refused(ErrClaim, `profiles has to list what the ticket opens, or be ["*"]`)
	}
	if c.origin != "" && !isOrigin(c.origin) {
		return profile.Identity{}, refused(ErrClaim, "origin has to be scheme://host[:port] and nothing more")
	}
	named, err := c.namedClaims()
	if err != nil {
		return profile.Identity{}, err
	}
	return profile.Identity{
		Subject: c.subject, Profiles: allowed(c.profiles), MaxSize: c.maxSize,
		Metadata: c.metadata, Claims: named, Origin: c.origin,
	}, nil
}

// allowed writes a list of profiles the way an Identity wants it: nil opens every profile, an empty
// list none.
func allowed(profiles []string) []string {
	if slices.Contains(profiles, "*") {
		return nil
	}
	return append([]string{}, profiles...)
}

// namedClaims merges both places custom claims can come from. A name in both is refused: which one
// meant a key prefix must not depend on our order.
func (c *claims) namedClaims() (map[string]string, error) {
	if len(c.nested) == 0 {
		return c.custom, nil
	}
	named := maps.Clone(c.nested)
	for name, value := range c.custom {
		if _, twice := named[name]; twice {
			return nil, refused(ErrClaim, "a custom claim is there twice")
		}
		named[name] = value
	}
	return named, nil
}

// isOrigin reports whether text is an origin exactly as a browser writes it.
func isOrigin(text string) bool {
	u, err := url.Parse(text)
	if err != nil || u.Host == "" || (u.Scheme != "https" && u.Scheme != "http") {
		return false
	}
	return text == u.Scheme+"://"+u.Host && text == strings.ToLower(text)
}
