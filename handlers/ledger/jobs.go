package ledger

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"sync"
	"time"

	"github.com/postern-dev/postern/handlers/uploads"
)

const (
	jobName     = "uploads"
	jobInterval = time.Minute
	dueAtOnce   = 100 // uploads that are read at once
)

// LookUps asks the store about uploads that are due; *uploads.Service does.
type LookUps interface {
	// LookUps calls done for each upload that it has looked up, with the time when it is due next.
	LookUps(ctx context.Context, due []uploads.Entry, done func(e uploads.Entry, next time.Time))
}

// Jobs does what is due once a minute, in one process at a time: it looks uploads up whose browsers
// are gone, removes what has to be removed, and deletes records whose time has ended.
type Jobs struct {
	ledger *Ledger
	lookUp func() LookUps
	holder string
}

// NewJobs makes the jobs of a process. lookUp returns the service as it is configured at the time.
func NewJobs(l *Ledger, lookUp func() LookUps) *Jobs {
	return &Jobs{ledger: l, lookUp: lookUp, holder: rand.Text()}
}

// Run works until ctx ends, and gives the lease back then. What another process has begun and not
// finished is taken over within LeaseTime and a minute.
func (j *Jobs) Run(ctx context.Context) {
	timer := time.NewTicker(jobInterval)
	defer timer.Stop()
	for {
		if err := j.Once(ctx); err != nil && ctx.Err() == nil {
			j.ledger.config.Logger.WarnContext(ctx, "jobs of the ledger didn't end", "error", err)
		}
		select {
		case <-timer.C:
		case <-ctx.Done():
			return
		}
	}
}

// Once does what is due now, for JobTime at most, where no other process has the lease. What is
// left is done the next time.
func (j *Jobs) Once(ctx context.Context) error {
	mine, err := j.ledger.TakeLease(ctx, jobName, j.holder)
	if err != nil || !mine {
		return err
	}
	work, cancel := context.WithTimeout(ctx, JobTime)
	defer cancel()
	err = cmp.Or(j.lookUpDue(work), j.retain(work))
	if errors.Is(err, context.DeadlineExceeded) && ctx.Err() == nil {
		err = nil
	}
	end, cancelEnd := context.WithTimeout(context.WithoutCancel(ctx), callTime)
	defer cancelEnd()
	if ended := j.ledger.EndLease(end, jobName, j.holder); !errors.Is(ended, ErrLeaseLost) {
		err = cmp.Or(err, ended)
	}
	return err
}

// lookUpDue looks up uploads until none is due or ctx ends.
func (j *Jobs) lookUpDue(ctx context.Context) error {
	for ctx.Err() == nil {
		due, err := j.ledger.Due(ctx, dueAtOnce)
		if err != nil || len(due) == 0 {
			return err
		}
		var mu sync.Mutex // guards failed
		var failed error
		j.lookUp().LookUps(ctx, due, func(e uploads.Entry, next time.Time) {
			err := j.ledger.Postpone(context.WithoutCancel(ctx), e, next)
			mu.Lock()
			defer mu.Unlock()
			failed = cmp.Or(failed, err)
		})
		if failed != nil {
			return failed
		}
	}
	return ctx.Err()
}

// retain deletes records until none is left whose time has ended.
func (j *Jobs) retain(ctx context.Context) error {
	for ctx.Err() == nil {
		n, err := j.ledger.Retain(ctx)
		if err != nil || n == 0 {
			return err
		}
	}
	return ctx.Err()
}
