package handlers

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/postern-dev/postern/policy/profile"
	"github.com/postern-dev/postern/policy/sigv4"
)

// Config is what New needs. PublicURL, Profiles, Store, Credentials, Region and TokenKeys have no
// default.
type Config struct {
	// PublicURL is where browsers reach the group, with its path: an absolute https URL (http only
	// on loopback), no query. A trailing slash is dropped.
	PublicURL string
	// Profiles are what may be uploaded; at least one, each name once.
	Profiles []profile.Profile

	// Store is asked with the server's own credentials.
	Store Store
	// StoreTimeout is how long one call to the store may take, retries included; copying an object
	// and putting parts together may take thirty times as long. 0 is 20 seconds.
	StoreTimeout time.Duration
	// Credentials sign forms and URLs. They are asked for again before they expire.
	Credentials aws.CredentialsProvider
	// Region is the buckets' region, as the dialect writes it.
	Region string
	// Dialect is the signing scheme; nil is sigv4.AWS.
	Dialect *sigv4.Dialect
	// Endpoint is the store's base URL; empty leaves it to the SDK's rules. PublicEndpoint is what
	// browsers are told instead, where it differs.
	Endpoint, PublicEndpoint string
	// PathStyle puts the bucket into the path instead of the host name.
	PathStyle bool
	// Provider says what the store can do. The zero value is AWS where neither Endpoint nor another
	// dialect is set, and the safest subset otherwise.
	Provider Provider

	// TokenKeys sign upload tokens, at least 32 bytes each: the first signs, all verify, so that
	// keys can be rotated.
	TokenKeys []sigv4.Secret
	// Identifier says who asks; nil knows nobody, so that only public profiles can be used.
	Identifier Identifier
	// Limiter refuses what is too much; nil refuses nothing.
	Limiter Limiter
	// CredentialsMaker makes credentials for profiles that hand them out; nil makes none, and such
	// profiles are refused.
	CredentialsMaker CredentialsMaker
	// OnComplete is called after an upload was verified at the store and before the answer is sent;
	// nil does nothing. It is called at least once for each upload and again whenever completion is
	// asked for again: the same ID with the same ETag is the same object, another ETag means that
	// it was replaced since. An error fails the request, which may then be repeated. Leave the
	// object at its key as it is: until the upload's time is over it is held against the plan again
	// whenever completion is asked for, and removed where it differs. Keep what you make of it
	// under another key.
	OnComplete func(context.Context, Completed) error
	// Ready is asked by /readyz beside the store; nil is always ready.
	Ready func(context.Context) error

	// Explain serves the page that says why an upload was refused; it is off unless set.
	Explain bool

	// Now is the clock; nil is time.Now.
	Now func() time.Time
	// NewID makes upload IDs that sort by time and hold at least 128 random bits; nil is
	// profile.NewID with crypto/rand.
	NewID func() string
	// Logger gets what a visitor isn't told, without secrets; nil is slog.Default().
	Logger *slog.Logger
}

// Completed is an upload that was verified at the store.
type Completed struct {
	ID, Profile, Subject string
	Bucket, Key          string
	Size                 int64 // bytes
	Type, ETag           string
	Checksum             string            // base64 of the whole object's checksum; "" where none was planned
	Metadata             map[string]string // user metadata, names without x-amz-meta-
}

// withDefaults returns a copy that shares nothing mutable with c.
func (c Config) withDefaults() Config {
	c.Profiles = slices.Clone(c.Profiles)
	c.TokenKeys = slices.Clone(c.TokenKeys)
	c.Provider.Checksums = slices.Clone(c.Provider.Checksums)
	c.PublicURL = strings.TrimRight(c.PublicURL, "/")
	if c.Provider.isZero() && c.Endpoint == "" && (c.Dialect == nil || c.Dialect == sigv4.AWS) {
		c.Provider, _ = ProviderNamed("aws")
	}
	if c.Dialect == nil {
		c.Dialect = sigv4.AWS
	}
	if c.Identifier == nil {
		c.Identifier = Nobody{}
	}
	if c.StoreTimeout == 0 {
		c.StoreTimeout = 20 * time.Second
	}
	if c.Limiter == nil {
		c.Limiter = unlimited{}
	}
	if c.OnComplete == nil {
		c.OnComplete = func(context.Context, Completed) error { return nil }
	}
	return c.withProcess()
}

