package webhooks_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"sort"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/postern-dev/postern/handlers/webhooks"
)

// memoryOutbox keeps deliveries as a database would: with a time when each is due, and a lease.
type memoryOutbox struct {
	lease time.Duration

	mu       sync.Mutex
	rows     []*row
	asked    int
	failing  error         // of Lease
	losing   int           // results that are not stored before one is
	slowness time.Duration // of Lease
}

type row struct {
	endpoint, id string
	due          time.Time
	attempts     int
	state        webhooks.State
	at           []time.Time // of the attempts
	statuses     []int
}

func (o *memoryOutbox) add(e *webhooks.Endpoint, id string) *row {
	o.mu.Lock()
	defer o.mu.Unlock()
	r := &row{endpoint: e.Name(), id: id, due: time.Now(), state: webhooks.Waiting}
	o.rows = append(o.rows, r)
	return r
}

func (o *memoryOutbox) Lease(_ context.Context, endpoint string, limit int) ([]webhooks.Delivery, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.asked++
	if o.failing != nil {
		return nil, o.failing
	}
	now := time.Now()
	sort.SliceStable(o.rows, func(a, b int) bool { return o.rows[a].due.Before(o.rows[b].due) })
	var list []webhooks.Delivery
	for _, r := range o.rows {
		if len(list) == limit {
			break
		}
		if r.endpoint == endpoint && r.state == webhooks.Waiting && !r.due.After(now) {
			r.due = now.Add(o.lease)
			r.attempts++
			list = append(list, webhooks.Delivery{Upload: "0195a1b2", Attempts: r.attempts, Finish: o.finish(r),
				Message: webhooks.Message{ID: r.id, Body: []byte(`{"type":"upload.accepted"}`)}})
		}
	}
	o.mu.Unlock()
	time.Sleep(o.slowness)
	o.mu.Lock()
	return list, nil
}

func (o *memoryOutbox) finish(r *row) func(context.Context, webhooks.Attempt, webhooks.Decision) error {
	return func(_ context.Context, a webhooks.Attempt, next webhooks.Decision) error {
		o.mu.Lock()
		defer o.mu.Unlock()
		if o.losing > 0 {
			o.losing--
			return errors.New("the database is away")
		}
		r.at, r.statuses = append(r.at, a.Time), append(r.statuses, a.Status)
		r.state, r.due = next.State, next.At
		return nil
	}
}

// waiting counts the rows that are still to be delivered, and those of other endpoints not at all.
func (o *memoryOutbox) waiting(e *webhooks.Endpoint) int {
	o.mu.Lock()
	defer o.mu.Unlock()
	n := 0
	for _, r := range o.rows {
		if r.endpoint == e.Name() && r.state == webhooks.Waiting {
			n++
		}
	}
	return n
}

func (o *memoryOutbox) questions() int {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.asked
}

// startPool runs a pool until the test or stop ends it.
func startPool(t *testing.T, o *memoryOutbox, change func(*webhooks.PoolConfig), endpoints ...*webhooks.Endpoint) (p *webhooks.Pool, stop func()) {
	t.Helper()
	o.lease = 30 * time.Second
	c := webhooks.PoolConfig{Outbox: o, Endpoints: endpoints, Lease: o.lease, Random: func() float64 { return 0.5 }, Log: slog.New(slog.DiscardHandler)}
	if change != nil {
		change(&c)
	}
	p, err := webhooks.NewPool(c)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	var done sync.WaitGroup
	done.Go(func() { p.Run(ctx) })
	stop = sync.OnceFunc(func() {
		cancel()
		done.Wait()
	})
	t.Cleanup(stop)
	return p, stop
}

// receiver is an endpoint with a network of its own, and a handler that answers there.
func receiver(t *testing.T, path string, handler http.HandlerFunc) *webhooks.Endpoint {
	t.Helper()
	n := newMemoryNetwork(t, "10.0.0.1")
	serve(t, n, handler)
	return privateEndpoint(t, n, func(c *webhooks.EndpointConfig) { c.URL += path })
}

