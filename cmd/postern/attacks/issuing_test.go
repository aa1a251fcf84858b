package attacks

import (
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/postern-dev/postern/cmd/postern/testclient"
	"github.com/postern-dev/postern/handlers"
	"github.com/postern-dev/postern/handlers/quota"
	"github.com/postern-dev/postern/policy/profile"
)

// quotaFiles is how many of the largest pictures the quota of each subject holds.
const quotaFiles = 4

// newSiteWithQuota starts a site whose visitors have a quota, and returns what moves its clock. The
// store's clock stays.
func newSiteWithQuota(t *testing.T) (s *site, pass func(time.Duration)) {
	t.Helper()
	var passed atomic.Int64
	s = newSite(t, withAllowedOrigin, func(c *handlers.Config) {
		c.Now = func() time.Time { return time.Now().Add(time.Duration(passed.Load())) }
		for i := range c.Profiles {
			c.Profiles[i].Quota.Bytes = profile.Rate{Limit: quotaFiles * maxSize, Window: 24 * time.Hour}
		}
		limiter, err := quota.New(quota.Config{Profiles: c.Profiles, Now: c.Now, AddressFactor: 1000})
		if err != nil {
			t.Fatal(err)
		}
		c.Limiter = limiter
	})
	return s, func(d time.Duration) { passed.Add(int64(d)) }
}

// requireRoom requires that the visitor can ask for that many forms and for no more.
func (a *attempt) requireRoom(forms int) {
	a.Helper()
	for n := range forms + 1 {
		answer := a.visit(http.MethodPost, "/forms/pictures", "")
		if wanted := n < forms; wanted != (answer.Status == http.StatusOK) {
			a.Fatalf("form %d that the visitor asks for, where there should be room for %d: %v", n+1, forms, answer)
		}
		if n == forms {
			a.requireRefusal(answer, http.StatusTooManyRequests, "quota_exceeded")
		}
	}
	a.requireRefusal(a.tryToIssue(pictureRequest(maxSize)), http.StatusTooManyRequests, "quota_exceeded")
}

// visit sends what a browser sends because of a page; header holds lines such as "Origin: null".
func (a *attempt) visit(method, path, header string) testclient.Answer {
	a.Helper()
	lines := http.Header{"Accept": {"text/html"}}
	for line := range strings.Lines(header) {
		name, value, _ := strings.Cut(strings.TrimSpace(line), ": ")
		lines.Set(name, value)
	}
	return a.requireAnswer(a.Client.Raw(a.Context(), method, path, lines, nil))
}

// fetched are the headers of a request of another page.
func fetched(site, mode, dest string, more ...string) string {
	return strings.Join(append([]string{"Sec-Fetch-Site: " + site, "Sec-Fetch-Mode: " + mode, "Sec-Fetch-Dest: " + dest}, more...), "\n")
}

