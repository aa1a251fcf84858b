package uploads

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/postern-dev/postern/handlers/problem"
)

// leases are those of a ledger in memory, for 30 seconds each.
type leases struct {
	Ledger
	mu     sync.Mutex
	holder map[string]string
	taken  map[string]time.Time
	writes int
	away   bool
}

func (l *leases) TakeLease(ctx context.Context, name, holder string) (bool, error) {
	if busy, err := l.IsLeased(ctx, name, holder); busy || err != nil {
		return false, err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.holder[name], l.taken[name] = holder, time.Now()
	l.writes++
	return true, nil
}

func (l *leases) IsLeased(_ context.Context, name, holder string) (bool, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.away {
		return false, errors.New("the database is away")
	}
	by, ok := l.holder[name]
	return ok && by != holder && time.Since(l.taken[name]) < 30*time.Second, nil
}

func (l *leases) EndLease(_ context.Context, name, holder string) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.holder[name] == holder {
		delete(l.holder, name)
	}
	return nil
}

// twoRecorders are those of two processes with one ledger.
func twoRecorders(required bool) (l *leases, one, two recorder) {
	l = &leases{holder: map[string]string{}, taken: map[string]time.Time{}}
	c := Config{Ledger: l, LedgerRequired: required, Now: time.Now, Logger: slog.New(slog.DiscardHandler)}
	return l, newRecorder(c), newRecorder(c)
}

func TestALongCallOfTheStoreIsMadeByOneProcessAtATime(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		_, one, two := twoRecorders(true)
		begun := time.Now()
		go func() {
			_ = one.alone(t.Context(), "a", func() error { time.Sleep(5 * time.Minute); return nil })
		}()
		var called time.Duration
		refused := 0
		for called == 0 {
			time.Sleep(11 * time.Second)
			err := two.alone(t.Context(), "a", func() error { called = time.Since(begun); return nil })
			var found *problem.Error
			if errors.As(err, &found) && found.Code == problem.StoreUnavailable && found.RetryAfter > 0 {
				refused++
			}
			if err := two.alone(t.Context(), "b", func() error { return nil }); err != nil {
				t.Errorf("another upload: %v", err)
			}
		}
		if called < 5*time.Minute || called > 6*time.Minute || refused != 27 {
			t.Errorf("the other process made the call after %v and %d refusals, wanted it when the first one had ended", called, refused)
		}
	})
}

func TestALeaseOfAProcessThatEndedIsAnothersAfterHalfAMinute(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l, one, two := twoRecorders(true)
		if _, err := l.TakeLease(t.Context(), "upload a", one.holder); err != nil { // and its process is killed
			t.Fatal(err)
		}
		time.Sleep(29 * time.Second)
		if err := two.alone(t.Context(), "a", func() error { return nil }); err == nil {
			t.Error("made a call that another process may be making")
		}
		time.Sleep(time.Second)
		if err := two.alone(t.Context(), "a", func() error { return nil }); err != nil {
			t.Error(err)
		}
	})
}

func TestAShortCallOfTheStoreTakesNoLease(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l, one, _ := twoRecorders(true)
		_ = one.alone(t.Context(), "a", func() error { time.Sleep(leaseAfter - time.Millisecond); return nil })
		if l.writes != 0 {
			t.Errorf("took %d leases, wanted none", l.writes)
		}
		_ = one.alone(t.Context(), "a", func() error { time.Sleep(leaseAfter + time.Millisecond); return nil })
		if l.writes != 1 || len(l.holder) != 0 {
			t.Errorf("took %d leases of which %d are left, wanted 1 and none", l.writes, len(l.holder))
		}
	})
}

func TestWithoutItsLedgerALongCallIsMadeUnlessTheLedgerIsRequired(t *testing.T) {
	t.Parallel()
	for _, required := range []bool{false, true} {
		l, one, _ := twoRecorders(required)
		l.away = true
		called := false
		err := one.alone(t.Context(), "a", func() error { called = true; return nil })
		if called == required || (err != nil) != required {
			t.Errorf("required %v: called %v, %v", required, called, err)
		}
	}
}

func TestSlowLookUpsHoldUpNoOther(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		const slow = lookUpsAtOnce + slowLookUpsAtOnce
		l, begun := newLookUps(), time.Now()
		release := make(chan struct{})
		var quick time.Duration
		if n := l.start(t.Context(), slow, func(i int) {
			if i < slow-1 {
				<-release
				return
			}
			quick = time.Since(begun)
		}); n != slow {
			t.Errorf("began %d look-ups, wanted %d", n, slow)
		}
		if took := time.Since(begun); quick > time.Minute || took > time.Minute {
			t.Errorf("the last look-up ran after %v, and all took %v: they waited for the slow ones", quick, took)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		if n := l.start(ctx, 100, func(int) { <-release }); n > lookUpsAtOnce {
			t.Errorf("began %d more look-ups beside %d slow ones, wanted at most %d", n, slow-1, lookUpsAtOnce)
		}
		close(release)
		synctest.Wait()
		var ended atomic.Int32
		l.each(t.Context(), 3, func(int) { time.Sleep(time.Hour); ended.Add(1) })
		synctest.Wait()
		if ended.Load() != 3 || len(l.slots)+len(l.slow) != 0 {
			t.Errorf("%d look-ups ended, and %d and %d places are taken", ended.Load(), len(l.slots), len(l.slow))
		}
	})
}