func hangUntilGone(_ http.ResponseWriter, r *http.Request) {
	_, _ = io.Copy(io.Discard, r.Body)
	<-r.Context().Done()
}

func fine(http.ResponseWriter, *http.Request) {}

func broken(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusInternalServerError) }

// Each bad receiver has 300 deliveries that are due before anything of the good one.
func TestAReceiverThatHangsHoldsUpNoOther(t *testing.T) {
	t.Parallel()
	for name, bad := range map[string]http.HandlerFunc{
		"hangs": hangUntilGone, "answers 500": broken,
		"closes":    func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) },
		"redirects": func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/elsewhere", http.StatusFound) },
		"trickles": func(w http.ResponseWriter, r *http.Request) {
			for r.Context().Err() == nil {
				_, _ = io.WriteString(w, "x")
				_ = http.NewResponseController(w).Flush()
				select {
				case <-time.After(time.Second):
				case <-r.Context().Done():
				}
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				o := &memoryOutbox{}
				hung, good := receiver(t, "bad", bad), receiver(t, "good", fine)
				for i := range 300 {
					o.add(hung, fmt.Sprintf("bad_%d", i))
				}
				for i := range 200 {
					o.add(good, fmt.Sprintf("good_%d", i))
				}
				startPool(t, o, nil, hung, good)
				synctest.Wait()
				if left := o.waiting(good); left != 0 {
					t.Errorf("%d of 200 deliveries to the good receiver still wait, wanted none before any time has passed", left)
				}
			})
		})
	}
}

func TestAReceiverThatAnswers500ForAnHourGetsTheDeliveryOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		start, o := time.Now(), &memoryOutbox{}
		var ids []string
		e := receiver(t, "", func(w http.ResponseWriter, r *http.Request) {
			ids = append(ids, r.Header.Get("Webhook-Id"))
			if time.Since(start) < time.Hour {
				w.WriteHeader(http.StatusInternalServerError)
			}
		})
		r := o.add(e, "msg_1")
		startPool(t, o, nil, e)
		time.Sleep(4 * time.Hour)
		synctest.Wait()
		if r.state != webhooks.Delivered || !slices.Equal(r.statuses, []int{500, 500, 500, 500, 200}) || strings.Join(ids, " ") != strings.TrimSpace(strings.Repeat("msg_1 ", 5)) {
			t.Errorf("got %q after %v under %v, wanted it delivered at the fifth attempt under one ID", r.state, r.statuses, ids)
		}
		planned := []time.Duration{0, 5 * time.Second, 5*time.Minute + 5*time.Second, 35*time.Minute + 5*time.Second, 155*time.Minute + 5*time.Second}
		for i, at := range r.at {
			if late := at.Sub(start) - planned[i]; late < 0 || late > 5*time.Second {
				t.Errorf("attempt %d came after %s, wanted %s", i+1, at.Sub(start), planned[i])
			}
		}
	})
}

func TestAReceiverThatNeverAnswersEndsAsADeadLetter(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		start, o := time.Now(), &memoryOutbox{}
		e := receiver(t, "", broken)
		r := o.add(e, "msg_1")
		startPool(t, o, func(c *webhooks.PoolConfig) { c.Poll = time.Minute }, e)
		time.Sleep(200 * time.Hour)
		synctest.Wait()
		if last := r.at[len(r.at)-1].Sub(start); r.state != webhooks.DeadLetter || len(r.at) != 10 || last > 73*time.Hour {
			t.Errorf("got %q after %d attempts, the last after %s, wanted a dead letter after 10 in 3 days", r.state, len(r.at), last)
		}
	})
}

