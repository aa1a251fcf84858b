package handlers_test

import (
	"bytes"
	"html"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/postern-dev/postern/handlers"
	"github.com/postern-dev/postern/handlers/problem"
	"github.com/postern-dev/postern/handlers/quota"
	"github.com/postern-dev/postern/policy/profile"
)

// Headers of requests as browsers send them.
func fetchHeaders(site, mode, dest string, more ...string) []string {
	return append([]string{"Sec-Fetch-Site", site, "Sec-Fetch-Mode", mode, "Sec-Fetch-Dest", dest}, more...)
}

var buttonPattern = regexp.MustCompile(`<form class="postern-ask" method="post" action="([^"]*)">`)

// buttonOf is the path that the button of a page posts to, "" where it has none.
func buttonOf(page []byte) string {
	if found := buttonPattern.FindSubmatch(page); found != nil {
		return html.UnescapeString(string(found[1]))
	}
	return ""
}

func TestImageFramesPrefetchOnAnyPageDrainTheQuota(t *testing.T) {
	t.Parallel()
	const own, none, same, cross = "same-origin", "none", "same-site", "cross-site"
	program, byHand := []string(nil), []string{"Sec-Fetch-User", "?1"}
	prefetch := []string{"Sec-Purpose", "prefetch"}
	prerender := []string{"Sec-Purpose", "prefetch;prerender", "Sec-Fetch-User", "?1"}
	rows := []struct {
		name   string
		header []string
		issues bool
	}{
		{"a program", program, true},
		{"an address", fetchHeaders(none, "navigate", "document", byHand...), true},
		{"a link of our own", fetchHeaders(own, "navigate", "document", byHand...), true},
		{"a frame of our own", fetchHeaders(own, "navigate", "iframe"), true},
		{"htmx", fetchHeaders(own, "cors", "empty", "Hx-Request", "true"), true},
		{"fetch", fetchHeaders(own, "cors", "empty"), true},
		{"Turbo", fetchHeaders(own, "same-origin", "empty"), true},
		{"an image of our own", fetchHeaders(own, "no-cors", "image"), false},
		{"a link of another site", fetchHeaders(cross, "navigate", "document", byHand...), true},
		{"a link of a sibling", fetchHeaders(same, "navigate", "document", byHand...), true},
		{"a script's redirect", fetchHeaders(cross, "navigate", "document"), false},
		{"an image", fetchHeaders(cross, "no-cors", "image"), false},
		{"an image of a sibling", fetchHeaders(same, "no-cors", "image"), false},
		{"a frame", fetchHeaders(cross, "navigate", "iframe"), false},
		{"a frame of a listed origin", fetchHeaders(cross, "navigate", "iframe", "Referer", "https://app.example.com/"), false},
		{"a link in a frame", fetchHeaders(cross, "navigate", "iframe", byHand...), false},
		{"a script", fetchHeaders(cross, "no-cors", "script"), false},
		{"a style", fetchHeaders(cross, "no-cors", "style"), false},
		{"an object", fetchHeaders(cross, "navigate", "object"), false},
		{"fetch of another site", fetchHeaders(cross, "no-cors", "empty"), false},
		{"a prefetch", fetchHeaders(cross, "navigate", "document", prefetch...), false},
		{"a prerender", fetchHeaders(cross, "navigate", "document", prerender...), false},
		{"an unknown site", fetchHeaders("near", "navigate", "document", byHand...), false},
	}
	for _, route := range []string{"/forms/pictures", "/widget/pictures"} {
		l := &ledger{}
		s := newSite(t, func(c *handlers.Config) { c.Limiter = l })
		for _, row := range rows {
			before := len(l.reserved)
			page := s.call("GET", route, "", row.header...)
			charged, signed := len(l.reserved)-before, bytes.Contains(page.body, []byte(`name="policy"`))
			button := buttonOf(page.body)
			if page.status != http.StatusOK || (charged == 1) != row.issues || signed != row.issues || (button == "/up"+route) == row.issues {
				t.Errorf("%s, %s: wanted issued %t, got %d, charged %d, signed %t, button %q", route, row.name, row.issues, page.status, charged, signed, button)
			}
			for _, name := range []string{"Sec-Fetch-Site", "Sec-Fetch-Mode", "Sec-Fetch-Dest", "Sec-Fetch-User", "Sec-Purpose", "Accept-Language"} {
				if !strings.Contains(page.header.Get("Vary"), name) {
					t.Errorf("%s, %s: Vary %q lacks %s", route, row.name, page.header.Get("Vary"), name)
				}
			}
		}
		before := len(l.reserved)
		if head := s.call("HEAD", route, ""); head.status != http.StatusOK || len(l.reserved) != before {
			t.Errorf("HEAD %s: wanted 200 and nothing charged, got %d and %d", route, head.status, len(l.reserved)-before)
		}
	}
}

