package load

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/postern-dev/postern/handlers/tickets"
)

// minDuration is how long the clients send requests at least.
var minDuration = flag.Duration("load", 0, "how long the clients send requests at least")

const (
	clientCount = 500 // clients that send requests at the same time
	minRounds   = 20  // rounds of all requests that each client sends at least
)

// client is a visitor with a subject and a connection of its own, and an open multipart upload.
type client struct {
	conn      *connection
	steps     []step
	abort     []byte // the request that aborts the upload
	durations map[string][]time.Duration
	err       error
}

// step is a request and what its response has to be.
type step struct {
	name    string
	request []byte
	status  int
	text    string // that the body contains
}

const (
	planBody  = `{"profile":"photos","filename":"garden.png","type":"image/png","size":1000000}`
	filmBody  = `{"profile":"films","filename":"sea.mp4","type":"video/mp4","size":10737418240}`
	partsBody = `{"parts":[{"number":1,"checksum":"AAAAAA=="},{"number":2,"checksum":"AAAAAA=="},{"number":3,"checksum":"AAAAAA=="},{"number":160,"checksum":"AAAAAA=="}]}`
)

// newClient opens the connection and the multipart upload of client number n.
func (s *server) newClient(n int) (*client, error) {
	ticket, err := tickets.Mint(tickets.Ticket{Subject: fmt.Sprint("visitor-", n), Profiles: []string{"*"}, Lifetime: time.Hour}, ticketKey, time.Now())
	if err != nil {
		return nil, err
	}
	conn, err := connect(s.address)
	if err != nil {
		return nil, err
	}
	bearer := "Authorization: Bearer " + ticket
	body, err := conn.doExpecting(request("POST", publicHost, "/uploads", filmBody, bearer), 201, `"multipart"`)
	if err != nil {
		return nil, err
	}
	var upload struct{ ID, Token string }
	if err := json.Unmarshal(body, &upload); err != nil {
		return nil, err
	}
	token := "Upload-Token: " + upload.Token
	return &client{
		conn: conn, durations: map[string][]time.Duration{},
		abort: request("DELETE", publicHost, "/uploads/"+upload.ID, "", bearer, token),
		steps: []step{
			{"form", request("GET", publicHost, "/forms/photos", ""), 200, `name="policy"`},
			{"plan", request("POST", publicHost, "/uploads", planBody, bearer), 201, `"method":"post"`},
			{"parts", request("POST", publicHost, "/uploads/"+upload.ID+"/parts", partsBody, bearer, token), 200, `"number":160`},
		},
	}, nil
}

// sendRounds sends all requests again and again, for at least minRounds rounds and until the end.
// It begins with request number n, so that at any moment there are requests of all kinds.
func (c *client) sendRounds(n int, end time.Time, progress *atomic.Int64) {
	for sent := 0; sent < minRounds*len(c.steps) || time.Now().Before(end); sent++ {
		s := c.steps[(n+sent)%len(c.steps)]
		began := time.Now()
		if _, err := c.conn.doExpecting(s.request, s.status, s.text); err != nil {
			c.err = fmt.Errorf("%s: %w", s.name, err)
			return
		}
		c.durations[s.name] = append(c.durations[s.name], time.Since(began))
		progress.Add(1)
	}
}

func TestFiveHundredClientsAtOnceGetNoErrors(t *testing.T) {
	s := startServer(t)
	clients := make([]*client, clientCount)
	forEachClient(t, func(n int) (err error) {
		clients[n], err = s.newClient(n)
		return err
	})
	var progress atomic.Int64
	stop, sampled := make(chan struct{}), make(chan []sample, 1)
	go func() { sampled <- s.sampleMemory(t, &progress, stop) }()
	began := time.Now()
	var wait sync.WaitGroup
	for n, c := range clients {
		wait.Go(func() { c.sendRounds(n, began.Add(*minDuration), &progress) })
	}
	wait.Wait()
	took := time.Since(began)
	close(stop)
	logDurations(t, clients, took)
	requireBoundedMemory(t, <-sampled)
	forEachClient(t, func(n int) error {
		_, err := clients[n].conn.doExpecting(clients[n].abort, 204, "")
		return errors.Join(err, clients[n].conn.conn.Close())
	})
	if warnings := s.warnings(t); warnings != nil {
		t.Errorf("log of the server: wanted no warnings and errors, got\n%s", warnings)
	}
}

// forEachClient does something for each client, for 16 at a time: the store is slow at multipart
// uploads, and the test isn't about it.
func forEachClient(t *testing.T, do func(n int) error) {
	t.Helper()
	var group errgroup.Group
	group.SetLimit(16)
	for n := range clientCount {
		group.Go(func() error { return do(n) })
	}
	must(t, group.Wait())
}

// logDurations fails on an error of a client, and logs what requests of each kind took.
func logDurations(t *testing.T, clients []*client, took time.Duration) {
	t.Helper()
	all := map[string][]time.Duration{}
	for n, c := range clients {
		if c.err != nil {
			t.Fatalf("client %d: %v", n, c.err)
		}
		for name, durations := range c.durations {
			all[name] = append(all[name], durations...)
		}
	}
	for _, name := range []string{"form", "plan", "parts"} {
		d := all[name]
		slices.Sort(d)
		t.Logf("%-5s %7.0f/s  median %s  99%% %s  longest %s", name, float64(len(d))/took.Seconds(),
			d[len(d)/2].Round(time.Microsecond*100), d[len(d)*99/100].Round(time.Microsecond*100), d[len(d)-1].Round(time.Microsecond*100))
	}
}

// requireBoundedMemory requires that the server's memory doesn't grow after the first sixth of the
// requests. It may grow by a quarter and 16 MiB, which the garbage collector may not have freed
// yet.
func requireBoundedMemory(t *testing.T, samples []sample) {
	t.Helper()
	total := samples[len(samples)-1].requests
	var early, late, most int64
	for _, s := range samples {
		most = max(most, s.memory)
		if s.requests <= total/6 {
			early = max(early, s.memory)
		}
		if s.requests >= total*5/6 {
			late = max(late, s.memory)
		}
	}
	t.Logf("resident memory: at most %d MiB in the first sixth of %d requests, %d MiB in the last, %d MiB in all (%d samples)",
		early>>20, total, late>>20, most>>20, len(samples))
	if late > early+early/4+16<<20 {
		t.Errorf("resident memory in the last sixth of the requests: wanted about %d MiB, as in the first, got %d MiB", early>>20, late>>20)
	}
}
