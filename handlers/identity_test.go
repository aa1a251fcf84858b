package handlers_test

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/postern-dev/postern/handlers"
	"github.com/postern-dev/postern/handlers/problem"
	"github.com/postern-dev/postern/handlers/uploads"
	"github.com/postern-dev/postern/policy/profile"
)

// bound is a visitor that belongs to one origin.
type bound struct{ origin string }

func (b bound) Identify(*http.Request) (profile.Identity, bool, error) {
	return profile.Identity{Subject: "alice", Profiles: []string{profile.AllProfiles}, Origin: b.origin}, true, nil
}

// identifier makes an Identifier of a function.
type identifier func(*http.Request) (profile.Identity, bool, error)

func (f identifier) Identify(r *http.Request) (profile.Identity, bool, error) { return f(r) }

func TestWhoMayUseAProfile(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	body := func(profile, kind string) string {
		return `{"profile":"` + profile + `","filename":"x","type":"` + kind + `","size":4000}`
	}
	cases := []struct {
		name, profile, ticket string
		code                  problem.Code
	}{
		{"a guest where the profile is public", "pictures", "", ""},
		{"somebody with a ticket where the profile is public", "pictures", "Bearer alice", ""},
		{"a ticket that doesn't hold where the profile is public", "pictures", "Bearer ended?", problem.Unauthorized},
		{"a guest where it isn't", "films", "", problem.Unauthorized},
		{"somebody with a ticket where it isn't", "films", "Bearer alice", ""},
	}
	for _, c := range cases {
		kind := map[string]string{"pictures": "image/png", "films": "text/plain"}[c.profile]
		a := s.call("POST", "/uploads", body(c.profile, kind), "Authorization", c.ticket)
		page := s.call("GET", "/forms/"+c.profile, "", "Authorization", c.ticket)
		if c.code == "" {
			a.into(http.StatusCreated, &plan{})
			if page.status != http.StatusOK {
				t.Errorf("%s: the page is %d", c.name, page.status)
			}
			continue
		}
		a.refused(c.code)
		if page.status != c.code.Status() || !bytes.Contains(page.body, []byte(c.code)) {
			t.Errorf("%s: the page is %d %s", c.name, page.status, page.body)
		}
	}
	p := s.issue("pictures", "garden.png", "image/png", 4000)
	if !strings.HasPrefix(p.Key, "users/guest/") {
		t.Errorf("a guest's key is %q", p.Key)
	}
}

func TestAWidgetWithoutATicketHasNoFields(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	for path, ticket := range map[string]string{"/widget/films": "", "/widget/pictures": "Bearer alice"} {
		page := s.call("GET", path, "", "Authorization", ticket)
		fields := len(readForm(s, page.body).fields)
		if page.status != http.StatusOK || (fields > 0) != (ticket != "") {
			t.Errorf("%s: %d with %d fields", path, page.status, fields)
		}
	}
	if page := s.call("GET", "/widget/films", "", "Authorization", "Bearer ended?"); page.status != http.StatusUnauthorized {
		t.Errorf("a ticket that doesn't hold: %d", page.status)
	}
}

func TestAnIdentityBoundToAnOriginIsFramedByItAlone(t *testing.T) {
	t.Parallel()
	for origin, status := range map[string]int{"https://app.example.com": http.StatusOK, "https://second.example.com": http.StatusOK, "https://evil.example.com": http.StatusForbidden} {
		s := newSite(t, func(c *handlers.Config) {
			c.Identifier = bound{origin}
			c.Profiles[0].Origins = []string{"https://app.example.com", "https://second.example.com"}
		})
		page := s.call("GET", "/widget/pictures", "")
		policy := page.header.Get("Content-Security-Policy")
		if page.status != status || status == http.StatusOK != strings.HasSuffix(policy, "frame-ancestors 'self' "+origin) ||
			status == http.StatusOK != bytes.Contains(page.body, []byte(`parent-origins="`+origin+`"`)) {
			t.Errorf("%s: %d %s", origin, page.status, policy)
		}
	}
}

func TestAnIdentityMayNarrowAProfile(t *testing.T) {
	t.Parallel()
	s := newSite(t, func(c *handlers.Config) {
		c.Identifier = identifier(func(*http.Request) (profile.Identity, bool, error) {
			return profile.Identity{Subject: "alice", Profiles: []string{"pictures"}, MaxSize: 5 << 10}, true, nil
		})
	})
	s.call("POST", "/uploads", `{"profile":"files","filename":"x","size":10}`).refused(problem.Forbidden)
	s.call("POST", "/uploads", `{"profile":"pictures","filename":"x","type":"image/png","size":5121}`).refused(problem.SizeTooLarge)
	if page := s.call("GET", "/forms/files", ""); page.status != http.StatusForbidden {
		t.Errorf("another profile's form: %d", page.status)
	}
	page := s.call("GET", "/forms/pictures", "")
	if !bytes.Contains(page.body, []byte("5 kB")) || !bytes.Contains(page.body, []byte(`max-size="5120"`)) {
		t.Errorf("the page names another limit: %s", page.body)
	}
	if f := readForm(s, page.body); postForm(t, f.action, f.fields, png(5121)).status != http.StatusBadRequest {
		t.Error("the form takes more than the identity may send")
	}
}

