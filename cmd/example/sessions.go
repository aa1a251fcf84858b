package main

import (
	"crypto/rand"
	"net/http"
	"strings"
	"sync"

	"github.com/labstack/echo/v4"

	"github.com/postern-dev/postern/handlers/tickets"
	"github.com/postern-dev/postern/policy/profile"
)

// session is one browser. user is "" until somebody signs in. The nonce binds uploads to the
// session; it isn't the cookie, since receipts show it.
type session struct{ id, user, nonce string }

// sessions are in memory; a real site keeps them elsewhere.
type sessions struct {
	tickets *tickets.Verifier
	mu      sync.Mutex
	all     map[string]session
}

const cookieName = "session"

func newSessions(v *tickets.Verifier) *sessions {
	return &sessions{tickets: v, all: map[string]session{}}
}

// of is the session of a request; the zero value where it has none.
func (s *sessions) of(r *http.Request) session {
	cookie, err := r.Cookie(cookieName)
	if err != nil {
		return session{}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.all[cookie.Value]
}

// start begins a new session for a user and puts its cookie into the answer and the request.
func (s *sessions) start(c echo.Context, user string) {
	began := session{id: rand.Text(), user: user, nonce: rand.Text()}
	s.mu.Lock()
	s.all[began.id] = began
	s.mu.Unlock()
	cookie := &http.Cookie{Name: cookieName, Value: began.id, Path: "/", HttpOnly: true, SameSite: http.SameSiteLaxMode}
	c.SetCookie(cookie)
	c.Request().Header.Set("Cookie", cookie.String())
}

// end forgets a session.
func (s *sessions) end(r *http.Request) {
	gone := s.of(r)
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.all, gone.id)
}

// begin gives every visitor of a page a session.
func (s *sessions) begin(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		if s.of(c.Request()).id == "" {
			s.start(c, "")
		}
		return next(c)
	}
}

// Identify says to Postern who asks: the bearer of a ticket, which the partner signs, or the user of
// the session. A visitor without a session is nobody.
func (s *sessions) Identify(r *http.Request) (profile.Identity, bool, error) {
	if r.Header.Get("Authorization") != "" {
		return s.tickets.Identify(r)
	}
	current := s.of(r)
	if current.id == "" {
		return profile.Identity{}, false, nil
	}
	return profile.Identity{Subject: current.user, Nonce: current.nonce, Profiles: []string{profile.AllProfiles}}, true, nil
}

// signIn believes any name: this is an example.
func (s *site) signIn(c echo.Context) error {
	name := strings.TrimSpace(c.FormValue("name"))
	if name == "" || len(name) > 40 || strings.ContainsFunc(name, func(r rune) bool { return r < 'a' || r > 'z' }) {
		return s.showIndex(c, http.StatusUnprocessableEntity, "A name has 1 to 40 letters from a to z.")
	}
	s.sessions.end(c.Request())
	s.sessions.start(c, name)
	return c.Redirect(http.StatusSeeOther, "/")
}

// signOut ends the session, and has the browser remove what it keeps of the person's uploads.
func (s *site) signOut(c echo.Context) error {
	s.sessions.end(c.Request())
	c.SetCookie(&http.Cookie{Name: cookieName, Path: "/", MaxAge: -1, HttpOnly: true, SameSite: http.SameSiteLaxMode})
	c.Response().Header().Set("Clear-Site-Data", `"cache", "storage"`)
	return c.Redirect(http.StatusSeeOther, "/")
}
