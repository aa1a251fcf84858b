package e2e

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
)

// The form-action directive of our pages relies on this: browsers check the store's redirect to the
// landing page, and any redirect after it, against the policy of the page with the form.
func TestTheBrowserChecksEveryRedirectOfAFormAgainstFormAction(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name, sources string
		onward        bool // the landing page leads on to a third origin
		arrives       bool
	}{
		{"only the bucket", "STORE/bucket", false, false},
		{"our own origin and another bucket", "'self' STORE/other", false, false},
		{"our own origin and the bucket", "'self' STORE/bucket", false, true},
		{"our own origin and the bucket, with a redirect to a third origin", "'self' STORE/bucket", true, false},
		{"the third origin too", "'self' STORE/bucket THIRD", true, true},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			start := redirectingSite(t, c.sources, c.onward)
			b := newTab(t, tabOptions{})
			b.open(start)
			if c.arrives {
				b.submit()
				b.waitUntil("the form has arrived", `document.title === "arrived"`)
				return
			}
			b.run(chromedp.Click(chromedp.CSS("button[type=submit]")))
			b.waitUntil("the form is blocked", `document.title === "blocked form-action"`)
		})
	}
}

// redirectingSite serves a page with a form for a store that redirects to the page's own origin. It
// returns the URL of the page.
func redirectingSite(t *testing.T, sources string, onward bool) (start string) {
	t.Helper()
	end := func(w http.ResponseWriter, _ *http.Request) { showPage(w, "<title>arrived</title>") }
	third := httptest.NewServer(http.HandlerFunc(end))
	t.Cleanup(third.Close)
	ours := http.NewServeMux()
	server := httptest.NewServer(ours)
	t.Cleanup(server.Close)
	store := httptest.NewServer(http.RedirectHandler(server.URL+"/done", http.StatusSeeOther))
	t.Cleanup(store.Close)
	policy := strings.NewReplacer("STORE", store.URL, "THIRD", third.URL).Replace(sources)
	ours.HandleFunc("GET /form", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Security-Policy", "form-action "+policy)
		showPage(w, fmt.Sprintf(`<title>form</title><form method="post" action="%s/bucket"><button type="submit">send</button></form>
<script>addEventListener("securitypolicyviolation", (e) => { document.title = "blocked " + e.effectiveDirective })</script>`, store.URL))
	})
	if onward {
		ours.Handle("GET /done", http.RedirectHandler(third.URL, http.StatusSeeOther))
	} else {
		ours.HandleFunc("GET /done", end)
	}
	return server.URL + "/form"
}

func showPage(w http.ResponseWriter, body string) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	_, _ = fmt.Fprint(w, "<!DOCTYPE html>", body)
}
