package handlers_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/postern-dev/postern/handlers"
	"github.com/postern-dev/postern/handlers/problem"
)

func TestCrossOriginCalls(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	own := strings.TrimSuffix(s.url, "/up")
	const app = "https://app.example.com"
	cases := []struct {
		name, profile, origin, site string
		allowed, readable           bool
	}{
		{"no page at all", "pictures", "", "", true, false},
		{"our own page", "pictures", own, "same-origin", true, false},
		{"our own page, in an old browser", "pictures", own, "", true, false},
		{"a page the profile lists", "pictures", app, "cross-site", true, true},
		{"a page the profile lists, in an old browser", "pictures", app, "", true, true},
		{"a page that only another profile lists", "files", app, "cross-site", false, true},
		{"another page", "pictures", "https://evil.example.com", "cross-site", false, false},
		{"a sibling", "pictures", "https://other.example.com", "same-site", false, false},
		{"another scheme", "pictures", "http://app.example.com", "cross-site", false, false},
		{"another port", "pictures", "https://app.example.com:8443", "cross-site", false, false},
		{"a longer host", "pictures", "https://app.example.com.evil.test", "cross-site", false, false},
		{"a look-alike", "pictures", "https://app.examp1e.com", "cross-site", false, false},
		{"other letters", "pictures", "HTTPS://APP.EXAMPLE.COM", "cross-site", false, false},
		{"an opaque origin", "pictures", "null", "cross-site", false, false},
		{"an opaque origin, in an old browser", "pictures", "null", "", false, false},
		{"a wildcard", "pictures", "*", "cross-site", false, false},
	}
	for _, c := range cases {
		body := `{"profile":"` + c.profile + `","filename":"garden.png","type":"image/png","size":4000}`
		header := []string{"Content-Type", "application/json"}
		if c.origin != "" {
			header = append(header, "Origin", c.origin)
		}
		if c.site != "" {
			header = append(header, "Sec-Fetch-Site", c.site)
		}
		a := s.call("POST", "/uploads", body, header...)
		if c.allowed {
			a.into(http.StatusCreated, &plan{})
		} else {
			a.refused(problem.OriginNotAllowed)
		}
		allow := a.header.Get("Access-Control-Allow-Origin")
		if c.readable != (allow == app) || !c.readable && allow != "" {
			t.Errorf("%s: Access-Control-Allow-Origin is %q", c.name, allow)
		}
		if a.header.Get("Access-Control-Allow-Credentials") != "" || !strings.Contains(strings.Join(a.header.Values("Vary"), ","), "Origin") {
			t.Errorf("%s: got %v", c.name, a.header)
		}
	}
}

// A page whose host name resolves to this server names that host in the request too (DNS
// rebinding). Where it is http, browsers send no Sec-Fetch-Site.
func TestAnOriginIsNeverOursBecauseTheRequestNamesItsHost(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	own := strings.TrimPrefix(strings.TrimSuffix(s.url, "/up"), "http://")
	_, port, _ := strings.Cut(own, ":")
	cases := []struct {
		name, host, origin string
		code               problem.Code // "" where the upload is issued
	}{
		{"our own page", own, "http://" + own, ""},
		{"our own page behind a proxy that changes the host", "inside.example", "http://" + own, ""},
		{"a rebound page", "evil.example", "http://evil.example", problem.OriginNotAllowed},
		{"a rebound page with our port", "evil.example:" + port, "http://evil.example:" + port, problem.OriginNotAllowed},
		{"a rebound page, with an s", "evil.example", "https://evil.example", problem.OriginNotAllowed},
		{"a page under another name of this machine", "localhost:" + port, "http://localhost:" + port, problem.OriginNotAllowed},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.url+"/uploads",
				strings.NewReader(`{"profile":"pictures","filename":"garden.png","type":"image/png","size":4000}`))
			if err != nil {
				t.Fatal(err)
			}
			request.Host = c.host
			request.Header.Set("Content-Type", "application/json")
			request.Header.Set("Origin", c.origin)
			if a := send(t, request); c.code != "" {
				a.refused(c.code)
			} else {
				a.into(http.StatusCreated, &plan{})
			}
		})
	}
}

func TestPreflights(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	for _, path := range []string{"/uploads", "/uploads/x", "/uploads/x/parts", "/uploads/x/complete"} {
		a := s.call("OPTIONS", path, "", "Origin", "https://app.example.com", "Access-Control-Request-Method", "POST",
			"Access-Control-Request-Headers", "content-type,upload-token", "Sec-Fetch-Site", "cross-site")
		if a.status != http.StatusNoContent || a.header.Get("Access-Control-Allow-Origin") != "https://app.example.com" ||
			!strings.Contains(a.header.Get("Access-Control-Allow-Headers"), "Upload-Token") ||
			!strings.Contains(a.header.Get("Access-Control-Allow-Methods"), "DELETE") {
			t.Errorf("%s: got %d %v", path, a.status, a.header)
		}
		b := s.call("OPTIONS", path, "", "Origin", "https://evil.example.com", "Access-Control-Request-Method", "POST")
		b.refused(problem.OriginNotAllowed)
		if b.header.Get("Access-Control-Allow-Origin") != "" || b.header.Get("Access-Control-Allow-Methods") != "" {
			t.Errorf("%s: another page got %v", path, b.header)
		}
	}
	s.call("OPTIONS", "/uploads", "", "Origin", "https://app.example.com", "Access-Control-Request-Method", "PUT").
		refused(problem.MethodNotAllowed)
}

