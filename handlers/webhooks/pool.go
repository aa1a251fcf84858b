package webhooks

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"sync"
	"time"
)

// Outbox keeps deliveries. It must be safe for concurrent use.
type Outbox interface {
	// Lease hands out at most limit deliveries that are due for the endpoint of that name, the
	// earliest first. Nobody else gets them for PoolConfig.Lease; those that aren't finished by
	// then are due again.
	Lease(ctx context.Context, endpoint string, limit int) ([]Delivery, error)
}

// Delivery is one message for one endpoint.
type Delivery struct {
	Upload   string // ID of the upload, for log lines
	Message  Message
	Attempts int // made so far, with the one that it is leased for
	// Finish stores an attempt and what follows from it, and ends the lease. With SwitchedOff the
	// endpoint wants no other delivery either, until its configuration changes.
	Finish func(context.Context, Attempt, Decision) error
}

const (
	// DefaultConcurrency is how many attempts run at once for one endpoint.
	DefaultConcurrency = 16
	// DefaultPoll is how often a Pool looks for deliveries that are due.
	DefaultPoll = time.Second
	// finishTimeout is for storing what became of an attempt.
	finishTimeout = 5 * time.Second
)

// PoolConfig is what NewPool needs: Outbox, Endpoints and Lease.
type PoolConfig struct {
	// Outbox keeps the deliveries.
	Outbox Outbox
	// Endpoints are those that get deliveries, each name once.
	Endpoints []*Endpoint
	// Lease is for how long Outbox leases a delivery: longer than the 20 s that an attempt and the
	// storing of its result may take.
	Lease time.Duration
	// Concurrency is how many attempts run at once for one endpoint. 0: DefaultConcurrency.
	Concurrency int
	// Poll is how often to look for deliveries that are due. 0: DefaultPoll.
	Poll time.Duration
	// Now is the clock that the next attempts are planned by. nil: time.Now.
	Now func() time.Time
	// Random returns numbers in [0, 1). nil: math/rand/v2's.
	Random func() float64
	// Log gets a line for each failed attempt. nil: slog.Default.
	Log *slog.Logger
	// Observe is told of each attempt, for counters. nil: nobody.
	Observe func(endpoint string, a Attempt, next Decision)
}

// Pool makes the attempts that are due, for many endpoints side by side. Each endpoint has a worker
// of its own: one that is slow, or has thousands of deliveries waiting, holds up no other. After a
// failure an endpoint gets one attempt at a time, and one more after each success, so that one that
// comes back isn't run down by what has waited for it. One that has answered 410 gets nothing more
// from this pool.
type Pool struct {
	workers []*worker
}

// NewPool checks c and returns its Pool.
func NewPool(c PoolConfig) (*Pool, error) {
	c.Concurrency, c.Poll = cmp.Or(c.Concurrency, DefaultConcurrency), cmp.Or(c.Poll, DefaultPoll)
	switch {
	case c.Outbox == nil:
		return nil, errors.New("webhooks: wanted an Outbox")
	case c.Concurrency < 0 || c.Poll < 0:
		return nil, fmt.Errorf("webhooks: Concurrency %d, Poll %s: wanted 0 or more", c.Concurrency, c.Poll)
	case c.Lease <= Timeout+finishTimeout:
		return nil, fmt.Errorf("webhooks: Lease %s: wanted more than the %s that an attempt and its result may take", c.Lease, Timeout+finishTimeout)
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Random == nil {
		c.Random = rand.Float64
	}
	if c.Log == nil {
		c.Log = slog.Default()
	}
	if c.Observe == nil {
		c.Observe = func(string, Attempt, Decision) {}
	}
	p, names := &Pool{}, map[string]bool{}
	for _, e := range c.Endpoints {
		if names[e.Name()] {
			return nil, fmt.Errorf("webhooks: endpoint %q is there twice", e.Name())
		}
		names[e.Name()] = true
		p.workers = append(p.workers, newWorker(&c, e))
	}
	return p, nil
}

// Wake makes the pool look for deliveries to the endpoint of that name now, such as after a commit
// that added some.
func (p *Pool) Wake(endpoint string) {
	for _, w := range p.workers {
		if w.name != endpoint {
			continue
		}
		select {
		case w.wake <- struct{}{}:
		default: // it is about to look
		}
	}
}

// Run makes attempts until ctx ends, and returns when those that run then have ended too, 20 s
// later at most. It must be called once.
func (p *Pool) Run(ctx context.Context) {
	var workers sync.WaitGroup
	for _, w := range p.workers {
		workers.Go(func() { w.run(ctx) })
	}
	workers.Wait()
}
