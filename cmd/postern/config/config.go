// Package config reads the config file of `postern serve`.
//
// One call does everything:
//
//	c, err := config.Load("postern.yaml", os.Getenv)
//
// Reading is strict. Unknown keys, values of the wrong kind, sizes, durations and rates that can't
// be read, missing secrets and contradictions in a profile are all found at once. The error has one
// line for each mistake, with its place in the file and a valid value. A file that loads can be
// run.
//
// Sizes are written "10MiB" or in bytes, ranges "1..10MiB", durations "15m" or "8d", rates "100/1h". A
// secret is never in the file, only a reference to it: "env:NAME" or "file:PATH". The path is
// relative to the folder of the config file.
package config

import (
	"errors"
	"fmt"
	"net/netip"
	"os"
	"time"

	"github.com/postern-dev/postern/handlers/tickets"
	"github.com/postern-dev/postern/handlers/uploads"
	"github.com/postern-dev/postern/handlers/webhooks"
	"github.com/postern-dev/postern/policy/profile"
	"github.com/postern-dev/postern/policy/sigv4"
)

// Config is the content of a file without mistakes.
type Config struct {
	Listen    string // host:port; default 127.0.0.1:8080
	PublicURL string // where browsers reach the server: an absolute URL without a trailing slash
	TokenKeys []sigv4.Secret
	Tickets   Tickets
	Receipts  Receipts
	Store     Store
	Profiles  map[string]profile.Profile // by name
	Webhooks  []webhooks.EndpointConfig  // who is told what becomes of uploads, by profile

	// IPHeader is the header in which TrustedProxies send the visitor's address, "X-Forwarded-For"
	// or "X-Real-IP". Empty: the address of the connection is the visitor's, whatever headers say.
	IPHeader       string
	TrustedProxies []netip.Prefix

	// Hosts are further names that this server answers to, as HostName returns them. IP addresses,
	// localhost and the host of PublicURL need no entry.
	Hosts []string
	// Metrics is the host:port of the listener that serves the metrics. Empty: there are none.
	Metrics string
	Explain bool // serve the page that explains refusals
	Log     Log
	Drain   time.Duration // how long requests under way may take after SIGTERM; default 20 s
	Limits  Limits
	Sweep   Sweep
	// Ledger records what becomes of uploads. Zero: nothing does.
	Ledger Ledger
	// Backend says how backend tokens are verified. Zero: there are no routes for them.
	Backend Backend

	// ScopedCredentials says how credentials for native clients are made. Zero: none are made, and
	// no profile may allow them.
	ScopedCredentials ScopedCredentials
	// InsecureProxySubject says which header of TrustedProxies names the visitor. Zero: none does.
	InsecureProxySubject ProxySubject
}

// Limits hold in addition to the quotas of the profiles.
type Limits struct {
	// Issues is how many forms, plans and credentials one subject may ask for, or one address where
	// nobody is known; zero: 600 in a minute.
	Issues profile.Rate
	// Burst is how many of them may come at once; 0: 2,000, or the count of Issues where that is
	// set.
	Burst         int
	AddressFactor int // how many times a profile's quota one address may use; 0: 10
}

// Ledger says where what becomes of uploads is recorded.
type Ledger struct {
	URL      string        // see ledger.Config; the file of SQLite is in the folder of the config unless its path is absolute
	Keep     time.Duration // for how long; 0: 90 days
	Required bool          // whether uploads that can't be recorded are refused
}

// Backend says how backend tokens are verified: with secrets that the application has too, or with
// a key set of the application's own.
type Backend struct {
	Secrets []sigv4.Secret
	JWKS    string // URL of the key set
}

// Verifier returns what verifies the tokens; nil where there are none.
func (b Backend) Verifier() (*tickets.BackendVerifier, error) {
	if len(b.Secrets) == 0 && b.JWKS == "" {
		return nil, nil
	}
	return tickets.NewBackend(tickets.BackendConfig{Secrets: b.Secrets, JWKS: b.JWKS})
}

// Sweep says when the server aborts abandoned multipart uploads. Zero: it doesn't.
type Sweep struct {
	Every time.Duration // from the end of one sweep to the next, at least a second
	Older time.Duration // the age from which uploads count as abandoned; 0: see uploads.DefaultSweepAge
}

