package uploads

import (
	"context"
	"errors"
	"time"

	"github.com/postern-dev/postern/handlers/problem"
)

const (
	// leaseAfter is after how long a call of the store counts as long.
	leaseAfter = 2 * time.Second
	// leaseRenewal is how often a lease is renewed, a third of the time that it lasts.
	leaseRenewal = 10 * time.Second
)

var errBusy = errors.New("uploads: another process is completing the upload")

// alone makes a call of the store that may take minutes, such as one that copies an object: the
// store answers when all bytes are moved. A browser that gives up waiting asks again, perhaps
// another process, and that one must not begin the same work beside this one. So a long call is
// made under a lease of the ledger, and while another process has the lease the error is
// Unavailable.
func (r recorder) alone(ctx context.Context, id string, call func() error) error {
	if r.ledger == nil {
		return call()
	}
	name := "upload " + id
	busy, err := r.ledger.IsLeased(ctx, name, r.holder)
	switch {
	case err != nil:
		if err := r.outage(ctx, "completing", id, err); err != nil {
			return err
		}
	case busy:
		return problem.Unavailable(errBusy)
	}
	ctx, cancel := context.WithCancel(ctx)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		r.keepLease(ctx, name, id)
	}()
	defer func() { cancel(); <-ended }()
	return call()
}

// keepLease takes a lease when the call has become a long one, renews it until ctx ends, and gives
// it back. While the ledger is away there is none. id is that of the upload.
func (r recorder) keepLease(ctx context.Context, name, id string) {
	timer := time.NewTimer(leaseAfter)
	defer timer.Stop()
	taken := false
	for {
		select {
		case <-timer.C:
			taken = true
			if _, err := r.ledger.TakeLease(ctx, name, r.holder); err != nil && ctx.Err() == nil {
				r.logger.WarnContext(ctx, "lease isn't taken or renewed", "id", id, "error", problem.LogText(err.Error()))
			}
			timer.Reset(leaseRenewal)
		case <-ctx.Done():
			if taken {
				_ = r.ledger.EndLease(context.WithoutCancel(ctx), name, r.holder) // else it ends by itself
			}
			return
		}
	}
}