func TestAnEndpointThatAnswers410GetsNothingMore(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		o := &memoryOutbox{}
		var requests atomic.Int32
		gone := receiver(t, "", func(w http.ResponseWriter, _ *http.Request) {
			requests.Add(1)
			w.WriteHeader(http.StatusGone)
		})
		other := receiver(t, "other", fine)
		first := o.add(gone, "msg_1")
		for i := range 100 {
			o.add(gone, fmt.Sprintf("later_%d", i))
		}
		startPool(t, o, nil, gone, other)
		time.Sleep(time.Hour)
		o.add(other, "msg_2")
		time.Sleep(time.Minute)
		synctest.Wait()
		if first.state != webhooks.SwitchedOff || requests.Load() != 1 || o.waiting(gone) != 100 || o.waiting(other) != 0 {
			t.Errorf("got %q, %d requests, %d and %d waiting, wanted it switched off after one, and the other endpoint served", first.state, requests.Load(), o.waiting(gone), o.waiting(other))
		}
	})
}

// While the receiver is away it gets one attempt at a time; when it is back, one, two, four and so
// on, never more than Concurrency.
func TestAReceiverThatComesBackIsNotRunDown(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		o, away, running := &memoryOutbox{}, atomic.Bool{}, &counter{}
		var together []int
		e := receiver(t, "", func(w http.ResponseWriter, r *http.Request) {
			running.add(1)
			defer running.add(-1)
			time.Sleep(50 * time.Millisecond)
			if away.Load() {
				w.WriteHeader(http.StatusServiceUnavailable)
			} else {
				running.mu.Lock()
				together = append(together, running.n)
				running.mu.Unlock()
			}
			time.Sleep(50 * time.Millisecond)
		})
		away.Store(true)
		for i := range 50 {
			o.add(e, fmt.Sprintf("before_%d", i))
		}
		startPool(t, o, func(c *webhooks.PoolConfig) { c.Concurrency = 8 }, e)
		time.Sleep(time.Minute)
		if running.largest() != 1 {
			t.Errorf("got %d attempts at once while the receiver was away, wanted 1", running.largest())
		}
		away.Store(false)
		for i := range 100 {
			o.add(e, fmt.Sprintf("since_%d", i))
		}
		time.Sleep(6 * time.Hour)
		synctest.Wait()
		if running.largest() != 8 || o.waiting(e) != 0 {
			t.Errorf("got %d attempts at once, %d waiting, wanted 8 and none", running.largest(), o.waiting(e))
		}
		if wanted := []int{1, 2, 2, 4, 4, 4, 4, 8}; !slices.Equal(together[:8], wanted) {
			t.Errorf("got %v attempts at once after it came back, wanted %v", together[:8], wanted)
		}
	})
}

// The result isn't stored: the lease ends, and the delivery is repeated under its ID.
func TestADeliveryWhoseResultIsLostIsRepeatedUnderItsID(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		o := &memoryOutbox{losing: 1}
		var ids []string
		e := receiver(t, "", func(_ http.ResponseWriter, r *http.Request) { ids = append(ids, r.Header.Get("Webhook-Id")) })
		r := o.add(e, "msg_1")
		startPool(t, o, nil, e)
		time.Sleep(time.Minute)
		synctest.Wait()
		if !slices.Equal(ids, []string{"msg_1", "msg_1"}) || r.state != webhooks.Delivered {
			t.Errorf("got %v and %q, wanted two deliveries under one ID", ids, r.state)
		}
	})
}

func TestAnOutboxThatIsAwayIsAskedOnceASecond(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		o := &memoryOutbox{failing: errors.New("the database is away")}
		e := receiver(t, "", fine)
		r := o.add(e, "msg_1")
		p, _ := startPool(t, o, nil, e)
		for range 600 {
			time.Sleep(100 * time.Millisecond)
			p.Wake(e.Name())
		}
		if asked := o.questions(); asked > 61 {
			t.Errorf("got %d questions in a minute, wanted 61 at most", asked)
		}
		o.mu.Lock()
		o.failing = nil
		o.mu.Unlock()
		time.Sleep(2 * time.Second)
		synctest.Wait()
		if r.state != webhooks.Delivered {
			t.Errorf("got %q after the outbox came back, wanted it delivered", r.state)
		}
	})
}

