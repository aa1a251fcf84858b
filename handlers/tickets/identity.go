package tickets

import (
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/postern-dev/postern/policy/profile"
)

const (
	maxSubject = 256 // bytes; one segment of a key has to hold it, encoded
	maxEntries = 64  // of profiles, metadata and claims each
)

// checkLifetime bounds how far ahead exp may lie, so that a ticket with a mistaken exp doesn't open
// anything for years. It holds without iat too.
func (c *claims) checkLifetime(now time.Time, longest, leeway time.Duration) error {
	expires, issued := date(c.Expires), date(c.IssuedAt)
	if expires.Sub(now)-leeway > longest || issued != nil && expires.Sub(issued.Time) > longest {
		return refused(ErrLifetime, "at most "+longest.String())
	}
	return nil
}

// identity checks the claims that the library doesn't know and returns whom they name.
func (c *claims) identity() (profile.Identity, error) {
	var none profile.Identity
	custom, err := c.customClaims()
	if err != nil {
		return none, err
	}
	if err := checkSubject(c.Subject); err != nil {
		return none, err
	}
	id := profile.Identity{Subject: c.Subject, Profiles: c.Profiles, Metadata: c.Metadata, Claims: custom, Origin: c.Origin, Nonce: c.Nonce}
	if c.MaxSize != nil {
		id.MaxSize = *c.MaxSize
	}
	switch {
	case len(id.Profiles) == 0 || len(id.Profiles) > maxEntries || slices.Contains(id.Profiles, ""):
		return none, refused(ErrClaim, `profiles has to list 1 to 64 names, or be ["*"]`)
	case c.MaxSize != nil && id.MaxSize <= 0:
		return none, refused(ErrClaim, "max_size has to be a positive whole number of bytes")
	case len(c.Metadata) > maxEntries || len(c.Claims) > maxEntries:
		return none, refused(ErrClaim, "metadata and claims may have 64 members each")
	case id.Origin != "" && !profile.IsOrigin(id.Origin):
		return none, refused(ErrClaim, "origin has to be scheme://host[:port] and nothing more")
	}
	return id, nil
}

// customClaims merges both places that custom claims can be in. A name in both is refused: which
// value is in a key must not depend on our order.
func (c *claims) customClaims() (map[string]string, error) {
	merged := maps.Clone(c.Claims)
	for name, member := range c.Custom {
		if member.Kind() != '"' {
			continue
		}
		value, err := jsontext.AppendUnquote(nil, member)
		if err != nil {
			return nil, refused(ErrMalformed, "payload isn't JSON in valid UTF-8")
		}
		if _, twice := merged[name]; twice {
			return nil, refused(ErrClaim, "a custom claim is there twice")
		}
		if merged == nil {
			merged = map[string]string{}
		}
		merged[name] = string(value)
	}
	return merged, nil
}

// checkSubject refuses what can't name anybody. Which characters are safe in a key is left to the
// key template, which encodes all others.
func checkSubject(subject string) error {
	switch {
	case subject == "":
		return refused(ErrClaim, "sub has to name the subject")
	case len(subject) > maxSubject:
		return refused(ErrClaim, "sub is longer than "+strconv.Itoa(maxSubject)+" bytes")
	case !utf8.ValidString(subject) || strings.ContainsFunc(subject, isUnfitForSubject):
		return refused(ErrClaim, "sub holds control characters or broken Unicode")
	}
	return nil
}

// isUnfitForSubject includes the replacement character: decoders write it for every broken escape,
// so two subjects could become one.
func isUnfitForSubject(r rune) bool { return unicode.IsControl(r) || r == unicode.ReplacementChar }
