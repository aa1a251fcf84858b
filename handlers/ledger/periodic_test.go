package ledger

import (
	"context"
	"errors"
	"testing"
	"time"
)

// sweep is a periodic job of a process.
func sweep(l *Ledger, do func(context.Context) error) Periodic {
	return Periodic{Ledger: l, Name: "sweep", Every: 48 * time.Hour, Do: do}
}

var _ = onBoth(
	sentence{"a periodic job is done by one process, and by any when it is due again", func(t *testing.T, l testLedger) {
		other, count := l.another(t), 0
		once := func(by *Ledger, wanted bool) {
			t.Helper()
			if done, err := sweep(by, func(context.Context) error { count++; return nil }).Once(t.Context()); done != wanted || err != nil {
				t.Errorf("done %v, wanted %v: %v", done, wanted, err)
			}
		}
		once(l.Ledger, true)
		once(other, false)
		l.clock.move(48*time.Hour - time.Second)
		l.wantRetained(t, 0)
		once(other, false)
		l.clock.move(time.Second)
		once(other, true)
		once(l.Ledger, false)
		l.clock.move(-time.Hour) // set back: better once more than a day too late
		once(l.Ledger, true)
		if count != 3 {
			t.Errorf("done %d times, wanted 3", count)
		}
	}},
	sentence{"a periodic job isn't begun beside another process, nor counted where it failed", func(t *testing.T, l testLedger) {
		other, failed := l.another(t), errors.New("the store is away")
		fine := func(context.Context) error { return nil }
		done, err := sweep(l.Ledger, func(ctx context.Context) error {
			if done, err := sweep(other, fine).Once(ctx); done || err != nil {
				t.Errorf("another process has done it beside this one: %v, %v", done, err)
			}
			return failed
		}).Once(t.Context())
		if done || !errors.Is(err, failed) {
			t.Errorf("a job that failed: done %v, %v", done, err)
		}
		if done, err := sweep(other, fine).Once(t.Context()); !done || err != nil {
			t.Errorf("after the failure: done %v, %v", done, err)
		}
	}},
	sentence{"a periodic job whose process was killed is another's after half a minute", func(t *testing.T, l testLedger) {
		if mine, err := l.TakeLease(t.Context(), "sweep", "a process that is killed"); !mine || err != nil {
			t.Fatal(mine, err)
		}
		job := sweep(l.another(t), func(context.Context) error { return nil })
		l.clock.move(LeaseTime - time.Millisecond)
		if done, err := job.Once(t.Context()); done || err != nil {
			t.Errorf("done beside another process: %v, %v", done, err)
		}
		l.clock.move(time.Millisecond)
		if done, err := job.Once(t.Context()); !done || err != nil {
			t.Errorf("not done after the lease has ended: %v, %v", done, err)
		}
	}},
)
