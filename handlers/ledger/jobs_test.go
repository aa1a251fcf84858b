package ledger

import (
	"context"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/postern-dev/postern/handlers/uploads"
)

// slowStore looks uploads up at once, but for one, which ends when it is released.
type slowStore struct {
	slow    string // ID of that upload
	release chan struct{}
	ended   chan struct{}
	late    func(context.Context) // is called in the place of any look-up; nil: none is late

	mu     sync.Mutex
	looked []string
}

func newSlowStore(slow string) *slowStore {
	return &slowStore{slow: slow, release: make(chan struct{}), ended: make(chan struct{})}
}

func (s *slowStore) LookUps(ctx context.Context, due []uploads.Entry, done func(uploads.Entry, time.Time)) int {
	if s.late != nil {
		s.late(ctx)
		return 0
	}
	for _, e := range due {
		s.mu.Lock()
		s.looked = append(s.looked, e.ID)
		s.mu.Unlock()
		if e.ID != s.slow {
			done(e, time.Time{})
			continue
		}
		go func() {
			defer close(s.ended)
			<-s.release
			done(e, time.Time{})
		}()
	}
	return len(due)
}

func (s *slowStore) wantLooked(t *testing.T, ids ...string) {
	t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	slices.Sort(s.looked)
	if !slices.Equal(s.looked, ids) {
		t.Errorf("looked up %q, wanted %q", s.looked, ids)
	}
}

// jobs are those of a process that looks uploads up at a store.
func (l testLedger) jobs(s *slowStore) *Jobs {
	return NewJobs(l.Ledger, func() LookUps { return s })
}

var _ = onBoth(
	sentence{"an upload that takes long to be looked up holds up no other and isn't looked up again meanwhile", func(t *testing.T, l testLedger) {
		store := newSlowStore("slow")
		jobs := l.jobs(store)
		l.issue(t, entry("slow"), entry("quick"))
		l.clock.move(time.Hour)
		wantError(t, jobs.Once(t.Context()), nil)
		l.issue(t, entry("later"))
		wantError(t, jobs.Once(t.Context()), nil)
		store.wantLooked(t, "later", "quick", "slow")
		if due, err := l.Due(t.Context(), 10); err != nil || len(due) != 1 {
			t.Errorf("%d are due, wanted the slow one: %v", len(due), err)
		}
		close(store.release)
		<-store.ended
		wantError(t, jobs.Once(t.Context()), nil)
		store.wantLooked(t, "later", "quick", "slow")
		if e := l.found(t, "slow"); !e.Due.IsZero() {
			t.Errorf("it is due at %v", e.Due)
		}
	}},
	sentence{"uploads that weren't begun before a job's time ended are looked up the next time", func(t *testing.T, l testLedger) {
		store := newSlowStore("")
		jobs := l.jobs(store)
		ctx, cancel := context.WithCancel(t.Context())
		store.late = func(context.Context) { cancel() }
		l.issue(t, entry("a"))
		l.clock.move(time.Hour)
		wantError(t, jobs.Once(ctx), context.Canceled)
		store.wantLooked(t)
		store.late = nil
		wantError(t, jobs.Once(t.Context()), nil)
		store.wantLooked(t, "a")
	}},
	sentence{"a job whose time was too short goes on at once", func(t *testing.T, l testLedger) {
		store := newSlowStore("")
		jobs := l.jobs(store)
		jobs.workTime = time.Millisecond
		l.issue(t, entry("a"))
		l.clock.move(time.Hour)
		ctx, cancel := context.WithCancel(t.Context())
		runs := 0
		store.late = func(work context.Context) {
			if runs++; runs == 3 {
				cancel()
			}
			<-work.Done()
		}
		jobs.Run(ctx)
		if runs != 3 {
			t.Errorf("ran %d times, wanted 3", runs)
		}
	}},
	sentence{"what was to be delivered when the clock was set back is delivered within a minute", func(t *testing.T, l testLedger) {
		l.clock.move(time.Hour)
		l.decided(t, "a", uploads.StateAccepted)
		l.clock.move(-time.Hour)
		l.wantNoneDue(t, l.Ledger, "hook")
		wantError(t, l.jobs(newSlowStore("")).Once(t.Context()), nil)
		d := l.taken(t, l.Ledger, "hook")

		next := l.clock.read().Add(5 * time.Second)
		wantError(t, l.FinishDelivery(t.Context(), d, Attempt{State: DeliveryWaiting, Next: next}), nil)
		wantError(t, l.jobs(newSlowStore("")).Once(t.Context()), nil)
		l.wantNoneDue(t, l.Ledger, "hook") // it waits for its next attempt
	}},
	sentence{"jobs run in one process at a time, and another takes over what a killed one has begun", func(t *testing.T, l testLedger) {
		store := newSlowStore("")
		other := testLedger{l.another(t), l.config, l.clock}
		l.issue(t, entry("a"))
		l.clock.move(time.Hour)
		if mine, err := l.TakeLease(t.Context(), jobName, "a process that is killed"); !mine || err != nil {
			t.Fatal(mine, err)
		}
		l.clock.move(LeaseTime - time.Millisecond)
		wantError(t, other.jobs(store).Once(t.Context()), nil)
		store.wantLooked(t)
		l.clock.move(time.Millisecond)
		wantError(t, other.jobs(store).Once(t.Context()), nil)
		store.wantLooked(t, "a")
	}},
)