func TestLaterCallsAreCheckedAgainstTheOriginsOfTheUploadsProfile(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	p := s.issue("files", "plot.txt", "text/plain", 100)
	p.call("POST", "/complete", "", "Origin", "https://app.example.com").refused(problem.OriginNotAllowed)
	p.call("GET", "/parts", "", "Origin", "https://app.example.com").refused(problem.OriginNotAllowed)
	q := s.issue("pictures", "garden.png", "image/png", 4000)
	q.call("POST", "/complete", "", "Origin", "https://app.example.com").refused(problem.Incomplete)
}

func TestAnIdentityBoundToOnePage(t *testing.T) {
	t.Parallel()
	s := newSite(t, func(c *handlers.Config) {
		c.Identifier = bound{"https://app.example.com"}
		c.Profiles[0].Origins = append(c.Profiles[0].Origins, "https://second.example.com")
	})
	body := `{"profile":"pictures","filename":"garden.png","type":"image/png","size":4000}`
	s.call("POST", "/uploads", body, "Origin", "https://app.example.com").into(http.StatusCreated, &plan{})
	s.call("POST", "/uploads", body, "Origin", "https://second.example.com").refused(problem.OriginNotAllowed)
}

func TestSecurityHeaders(t *testing.T) {
	t.Parallel()
	s := newSite(t, func(c *handlers.Config) { c.Profiles[2].Redirect = "https://thanks.example.com/done" })
	base := strings.TrimSuffix(store.URL(), "/") + "/" + bucket
	cases := []struct {
		path  string
		holds map[string][]string
	}{
		{"/forms/pictures", map[string][]string{
			"Content-Security-Policy": {"default-src 'none'", "script-src 'self'; ", "style-src 'self'; ", "img-src 'self'; ", "connect-src 'self' " + base + " " + base + "/;",
				"form-action 'self' " + base + " " + base + "/;", "frame-ancestors 'none'", "base-uri 'none'", "require-trusted-types-for 'script'", "trusted-types postern"},
			"X-Frame-Options": {"DENY"}, "Cross-Origin-Opener-Policy": {"same-origin"}, "Cross-Origin-Resource-Policy": {"same-origin"}}},
		{"/forms/files", map[string][]string{"Content-Security-Policy": {base + "/ https://thanks.example.com;"}}},
		{"/widget/pictures", map[string][]string{"Content-Security-Policy": {"frame-ancestors 'self' https://app.example.com;"}}},
		{"/widget/files", map[string][]string{"Content-Security-Policy": {"frame-ancestors 'self';"}}},
		{"/widget/nothing", map[string][]string{"Content-Security-Policy": {"frame-ancestors 'none'"}, "X-Frame-Options": {"DENY"}}},
		{"/forms/nothing", map[string][]string{"Content-Security-Policy": {"form-action 'self';", "frame-ancestors 'none'"}}},
		{"/forms/pictures/done/nothing", map[string][]string{"Content-Security-Policy": {"frame-ancestors 'none'"}}},
		{"/uploads/nothing/parts", map[string][]string{"Content-Security-Policy": {"default-src 'none'; frame-ancestors 'none'"}}},
	}
	for _, c := range cases {
		a := s.call("GET", c.path, "")
		for name, parts := range c.holds {
			for _, part := range parts {
				if !strings.Contains(a.header.Get(name)+";", part) {
					t.Errorf("%s: %s: wanted %q in %q", c.path, name, part, a.header.Get(name))
				}
			}
		}
		for name, value := range map[string]string{"Cache-Control": "no-store", "Referrer-Policy": "no-referrer", "X-Content-Type-Options": "nosniff"} {
			if a.header.Get(name) != value {
				t.Errorf("%s: %s: wanted %q, got %q", c.path, name, value, a.header.Get(name))
			}
		}
		if strings.Contains(a.header.Get("Content-Security-Policy"), "unsafe") {
			t.Errorf("%s: %s", c.path, a.header.Get("Content-Security-Policy"))
		}
	}
	for _, path := range []string{"/widget/pictures", "/widget/files"} {
		if a := s.call("GET", path, ""); a.header.Get("X-Frame-Options") != "" || a.header.Get("Cross-Origin-Opener-Policy") != "" {
			t.Errorf("%s can't be framed: %v", path, a.header)
		}
	}
}

// A script of any page may learn the status, and nothing but the status: HEAD has no body, and no
// other answer names all origins.
func TestAScriptLearnsWhetherItsPageMayEmbedTheWidget(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	for _, c := range []struct {
		name, path, origin string
		status             int
	}{
		{"a page that the profile lists", "/widget/pictures", "https://app.example.com", http.StatusOK},
		{"our own page", "/widget/files", strings.TrimSuffix(s.url, "/up"), http.StatusOK},
		{"a page that only another profile lists", "/widget/files", "https://app.example.com", http.StatusForbidden},
		{"another page", "/widget/pictures", "https://evil.example.com", http.StatusForbidden},
		{"an opaque origin", "/widget/pictures", "null", http.StatusForbidden},
		{"an unknown profile, from a page that one lists", "/widget/nothing", "https://app.example.com", http.StatusNotFound},
		{"an unknown profile, from another page", "/widget/nothing", "https://evil.example.com", http.StatusNotFound},
	} {
		a := s.call("HEAD", c.path, "", "Origin", c.origin)
		if a.status != c.status || a.header.Get("Access-Control-Allow-Origin") != "*" || a.header.Get("Access-Control-Allow-Credentials") != "" || len(a.body) != 0 {
			t.Errorf("%s: wanted status %d for every script to read, got %d %v", c.name, c.status, a.status, a.header)
		}
		if a := s.call("GET", c.path, "", "Origin", c.origin); a.header.Get("Access-Control-Allow-Origin") != "" {
			t.Errorf("%s: a script may read the page", c.name)
		}
	}
}