func TestTheButtonGetsTheFormInTheVisitorsLanguage(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	image := fetchHeaders("cross-site", "no-cors", "image")
	for _, path := range []string{"/forms/pictures?lang=ar", "/widget/pictures?lang=ar"} {
		page := s.call("GET", path, "", image...)
		button := buttonOf(page.body)
		if button != "/up"+path || !bytes.Contains(page.body, []byte("إظهار نموذج الرفع")) {
			t.Fatalf("%s: got button %q in %s", path, button, page.body)
		}
		answer := s.call("POST", strings.TrimPrefix(button, "/up"), "", fetchHeaders("same-origin", "navigate", "document", "Origin", "null")...)
		f := readForm(s, answer.body)
		if answer.status != http.StatusOK || answer.header.Get("Cache-Control") != "no-store" || buttonOf(answer.body) != "" ||
			!bytes.Contains(answer.body, []byte(`<html lang="ar" dir="rtl">`)) {
			t.Fatalf("%s: got %d %s", path, answer.status, answer.body)
		}
		if result := f.send(png(5000)); result.status != http.StatusOK || !bytes.Contains(result.body, []byte(`lang="ar"`)) {
			t.Errorf("%s: the result: %d %s", path, result.status, result.body)
		}
	}
	widget := s.call("POST", "/widget/pictures", "", fetchHeaders("same-origin", "navigate", "iframe")...)
	if csp := widget.header.Get("Content-Security-Policy"); !strings.Contains(csp, "frame-ancestors 'self' https://app.example.com") || widget.header.Get("X-Frame-Options") != "" {
		t.Errorf("the answer in a frame can't be shown: %v", widget.header)
	}
	if form := s.call("POST", "/forms/pictures", ""); form.header.Get("X-Frame-Options") != "DENY" {
		t.Errorf("the answer on a page can be framed: %v", form.header)
	}
}

func TestOnlyOurOwnPagesAskForAForm(t *testing.T) {
	t.Parallel()
	l := &ledger{}
	s := newSite(t, func(c *handlers.Config) { c.Limiter = l })
	own := strings.TrimSuffix(s.url, "/up")
	rows := []struct {
		name   string
		header []string
		body   string
		status int
	}{
		{"our own page", fetchHeaders("same-origin", "navigate", "document", "Origin", own), "", 200},
		{"our own page, which names no origin", fetchHeaders("same-origin", "navigate", "document", "Origin", "null"), "", 200},
		{"our own page in an old browser", []string{"Origin", own}, "", 200},
		{"a program", nil, "", 200},
		{"another site", fetchHeaders("cross-site", "navigate", "document", "Origin", "https://evil.example.com", "Sec-Fetch-User", "?1"), "", 403},
		{"a listed origin", fetchHeaders("cross-site", "navigate", "document", "Origin", "https://app.example.com", "Sec-Fetch-User", "?1"), "", 403},
		{"a listed origin in an old browser", []string{"Origin", "https://app.example.com"}, "", 403},
		{"a sibling", fetchHeaders("same-site", "navigate", "document", "Origin", "https://other.example.com"), "", 403},
		{"an opaque origin", fetchHeaders("cross-site", "navigate", "iframe", "Origin", "null"), "", 403},
		{"an opaque origin in an old browser", []string{"Origin", "null"}, "", 403},
		{"another site without an origin", fetchHeaders("cross-site", "no-cors", "empty"), "", 403},
		{"our own origin on another site", fetchHeaders("cross-site", "navigate", "document", "Origin", own), "", 403},
		{"a body", fetchHeaders("same-origin", "navigate", "document"), "profile=pictures", 400},
		{"a large body", fetchHeaders("same-origin", "navigate", "document"), strings.Repeat("x", 1<<20), 400},
	}
	for _, route := range []string{"/forms/pictures", "/widget/pictures"} {
		for _, row := range rows {
			before := len(l.reserved)
			page := s.call("POST", route, row.body, row.header...)
			charged := len(l.reserved) - before
			if page.status != row.status || (charged == 1) != (row.status == 200) {
				t.Errorf("%s, %s: wanted %d, got %d and %d charges: %s", route, row.name, row.status, page.status, charged, page.body)
			}
			if row.status == 403 && !bytes.Contains(page.body, []byte("origin_not_allowed")) {
				t.Errorf("%s, %s: got %s", route, row.name, page.body)
			}
		}
	}
	if l.inPage != 0 {
		t.Errorf("%d forms that were asked for were charged as those of pages", l.inPage)
	}
}