// A lease that took so long that it would end before the attempt isn't used: another node may have
// the delivery by then.
func TestALateLeaseIsNotUsed(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		o := &memoryOutbox{slowness: 11 * time.Second}
		var requests atomic.Int32
		e := receiver(t, "", func(http.ResponseWriter, *http.Request) { requests.Add(1) })
		o.add(e, "msg_1")
		startPool(t, o, nil, e)
		time.Sleep(25 * time.Second)
		synctest.Wait()
		if requests.Load() != 0 {
			t.Errorf("got %d requests under a lease that took 11 of 30 s, wanted none", requests.Load())
		}
	})
}

// Nothing is cut off when the server stops: a delivery that has arrived is known to have arrived.
func TestAttemptsThatRunEndWhenThePoolStops(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		o := &memoryOutbox{}
		e := receiver(t, "", func(http.ResponseWriter, *http.Request) { time.Sleep(10 * time.Second) })
		hung := receiver(t, "hung", hangUntilGone)
		r, later, never := o.add(e, "msg_1"), o.add(e, "msg_2"), o.add(hung, "msg_3")
		_, stop := startPool(t, o, nil, e, hung)
		time.Sleep(time.Second)
		began := time.Now()
		stop()
		if took := time.Since(began); took > 20*time.Second {
			t.Errorf("the pool took %s to end, wanted 20 s at most", took)
		}
		if r.state != webhooks.Delivered || len(never.at) != 1 || later.attempts != 0 {
			t.Errorf("got %q, %d results, %d attempts of another one, wanted what ran to be stored and nothing new", r.state, len(never.at), later.attempts)
		}
	})
}

func TestWakeDeliversToItsEndpointAtOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		o := &memoryOutbox{}
		e, other := receiver(t, "", fine), receiver(t, "other", fine)
		p, _ := startPool(t, o, func(c *webhooks.PoolConfig) { c.Poll = time.Hour }, e, other)
		synctest.Wait()
		r := o.add(e, "msg_1")
		asked := o.questions()
		p.Wake(other.Name())
		synctest.Wait()
		if r.state != webhooks.Waiting || o.questions() != asked+1 {
			t.Errorf("got %q after %d questions about another endpoint, wanted it to wait and one question", r.state, o.questions()-asked)
		}
		p.Wake(e.Name())
		synctest.Wait()
		if r.state != webhooks.Delivered {
			t.Errorf("got %q, wanted it delivered before any time has passed", r.state)
		}
	})
}

func TestEachAttemptIsObservedAndEachFailureLogged(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		o, lines, seen := &memoryOutbox{}, &strings.Builder{}, []string{}
		first := true
		e := receiver(t, "", func(w http.ResponseWriter, _ *http.Request) {
			if first {
				first = false
				w.WriteHeader(http.StatusBadGateway)
			}
		})
		o.add(e, "msg_1")
		_, stop := startPool(t, o, func(c *webhooks.PoolConfig) {
			c.Log = slog.New(slog.NewTextHandler(lines, nil))
			c.Observe = func(endpoint string, a webhooks.Attempt, next webhooks.Decision) {
				seen = append(seen, fmt.Sprint(endpoint, " ", a.Status, " ", next.State))
			}
		}, e)
		time.Sleep(time.Minute)
		stop()
		if got := strings.Join(seen, ", "); got != "photos http://hooks.internal/ 502 waiting, photos http://hooks.internal/ 200 delivered" {
			t.Errorf("observed %q, wanted a failure and a success", got)
		}
		for _, part := range []string{"id=0195a1b2", "delivery=msg_1", "status=502", "attempt=1", "state=waiting"} {
			if !strings.Contains(lines.String(), part) || strings.Count(lines.String(), "\n") != 1 {
				t.Errorf("got the log %q, wanted one line with %s", lines, part)
			}
		}
	})
}

