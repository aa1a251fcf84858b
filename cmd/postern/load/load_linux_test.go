package load

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/postern-dev/postern/handlers/tickets"
)

// clientCount are how many visitors ask at once.
const clientCount = 500

// client is one of them, with a subject and a connection of its own. It has one multipart upload
// open, for part URLs.
type client struct {
	conn      *connection
	steps     []step
	abandon   []byte
	durations map[string][]time.Duration
	err       error
}

// step is one request and what its answer has to hold.
type step struct {
	name    string
	request []byte
	status  int
	text    string
}

const (
	planBody  = `{"profile":"photos","filename":"garden.png","type":"image/png","size":1000000}`
	filmBody  = `{"profile":"films","filename":"sea.mp4","type":"video/mp4","size":10737418240}`
	partsBody = `{"parts":[{"number":1,"checksum":"AAAAAA=="},{"number":2,"checksum":"AAAAAA=="},{"number":3,"checksum":"AAAAAA=="},{"number":320,"checksum":"AAAAAA=="}]}`
)

// newClient opens the connection and the upload. Stores take their time for the latter, so it isn't
// part of what is measured.
func (s *server) newClient(n int) (*client, error) {
	ticket, err := tickets.Mint(tickets.Ticket{Subject: fmt.Sprint("visitor-", n), Profiles: []string{"*"}, Lifetime: time.Hour}, ticketKey, time.Now())
	if err != nil {
		return nil, err
	}
	l, err := connect(s.address)
	if err != nil {
		return nil, err
	}
	bearer := "Authorization: Bearer " + ticket
	body, err := l.doExpecting(request("POST", s.address, "/uploads", filmBody, bearer), 201, `"multipart"`)
	if err != nil {
		return nil, err
	}
	var upload struct{ ID, Token string }
	if err := json.Unmarshal(body, &upload); err != nil {
		return nil, err
	}
	own := "Upload-Token: " + upload.Token
	return &client{
		conn: l, durations: map[string][]time.Duration{},
		abandon: request("DELETE", s.address, "/uploads/"+upload.ID, "", bearer, own),
		steps: []step{
			{"form", request("GET", s.address, "/forms/photos", ""), 200, `name="policy"`},
			{"plan", request("POST", s.address, "/uploads", planBody, bearer), 201, `"method":"post"`},
			{"parts", request("POST", s.address, "/uploads/"+upload.ID+"/parts", partsBody, bearer, own), 200, `"number":320`},
		},
	}, nil
}

// sendUntil asks for one thing after the other until the time is over, beginning where n says, so that
// all kinds are asked for at any moment.
func (v *client) sendUntil(n int, end time.Time) {
	for ; time.Now().Before(end); n++ {
		s := v.steps[n%len(v.steps)]
		began := time.Now()
		if _, err := v.conn.doExpecting(s.request, s.status, s.text); err != nil {
			v.err = fmt.Errorf("%s: %w", s.name, err)
			return
		}
		v.durations[s.name] = append(v.durations[s.name], time.Since(began))
	}
}

func TestFiveHundredClientsAtOnceGetNoErrors(t *testing.T) {
	s := startServer(t)
	visitors := make([]*client, clientCount)
	forEachClient(t, func(n int) (err error) {
		visitors[n], err = s.newClient(n)
		return err
	})
	stop, sampled := make(chan struct{}), make(chan []int64, 1)
	go func() { sampled <- s.sampleMemory(t, *duration/60, stop) }()
	var wait sync.WaitGroup
	end := time.Now().Add(*duration)
	for n, v := range visitors {
		wait.Go(func() { v.sendUntil(n, end) })
	}
	wait.Wait()
	close(stop)
	logDurations(t, visitors)
	checkMemory(t, <-sampled)
	forEachClient(t, func(n int) error {
		_, err := visitors[n].conn.doExpecting(visitors[n].abandon, 204, "")
		return errors.Join(err, visitors[n].conn.conn.Close())
	})
	if bad := s.warnings(t); bad != nil {
		t.Errorf("the server complains:\n%s", bad)
	}
}

// forEachClient does something for each client, some at a time: the store is slow about multipart
// uploads, and isn't what is measured.
func forEachClient(t *testing.T, do func(n int) error) {
	t.Helper()
	var group errgroup.Group
	group.SetLimit(16)
	for n := range clientCount {
		group.Go(func() error { return do(n) })
	}
	must(t, group.Wait())
}

// logDurations prints what each kind of request took, and fails on the first error.
func logDurations(t *testing.T, visitors []*client) {
	t.Helper()
	all := map[string][]time.Duration{}
	for _, v := range visitors {
		must(t, v.err)
		for name, took := range v.durations {
			all[name] = append(all[name], took...)
		}
	}
	for _, name := range []string{"form", "plan", "parts"} {
		took := all[name]
		if len(took) < clientCount {
			t.Fatalf("%s: %d answers, wanted at least one for each of %d clients", name, len(took), clientCount)
		}
		slices.Sort(took)
		t.Logf("%-5s %7.0f/s  p50 %s  p99 %s  most %s", name, float64(len(took))/duration.Seconds(),
			took[len(took)/2].Round(time.Microsecond*100), took[len(took)*99/100].Round(time.Microsecond*100), took[len(took)-1].Round(time.Microsecond*100))
	}
}

// checkMemory wants the server not to grow after the first sixth: 10 s of a minute. What the
// collector hasn't got round to is forgiven.
func checkMemory(t *testing.T, samples []int64) {
	t.Helper()
	if len(samples) < 12 {
		t.Fatalf("%d samples of the server's memory, wanted more", len(samples))
	}
	early, late := slices.Max(samples[:len(samples)/6]), slices.Max(samples[len(samples)*5/6:])
	t.Logf("resident memory: %d MiB after the first sixth, %d MiB in the last, %d MiB at most",
		early>>20, late>>20, slices.Max(samples)>>20)
	if late > early+early/4+16<<20 {
		t.Errorf("memory grew from %d to %d MiB", early>>20, late>>20)
	}
}
