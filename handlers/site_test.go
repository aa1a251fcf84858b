package handlers_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/labstack/echo/v4"

	"github.com/postern-dev/postern/handlers"
	"github.com/postern-dev/postern/handlers/problem"
	"github.com/postern-dev/postern/handlers/uploads"
	"github.com/postern-dev/postern/policy/profile"
	"github.com/postern-dev/postern/policy/sigv4"
)

// Secrets say what they are, so that a leak is easy to see.
const (
	storeSecret = "store-secret-that-nobody-may-see"
	tokenSecret = "token-secret-that-nobody-may-see-"
)

// site is one set of handlers behind a listener of its own.
type site struct {
	t        *testing.T
	url      string
	handlers *handlers.Handlers
	log      *logbook
	mu       sync.Mutex
	done     []uploads.Completed
}

// newSite mounts handlers; the edits change the config first.
func newSite(t *testing.T, edits ...func(*handlers.Config)) *site {
	t.Helper()
	e := echo.New()
	server := httptest.NewUnstartedServer(e)
	s := &site{t: t, url: "http://" + server.Listener.Addr().String() + "/up", log: &logbook{}}
	config := s.config()
	for _, edit := range edits {
		edit(&config)
	}
	h, err := handlers.New(config)
	if err != nil {
		t.Fatal(err)
	}
	s.handlers = h
	e.HTTPErrorHandler = h.HTTPErrorHandler
	e.Use(handlers.AccessLog(config.Logger))
	h.Register(e.Group("/up"))
	server.Start()
	t.Cleanup(func() {
		server.Close()
		s.log.mustNotHold(t, storeSecret, tokenSecret)
	})
	return s
}

func (s *site) config() handlers.Config {
	versity, err := uploads.ProviderNamed("versity")
	if err != nil {
		s.t.Fatal(err)
	}
	return handlers.Config{
		PublicURL: s.url, Profiles: profiles(),
		Store: uploads.Store{Client: store.Client(), Credentials: store.Credentials(), Provider: versity,
			Region: store.Region(), Endpoint: store.URL(), PathStyle: true},
		TokenKeys: []sigv4.Secret{tokenSecret}, Identifier: named{},
		Logger:     slog.New(slog.NewJSONHandler(s.log, &slog.HandlerOptions{Level: slog.LevelDebug})),
		OnComplete: s.completed,
	}
}

func (s *site) completed(_ context.Context, c uploads.Completed) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.done = append(s.done, c)
	return nil
}

func (s *site) completions() []uploads.Completed {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]uploads.Completed(nil), s.done...)
}

// profiles are what most tests use: pictures for guests, parts for ticket holders, and anything.
func profiles() []profile.Profile {
	pictures := profile.Profile{Name: "pictures", Bucket: bucket, Key: "users/{subject}/{id}{ext}",
		Types: []string{"image/png", "image/jpeg"}, MinSize: 10, MaxSize: 1 << 20, Access: profile.AccessPublic,
		CacheControl: "no-cache", Metadata: map[string]string{"source": "web"},
		AcceptMetadata: []string{"album", "filename"}, Tags: map[string]string{"stage": "inbox"},
		Origins: []string{"https://app.example.com"}}
	films := profile.Profile{Name: "films", Bucket: bucket, Key: "users/{subject}/{id}{ext}",
		Types: []string{"video/mp4", "text/plain"}, MinSize: 1, MaxSize: 64 << 20, Checksum: "crc32",
		Multipart: profile.Multipart{Threshold: 5 << 20, PartSize: 5 << 20}}
	files := profile.Profile{Name: "files", Bucket: bucket, Key: "users/{subject}/{id}{ext}", Types: []string{"*/*"},
		MaxSize: 1 << 40, Access: profile.AccessPublic,
		Multipart: profile.Multipart{Threshold: 5 << 20}}
	return []profile.Profile{pictures, films, files}
}

// only keeps one profile, after an edit.
func only(name string, edit func(*profile.Profile)) func(*handlers.Config) {
	return func(c *handlers.Config) {
		for _, p := range c.Profiles {
			if p.Name == name {
				edit(&p)
				c.Profiles = []profile.Profile{p}
				return
			}
		}
	}
}

// named identifies whoever says a name: `Bearer alice` is alice. A name with a question mark
// doesn't hold.
type named struct{}

func (named) Identify(r *http.Request) (profile.Identity, bool, error) {
	name, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	if !ok {
		return profile.Identity{}, false, nil
	}
	if strings.Contains(name, "?") {
		return profile.Identity{}, false, &problem.Error{Code: problem.Unauthorized}
	}
	return profile.Identity{Subject: name, Profiles: []string{profile.AllProfiles}}, true, nil
}

// answer is a whole response.
type answer struct {
	t      *testing.T
	status int
	header http.Header
	body   []byte
}

// call sends a request to a path of the site; header holds names and values.
func (s *site) call(method, path, body string, header ...string) answer {
	s.t.Helper()
	request, err := http.NewRequestWithContext(s.t.Context(), method, s.url+path, strings.NewReader(body))
	if err != nil {
		s.t.Fatal(err)
	}
	if body != "" {
		request.Header.Set("Content-Type", "application/json")
	}
	for i := 0; i+1 < len(header); i += 2 {
		request.Header.Set(header[i], header[i+1])
	}
	return send(s.t, request)
}

var straight = &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}

func send(t *testing.T, request *http.Request) answer {
	t.Helper()
	response, err := straight.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer{t: t, status: response.StatusCode, header: response.Header, body: body}
}

// into reads a JSON answer of the wanted status.
func (a answer) into(status int, value any) {
	a.t.Helper()
	if a.status != status {
		a.t.Fatalf("wanted %d, got %d %s", status, a.status, a.body)
	}
	if err := json.Unmarshal(a.body, value); err != nil {
		a.t.Fatalf("%v in %s", err, a.body)
	}
}

// refused wants a problem with a code.
func (a answer) refused(code problem.Code) problem.Document {
	a.t.Helper()
	var p problem.Document
	if kind := a.header.Get("Content-Type"); kind != "application/problem+json" {
		a.t.Fatalf("wanted a problem, got %d %s: %s", a.status, kind, a.body)
	}
	a.into(code.Status(), &p)
	if p.Code != code || p.Status != a.status || p.Type == "" || p.Title == "" || p.RequestID != a.header.Get("X-Request-Id") {
		a.t.Errorf("wanted %s, got %+v", code, p)
	}
	return p
}

// logbook keeps what is logged.
type logbook struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *logbook) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *logbook) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

func (l *logbook) mustNotHold(t *testing.T, secrets ...string) {
	t.Helper()
	for _, secret := range secrets {
		if secret != "" && strings.Contains(l.String(), secret) {
			t.Errorf("the log holds %q", secret)
		}
	}
}
