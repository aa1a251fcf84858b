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
func (p *postern) ticket(ticket tickets.Ticket) string {
	p.t.Helper()
	return p.ticketAt(ticket, time.Now())
}

func (p *postern) ticketAt(ticket tickets.Ticket, now time.Time) string {
	p.t.Helper()
	key := sigv4.Secret(strings.TrimSpace(string(readFile(p.t, filepath.Join(p.Data, "ticket.key")))))
	text, err := tickets.Mint(ticket, key, now)
	must(p.t, err)
	return text
}

// office is the part of a host's server that gives tickets out. The first one ends a few seconds
// later, all others hold.
type office struct {
	p *postern
	b *tab
	// renew answers in place of the office when another ticket is wanted, or returns false.
	renew func(b *tab, p *postern, times int, w http.ResponseWriter) bool

	mu    sync.Mutex
	ends  time.Time // of the first ticket, zero before it was given
	given int       // answers to the question for another one
}

func (o *office) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	alice := tickets.Ticket{Subject: "alice", Profiles: []string{"*"}, Lifetime: time.Minute}
	if r.URL.Query().Get("renew") != "true" {
		const lasts = 4 * time.Second
		o.mu.Lock()
		defer o.mu.Unlock()
		o.ends = time.Now().Add(lasts + time.Second) // tickets count in whole seconds
		_, _ = w.Write([]byte(o.p.ticketAt(alice, time.Now().Add(lasts-leeway-alice.Lifetime))))
		return
	}
	o.mu.Lock()
	o.given++
	times := o.given
	o.mu.Unlock()
	if o.renew == nil || !o.renew(o.b, o.p, times, w) {
		_, _ = w.Write([]byte(o.p.ticket(alice)))
	}
}

func failTwice(_ *tab, _ *postern, times int, w http.ResponseWriter) bool {
	if times < 3 {
		w.WriteHeader(http.StatusBadGateway)
	}
	return times < 3
}

func comeLate(b *tab, p *postern, _ int, _ http.ResponseWriter) bool {
	b.eventually("all of the first turn but the film have arrived, and others wait", func() bool { return count(b.answered(p, "/complete"), http.StatusOK) == 3 })
	return false
}

// end waits until the first ticket is over.
func (o *office) end() {
	o.mu.Lock()
	left := time.Until(o.ends)
	o.mu.Unlock()
	<-time.After(left)
}
