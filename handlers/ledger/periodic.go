package ledger

import (
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"time"
)

// renewal is how often a lease is renewed by whoever works for longer than LeaseTime.
const renewal = LeaseTime / 3

// doneHolder is the holder of the rows that say when a periodic job was last done. They stand among
// the leases; nobody takes or ends them.
const doneHolder = "done"

// Periodic is a job that is done once in a while over all processes and may take longer than
// JobTime. What a process that has ended didn't finish, another one does anew.
type Periodic struct {
	Ledger *Ledger
	// Name tells the job from others.
	Name string
	// Every is from when on it is due again, counted from its last beginning.
	Every time.Duration
	// Do does it. Its ctx ends when another process has taken the job over. After an error the job is
	// still due.
	Do func(ctx context.Context) error
}

// Once does the job if it is due and no other process is at it, and reports whether it was done.
func (p Periodic) Once(ctx context.Context) (done bool, err error) {
	if due, err := p.isDue(ctx); err != nil || !due {
		return false, err
	}
	holder := rand.Text()
	mine, err := p.Ledger.TakeLease(ctx, p.Name, holder)
	if err != nil || !mine {
		return false, err
	}
	defer func() { _ = p.Ledger.EndLease(context.WithoutCancel(ctx), p.Name, holder) }() // else it ends by itself
	due, err := p.isDue(ctx)                                                             // another process may have done it meanwhile
	if err != nil || !due {
		return false, err
	}
	begun := p.Ledger.config.Now()
	if err := p.do(ctx, holder); err != nil {
		return false, err
	}
	return true, p.setDone(context.WithoutCancel(ctx), begun)
}

// do does the job and renews its lease meanwhile.
func (p Periodic) do(ctx context.Context, holder string) error {
	ctx, cancel := context.WithCancel(ctx)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		timer := time.NewTicker(renewal)
		defer timer.Stop()
		for {
			select {
			case <-timer.C:
			case <-ctx.Done():
				return
			}
			if mine, err := p.Ledger.TakeLease(ctx, p.Name, holder); err == nil && !mine {
				cancel()
			}
		}
	}()
	defer func() { cancel(); <-ended }()
	return p.Do(ctx)
}

// isDue reports whether the job's last beginning is long enough ago. One in the future counts for
// nothing: the clock was set back.
func (p Periodic) isDue(ctx context.Context) (bool, error) {
	var last int64
	err := p.Ledger.do(ctx, func(ctx context.Context) error {
		err := readRow(ctx, p.Ledger, "SELECT taken FROM postern_leases WHERE name = $1", p.doneName()).Scan(&last)
		if errors.Is(err, sql.ErrNoRows) {
			return nil
		}
		return err
	})
	age := p.Ledger.config.Now().Sub(instant(last))
	return age >= p.Every || age < 0, err
}

func (p Periodic) setDone(ctx context.Context, begun time.Time) error {
	return changeOne(ctx, p.Ledger, ErrLeaseLost, `INSERT INTO postern_leases (name, holder, taken) VALUES ($1, $2, $3)
		ON CONFLICT (name) DO UPDATE SET taken = excluded.taken`, p.doneName(), doneHolder, begun.UnixMilli())
}

func (p Periodic) doneName() string { return p.Name + " " + doneHolder }