// ScopedCredentials are made by assuming a role of AWS STS, or for provider oss of Aliyun's STS.
type ScopedCredentials struct {
	RoleARN, ExternalID string
	Lifetime            time.Duration // 0: 15 minutes
	Endpoint            string        // of STS; empty: the SDK's rules, for Aliyun its own
}

// ProxySubject names the header in which TrustedProxies send the visitor's subject, and the
// profiles that such visitors may use.
type ProxySubject struct {
	Header   string   `yaml:"header"`
	Profiles []string `yaml:"profiles"`
}

// Tickets say how tickets are verified: with a shared secret, or with the key set of an identity
// provider. Both empty: there are no tickets, and only public profiles can be used.
type Tickets struct {
	Secret           sigv4.Secret
	JWKS             string // URL of the key set
	Issuer, Audience string // that a ticket has to name; empty with a secret: any issuer, audience "postern"
}

// Store is the object store.
type Store struct {
	Provider       string // one of uploads.ProviderNames
	Region         string
	Endpoint       string // empty: the SDK's rules
	PublicEndpoint string // what browsers are told; empty: Endpoint
	PathStyle      bool   // the bucket is in the path, not in the host name
	// CredentialsFile is the path of a service account's JSON key, for provider gcs. Empty: the
	// SDK's chain, or the variables of the provider's own.
	CredentialsFile string
	// Can are single abilities that differ from the provider's record, by their names in
	// uploads.Abilities.
	Can map[string]bool
	// UploadCredentials sign what visitors hold. Zero: the server's own do.
	UploadCredentials UploadCredentials
	// HasUploadCredentials: the file names some. LoadWithoutSecrets tells it too, although it leaves a
	// key empty.
	HasUploadCredentials bool
}

// UploadCredentials say which credentials sign what visitors hold: an access key, a role that the
// server's own credentials assume, or a profile of the SDK's shared files. One of the three is set,
// or none.
type UploadCredentials struct {
	AccessKeyID                   string
	SecretAccessKey, SessionToken sigv4.Secret // the token is empty for a key that lasts
	RoleARN                       string
	Profile                       string
}

// Described returns the store as package uploads knows it, without client and credentials.
func (s Store) Described() (uploads.Store, error) {
	provider, err := uploads.ProviderNamed(s.Provider)
	if err == nil {
		provider, err = provider.With(s.Can)
	}
	return uploads.Store{Provider: provider, Region: s.Region, Endpoint: s.Endpoint, PublicEndpoint: s.PublicEndpoint, PathStyle: s.PathStyle}.Resolve(), err
}

// Log says how the server logs to standard error.
type Log struct {
	Format string `yaml:"format"` // "json" or "text"; default json
	Level  string `yaml:"level"`  // "debug", "info", "warn" or "error"; default info
}

// maxFile is the largest file that is read, in bytes.
const maxFile = 1 << 20

// Load reads a file and the secrets it refers to; getenv looks up "env:" references. For a file
// with mistakes the error joins one *Error for each.
func Load(name string, getenv func(string) string) (*Config, error) {
	return load(name, newLoader(name, getenv))
}

// LoadWithoutSecrets reads a file as Load does, but no secret: every reference that is well written
// counts as given, and the secrets of the Config are empty. It is for commands that an operator runs
// elsewhere than the server, with credentials of their own.
func LoadWithoutSecrets(name string) (*Config, error) {
	l := newLoader(name, nil)
	l.withoutSecrets = true
	return load(name, l)
}

// load reads a file with a loader made for it; see Load.
func load(name string, l *loader) (*Config, error) {
	text, err := os.ReadFile(name)
	if err != nil {
		return nil, fmt.Errorf("config: %w", err)
	}
	if len(text) > maxFile {
		return nil, fmt.Errorf("config: %q is larger than 1 MiB", name)
	}
	var d document
	var c *Config
	if l.decode(text, &d) {
		c = l.config(&d)
	}
	if len(l.mistakes) > 0 {
		return nil, errors.Join(l.mistakes...)
	}
	return c, nil
}

// Error is one mistake in a config file.
type Error struct {
	File         string
	Line, Column int    // counted from 1; 0 where the mistake has no place, such as in an empty file
	Message      string // the key, what is wrong and what would be right
}

// Error implements error: file, line and column, message.
func (e *Error) Error() string {
	if e.Line == 0 {
		return fmt.Sprintf("%s: %s", e.File, e.Message)
	}
	return fmt.Sprintf("%s:%d:%d: %s", e.File, e.Line, e.Column, e.Message)
}
