package e2e

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
)

// fetchFrom makes a script of the page call Postern and tells what it can read: a status, or that
// the browser kept the answer back.
const fetchFrom = `fetch(%q, {method: %q, headers: %s, body: %s}).then((r) => "status " + r.status, () => "kept back")`

func TestOnlyScriptsOfListedOriginsCanIssue(t *testing.T) {
	t.Parallel()
	const body = `JSON.stringify({profile: "pictures", filename: "a.png", type: "image/png", size: 10})`
	cases := []struct{ name, origin, wanted string }{
		{"our own page", uploadsOrigin, "status 201"},
		{"the allowed origin", appOrigin, "status 201"},
		{"another origin", "http://other.localhost", "kept back"},
		{"a domain that ends alike", "http://evil-app.localhost", "kept back"},
		{"a domain that begins alike", "http://app.localhost.evil.test", "kept back"},
		{"another port of the allowed one", appOrigin + ":8080", "kept back"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			b := newTab(t, tabOptions{})
			b.Proxy.serveHost("uploads.localhost", widgetServer(t))
			if c.origin != uploadsOrigin {
				b.Proxy.serveHost(strings.TrimPrefix(c.origin, "http://"), blankPage())
			}
			b.open(c.origin + "/healthz")
			if got := evaluate[string](b, fmt.Sprintf(fetchFrom, uploadsOrigin+"/uploads", "POST", `{"Content-Type": "application/json"}`, body)); got != c.wanted {
				t.Errorf("asking for an upload: wanted %q, got %q", c.wanted, got)
			}
			b.requireNothingIssued(c.wanted)
			if got := evaluate[string](b, fmt.Sprintf(fetchFrom, uploadsOrigin+"/uploads", "POST", `{"Content-Type": "text/plain"}`, body)); got == "status 201" {
				t.Error("asking without a preflight: an upload was issued")
			}
			if got := evaluate[string](b, fmt.Sprintf(fetchFrom, uploadsOrigin+"/forms/pictures", "GET", `{}`, "undefined")); c.origin != uploadsOrigin && got != "kept back" {
				t.Errorf("reading the form: wanted it kept back, got %q", got)
			}
		})
	}
}

func TestAnOpaqueOriginCannotIssue(t *testing.T) {
	t.Parallel()
	b := newTab(t, tabOptions{})
	b.Proxy.serveHost("uploads.localhost", widgetServer(t))
	b.Proxy.serveHost("app.localhost", http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		w.Header().Set("Content-Security-Policy", "sandbox allow-scripts")
		_, _ = w.Write([]byte(`<!doctype html><p>sandboxed</p>`))
	}))
	b.open(appOrigin + "/")
	if got := evaluate[string](b, `location.origin + " " + self.origin`); !strings.HasSuffix(got, "null") {
		t.Fatalf("origin of the page: wanted null, got %q", got)
	}
	body := `JSON.stringify({profile: "pictures", filename: "a.png", type: "image/png", size: 10})`
	if got := evaluate[string](b, fmt.Sprintf(fetchFrom, uploadsOrigin+"/uploads", "POST", `{"Content-Type": "application/json"}`, body)); got != "kept back" {
		t.Errorf("asking for an upload: wanted it kept back, got %q", got)
	}
	b.requireNothingIssued("kept back")
}

// requireNothingIssued requires that the server itself issued nothing where the browser kept the
// answer back.
func (b *tab) requireNothingIssued(wanted string) {
	b.t.Helper()
	for _, x := range b.Proxy.requests("uploads.localhost", http.MethodPost) {
		if x.Status == http.StatusCreated && wanted != "status 201" {
			b.t.Errorf("%s %s was answered %d", x.Method, x.Path, x.Status)
		}
	}
}

func blankPage() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		_, _ = w.Write([]byte(`<!doctype html><p>a page</p>`))
	})
}
