package handlers_test

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/postern-dev/postern/handlers"
	"github.com/postern-dev/postern/policy/profile"
	"github.com/postern-dev/postern/policy/sigv4"
)

// goodConfig needs nothing but what has no default.
func goodConfig() handlers.Config {
	return handlers.Config{PublicURL: "https://uploads.example.com/up", Profiles: profiles()[:1], Store: store.Client(),
		Credentials: store.Credentials(), Region: "eu-central-1", TokenKeys: []sigv4.Secret{tokenSecret}}
}

func TestAConfigIsRefusedForEachContradiction(t *testing.T) {
	t.Parallel()
	cases := []struct {
		names string
		bend  func(*handlers.Config)
	}{
		{"", func(*handlers.Config) {}},
		{"", func(c *handlers.Config) { c.PublicURL = "http://127.0.0.1:8080/" }},
		{"", func(c *handlers.Config) { c.PublicURL = "http://[::1]:8080" }},
		{"PublicURL", func(c *handlers.Config) { c.PublicURL = "" }},
		{"PublicURL", func(c *handlers.Config) { c.PublicURL = "/up" }},
		{"PublicURL", func(c *handlers.Config) { c.PublicURL = "http://uploads.example.com" }},
		{"PublicURL", func(c *handlers.Config) { c.PublicURL = "https://uploads.example.com/?a=b" }},
		{"PublicURL", func(c *handlers.Config) { c.PublicURL = "https://me@uploads.example.com" }},
		{"PublicURL", func(c *handlers.Config) { c.PublicURL = "javascript:alert(1)" }},
		{"PublicURL", func(c *handlers.Config) { c.PublicURL = "https://a.example.com; script-src *" }},
		{"Store", func(c *handlers.Config) { c.Store = nil }},
		{"Credentials", func(c *handlers.Config) { c.Credentials = nil }},
		{"Region", func(c *handlers.Config) { c.Region = "" }},
		{"Profiles", func(c *handlers.Config) { c.Profiles = nil }},
		{`"pictures": wanted each name once`, func(c *handlers.Config) { c.Profiles = append(c.Profiles, c.Profiles[0]) }},
		{"size", func(c *handlers.Config) { c.Profiles[0].MaxSize = 0 }},
		{"token keys: wanted", func(c *handlers.Config) { c.TokenKeys = nil }},
		{"token keys[1]", func(c *handlers.Config) { c.TokenKeys = append(c.TokenKeys, "short-token-key") }},
		{"Endpoint", func(c *handlers.Config) { c.Endpoint = "minio:9000" }},
		{"PublicEndpoint", func(c *handlers.Config) { c.PublicEndpoint = "https://s3.example.com?x" }},
		{"checksum", func(c *handlers.Config) {
			c.Endpoint, c.Profiles[0].Checksum = "https://s3.example.com", "crc32"
		}},
		{"redirect", func(c *handlers.Config) {
			c.Endpoint, c.Profiles[0].Redirect = "https://s3.example.com", "https://app.example.com/thanks"
		}},
	}
	for _, c := range cases {
		config := goodConfig()
		c.bend(&config)
		_, err := handlers.New(config)
		if (err == nil) != (c.names == "") || err != nil && !strings.Contains(err.Error(), c.names) {
			t.Errorf("%q: got %v", c.names, err)
		}
		if err != nil && (strings.Contains(err.Error(), tokenSecret) || strings.Contains(err.Error(), "short-token-key")) {
			t.Errorf("the error holds a key: %v", err)
		}
	}
}

func TestAllContradictionsAreToldAtOnce(t *testing.T) {
	t.Parallel()
	_, err := handlers.New(handlers.Config{Profiles: []profile.Profile{{Name: "a b"}, {Name: "c d"}}})
	for _, part := range []string{"PublicURL", "Store", "Credentials", "Region", "token keys", `"a b"`, `"c d"`} {
		if err == nil || !strings.Contains(err.Error(), part) {
			t.Errorf("wanted %q in %v", part, err)
		}
	}
	var field *profile.FieldError
	if !errors.As(err, &field) {
		t.Errorf("wanted a *profile.FieldError in %v", err)
	}
}