func TestWhoeverMayHaveNoFormGetsNoButton(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	image := fetchHeaders("cross-site", "no-cors", "image")
	if page := s.call("GET", "/forms/films", "", image...); page.status != http.StatusUnauthorized {
		t.Errorf("a form that needs a ticket: got %d", page.status)
	}
	if page := s.call("GET", "/widget/films", "", image...); page.status != http.StatusOK || buttonOf(page.body) != "" {
		t.Errorf("a widget that waits for a ticket: got %d, button %q", page.status, buttonOf(page.body))
	}
	if page := s.call("POST", "/widget/films", ""); page.status != http.StatusUnauthorized {
		t.Errorf("asking without a ticket: got %d", page.status)
	}
	puts := newSite(t, func(c *handlers.Config) { c.Store.Provider.PostPolicy = false })
	for _, method := range []string{"GET", "POST"} {
		if page := puts.call(method, "/forms/pictures", ""); page.status != http.StatusOK || buttonOf(page.body) != "" {
			t.Errorf("%s where no store takes a form: got %d, button %q", method, page.status, buttonOf(page.body))
		}
	}
	if page := puts.call("GET", "/forms/pictures", "", image...); page.status != http.StatusOK || buttonOf(page.body) != "" {
		t.Errorf("an image where no store takes a form: got %d, button %q", page.status, buttonOf(page.body))
	}
}

// withQuota gives pictures a quota of so many of its largest files, on a clock.
func withQuota(t *testing.T, clock *clock, files int64) func(*handlers.Config) {
	t.Helper()
	return func(c *handlers.Config) {
		only("pictures", func(p *profile.Profile) {
			p.Quota = profile.Quota{Bytes: profile.Rate{Limit: files * p.MaxSize, Window: 24 * time.Hour}}
		})(c)
		limiter, err := quota.New(quota.Config{Profiles: c.Profiles, Now: clock.now})
		if err != nil {
			t.Fatal(err)
		}
		c.Limiter, c.Now = limiter, clock.now
	}
}

func TestWhoeverOpensThePage200TimesGetsAButtonAndCanStillUploadTheLargestFile(t *testing.T) {
	t.Parallel()
	clock := newClock()
	s := newSite(t, withQuota(t, clock, 2))
	forms := 0
	for range 200 {
		page := s.call("GET", "/forms/pictures", "")
		switch button := buttonOf(page.body); {
		case page.status == http.StatusOK && button == "":
			forms++
		case page.status != http.StatusOK || button != "/up/forms/pictures":
			t.Fatalf("got %d, button %q", page.status, button)
		}
	}
	if forms != 1 {
		t.Errorf("wanted one form, half of a quota of two, got %d", forms)
	}
	p := s.issue("pictures", "garden.png", "image/png", 1<<20)
	p.send(png(1 << 20))
	p.complete()
	if page := s.call("POST", "/forms/pictures", ""); page.status != http.StatusTooManyRequests || page.header.Get("Retry-After") == "" {
		t.Errorf("asking beyond the whole quota: got %d %v", page.status, page.header)
	}
	clock.move(15 * 60)
	if page := s.call("POST", "/forms/pictures", ""); page.status != http.StatusOK { // the unused form is looked up
		t.Errorf("asking after the unused form ended: got %d %s", page.status, page.body)
	}
}

func TestAFormPostedAndNeverLandedOrLandedSmallAndPostedAgainLarge(t *testing.T) {
	t.Parallel()
	clock := newClock()
	s := newSite(t, withQuota(t, clock, 2))
	ask := func() answer { return s.call("POST", "/forms/pictures", "") }
	never, small := readForm(s, ask().body), readForm(s, ask().body)
	postForm(t, never.action, never.fields, png(1<<20))
	small.send(png(100))
	postForm(t, small.action, small.fields, png(1<<20-100))
	if page := ask(); page.status != http.StatusTooManyRequests {
		t.Errorf("while the forms can be posted: got %d", page.status)
	}
	clock.move(15 * 60)
	if page := ask(); page.status != http.StatusTooManyRequests {
		t.Errorf("after they ended: got %d", page.status)
	}
	s.call("POST", "/uploads", `{"profile":"pictures","filename":"a.png","type":"image/png","size":101}`).refused(problem.QuotaExceeded)
	s.issue("pictures", "a.png", "image/png", 100) // all that is left
}
