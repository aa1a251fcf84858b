package e2e

import (
	"net/http"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/postern-dev/postern/handlers/tickets"
	"github.com/postern-dev/postern/policy/sigv4"
)

// leeway is how long the server accepts a ticket after its end, because clocks differ.
const leeway = 30 * time.Second

// ticket mints a ticket that the server accepts.
func (p *devServer) ticket(ticket tickets.Ticket) string {
	p.t.Helper()
	return p.ticketAt(ticket, time.Now())
}

func (p *devServer) ticketAt(ticket tickets.Ticket, now time.Time) string {
	p.t.Helper()
	key := sigv4.Secret(strings.TrimSpace(string(readFile(p.t, filepath.Join(p.Data, "ticket.key")))))
	text, err := tickets.Mint(ticket, key, now)
	must(p.t, err)
	return text
}

// ticketServer is the part of the host's server that gives out tickets. The first ticket ends after
// some seconds; the others last.
type ticketServer struct {
	p *devServer
	b *tab
	// renew may answer a request for another ticket. It returns false to let the server answer.
	renew func(b *tab, p *devServer, times int, w http.ResponseWriter) bool

	mu        sync.Mutex
	firstEnds time.Time // when the first ticket ends; zero before it was given out
	renewals  int       // requests for another ticket
}

func (s *ticketServer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	alice := tickets.Ticket{Subject: "alice", Profiles: []string{"*"}, Lifetime: time.Minute}
	if r.URL.Query().Get("renew") != "true" {
		const lasts = 8 * time.Second // a busy machine issues several uploads in less
		s.mu.Lock()
		defer s.mu.Unlock()
		s.firstEnds = time.Now().Add(lasts + time.Second) // tickets count whole seconds
		_, _ = w.Write([]byte(s.p.ticketAt(alice, time.Now().Add(lasts-leeway-alice.Lifetime))))
		return
	}
	s.mu.Lock()
	s.renewals++
	times := s.renewals
	s.mu.Unlock()
	if s.renew == nil || !s.renew(s.b, s.p, times, w) {
		_, _ = w.Write([]byte(s.p.ticket(alice)))
	}
}

// failTwice fails at the first two requests for another ticket.
func failTwice(_ *tab, _ *devServer, times int, w http.ResponseWriter) bool {
	if times < 3 {
		w.WriteHeader(http.StatusBadGateway)
	}
	return times < 3
}

// answerLate answers when other files have been uploaded meanwhile.
func answerLate(b *tab, p *devServer, _ int, _ http.ResponseWriter) bool {
	waitFor(b.t, "all files that began with the film are uploaded", func() bool { return countOf(b.responseStatuses(p, "/complete"), http.StatusOK) == 5 })
	return false
}

// waitForFirstEnd waits until the first ticket has ended.
func (s *ticketServer) waitForFirstEnd() {
	s.mu.Lock()
	left := time.Until(s.firstEnds)
	s.mu.Unlock()
	<-time.After(left)
}