func TestNewCopiesItsArgument(t *testing.T) {
	t.Parallel()
	var config handlers.Config
	s := newSite(t, func(c *handlers.Config) {
		c.Profiles[0].Types = append([]string(nil), c.Profiles[0].Types...)
		config = *c
	})
	config.Profiles[0].MaxSize, config.Profiles[0].Types[0] = 1<<40, "text/html"
	config.TokenKeys[0] = "another-token-key-that-is-long-enough"
	s.call("POST", "/uploads", `{"profile":"pictures","filename":"x","type":"text/html","size":400}`).refused(handlers.CodeTypeNotAllowed)
	s.call("POST", "/uploads", `{"profile":"pictures","filename":"x","type":"image/png","size":1048577}`).refused(handlers.CodeSizeTooLarge)
	s.issue("pictures", "garden.png", "image/png", 400).call("POST", "/complete", "").refused(handlers.CodeIncomplete)
}

func TestBrowsersAreToldThePublicEndpoint(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name, wanted string
		bend         func(*handlers.Config)
	}{
		{"the SDK's rules", "https://gate.s3.eu-central-1.amazonaws.com", func(c *handlers.Config) {
			c.Endpoint, c.PathStyle, c.Region, c.Provider = "", false, "eu-central-1", handlers.Provider{}
		}},
		{"path style", "https://s3.eu-central-1.amazonaws.com/gate", func(c *handlers.Config) {
			c.Endpoint, c.Region = "", "eu-central-1"
		}},
		{"an endpoint of its own", "https://s3.example.com/gate", func(c *handlers.Config) { c.PublicEndpoint = "https://s3.example.com" }},
		{"the bucket in the host", "https://gate.s3.example.com", func(c *handlers.Config) {
			c.PublicEndpoint, c.PathStyle = "https://s3.example.com", false
		}},
	}
	for _, c := range cases {
		s := newSite(t, c.bend)
		if p := s.issue("pictures", "garden.png", "image/png", 400); p.Post.URL != c.wanted {
			t.Errorf("%s: the form posts to %q", c.name, p.Post.URL)
		}
		page := s.call("GET", "/forms/pictures", "")
		if policy := page.header.Get("Content-Security-Policy"); !strings.Contains(policy, "form-action 'self' "+c.wanted) {
			t.Errorf("%s: %s", c.name, policy)
		}
	}
}

func TestAnUnknownStoreGetsTheSafestSubset(t *testing.T) {
	t.Parallel()
	s := newSite(t, func(c *handlers.Config) {
		c.Provider = handlers.Provider{}
		c.Profiles = c.Profiles[:1]
	})
	if p := s.issue("pictures", "garden.png", "image/png", 400); p.Method != "put" || p.Put.Headers["if-none-match"] != "" || p.Put.Headers["content-type"] != "image/png" {
		t.Errorf("got %+v", p)
	}
	page := s.call("GET", "/forms/pictures", "")
	if page.status != http.StatusOK || len(readForm(s, page.body).fields) != 0 || !bytes.Contains(page.body, []byte("<postern-uploader")) {
		t.Errorf("%d %s", page.status, page.body)
	}
	if _, err := handlers.ProviderNamed("floppy"); err == nil || !strings.Contains(err.Error(), "versity") {
		t.Errorf("got %v", err)
	}
}

// counting is a store that counts how often it is looked at.
type counting struct {
	handlers.Store
	looks atomic.Int64
}

func (c *counting) HeadBucket(ctx context.Context, in *s3.HeadBucketInput, o ...func(*s3.Options)) (*s3.HeadBucketOutput, error) {
	c.looks.Add(1)
	return c.Store.HeadBucket(ctx, in, o...)
}

func TestReadinessLooksAtEachBucketOnceForManyProbes(t *testing.T) {
	t.Parallel()
	look := &counting{Store: store.Client()}
	s := newSite(t, func(c *handlers.Config) { c.Store = look })
	for range 20 {
		if a := s.call("GET", "/readyz", ""); a.status != http.StatusOK || a.header.Get("Cache-Control") != "no-store" {
			t.Fatalf("%d %s", a.status, a.body)
		}
	}
	if n := look.looks.Load(); n > 5 {
		t.Errorf("the store was looked at %d times", n)
	}
	missing := newSite(t, only("pictures", func(p *profile.Profile) { p.Bucket = "no-such-bucket" }))
	missing.call("GET", "/readyz", "").refused(handlers.CodeStoreUnavailable)
	if a := s.call("GET", "/healthz", ""); a.status != http.StatusOK || string(a.body) != "ok\n" {
		t.Errorf("%d %s", a.status, a.body)
	}
	other := newSite(t, func(c *handlers.Config) { c.Ready = func(context.Context) error { return errors.New("away") } })
	other.call("GET", "/readyz", "").refused(handlers.CodeStoreUnavailable)
}
