package webhooks

import (
	"context"
	"fmt"
	"time"
)

// worker makes the attempts of one endpoint. Its fields belong to the goroutine of run, but for the
// channels.
type worker struct {
	config   *PoolConfig
	endpoint *Endpoint
	name     string
	wake     chan struct{} // has room for one
	ended    chan Decision // of the attempts that run; has room for all
	running  int
	limit    int  // of running, 1 to Concurrency
	off      bool // whether the endpoint has answered 410
}

func newWorker(c *PoolConfig, e *Endpoint) *worker {
	return &worker{config: c, endpoint: e, name: e.Name(), wake: make(chan struct{}, 1), ended: make(chan Decision, c.Concurrency), limit: 1}
}

// run starts attempts until ctx ends or the endpoint wants no more, and waits for those that run.
func (w *worker) run(ctx context.Context) {
	poll := time.NewTicker(w.config.Poll)
	defer poll.Stop()
	for ctx.Err() == nil && !w.off {
		wake := w.wake
		if err := w.startDue(ctx); err != nil && ctx.Err() == nil {
			w.config.Log.Error("webhooks: can't read the outbox", "endpoint", w.name, "error", err)
			wake = nil // wait, so that an outage isn't met by a storm of questions
		}
		select {
		case <-ctx.Done():
		case <-wake:
		case <-poll.C:
		case d := <-w.ended:
			w.end(d)
		}
		for len(w.ended) > 0 {
			w.end(<-w.ended)
		}
	}
	for w.running > 0 {
		w.end(<-w.ended)
	}
}

// startDue leases as many deliveries as the endpoint may get now, and starts their attempts.
func (w *worker) startDue(ctx context.Context) error {
	if w.running >= w.limit {
		return nil
	}
	asked := time.Now()
	deliveries, err := w.config.Outbox.Lease(ctx, w.name, w.limit-w.running)
	if err != nil {
		return err
	}
	if took := time.Since(asked); took >= w.config.Lease-Timeout-finishTimeout {
		return fmt.Errorf("a lease took %s: it would end before the attempt", took)
	}
	for _, d := range deliveries {
		w.running++
		go func() { w.ended <- w.attempt(ctx, d) }()
	}
	return nil
}

// end counts an attempt that has ended, and sets how many the endpoint may have from now on.
func (w *worker) end(d Decision) {
	w.running--
	if d.State == Delivered {
		w.limit = min(w.limit+1, w.config.Concurrency)
	} else {
		w.limit = 1
	}
	w.off = w.off || d.State == SwitchedOff
}

// attempt sends one delivery and stores what became of it. It goes on when ctx ends: an attempt
// that is cut off may have arrived.
func (w *worker) attempt(ctx context.Context, d Delivery) Decision {
	ctx = context.WithoutCancel(ctx)
	a := w.endpoint.Send(ctx, d.Message)
	next := Next(d.Attempts, a, w.config.Now(), w.config.Random())
	ctx, cancel := context.WithTimeout(ctx, finishTimeout)
	defer cancel()
	err := d.Finish(ctx, a, next)
	log := w.config.Log.With("id", d.Upload, "endpoint", w.name, "delivery", d.Message.ID, "attempt", d.Attempts)
	if err != nil {
		log.Error("webhooks: the result of a delivery isn't stored; it may be repeated", "error", err)
	}
	if a.Failure != "" {
		log.Warn("webhooks: delivery failed", "failure", a.Failure, "status", a.Status, "detail", a.Detail, "state", next.State, "next", next.At)
	}
	w.config.Observe(w.name, a, next)
	return next
}
