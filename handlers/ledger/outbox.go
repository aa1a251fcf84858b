package ledger

import (
	"context"
	"fmt"
	"runtime/debug"
	"sync"
	"time"

	"github.com/postern-dev/postern/handlers/uploads"
)

// How a function is told.
const (
	toldAtOnce     = 8 // deliveries
	outboxInterval = time.Second
	firstPause     = 5 * time.Second // after a failure; each further one doubles it
	longestPause   = time.Hour
	maxReason      = 500 // bytes of an error that are kept
)

// Tell tells the application in this program what became of an upload. It is called at least once
// for each event: again after an error, and after a process that was telling has ended. So it has
// to do nothing where it did its work before, which Delivery.ID tells. Its ctx ends after JobTime.
type Tell func(ctx context.Context, d Delivery) error

// Added returns a channel that gets a value after this process has committed deliveries for a
// receiver, so that nobody needs to wait for the next look. It has room for one value and is the
// same at each call. What other processes add it doesn't tell.
func (l *Ledger) Added(receiver string) <-chan struct{} { return l.added.of(receiver) }

// additions are the channels of Added, by the name of a receiver. The zero value has none.
type additions struct{ channels sync.Map }

func (a *additions) of(receiver string) chan struct{} {
	added, _ := a.channels.LoadOrStore(receiver, make(chan struct{}, 1))
	return added.(chan struct{})
}

// tell tells those receivers of which an event has added deliveries.
func (a *additions) tell(receivers []Receiver, e uploads.Entry) {
	for _, r := range receivers {
		if !r.wants(e.Profile, e.State) {
			continue
		}
		select {
		case a.of(r.Name) <- struct{}{}:
		default: // it is about to look
		}
	}
}

// Deliver calls tell for what waits for a receiver of Config.Receivers, until ctx ends. Several
// processes may do so for the same receiver: they share the deliveries out. Up to 8 are told at the
// same time, so events of one upload may come in any order: the greater Sequence is the later one.
func (l *Ledger) Deliver(ctx context.Context, receiver string, tell Tell) {
	timer := time.NewTicker(outboxInterval)
	defer timer.Stop()
	for {
		told, err := l.DeliverDue(ctx, receiver, tell)
		if err != nil && ctx.Err() == nil {
			l.config.Logger.WarnContext(ctx, "deliveries can't be taken", "receiver", receiver, "error", err)
		}
		if told > 0 && ctx.Err() == nil {
			continue
		}
		select {
		case <-timer.C:
		case <-l.Added(receiver):
		case <-ctx.Done():
			return
		}
	}
}

// DeliverDue calls tell for up to 8 deliveries that are due, and returns how many there were. One
// that fails is due again after a pause that grows from 5 seconds to an hour; it is never given up.
func (l *Ledger) DeliverDue(ctx context.Context, receiver string, tell Tell) (int, error) {
	taken, err := l.TakeDeliveries(ctx, receiver, toldAtOnce)
	if err != nil {
		return 0, err
	}
	var all sync.WaitGroup
	for _, d := range taken {
		all.Go(func() { tellOne(ctx, l, d, tell) })
	}
	all.Wait()
	return len(taken), nil
}

// tellOne calls a function for one delivery and records how that ended. It goes on when ctx ends,
// since what the function does may have happened already.
func tellOne(ctx context.Context, l *Ledger, d Delivery, tell Tell) {
	ctx = context.WithoutCancel(ctx)
	within, cancel := context.WithTimeout(ctx, JobTime)
	defer cancel()
	attempt := Attempt{State: DeliveryDone}
	if err := withoutPanic(func() error { return tell(within, d) }); err != nil {
		reason := err.Error()
		attempt = Attempt{State: DeliveryWaiting, Next: l.config.Now().Add(pauseAfter(d.Attempts)), Reason: reason[:min(len(reason), maxReason)]}
		l.config.Logger.WarnContext(ctx, "delivery failed", "id", d.Upload, "receiver", d.Receiver, "event", d.Event, "attempt", d.Attempts, "error", err)
	}
	if err := l.FinishDelivery(ctx, d, attempt); err != nil {
		l.config.Logger.WarnContext(ctx, "delivery isn't recorded and may be repeated", "id", d.Upload, "receiver", d.Receiver, "error", err)
	}
}

// withoutPanic makes a panic of a function an error: nobody else would stop it in a goroutine of the
// ledger's.
func withoutPanic(do func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v\n%s", p, debug.Stack())
		}
	}()
	return do()
}

// pauseAfter is the pause after so many attempts, at least one.
func pauseAfter(attempts int) time.Duration {
	return min(longestPause, firstPause<<min(attempts-1, 10))
}
