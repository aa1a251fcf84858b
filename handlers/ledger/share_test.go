package ledger

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/postern-dev/postern/handlers/uploads"
)

var errOwn = errors.New("this work fails")

// adds is work that records an upload, and then goes on with more.
func (l testLedger) adds(id string, more work) work {
	return func(ctx context.Context, tx transaction) error {
		if err := l.insert(ctx, tx, []uploads.Entry{entry(id)}); err != nil || more == nil {
			return err
		}
		return more(ctx, tx)
	}
}

// busy has a call write until release is called, so that others wait.
func (l testLedger) busy(t *testing.T) (release func()) {
	t.Helper()
	begun, released, ended := make(chan struct{}), make(chan struct{}), make(chan error, 1)
	go func() {
		ended <- l.transact(context.Background(), func(context.Context, transaction) error {
			close(begun)
			<-released
			return nil
		})
	}()
	<-begun
	return func() {
		close(released)
		wantError(t, <-ended, nil)
	}
}

// waits waits until so many calls wait.
func (l testLedger) waits(n int) {
	for waiting := -1; waiting != n; runtime.Gosched() {
		l.writer.waiting.mu.Lock()
		waiting = len(l.writer.waiting.calls)
		l.writer.waiting.mu.Unlock()
	}
}

// together has calls wait for the writer, one after the other, and then run. It returns what became
// of them and how often anything was committed.
func (l testLedger) together(t *testing.T, calls ...func() error) (found []error, commits int64) {
	t.Helper()
	wantError(t, l.Migrate(t.Context()), nil)
	release := l.busy(t)
	found = make([]error, len(calls))
	var all sync.WaitGroup
	for i, call := range calls {
		all.Go(func() { found[i] = call() })
		l.waits(i + 1)
	}
	var count atomic.Int64
	l.reached = func(step string) {
		if step == "commit" {
			count.Add(1)
		}
	}
	release()
	all.Wait()
	l.clock.move(awayPause) // a failure counts as an outage
	return found, count.Load() - 1
}

// does is a call that runs work, for a caller with this context.
func (l testLedger) does(ctx context.Context, w work) func() error {
	return func() error { return l.transact(ctx, w) }
}

// wantRecorded fails where other uploads than these are recorded.
func (l testLedger) wantRecorded(t *testing.T, ids string) {
	t.Helper()
	list, _, err := l.Uploads(t.Context(), uploads.Query{AllSubjects: true, Limit: 100})
	wantError(t, err, nil)
	var got []string
	for _, e := range list {
		got = append([]string{e.ID}, got...)
	}
	if strings.Join(got, " ") != ids {
		t.Errorf("recorded are %q, wanted %q", got, ids)
	}
}

// wantFailed fails where a call that should have failed hasn't.
func wantFailed(t *testing.T, found ...error) {
	t.Helper()
	for i, err := range found {
		if err == nil {
			t.Errorf("call %d has no error", i)
		}
	}
}

