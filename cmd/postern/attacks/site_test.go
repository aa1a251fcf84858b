package attacks

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/labstack/echo/v4"

	"github.com/postern-dev/postern/cmd/postern/gateway"
	"github.com/postern-dev/postern/cmd/postern/testclient"
	"github.com/postern-dev/postern/cmd/postern/testserver"
	"github.com/postern-dev/postern/handlers"
	"github.com/postern-dev/postern/handlers/tickets"
	"github.com/postern-dev/postern/handlers/uploads"
	"github.com/postern-dev/postern/policy/sigv4"
)

// The secrets of these tests say that they are secrets, so that a leak is easy to see.
const (
	bucket      = "attacks"
	storeKey    = "attacks-access"
	storeSecret = "attacks-store-secret-that-nobody-may-see"

	// obeyingBucket is in the same store, which obeys unsigned headers there; the uploader's key is
	// that of an account which can only put below users/.
	obeyingBucket  = "obeying"
	uploaderKey    = "attacks-uploader"
	uploaderSecret = "attacks-uploader-secret-that-nobody-may-see"

	ticketKey = sigv4.Secret("attacks-ticket-secret-that-nobody-may-see")
	tokenKey  = sigv4.Secret("attacks-token-secret-that-nobody-may-see-")
)

// store is the gateway that all tests share.
var store *gateway.Gateway

// program is the path of the built server.
var program string

func TestMain(m *testing.M) {
	os.Exit(run(m))
}

func run(m *testing.M) int {
	dir, err := os.MkdirTemp("", "postern-attacks-")
	if err != nil {
		fmt.Fprintln(os.Stderr, "attacks:", err)
		return 1
	}
	defer func() { _ = os.RemoveAll(dir) }()
	// Before the store, which changes the working directory.
	if program, err = testserver.Build(dir, "postern"); err != nil {
		fmt.Fprintln(os.Stderr, "attacks: build the program:", err)
		return 1
	}
	store, err = gateway.Start(context.Background(), gateway.Options{
		Dir: dir, Buckets: []string{bucket, obeyingBucket}, AccessKey: storeKey, SecretKey: storeSecret, CORSOrigins: []string{"*"},
		InsecureUnsignedHeaders: []string{obeyingBucket},
		Uploader:                gateway.Uploader{AccessKey: uploaderKey, SecretKey: uploaderSecret, Prefix: "users/"},
	})
	if err != nil {
		fmt.Fprintln(os.Stderr, "attacks:", err)
		return 1
	}
	defer func() { _ = store.Close() }()
	if err := keepPrefix(); err != nil {
		fmt.Fprintln(os.Stderr, "attacks: store an object:", err)
		return 1
	}
	return m.Run()
}

// keepPrefix stores an object that stays. The store makes a folder for users/ with the first object
// there and removes it with the last, and an upload that arrives in between may fail.
func keepPrefix() error {
	_, err := store.Client().PutObject(context.Background(), &s3.PutObjectInput{
		Bucket: aws.String(bucket), Key: aws.String("users/kept"), Body: strings.NewReader("kept"),
	})
	return err
}

// site is a set of handlers with a listener of its own. All sites share the store.
type site struct {
	URL string
	Log *testserver.LogBuffer

	mu      sync.Mutex
	secrets []string // given to one visitor; they must appear nowhere else
}

// newSite starts a site with the profiles of these tests; edits change its configuration.
func newSite(t *testing.T, edits ...func(*handlers.Config)) *site {
	t.Helper()
	e := echo.New()
	server := httptest.NewUnstartedServer(e)
	s := &site{URL: "http://" + server.Listener.Addr().String(), Log: &testserver.LogBuffer{}}
	config := s.config(t)
	for _, edit := range edits {
		edit(&config)
	}
	h, err := handlers.New(config)
	if err != nil {
		t.Fatal(err)
	}
	e.Use(handlers.AccessLog(config.Logger))
	e.HTTPErrorHandler = h.HTTPErrorHandler
	h.Register(e.Group(""))
	server.Start()
	t.Cleanup(func() {
		server.Close()
		s.requireNoSecretsInLog(t)
	})
	return s
}

func (s *site) config(t *testing.T) handlers.Config {
	t.Helper()
	identifier, err := tickets.New(tickets.Config{Secrets: []sigv4.Secret{ticketKey}})
	if err != nil {
		t.Fatal(err)
	}
	versity, err := uploads.ProviderNamed("versity")
	if err != nil {
		t.Fatal(err)
	}
	return handlers.Config{
		PublicURL: s.URL,
		Profiles:  profiles(),
		Store: uploads.Store{Client: store.Client(), Credentials: store.Credentials(), Provider: versity,
			Region: store.Region(), Endpoint: store.URL(), PathStyle: true},
		TokenKeys:  []sigv4.Secret{tokenKey},
		Identifier: identifier,
		Logger:     slog.New(slog.NewJSONHandler(s.Log, &slog.HandlerOptions{Level: slog.LevelDebug})),
	}
}

// withClockMovedBy moves the clock of the handlers, not that of the store.
func withClockMovedBy(by time.Duration) func(*handlers.Config) {
	return func(c *handlers.Config) { c.Now = func() time.Time { return time.Now().Add(by) } }
}

// withoutPostPolicy makes the handlers treat the store as one without POST policies.
func withoutPostPolicy(c *handlers.Config) { c.Store.Provider.PostPolicy = false }

// client returns a client with a ticket for every profile.
func (s *site) client(t *testing.T, subject string) testclient.Client {
	t.Helper()
	return s.clientWith(t, tickets.Ticket{Subject: subject, Profiles: []string{"*"}})
}

// clientWith returns a client with a ticket.
func (s *site) clientWith(t *testing.T, ticket tickets.Ticket) testclient.Client {
	t.Helper()
	text, err := tickets.Mint(ticket, ticketKey, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	s.addSecret(text)
	return s.clientWithText(text)
}

// clientWithText returns a client with any text as its ticket; "" is none.
func (s *site) clientWithText(ticket string) testclient.Client {
	return testclient.Client{Base: s.URL, Ticket: ticket, HTTPClient: &http.Client{
		Transport:     http.DefaultTransport,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

// addSecret adds texts that must not appear in the log or in a refusal.
func (s *site) addSecret(secrets ...string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.secrets = append(s.secrets, secrets...)
}

// findSecret returns the first secret in a text, "" if there is none.
func (s *site) findSecret(text string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, secret := range append([]string{storeSecret, uploaderSecret, string(ticketKey), string(tokenKey)}, s.secrets...) {
		if strings.Contains(text, secret) {
			return secret
		}
	}
	return ""
}

func (s *site) requireNoSecretsInLog(t *testing.T) {
	t.Helper()
	if secret := s.findSecret(s.Log.String()); secret != "" {
		t.Errorf("log: wanted no secret in it, got %q", secret)
	}
}
