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

// leeway is what the server forgives clocks that differ: so long does a ticket hold beyond its end.
const leeway = 30 * time.Second

// ticket mints a ticket that the server takes.
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

// ticketServer is the part of a host's server that gives tickets out. The first one ends a few seconds
// later, all others hold.
type ticketServer struct {
	p *devServer
	b *tab
	// renew answers in place of the office when another ticket is wanted, or returns false.
	renew func(b *tab, p *devServer, times int, w http.ResponseWriter) bool

	mu        sync.Mutex
	firstEnds time.Time // of the first ticket, zero before it was given
	renewals  int       // answers to the question for another one
}

func (o *ticketServer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	alice := tickets.Ticket{Subject: "alice", Profiles: []string{"*"}, Lifetime: time.Minute}
	if r.URL.Query().Get("renew") != "true" {
		const lasts = 4 * time.Second
		o.mu.Lock()
		defer o.mu.Unlock()
		o.firstEnds = time.Now().Add(lasts + time.Second) // tickets count in whole seconds
		_, _ = w.Write([]byte(o.p.ticketAt(alice, time.Now().Add(lasts-leeway-alice.Lifetime))))
		return
	}
	o.mu.Lock()
	o.renewals++
	times := o.renewals
	o.mu.Unlock()
	if o.renew == nil || !o.renew(o.b, o.p, times, w) {
		_, _ = w.Write([]byte(o.p.ticket(alice)))
	}
}

func failTwice(_ *tab, _ *devServer, times int, w http.ResponseWriter) bool {
	if times < 3 {
		w.WriteHeader(http.StatusBadGateway)
	}
	return times < 3
}

func answerLate(b *tab, p *devServer, _ int, _ http.ResponseWriter) bool {
	waitFor(b.t, "all of the first turn but the film have arrived, and others wait", func() bool { return countOf(b.responseStatuses(p, "/complete"), http.StatusOK) == 3 })
	return false
}

// waitForFirstEnd waits until the first ticket is over.
func (o *ticketServer) waitForFirstEnd() {
	o.mu.Lock()
	left := time.Until(o.firstEnds)
	o.mu.Unlock()
	<-time.After(left)
}