// sharing is what holds where callers share commits.
var sharing = []sentence{
	{"callers that wait together share a commit", func(t *testing.T, l testLedger) {
		var calls []func() error
		for i := range 8 {
			calls = append(calls, func() error {
				_, recorded, err := l.Decide(t.Context(), entry(fmt.Sprint("upload", i)), l.decision(uploads.StateAccepted))
				if !recorded {
					err = errors.Join(err, errors.New("not recorded"))
				}
				return err
			})
		}
		found, commits := l.together(t, calls...)
		wantError(t, errors.Join(found...), nil)
		if n := len(l.deliveries(t)); commits != 1 || n != 16 {
			t.Errorf("%d commits and %d deliveries, wanted 1 and 16", commits, n)
		}
	}},
	{"no more callers share a commit than end in time", func(t *testing.T, l testLedger) {
		var calls []func() error
		for i := range maxSharing + 1 {
			calls = append(calls, l.does(t.Context(), l.adds(fmt.Sprintf("%03d", i), nil)))
		}
		found, commits := l.together(t, calls...)
		wantError(t, errors.Join(found...), nil)
		if commits != 2 {
			t.Errorf("%d commits, wanted 2", commits)
		}
	}},
	{"one whose work fails spoils nobody's", func(t *testing.T, l testLedger) {
		found, commits := l.together(t,
			l.does(t.Context(), l.adds("a", nil)),
			l.does(t.Context(), l.adds("b", func(context.Context, transaction) error { return errOwn })),
			func() error { return l.FinishDelivery(t.Context(), Delivery{ID: "none"}, Attempt{}) },
			func() error { return l.Replay(t.Context(), "none") },
			func() error { return l.Issue(t.Context(), entry("c")) },
		)
		for i, wanted := range []error{nil, errOwn, ErrLeaseLost, ErrUnknown, nil} {
			wantError(t, found[i], wanted)
		}
		if commits != 1 {
			t.Errorf("%d commits, wanted 1", commits)
		}
		l.wantRecorded(t, "a c")
	}},
	{"where all fail nothing is committed", func(t *testing.T, l testLedger) {
		fails := func(context.Context, transaction) error { return errOwn }
		found, commits := l.together(t, l.does(t.Context(), l.adds("a", fails)), l.does(t.Context(), l.adds("b", fails)))
		wantError(t, found[0], errOwn)
		wantError(t, found[1], errOwn)
		if commits != 0 {
			t.Errorf("%d commits, wanted none", commits)
		}
		l.wantRecorded(t, "")
	}},
	{"one that leaves before its turn changes nothing", func(t *testing.T, l testLedger) {
		wantError(t, l.Migrate(t.Context()), nil)
		release := l.busy(t)
		ctx, cancel := context.WithCancel(t.Context())
		left := make(chan error, 1)
		go func() {
			left <- l.transact(ctx, l.adds("a", func(context.Context, transaction) error { t.Error("it ran"); return nil }))
		}()
		l.waits(1)
		cancel()
		wantError(t, <-left, context.Canceled) // while another one is writing
		release()
		l.issue(t, entry("b"))
		l.wantRecorded(t, "b")
	}},
	{"one that leaves while the work of those before it runs changes nothing", func(t *testing.T, l testLedger) {
		ctx, cancel := context.WithCancel(t.Context())
		found, _ := l.together(t,
			l.does(t.Context(), l.adds("a", func(context.Context, transaction) error { cancel(); return nil })),
			l.does(ctx, l.adds("b", nil)),
			l.does(t.Context(), l.adds("c", nil)))
		wantError(t, found[1], context.Canceled)
		wantError(t, errors.Join(found[0], found[2]), nil)
		l.wantRecorded(t, "a c")
	}},
	{"one that leaves while its own work runs is undone alone", func(t *testing.T, l testLedger) {
		ctx, cancel := context.WithCancel(t.Context())
		found, _ := l.together(t,
			l.does(t.Context(), l.adds("a", nil)),
			l.does(ctx, l.adds("b", func(context.Context, transaction) error { cancel(); return nil })),
			l.does(t.Context(), l.adds("c", nil)))
		wantError(t, found[1], context.Canceled)
		wantError(t, errors.Join(found[0], found[2]), nil)
		l.wantRecorded(t, "a c")
	}},
	{"a failed commit is told to all of them", func(t *testing.T, l testLedger) {
		found, commits := l.together(t,
			l.does(t.Context(), l.adds("a", nil)),
			l.does(t.Context(), func(ctx context.Context, tx transaction) error { // the commit finds an event of no upload
				_, err := tx.ExecContext(ctx, "PRAGMA defer_foreign_keys = ON")
				if err == nil {
					_, err = tx.ExecContext(ctx, "INSERT INTO postern_events (upload, sequence, state, at, data) VALUES ('none', 1, '', 0, '')")
				}
				return err
			}),
			l.does(t.Context(), l.adds("c", nil)))
		if wantFailed(t, found...); commits != 1 {
			t.Errorf("%d commits were tried, wanted 1", commits)
		}
		l.wantRecorded(t, "")
		l.issue(t, entry("d"))
		l.wantRecorded(t, "d")
	}},
	{"where the work of one can't be undone nothing is recorded, and all are told", func(t *testing.T, l testLedger) {
		for _, own := range []error{nil, errOwn} {
			found, commits := l.together(t,
				l.does(t.Context(), l.adds("a", nil)),
				l.does(t.Context(), l.adds("b", func(ctx context.Context, tx transaction) error {
					_, err := tx.ExecContext(ctx, "ROLLBACK") // as SQLite does where the disk is full
					return errors.Join(own, err)
				})),
				l.does(t.Context(), l.adds("c", nil)))
			if wantFailed(t, found...); commits != 0 || errors.Is(found[0], errOwn) {
				t.Errorf("%d commits, wanted none; the first is told %v", commits, found[0])
			}
			l.wantRecorded(t, "")
		}
		l.issue(t, entry("d"))
		l.wantRecorded(t, "d")
	}},
	{"a panic is one caller's error", func(t *testing.T, l testLedger) {
		found, _ := l.together(t,
			l.does(t.Context(), l.adds("a", nil)),
			l.does(t.Context(), l.adds("b", func(context.Context, transaction) error { panic("in the work") })),
			l.does(t.Context(), l.adds("c", nil)))
		if found[1] == nil || !strings.Contains(found[1].Error(), "panic: in the work") {
			t.Errorf("the error is %v", found[1])
		}
		wantError(t, errors.Join(found[0], found[2]), nil)
		l.wantRecorded(t, "a c")
	}},
	{"a panic between two works is an error of all, and the next call works", func(t *testing.T, l testLedger) {
		wantError(t, l.Migrate(t.Context()), nil)
		l.reached = func(string) { panic("at the commit") }
		wantFailed(t, l.transact(t.Context(), l.adds("a", nil)))
		l.reached = func(string) {}
		l.clock.move(awayPause)
		l.issue(t, entry("b"))
		l.wantRecorded(t, "b")
	}},
	{"the work has the time of the transaction, whatever that of its caller is", func(t *testing.T, l testLedger) {
		ctx, cancel := context.WithDeadline(t.Context(), time.Now().Add(time.Hour))
		defer cancel()
		wantError(t, l.transact(ctx, func(own context.Context, _ transaction) error {
			if cancel(); own.Err() != nil {
				t.Error("it ends with the caller's context")
			}
			if end, ok := own.Deadline(); !ok || time.Until(end) > callTime {
				t.Errorf("it ends at %v", end)
			}
			return nil
		}), context.Canceled)
	}},
	{"closing waits for those who wait, and refuses others", func(t *testing.T, l testLedger) {
		opened, err := Open(l.config)
		wantError(t, err, nil)
		other := testLedger{Ledger: opened}
		wantError(t, other.Migrate(t.Context()), nil)
		release := other.busy(t)
		written, ended := make(chan error, 1), make(chan error, 1)
		go func() { written <- other.transact(context.Background(), other.adds("a", nil)) }()
		other.waits(1)
		go func() { ended <- other.Close() }()
		for isClosed := false; !isClosed; runtime.Gosched() {
			other.writer.waiting.mu.Lock()
			isClosed = other.writer.waiting.closed
			other.writer.waiting.mu.Unlock()
		}
		wantError(t, other.EndLease(t.Context(), "job", "holder"), errClosed)
		release()
		wantError(t, errors.Join(<-written, <-ended), nil)
		l.wantRecorded(t, "a")
	}},
}

func TestCallersOfSQLiteShareACommit(t *testing.T) {
	t.Parallel()
	for _, s := range sharing {
		t.Run(s.says, func(t *testing.T) {
			t.Parallel()
			s.test(t, open(t, "sqlite:"+filepath.Join(t.TempDir(), "postern.db")))
		})
	}
}
