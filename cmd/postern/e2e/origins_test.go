package e2e

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
)

// fetchFrom sends a request to Postern from a script of the page. Its value is the status of the
// response, or "blocked" if the browser did not let the script read it.
const fetchFrom = `fetch(%q, {method: %q, headers: %s, body: %s}).then((r) => "status " + r.status, () => "blocked")`

func TestOnlyScriptsOfListedOriginsCanIssue(t *testing.T) {
	t.Parallel()
	const body = `JSON.stringify({profile: "pictures", filename: "a.png", type: "image/png", size: 10})`
	cases := []struct{ name, origin, wanted string }{
		{"our own origin", uploadsOrigin, "status 201"},
		{"the allowed origin", appOrigin, "status 201"},
		{"another origin", "http://other.localhost", "blocked"},
		{"a domain with the same end", "http://evil-app.localhost", "blocked"},
		{"a domain with the same beginning", "http://app.localhost.evil.test", "blocked"},
		{"another port of the allowed one", appOrigin + ":8080", "blocked"},
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
				t.Errorf("response to a request for an upload: wanted %q, got %q", c.wanted, got)
			}
			b.requireNothingIssued(c.wanted)
			if got := evaluate[string](b, fmt.Sprintf(fetchFrom, uploadsOrigin+"/uploads", "POST", `{"Content-Type": "text/plain"}`, body)); got == "status 201" {
				t.Error("response to a request without a preflight: wanted a refusal, got status 201")
			}
			if got := evaluate[string](b, fmt.Sprintf(fetchFrom, uploadsOrigin+"/forms/pictures", "GET", `{}`, "undefined")); c.origin != uploadsOrigin && got != "blocked" {
				t.Errorf("response to a request for the form: wanted blocked, got %q", got)
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
	if got := evaluate[string](b, fmt.Sprintf(fetchFrom, uploadsOrigin+"/uploads", "POST", `{"Content-Type": "application/json"}`, body)); got != "blocked" {
		t.Errorf("response to a request for an upload: wanted blocked, got %q", got)
	}
	b.requireNothingIssued("blocked")
}

// requireNothingIssued requires that the server issued nothing if the browser blocked the response.
func (b *tab) requireNothingIssued(wanted string) {
	b.t.Helper()
	for _, x := range b.Proxy.requests("uploads.localhost", http.MethodPost) {
		if x.Status == http.StatusCreated && wanted != "status 201" {
			b.t.Errorf("%s %s: wanted a refusal, got status %d", x.Method, x.Path, x.Status)
		}
	}
}

func blankPage() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		_, _ = w.Write([]byte(`<!doctype html><p>a page</p>`))
	})
}