func TestPoolsAreCheckedBeforeTheyRun(t *testing.T) {
	t.Parallel()
	one, again := endpoint(t, nil), endpoint(t, nil)
	other := endpoint(t, func(c *webhooks.EndpointConfig) { c.Profile = "files" })
	for name, c := range map[string]struct {
		change func(*webhooks.PoolConfig)
		wanted string
	}{
		"nothing changed":                 {func(*webhooks.PoolConfig) {}, ""},
		"no outbox":                       {func(c *webhooks.PoolConfig) { c.Outbox = nil }, "Outbox"},
		"no lease":                        {func(c *webhooks.PoolConfig) { c.Lease = 0 }, "Lease"},
		"a lease shorter than an attempt": {func(c *webhooks.PoolConfig) { c.Lease = 20 * time.Second }, "Lease"},
		"a negative concurrency":          {func(c *webhooks.PoolConfig) { c.Concurrency = -1 }, "Concurrency"},
		"a negative pause":                {func(c *webhooks.PoolConfig) { c.Poll = -1 }, "Poll"},
		"an endpoint twice":               {func(c *webhooks.PoolConfig) { c.Endpoints = append(c.Endpoints, again) }, "twice"},
		"a URL for two profiles":          {func(c *webhooks.PoolConfig) { c.Endpoints = append(c.Endpoints, other) }, ""},
	} {
		config := webhooks.PoolConfig{Outbox: &memoryOutbox{}, Endpoints: []*webhooks.Endpoint{one}, Lease: 30 * time.Second}
		c.change(&config)
		if _, err := webhooks.NewPool(config); (err == nil) != (c.wanted == "") || err != nil && !strings.Contains(err.Error(), c.wanted) {
			t.Errorf("%s: got %v, wanted an error with %q", name, err, c.wanted)
		}
	}
}

// BenchmarkDeliveries counts deliveries to a fast receiver on loopback: signed, sent, answered and
// finished in an outbox in memory.
func BenchmarkDeliveries(b *testing.B) {
	server := http.Server{Handler: http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { _, _ = io.Copy(io.Discard, r.Body) })}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	go func() { _ = server.Serve(listener) }()
	defer server.Close()
	e := endpoint(b, func(c *webhooks.EndpointConfig) {
		c.URL, c.Networks, c.Network = "http://"+listener.Addr().String()+"/", []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}, webhooks.Network{}
	})
	ctx, cancel := context.WithCancel(b.Context())
	left := atomic.Int64{}
	left.Store(int64(b.N))
	given, m := int64(0), message(b)
	pool, err := webhooks.NewPool(webhooks.PoolConfig{Lease: 30 * time.Second, Endpoints: []*webhooks.Endpoint{e}, Log: slog.New(slog.DiscardHandler),
		Outbox: outboxFunc(func(limit int) (list []webhooks.Delivery) {
			for ; len(list) < limit && given < int64(b.N); given++ {
				list = append(list, webhooks.Delivery{Message: m, Attempts: 1, Finish: func(_ context.Context, a webhooks.Attempt, _ webhooks.Decision) error {
					if a.Failure != "" {
						b.Errorf("got %+v", a)
					}
					if left.Add(-1) == 0 {
						cancel()
					}
					return nil
				}})
			}
			return list
		})})
	if err != nil {
		b.Fatal(err)
	}
	b.ResetTimer()
	pool.Run(ctx)
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "deliveries/s")
}

type outboxFunc func(limit int) []webhooks.Delivery

func (f outboxFunc) Lease(_ context.Context, _ string, limit int) ([]webhooks.Delivery, error) {
	return f(limit), nil
}
