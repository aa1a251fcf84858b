package main

import (
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"

	"github.com/labstack/echo/v4"

	"github.com/postern-dev/postern/cmd/postern/config"
)

// BenchmarkFormPage serves one form page with everything that serve does for it: identity, quota,
// plan, upload token, signature, template, headers, metrics and access log. BenchmarkStaticPage
// serves the same bytes with Echo alone.
func BenchmarkFormPage(b *testing.B) {
	h := formServer(b)
	b.ReportAllocs()
	for b.Loop() {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "http://127.0.0.1/forms/inbox", nil))
		if w.Code != http.StatusOK {
			b.Fatalf("status %d: %s", w.Code, w.Body)
		}
	}
}

func BenchmarkStaticPage(b *testing.B) {
	w := httptest.NewRecorder()
	formServer(b).ServeHTTP(w, httptest.NewRequest(http.MethodGet, "http://127.0.0.1/forms/inbox", nil))
	page := w.Body.Bytes()
	e := echo.New()
	e.GET("/forms/:profile", func(c echo.Context) error { return c.HTMLBlob(http.StatusOK, page) })
	b.ReportAllocs()
	for b.Loop() {
		e.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "http://127.0.0.1/forms/inbox", nil))
	}
}

// formServer returns the handler of serve with a public profile and a log file.
func formServer(b *testing.B) http.Handler {
	b.Helper()
	b.Setenv("AWS_ACCESS_KEY_ID", "operator")
	b.Setenv("AWS_SECRET_ACCESS_KEY", serveSecret)
	name := filepath.Join(b.TempDir(), "postern.yaml")
	text := serveConfig("http://127.0.0.1:1", "127.0.0.1:0", "size: 1..10MiB", "size: 1..10MiB, access: public",
		"\nlisten:", "\nlimits: {issues: 1000000/1s}\nlisten:")
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		b.Fatal(err)
	}
	file, err := config.Load(name, func(name string) string { return serveEnvironment[name] })
	if err != nil {
		b.Fatal(err)
	}
	log, err := os.Create(filepath.Join(b.TempDir(), "log"))
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { log.Close() })
	s := &server{stderr: log, metrics: newMetrics()}
	if err := s.use(b.Context(), file); err != nil {
		b.Fatal(err)
	}
	return s
}
