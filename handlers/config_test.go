package handlers_test

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/postern-dev/postern/handlers"
	"github.com/postern-dev/postern/handlers/problem"
	"github.com/postern-dev/postern/handlers/uploads"
	"github.com/postern-dev/postern/policy/profile"
	"github.com/postern-dev/postern/policy/sigv4"
)

// goodConfig needs nothing but what has no default.
func goodConfig() handlers.Config {
	return handlers.Config{PublicURL: "https://uploads.example.com/up", Profiles: profiles()[:1],
		Store:     uploads.Store{Client: store.Client(), Credentials: store.Credentials(), Region: "eu-central-1"},
		TokenKeys: []sigv4.Secret{tokenSecret}}
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
		{"Store", func(c *handlers.Config) { c.Store.Client = nil }},
		{"Credentials", func(c *handlers.Config) { c.Store.Credentials = nil }},
		{"Region", func(c *handlers.Config) { c.Store.Region = "" }},
		{"Profiles", func(c *handlers.Config) { c.Profiles = nil }},
		{`"pictures": wanted each name once`, func(c *handlers.Config) { c.Profiles = append(c.Profiles, c.Profiles[0]) }},
		{"size", func(c *handlers.Config) { c.Profiles[0].MaxSize = 0 }},
		{"TokenKeys: wanted", func(c *handlers.Config) { c.TokenKeys = nil }},
		{"TokenKeys[1]", func(c *handlers.Config) { c.TokenKeys = append(c.TokenKeys, "short-token-key") }},
		{"Endpoint", func(c *handlers.Config) { c.Store.Endpoint = "minio:9000" }},
		{"PublicEndpoint", func(c *handlers.Config) { c.Store.PublicEndpoint = "https://s3.example.com?x" }},
		{"checksum", func(c *handlers.Config) {
			c.Store.Endpoint, c.Profiles[0].Checksum = "https://s3.example.com", "crc32"
		}},
		{"redirect", func(c *handlers.Config) {
			c.Store.Endpoint, c.Profiles[0].Redirect = "https://s3.example.com", "https://app.example.com/thanks"
		}},
		{`"pictures": title: wanted one of en, `, func(c *handlers.Config) { c.Profiles[0].Title = map[string]string{"it": "Foto"} }},
		{`"pictures": intro: wanted one of en, `, func(c *handlers.Config) { c.Profiles[0].Intro = map[string]string{"EN": "Photos"} }},
		{"", func(c *handlers.Config) { c.Profiles[0].Title = map[string]string{"pt-BR": "Fotos"} }},
		{"removable", func(c *handlers.Config) { c.Profiles[0].Removable = -time.Second }},
		{"Store.Provider", func(c *handlers.Config) { c.Store.Provider = uploads.Provider{Name: "oss", Dialect: sigv4.AWS} }},
		{"Store.Provider", func(c *handlers.Config) { c.Store.Provider = uploads.Provider{Name: "aws", Dialect: sigv4.GCS} }},
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

func TestAllContradictionsAreReportedAtOnce(t *testing.T) {
	t.Parallel()
	_, err := handlers.New(handlers.Config{Profiles: []profile.Profile{{Name: "a b"}, {Name: "c d"}}})
	for _, part := range []string{"PublicURL", "Store", "Credentials", "Region", "TokenKeys", `"a b"`, `"c d"`} {
		if err == nil || !strings.Contains(err.Error(), part) {
			t.Errorf("wanted %q in %v", part, err)
		}
	}
	var field *profile.SettingError
	if !errors.As(err, &field) {
		t.Errorf("wanted a *profile.SettingError in %v", err)
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
	s.call("POST", "/uploads", `{"profile":"pictures","filename":"x","type":"text/html","size":400}`).refused(problem.TypeNotAllowed)
	s.call("POST", "/uploads", `{"profile":"pictures","filename":"x","type":"image/png","size":1048577}`).refused(problem.SizeTooLarge)
	s.issue("pictures", "garden.png", "image/png", 400).call("POST", "/complete", "").refused(problem.Incomplete)
}

func TestBrowsersAreToldThePublicEndpoint(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name, wanted string
		bend         func(*handlers.Config)
	}{
		{"the SDK's rules", "https://media.s3.eu-central-1.amazonaws.com", func(c *handlers.Config) {
			c.Store.Endpoint, c.Store.PathStyle, c.Store.Region, c.Store.Provider = "", false, "eu-central-1", uploads.Provider{}
		}},
		{"path style", "https://s3.eu-central-1.amazonaws.com/media", func(c *handlers.Config) {
			c.Store.Endpoint, c.Store.Region = "", "eu-central-1"
		}},
		{"an endpoint of its own", "https://s3.example.com/media", func(c *handlers.Config) { c.Store.PublicEndpoint = "https://s3.example.com" }},
		{"the bucket in the host", "https://media.s3.example.com", func(c *handlers.Config) {
			c.Store.PublicEndpoint, c.Store.PathStyle = "https://s3.example.com", false
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

func TestAProviderBringsItsDialect(t *testing.T) {
	t.Parallel()
	for name, field := range map[string]string{"aws": "x-amz-signature", "oss": "x-oss-signature", "gcs": "x-goog-signature"} {
		s := newSite(t, only("files", func(*profile.Profile) {}), func(c *handlers.Config) {
			provider, err := uploads.ProviderNamed(name)
			if err != nil {
				t.Fatal(err)
			}
			c.Store.Provider = provider
			c.Store.Endpoint, c.Store.PathStyle = "", false // each at its own address
		})
		p := s.issue("files", "data.bin", "", 100)
		if !slices.ContainsFunc(p.Post.Fields, func(f struct{ Name, Value string }) bool { return f.Name == field }) {
			t.Errorf("%s: wanted a field %s, got %+v", name, field, p.Post.Fields)
		}
	}
}

func TestAnUnknownStoreGetsTheSafestSubset(t *testing.T) {
	t.Parallel()
	s := newSite(t, func(c *handlers.Config) {
		c.Store.Provider = uploads.Provider{}
		c.Profiles = c.Profiles[:1]
		c.Profiles[0].Tags = nil // refused: an unknown store may have no tags
	})
	if p := s.issue("pictures", "garden.png", "image/png", 400); p.Method != "put" || p.Put.Headers["if-none-match"] != "" || p.Put.Headers["content-type"] != "image/png" {
		t.Errorf("got %+v", p)
	}
	page := s.call("GET", "/forms/pictures", "")
	if page.status != http.StatusOK || len(readForm(s, page.body).fields) != 0 || !bytes.Contains(page.body, []byte("<postern-uploader")) {
		t.Errorf("%d %s", page.status, page.body)
	}
	if _, err := uploads.ProviderNamed("floppy"); err == nil || !strings.Contains(err.Error(), "versity") {
		t.Errorf("got %v", err)
	}
}

// standingClock stands still until it is moved.
type standingClock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *standingClock) read() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *standingClock) move(by time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(by)
}

// counting is a store that counts how often it is looked at.
type counting struct {
	uploads.StoreClient
	looks atomic.Int64
}

func (c *counting) HeadBucket(ctx context.Context, in *s3.HeadBucketInput, o ...func(*s3.Options)) (*s3.HeadBucketOutput, error) {
	c.looks.Add(1)
	return c.StoreClient.HeadBucket(ctx, in, o...)
}

func TestReadinessLooksAtEachBucketOnceASecondForManyProbes(t *testing.T) {
	t.Parallel()
	client, clock := &counting{StoreClient: store.Client()}, &standingClock{now: time.Now()}
	s := newSite(t, func(c *handlers.Config) { c.Store.Client, c.Now = client, clock.read })
	for second := int64(1); second <= 3; second++ {
		for range 20 {
			if a := s.call("GET", "/readyz", ""); a.status != http.StatusOK || a.header.Get("Cache-Control") != "no-store" {
				t.Fatalf("%d %s", a.status, a.body)
			}
		}
		if n := client.looks.Load(); n != second {
			t.Errorf("after %d seconds: wanted as many looks, got %d", second, n)
		}
		clock.move(time.Second)
	}
	missing := newSite(t, only("pictures", func(p *profile.Profile) { p.Bucket = "no-such-bucket" }))
	missing.call("GET", "/readyz", "").refused(problem.StoreUnavailable)
	if a := s.call("GET", "/healthz", ""); a.status != http.StatusOK || string(a.body) != "ok\n" {
		t.Errorf("%d %s", a.status, a.body)
	}
	other := newSite(t, func(c *handlers.Config) { c.Ready = func(context.Context) error { return errors.New("away") } })
	other.call("GET", "/readyz", "").refused(problem.StoreUnavailable)
}