// withProcess fills in what comes from the running process.
func (c Config) withProcess() Config {
	if c.Ready == nil {
		c.Ready = func(context.Context) error { return nil }
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.NewID == nil {
		now := c.Now
		c.NewID = func() string { return profile.NewID(now(), rand.Reader) }
	}
	if c.Logger == nil {
		c.Logger = slog.Default()
	}
	return c
}

// check returns every contradiction that needs no compiling to be seen.
func (c Config) check() error {
	var found []error
	add := func(ok bool, format string, args ...any) {
		if !ok {
			found = append(found, fmt.Errorf("handlers: "+format, args...))
		}
	}
	add(c.Store != nil, "Store: wanted one")
	add(c.StoreTimeout > 0, "StoreTimeout %s: wanted more than nothing", c.StoreTimeout)
	add(c.Credentials != nil, "Credentials: wanted a provider")
	add(c.Region != "" || c.Dialect == sigv4.GCS || c.Dialect == sigv4.GCSRSA, "Region: wanted one")
	add(len(c.Profiles) > 0, "Profiles: wanted at least one")
	found = append(found, checkPublicURL(c.PublicURL))
	for _, e := range []struct{ name, url string }{{"Endpoint", c.Endpoint}, {"PublicEndpoint", c.PublicEndpoint}} {
		add(e.url == "" || httpURL(e.url), "%s %q: wanted an http or https URL without query", e.name, e.url)
	}
	seen := map[string]bool{}
	for _, p := range c.Profiles {
		add(!seen[p.Name], "profile %q: wanted each name once", p.Name)
		seen[p.Name] = true
		found = append(found, c.checkScoped(p))
		add(p.Checksum == "" || slices.Contains(c.Provider.Checksums, p.Checksum),
			"profile %q: checksum %q: provider %q verifies %s", p.Name, p.Checksum, c.Provider.Name, c.checksums())
		add(p.Redirect == "" || c.Provider.PostPolicy,
			"profile %q: redirect: provider %q takes no form posts", p.Name, c.Provider.Name)
	}
	return errors.Join(found...)
}

func (c Config) checksums() string {
	if len(c.Provider.Checksums) == 0 {
		return "none"
	}
	return strings.Join(c.Provider.Checksums, ", ")
}

// checkPublicURL: stores send browsers back here, and policies take only such addresses for a
// redirect.
func checkPublicURL(text string) error {
	u, err := url.Parse(text)
	if err != nil || !httpURL(text) || u.Scheme == "http" && !loopback(u.Hostname()) {
		return fmt.Errorf("handlers: PublicURL %q: wanted an https URL without query, or http on loopback", text)
	}
	return nil
}

func httpURL(text string) bool {
	u, err := url.Parse(text)
	return err == nil && (u.Scheme == "http" || u.Scheme == "https") && u.Host != "" && u.User == nil &&
		u.RawQuery == "" && !u.ForceQuery && u.Fragment == "" && !strings.ContainsAny(text, "\t\r\n \\;,'\"")
}

func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || strings.HasSuffix(host, ".localhost") || ip != nil && ip.IsLoopback()
}

// compileProfiles compiles every profile and returns all that is wrong with any.
func compileProfiles(list []profile.Profile) (map[string]*profile.Compiled, error) {
	out := make(map[string]*profile.Compiled, len(list))
	var found []error
	for _, p := range list {
		compiled, err := profile.Compile(p)
		found = append(found, err)
		out[p.Name] = compiled
	}
	return out, errors.Join(found...)
}
