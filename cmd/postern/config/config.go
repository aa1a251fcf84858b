// Package config reads the file of `postern serve`.
//
// One call does it all:
//
//	c, err := config.Load("postern.yaml", os.Getenv)
//
// Reading is strict. A key that isn't known, a value of the wrong kind, a size, duration or rate
// that can't be read, a secret that isn't there and every contradiction in a profile are all found
// in one go; the error has a line for each, with the place in the file and what would do. A file
// that loads is good to run.
//
// Sizes are written "10MiB" or in bytes, ranges "1..10MiB", durations "15m", rates "100/1h". A
// secret is never in the file: it is a reference, "env:NAME" or "file:PATH", the path relative to
// the config file.
package config

import (
	"errors"
	"fmt"
	"net/netip"
	"os"
	"time"

	"github.com/postern-dev/postern/policy/profile"
	"github.com/postern-dev/postern/policy/sigv4"
)

// Config is a file that was found free of mistakes.
type Config struct {
	Listen    string // host:port; empty in the file: 127.0.0.1:8080
	PublicURL string // absolute, as browsers reach the server
	TokenKeys []sigv4.Secret
	Tickets   Tickets
	Store     Store
	Profiles  map[string]profile.Profile

	// IPHeader is the header in which TrustedProxies name the visitor's address, "X-Forwarded-For"
	// or "X-Real-IP"; empty: the address is that of the connection, whatever headers say.
	IPHeader       string
	TrustedProxies []netip.Prefix

	// Metrics is the host:port of the metrics' own listener; empty: they are at /metrics beside the
	// rest; "none": there are none.
	Metrics string
	Explain bool // serve the explain page
	Log     Log
	Drain   time.Duration // how long requests under way may take on shutdown; 0 in the file: 20 s
	Limits  Limits

	// Scoped says how credentials for native clients are made; zero: they aren't, and no profile
	// may allow them.
	Scoped ScopedCredentials
	// InsecureProxySubject believes a reverse proxy about who asks; zero: it isn't asked.
	InsecureProxySubject ProxySubject
}

// Limits hold for every network address, beside the quotas of the profiles.
type Limits struct {
	Issues        profile.Rate // forms, plans and credentials asked for; zero: no limit
	AddressFactor int          // times a profile's quota that one address may use; 0: 10
}

// ScopedCredentials are made by assuming a role.
type ScopedCredentials struct {
	RoleARN, ExternalID string
	Lifetime            time.Duration // 0: 15 min
	Endpoint            string        // of the token service; empty: the SDK's rules
}

// ProxySubject names the header in which TrustedProxies write the visitor's subject, and the
// profiles such visitors may use.
type ProxySubject struct {
	Header   string
	Profiles []string
}

// Tickets say how visitors prove who they are: by a shared secret or by the keys of an identity
// provider. Both empty: there are no tickets, and only public profiles can be used.
type Tickets struct {
	Secret           sigv4.Secret
	JWKS             string // URL of a key set
	Issuer, Audience string
}

// Store is the object store.
type Store struct {
	Provider, Region string
	Endpoint         string // empty: the SDK's rules
	PublicEndpoint   string // empty: as Endpoint
	PathStyle        bool
}

// Log says how the server logs to standard error.
type Log struct {
	Format string // "json" or "text"; empty in the file: json
	Level  string // "debug", "info", "warn" or "error"; empty in the file: info
}

// maxFile is more than any hand would write.
const maxFile = 1 << 20

// Load reads the file and everything it refers to. getenv looks up "env:" references. The error of
// a file with mistakes joins an *Error for each.
func Load(name string, getenv func(string) string) (*Config, error) {
	text, err := os.ReadFile(name)
	if err != nil {
		return nil, fmt.Errorf("config: %w", err)
	}
	if len(text) > maxFile {
		return nil, fmt.Errorf("config: %q is larger than 1 MiB", name)
	}
	return parse(name, text, getenv)
}

func parse(name string, text []byte, getenv func(string) string) (*Config, error) {
	s := newSource(name, getenv)
	var d document
	if !s.decode(text, &d) {
		return nil, errors.Join(s.found...)
	}
	c := s.build(&d)
	if len(s.found) > 0 {
		return nil, errors.Join(s.found...)
	}
	return c, nil
}

// Error is one mistake in a config file.
type Error struct {
	File         string
	Line, Column int    // 1-based; 0 where the mistake has no place, such as an empty file
	Message      string // key, what is wrong and what would do
}

func (e *Error) Error() string {
	if e.Line == 0 {
		return fmt.Sprintf("%s: %s", e.File, e.Message)
	}
	return fmt.Sprintf("%s:%d:%d: %s", e.File, e.Line, e.Column, e.Message)
}
