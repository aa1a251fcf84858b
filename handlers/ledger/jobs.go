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
	dueAtOnce   = 100             // uploads that are read at once
	endTime     = 5 * time.Second // within which LookUps returns
)

// LookUps asks the store about uploads that are due; *uploads.Service does.
type LookUps interface {
	// LookUps calls done for each upload that it has looked up, with the time when it is due next.
	// It begins one after another, none after ctx has ended, and returns how many it has begun,
	// within 5 seconds. A look-up that takes longer goes on, and done is called later.
	LookUps(ctx context.Context, due []uploads.Entry, done func(e uploads.Entry, next time.Time)) (begun int)
}

// Jobs does what is due once a minute, in one process at a time: it looks uploads up whose browsers
// are gone, removes what has to be removed, and deletes records whose time has ended.
type Jobs struct {
	ledger *Ledger
	lookUp func() LookUps
	holder string
	// workTime is for how long one run begins more; the rest of JobTime is for ending what it began.
	workTime time.Duration

	mu      sync.Mutex      // guards the rest
	running map[string]bool // by IDs of the uploads that are being looked up
	failed  error           // of storing when an upload is due next
}

// NewJobs makes the jobs of a process. lookUp returns the service as it is configured at the time.
func NewJobs(l *Ledger, lookUp func() LookUps) *Jobs {
	return &Jobs{ledger: l, lookUp: lookUp, holder: rand.Text(), workTime: JobTime - endTime, running: map[string]bool{}}
}

// Run works until ctx ends, and gives the lease back then. What another process has begun and not
// finished is taken over within LeaseTime and a minute.
func (j *Jobs) Run(ctx context.Context) {
	timer := time.NewTicker(jobInterval)
	defer timer.Stop()
	for {
		more, err := j.once(ctx)
		if err != nil && ctx.Err() == nil {
			j.ledger.config.Logger.WarnContext(ctx, "jobs of the ledger didn't end", "error", err)
		}
		if more && ctx.Err() == nil {
			continue
		}
		select {
		case <-timer.C:
		case <-ctx.Done():
			return
		}
	}
}

// Once does what is due now, for JobTime at most, where no other process has the lease. What is
// left is done the next time, and a look-up that takes longer goes on.
func (j *Jobs) Once(ctx context.Context) error {
	_, err := j.once(ctx)
	return err
}

// once is Once; more is true where the time was too short.
func (j *Jobs) once(ctx context.Context) (more bool, err error) {
	mine, err := j.ledger.TakeLease(ctx, jobName, j.holder)
	if err != nil || !mine {
		return false, err
	}
	work, cancel := context.WithTimeout(ctx, j.workTime)
	defer cancel()
	err = cmp.Or(j.lookUpDue(work), deliverFromFuture(work, j.ledger), j.retain(work))
	if errors.Is(err, context.DeadlineExceeded) && ctx.Err() == nil {
		more, err = true, nil
	}
	end, cancelEnd := context.WithTimeout(context.WithoutCancel(ctx), callTime)
	defer cancelEnd()
	if ended := j.ledger.EndLease(end, jobName, j.holder); !errors.Is(ended, ErrLeaseLost) {
		err = cmp.Or(err, ended)
	}
	return more, err
}

// lookUpDue looks up uploads until none is due or ctx ends.
func (j *Jobs) lookUpDue(ctx context.Context) error {
	for ctx.Err() == nil {
		due, err := j.ledger.Due(ctx, dueAtOnce)
		if err != nil {
			return err
		}
		due = j.begin(due)
		if len(due) == 0 {
			return nil
		}
		n := j.lookUp().LookUps(ctx, due, func(e uploads.Entry, next time.Time) {
			j.end(e, j.ledger.Postpone(context.WithoutCancel(ctx), e, next))
		})
		for _, e := range due[n:] {
			j.end(e, nil)
		}
		if err := j.failure(); err != nil {
			return err
		}
	}
	return ctx.Err()
}

// begin returns those uploads that aren't being looked up, and counts them as if they were.
func (j *Jobs) begin(due []uploads.Entry) (list []uploads.Entry) {
	j.mu.Lock()
	defer j.mu.Unlock()
	for _, e := range due {
		if !j.running[e.ID] {
			j.running[e.ID] = true
			list = append(list, e)
		}
	}
	return list
}

// end ends the look-up of an upload; err says that it isn't stored when it is due next.
func (j *Jobs) end(e uploads.Entry, err error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	delete(j.running, e.ID)
	j.failed = cmp.Or(j.failed, err)
}

// failure returns the first error of end since the last call.
func (j *Jobs) failure() error {
	j.mu.Lock()
	defer j.mu.Unlock()
	err := j.failed
	j.failed = nil
	return err
}

// deliverFromFuture makes deliveries due that were changed later than now, because the clock was set
// back: they would wait until it has caught up. Clocks of processes differ by less than LeaseTime.
func deliverFromFuture(ctx context.Context, l *Ledger) error {
	now := l.config.Now()
	return l.do(ctx, func(ctx context.Context) error {
		_, err := l.write.ExecContext(ctx, "UPDATE postern_deliveries SET due = $1, changed = $1 WHERE state = 'waiting' AND changed > $2",
			now.UnixMilli(), now.Add(LeaseTime).UnixMilli())
		return err
	})
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