func TestIdentifiersThatFail(t *testing.T) {
	t.Parallel()
	cases := map[problem.Code]error{
		problem.StoreUnavailable: errors.New("connection refused by sessions.internal"),
		problem.Unauthorized:     unauthorized{},
		problem.RateLimited:      &problem.Error{Code: problem.RateLimited, RetryAfter: 90 * time.Second},
	}
	for code, failure := range cases {
		s := newSite(t, func(c *handlers.Config) {
			c.Identifier = identifier(func(*http.Request) (profile.Identity, bool, error) { return profile.Identity{}, false, failure })
		})
		a := s.call("POST", "/uploads", `{"profile":"pictures","filename":"x","type":"image/png","size":4000}`)
		if refused := a.refused(code); strings.Contains(string(a.body), "internal") {
			t.Errorf("tells too much: %+v", refused)
		}
	}
}

func TestAServerWithoutIdentifierRefusesTickets(t *testing.T) {
	t.Parallel()
	s := newSite(t, func(c *handlers.Config) { c.Identifier = nil })
	for header, code := range map[string]int{"": http.StatusOK, "Basic YTpi": http.StatusOK, "Bearer x": http.StatusUnauthorized, "bearer": http.StatusUnauthorized} {
		if page := s.call("GET", "/forms/pictures", "", "Authorization", header); page.status != code {
			t.Errorf("%q: wanted %d, got %d", header, code, page.status)
		}
	}
}

type unauthorized struct{}

func (unauthorized) Error() string      { return "no" }
func (unauthorized) Unauthorized() bool { return true }

// ledger notes what a Limiter is told.
type ledger struct {
	mu       sync.Mutex
	refuse   error
	reserved []profile.Plan
	settled  []uploads.Settlement
	from     []string
	inPage   int
}

func (l *ledger) Reserve(_ context.Context, r uploads.Reservation) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.reserved, l.from = append(l.reserved, r.Plan), append(l.from, r.Identity.Subject+"@"+r.Identity.Address)
	if r.InPage {
		l.inPage++
	}
	return l.refuse
}

func (l *ledger) Settle(_ context.Context, s uploads.Settlement) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.settled = append(l.settled, s)
}

func TestEveryWayInIsChargedAndSettled(t *testing.T) {
	t.Parallel()
	l := &ledger{}
	s := newSite(t, func(c *handlers.Config) { c.Limiter = l })
	f := s.form("pictures")
	f.send(prose(3000)) // refused
	p := s.issue("pictures", "garden.png", "image/png", 4000)
	p.send(png(4000))
	p.complete()
	m := s.issue("films", "plot.txt", "text/plain", 6<<20, "Authorization", "Bearer alice")
	m.call("DELETE", "", "")
	wanted := []uploads.Settlement{
		{ID: l.reserved[0].ID, Profile: "pictures", Subject: "guest"},
		{ID: p.ID, Profile: "pictures", Subject: "guest", Size: 4000, Kept: true},
		{ID: m.ID, Profile: "films", Subject: "alice"},
	}
	if len(l.reserved) != 3 || len(l.settled) != 3 {
		t.Fatalf("reserved %d, settled %+v", len(l.reserved), l.settled)
	}
	for i, w := range wanted {
		if l.settled[i] != w {
			t.Errorf("wanted %+v, got %+v", w, l.settled[i])
		}
	}
	if l.from[0] != "guest@127.0.0.1" || l.from[2] != "alice@127.0.0.1" {
		t.Errorf("charged to %v", l.from)
	}
}

func TestAnAddressIsNotTakenFromHeadersThatAnybodyCanWrite(t *testing.T) {
	t.Parallel()
	l := &ledger{}
	s := newSite(t, func(c *handlers.Config) { c.Limiter = l })
	s.call("GET", "/forms/pictures", "", "X-Forwarded-For", "203.0.113.9", "X-Real-Ip", "203.0.113.9", "Forwarded", "for=203.0.113.9")
	if l.from[0] != "guest@127.0.0.1" {
		t.Errorf("charged to %v", l.from)
	}
}

func TestAnUploadThatTheLimiterRefusesIsNotSigned(t *testing.T) {
	t.Parallel()
	cases := []struct {
		err   error
		code  problem.Code
		after string
	}{
		{&problem.Error{Code: problem.QuotaExceeded, RetryAfter: 90*time.Second + 1}, problem.QuotaExceeded, "91"},
		{&problem.Error{Code: problem.RateLimited}, problem.RateLimited, "1"},
		{errors.New("ledger: connection refused"), problem.StoreUnavailable, "5"},
	}
	for _, c := range cases {
		l := &ledger{refuse: c.err}
		s := newSite(t, func(config *handlers.Config) { config.Limiter = l })
		a := s.call("POST", "/uploads", `{"profile":"files","filename":"x","size":20000000}`)
		if a.refused(c.code); a.header.Get("Retry-After") != c.after {
			t.Errorf("%s: Retry-After is %q", c.code, a.header.Get("Retry-After"))
		}
		page := s.call("POST", "/forms/pictures", "")
		if page.status != c.code.Status() || page.header.Get("Retry-After") != c.after || bytes.Contains(page.body, []byte("policy")) {
			t.Errorf("%s: the page is %d %s", c.code, page.status, page.body)
		}
		if open := openUploads(t, l.reserved[0].Key); open != 0 {
			t.Errorf("%s: an upload was begun", c.code)
		}
	}
}
