package main

import (
	"cmp"
	"context"
	"log/slog"
	"strings"
	"sync"
	"time"

	"github.com/postern-dev/postern/cmd/postern/config"
	"github.com/postern-dev/postern/handlers/ledger"
	"github.com/postern-dev/postern/handlers/receipts"
	"github.com/postern-dev/postern/handlers/uploads"
	"github.com/postern-dev/postern/handlers/webhooks"
)

// eventPrefix stands before a state of an upload in the type of the event.
const eventPrefix = "upload."

// outbox hands out the deliveries of a ledger.
type outbox struct {
	ledger    *ledger.Ledger
	publicURL string
	issuer    *receipts.Issuer // nil: deliveries have no receipts
	lifetime  time.Duration    // of receipts
}

// Lease implements webhooks.Outbox.
func (o outbox) Lease(ctx context.Context, endpoint string, limit int) ([]webhooks.Delivery, error) {
	taken, err := o.ledger.TakeDeliveries(ctx, endpoint, limit)
	if err != nil {
		return nil, err
	}
	list := make([]webhooks.Delivery, len(taken))
	for i, d := range taken {
		message, err := o.message(d)
		if err != nil { // such an attempt fails, and the log says so
			message = webhooks.Message{ID: d.ID}
		}
		list[i] = webhooks.Delivery{Upload: d.Upload, Message: message, Attempts: d.Attempts,
			Finish: func(ctx context.Context, a webhooks.Attempt, next webhooks.Decision) error {
				return o.ledger.FinishDelivery(ctx, d, finished(a, next))
			}}
	}
	return list, nil
}

// finished is the result of an attempt as the ledger keeps it.
func finished(a webhooks.Attempt, next webhooks.Decision) ledger.Attempt {
	state := ledger.DeliveryFailed
	switch next.State {
	case webhooks.Delivered:
		state = ledger.DeliveryDone
	case webhooks.Waiting:
		state = ledger.DeliveryWaiting
	}
	reason := string(a.Failure)
	if a.Detail != "" {
		reason += ": " + a.Detail
	}
	return ledger.Attempt{State: state, Next: next.At, Status: a.Status, Reason: reason}
}

// message is what a delivery says. A receipt is signed anew for each attempt, by the key that signs
// at the time, and ends as if it had been signed when the upload was accepted.
func (o outbox) message(d ledger.Delivery) (webhooks.Message, error) {
	data, err := uploads.ReadEvent(d.Data)
	if err != nil {
		return webhooks.Message{}, err
	}
	e := webhooks.Event{
		Type: webhooks.Type(eventPrefix + string(d.Event)), Time: d.At, Upload: data.Upload, Issuer: o.publicURL, Sequence: d.Sequence,
		Code: string(data.Code), NewETag: data.NewETag, NewVersion: data.NewVersion,
	}
	if d.Event == uploads.StateAccepted && o.issuer != nil {
		e.Upload.Issued = d.At.Truncate(time.Second)
		e.Upload.Expires = e.Upload.Issued.Add(o.lifetime)
		if e.Receipt, err = o.issuer.MintAgain(e.Upload); err != nil {
			return webhooks.Message{}, err
		}
	}
	return webhooks.NewMessage(d.ID, e)
}

// deliveries are those that a config asks for.
type deliveries struct {
	pool      *webhooks.Pool
	receivers []ledger.Receiver
}

// observeDelivery is told of each attempt; nil tells nobody.
type observeDelivery func(endpoint string, a webhooks.Attempt, next webhooks.Decision)

// names are those of the receivers. A nil has none.
func (d *deliveries) names() (list []string) {
	if d == nil {
		return nil
	}
	for _, r := range d.receivers {
		list = append(list, r.Name)
	}
	return list
}

// newDeliveries returns nil without a ledger: then no config has webhooks.
func newDeliveries(l *ledger.Ledger, file *config.Config, issuer *receipts.Issuer, observe observeDelivery, log *slog.Logger) (*deliveries, error) {
	if l == nil {
		return nil, nil
	}
	d, endpoints := &deliveries{}, []*webhooks.Endpoint{}
	for _, c := range file.Webhooks {
		e, err := webhooks.NewEndpoint(c)
		if err != nil {
			return nil, err
		}
		endpoints, d.receivers = append(endpoints, e), append(d.receivers, receiver(e, c))
	}
	var err error
	d.pool, err = webhooks.NewPool(webhooks.PoolConfig{
		Outbox:    outbox{l, file.PublicURL, issuer, cmp.Or(file.Receipts.Lifetime, receipts.DefaultLifetime)},
		Endpoints: endpoints, Lease: ledger.LeaseTime, Log: log, Observe: observe,
	})
	return d, err
}

// receiver is an endpoint as the ledger knows it.
func receiver(e *webhooks.Endpoint, c webhooks.EndpointConfig) ledger.Receiver {
	r := ledger.Receiver{Name: e.Name(), Profile: c.Profile}
	for _, t := range c.Types {
		r.States = append(r.States, uploads.State(strings.TrimPrefix(string(t), eventPrefix)))
	}
	return r
}

// deliverer makes the deliveries of the config that is in use.
type deliverer struct {
	mu      sync.Mutex
	stop    context.CancelFunc // ends the pool that runs; nil: none runs
	running sync.WaitGroup
}

// use makes these deliveries from now on. What those before are sending goes on to its end.
func (d *deliverer) use(ctx context.Context, l *ledger.Ledger, next *deliveries) error {
	if next == nil {
		return nil
	}
	if err := l.SetReceivers(next.receivers); err != nil {
		return err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.stop != nil {
		d.stop()
	}
	ctx, d.stop = context.WithCancel(ctx)
	d.running.Go(func() { next.pool.Run(ctx) })
	for _, r := range next.receivers {
		d.running.Go(func() { next.wake(ctx, r.Name, l.Added(r.Name)) })
	}
	return nil
}

// wake has deliveries made as soon as they are committed, until ctx ends.
func (d *deliveries) wake(ctx context.Context, endpoint string, added <-chan struct{}) {
	for {
		select {
		case <-added:
			d.pool.Wake(endpoint)
		case <-ctx.Done():
			return
		}
	}
}

// close ends the deliveries, and waits for those that are being sent.
func (d *deliverer) close() {
	d.mu.Lock()
	if d.stop != nil {
		d.stop()
	}
	d.mu.Unlock()
	d.running.Wait()
}