func TestOtherPagesCannotUseUpAVisitorsQuota(t *testing.T) {
	t.Parallel()
	s, _ := newSiteWithQuota(t)
	const click, prefetch, prerender = "Sec-Fetch-User: ?1", "Sec-Purpose: prefetch", "Sec-Purpose: prefetch;prerender"
	const listed, evil = "Origin: " + allowedOrigin, "Origin: https://evil.test"
	for _, k := range []struct {
		name, method, path, header string
		status                     int
	}{
		{"an image", "GET", "/forms/pictures", fetched("cross-site", "no-cors", "image"), 200},
		{"an image of a sibling", "GET", "/forms/pictures", fetched("same-site", "no-cors", "image"), 200},
		{"an image in somebody's comment on our own origin", "GET", "/forms/pictures", fetched("same-origin", "no-cors", "image"), 200},
		{"an image of the widget", "GET", "/widget/pictures", fetched("cross-site", "no-cors", "image"), 200},
		{"a script", "GET", "/forms/pictures", fetched("cross-site", "no-cors", "script"), 200},
		{"a style sheet", "GET", "/forms/pictures", fetched("cross-site", "no-cors", "style"), 200},
		{"a frame", "GET", "/forms/pictures", fetched("cross-site", "navigate", "iframe"), 200},
		{"a frame of the widget in a listed page", "GET", "/widget/pictures", fetched("cross-site", "navigate", "iframe", "Referer: "+allowedOrigin+"/"), 200},
		{"a click in a frame", "GET", "/widget/pictures", fetched("cross-site", "navigate", "iframe", click), 200},
		{"an object", "GET", "/forms/pictures", fetched("cross-site", "navigate", "object"), 200},
		{"an embedded object", "GET", "/forms/pictures", fetched("cross-site", "navigate", "embed"), 200},
		{"fetch", "GET", "/forms/pictures", fetched("cross-site", "no-cors", "empty"), 200},
		{"fetch of a listed page", "GET", "/widget/pictures", fetched("cross-site", "cors", "empty", listed), 200},
		{"a prefetch", "GET", "/forms/pictures", fetched("cross-site", "navigate", "document", prefetch), 200},
		{"a prerendered page", "GET", "/forms/pictures", fetched("cross-site", "navigate", "document", click, prerender), 200},
		{"a window that a script opens", "GET", "/forms/pictures", fetched("cross-site", "navigate", "document"), 200},
		{"a site with an unknown name", "GET", "/forms/pictures", fetched("sibling-site", "navigate", "document", click), 200},
		{"HEAD", "HEAD", "/forms/pictures", fetched("none", "navigate", "document", click), 200},
		{"a form of another page", "POST", "/forms/pictures", fetched("cross-site", "navigate", "document", click, evil), 403},
		{"a form of a listed page", "POST", "/forms/pictures", fetched("cross-site", "navigate", "document", click, listed), 403},
		{"a form of a listed page to the widget", "POST", "/widget/pictures", fetched("cross-site", "navigate", "iframe", click, listed), 403},
		{"a form of a sandboxed frame", "POST", "/forms/pictures", fetched("cross-site", "navigate", "iframe", click, "Origin: null"), 403},
		{"a form of another page in an old browser", "POST", "/forms/pictures", evil, 403},
	} {
		t.Run(k.name, func(t *testing.T) {
			t.Parallel()
			a := newAttempt(t, s)
			for range 2 * quotaFiles {
				answer := a.visit(k.method, k.path, k.header)
				if answer.Status != k.status || strings.Contains(string(answer.Body), `name="policy"`) {
					t.Fatalf("wanted %d and nothing signed, got %v", k.status, answer)
				}
				if k.status == http.StatusForbidden {
					a.requireRefusal(answer, k.status, "origin_not_allowed")
				}
			}
			a.requireRoom(quotaFiles)
			a.requireNothingStored()
		})
	}
}

// askForForm returns a form that the visitor asks for.
func (a *attempt) askForForm() testclient.Post {
	a.Helper()
	answer := a.visit(http.MethodPost, "/forms/pictures", "")
	a.requireSuccess(answer)
	p, err := testclient.ParseForm(answer.Body)
	if err != nil {
		a.Fatal(err)
	}
	a.site.addSecret(p.Get("policy"), p.Get("x-amz-signature"))
	return p
}

// store sends a form without opening its landing page.
func (a *attempt) store(p testclient.Post, size int) {
	a.Helper()
	if sent := a.requireAnswer(p.Send(a.Context(), "garden.png", pngOfSize(size))); sent.Status != http.StatusSeeOther {
		a.Fatalf("answer to the form: wanted 303, got %v", sent)
	}
}

func TestFormsCannotStoreMoreThanAQuota(t *testing.T) {
	t.Parallel()
	for _, k := range []struct {
		name        string
		use         func(*attempt, testclient.Post)
		open, ended int // room for so many more forms, while the form is open and after it ended
	}{
		{"posted and never landed", func(a *attempt, p testclient.Post) { a.store(p, maxSize) }, 3, 3},
		{"posted small and never landed", func(a *attempt, p testclient.Post) { a.store(p, minSize) }, 3, 3},
		{"landed small, then posted again large", func(a *attempt, p testclient.Post) { a.sendAndLand(p, pngOfSize(minSize)); a.store(p, maxSize) }, 3, 3},
		{"landed small, then landed large", func(a *attempt, p testclient.Post) {
			a.sendAndLand(p, pngOfSize(minSize))
			a.sendAndLand(p, pngOfSize(maxSize))
		}, 3, 3},
		{"landed large, then posted again small", func(a *attempt, p testclient.Post) { a.sendAndLand(p, pngOfSize(maxSize)); a.store(p, minSize) }, 3, 3},
		{"refused, then posted again large", func(a *attempt, p testclient.Post) {
			a.sendAndLand(p, []byte("only words, which are no picture"))
			a.store(p, maxSize)
		}, 3, 3},
		{"refused", func(a *attempt, p testclient.Post) { a.sendAndLand(p, []byte("only words, which are no picture")) }, 3, 4},
		{"never posted", func(*attempt, testclient.Post) {}, 3, 4},
	} {
		t.Run(k.name, func(t *testing.T) {
			t.Parallel()
			s, pass := newSiteWithQuota(t)
			a := newAttempt(t, s)
			k.use(a, a.askForForm())
			a.requireRoom(k.open)
			pass(16 * time.Minute)
			a.requireRoom(k.ended)
		})
	}
}
