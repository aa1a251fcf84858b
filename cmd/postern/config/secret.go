package config

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/postern-dev/postern/policy/sigv4"
)

const minSecret = 32 // bytes: HS256 wants at least as many as its hash has (RFC 7518, section 3.2)

// secret reads what a reference points to. What it reads never shows in an error, and neither does
// a text that could be the secret itself.
func (s *source) secret(path, reference string) sigv4.Secret {
	kind, name, _ := strings.Cut(reference, ":")
	var value string
	switch {
	case kind == "env" && name != "":
		if value = s.getenv(name); value == "" {
			s.fail(path, "environment variable %s is not set; set it to at least %d random bytes", clip(name), minSecret)
			return ""
		}
	case kind == "file" && name != "":
		var ok bool
		if value, ok = s.secretFile(path, name); !ok {
			return ""
		}
	default:
		s.fail(path, "wants a reference, env:NAME or file:PATH; secrets don't belong in this file")
		return ""
	}
	if len(value) < minSecret {
		s.fail(path, "%s:%s holds %d bytes, wants at least %d; make one with: openssl rand -hex 32", kind, clip(name), len(value), minSecret)
	}
	return sigv4.Secret(value)
}

func (s *source) secretFile(path, name string) (string, bool) {
	if !filepath.IsAbs(name) {
		name = filepath.Join(s.dir, name)
	}
	text, err := os.ReadFile(name)
	if err != nil {
		s.fail(path, "can't read the secret: %v", err)
		return "", false
	}
	return strings.TrimRight(string(text), "\r\n"), true
}

func (s *source) tokenKeys(references []string) []sigv4.Secret {
	if len(references) == 0 {
		s.fail("keys.tokens", "is missing; list one key or more, such as [\"env:POSTERN_TOKEN_KEY\"]")
	}
	keys := make([]sigv4.Secret, len(references))
	for i, reference := range references {
		keys[i] = s.secret(fmt.Sprintf("keys.tokens[%d]", i), reference)
	}
	return keys
}

func (s *source) tickets(d ticketsSection) Tickets {
	t := Tickets{JWKS: d.JWKS, Issuer: d.Issuer, Audience: d.Audience}
	if d.Secret != "" {
		t.Secret = s.secret("tickets.secret", d.Secret)
	}
	if d.JWKS != "" {
		if u := s.baseURL("tickets.jwks", d.JWKS); u != nil && u.Scheme == "http" && !loopback(u.Hostname()) {
			s.fail("tickets.jwks", "wants https, or http on loopback: whoever can change the keys can mint tickets, got %q", clip(d.JWKS))
		}
	}
	switch {
	case d.Secret != "" && d.JWKS != "":
		s.fail("tickets", "wants secret or jwks, not both")
	case d.JWKS != "" && (d.Issuer == "" || d.Audience == ""):
		s.fail("tickets", "wants issuer and audience beside jwks: a key set may sign for other services too")
	}
	return t
}
