package ledger

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/postern-dev/postern/handlers/uploads"
)

var _ = onBoth(
	sentence{"each receiver is told of what it wants and of nothing else", func(t *testing.T, l testLedger) {
		l.decided(t, "a", uploads.StateAccepted)
		l.decided(t, "a", uploads.StateRemoved)
		music := entry("b")
		music.Profile = "music"
		l.issue(t, music)
		l.decided(t, "b", uploads.StateAccepted)
		told := map[string]int{}
		for _, d := range l.deliveries(t) {
			told[fmt.Sprint(d.Receiver, " ", d.Upload, " ", d.Event)]++
		}
		wanted := map[string]int{"application a accepted": 1, "application a removed": 1, "application b accepted": 1, "hook a accepted": 1}
		if fmt.Sprint(told) != fmt.Sprint(wanted) {
			t.Errorf("told of %v, wanted %v", told, wanted)
		}
	}},
	sentence{"receivers can be replaced, and what waits for one that is gone waits for its return", func(t *testing.T, l testLedger) {
		l.decided(t, "a", uploads.StateAccepted)
		wantError(t, l.SetReceivers([]Receiver{{Name: "new"}}), nil)
		l.decided(t, "b", uploads.StateAccepted)
		if err := l.SetReceivers([]Receiver{{Name: "x"}, {Name: "x"}}); err == nil {
			t.Error("one name twice: got no error")
		}
		if d := l.taken(t, l.Ledger, "new"); d.Upload != "b" {
			t.Errorf("the new receiver is told of %q, wanted b alone", d.Upload)
		}
		if d := l.taken(t, l.Ledger, "hook"); d.Upload != "a" {
			t.Errorf("the receiver that was there is told of %q, wanted a alone", d.Upload)
		}
	}},
	sentence{"a delivery that is taken is nobody else's until its lease ends, and then another's under the same ID", func(t *testing.T, l testLedger) {
		other := l.another(t)
		l.decided(t, "a", uploads.StateAccepted)
		first := l.taken(t, l.Ledger, "hook")
		if first.Upload != "a" || first.Profile != "photos" || first.Event != uploads.StateAccepted || first.Sequence != 1 ||
			string(first.Data) != `{"state":"accepted"}` || !first.At.Equal(start) || first.Attempts != 1 {
			t.Errorf("took %+v", first)
		}
		l.clock.move(LeaseTime - time.Second)
		l.wantNoneDue(t, other, "hook")
		l.clock.move(time.Second)
		second := l.taken(t, other, "hook")
		if second.ID != first.ID || second.Attempts != 2 {
			t.Errorf("took %q at attempt %d, wanted %q at attempt 2", second.ID, second.Attempts, first.ID)
		}
		wantError(t, l.FinishDelivery(t.Context(), first, Attempt{State: DeliveryFailed}), ErrLeaseLost)
		wantError(t, other.FinishDelivery(t.Context(), second, Attempt{State: DeliveryDone, Status: 204}), nil)
		wantError(t, other.FinishDelivery(t.Context(), second, Attempt{State: DeliveryDone}), ErrLeaseLost)
		l.clock.move(time.Hour)
		l.wantNoneDue(t, other, "hook")
	}},
	sentence{"a clock that was set back keeps nobody waiting for longer than a lease", func(t *testing.T, l testLedger) {
		other := l.another(t)
		l.decided(t, "a", uploads.StateAccepted)
		l.clock.move(time.Hour)
		l.taken(t, l.Ledger, "hook")
		if ok, err := l.TakeLease(t.Context(), "look up", "one"); !ok || err != nil {
			t.Fatal(ok, err)
		}
		l.clock.move(-time.Second) // no more than the clocks of two processes may differ
		l.wantNoneDue(t, other, "hook")
		if ok, err := other.TakeLease(t.Context(), "look up", "two"); ok || err != nil {
			t.Errorf("took a lease that another process has: %v, %v", ok, err)
		}
		l.clock.move(-time.Hour + time.Second)
		l.taken(t, other, "hook")
		if leased, err := other.IsLeased(t.Context(), "look up", "two"); leased || err != nil {
			t.Errorf("a lease from the future counts: %v, %v", leased, err)
		}
		if ok, err := other.TakeLease(t.Context(), "look up", "two"); !ok || err != nil {
			t.Errorf("took no lease from the future: %v, %v", ok, err)
		}
	}},
	sentence{"processes that take at the same time share the deliveries out", func(t *testing.T, l testLedger) {
		const all = 60
		for i := range all {
			l.decided(t, fmt.Sprint("upload", i), uploads.StateAccepted)
		}
		nodes := []*Ledger{l.Ledger, l.another(t), l.another(t)}
		var mu sync.Mutex
		taken := map[string]int{}
		var workers sync.WaitGroup
		for _, node := range nodes {
			workers.Go(func() {
				for {
					list, err := node.TakeDeliveries(t.Context(), "hook", 4)
					if err != nil {
						t.Error(err)
					}
					if len(list) == 0 {
						return
					}
					mu.Lock()
					for _, d := range list {
						taken[d.ID]++
					}
					mu.Unlock()
				}
			})
		}
		workers.Wait()
		for id, n := range taken {
			if n != 1 {
				t.Errorf("%s was taken %d times", id, n)
			}
		}
		// A process may find the last ones being taken by another and stop; none may be lost.
		if list, err := l.TakeDeliveries(t.Context(), "hook", all); err != nil || len(taken)+len(list) != all {
			t.Errorf("%d were taken and %d are left, wanted %d: %v", len(taken), len(list), all, err)
		}
	}},
	sentence{"a failed attempt is due again at its time, also in another process", func(t *testing.T, l testLedger) {
		l.decided(t, "a", uploads.StateAccepted)
		d := l.taken(t, l.Ledger, "hook")
		wantError(t, l.FinishDelivery(t.Context(), d, Attempt{State: DeliveryWaiting, Next: l.clock.read().Add(5 * time.Minute), Status: 500, Reason: "status 500"}), nil)
		other := l.another(t)
		l.clock.move(5*time.Minute - time.Second)
		l.wantNoneDue(t, other, "hook")
		l.clock.move(time.Second)
		if again := l.taken(t, other, "hook"); again.ID != d.ID || again.Attempts != 2 || again.Status != 500 || again.Reason != "status 500" {
			t.Errorf("took %+v", again)
		}
	}},
	sentence{"a delivery that was given up is listed, counted and sent again under its ID when it is replayed", func(t *testing.T, l testLedger) {
		l.decided(t, "a", uploads.StateAccepted)
		d := l.taken(t, l.Ledger, "hook")
		wantError(t, l.FinishDelivery(t.Context(), d, Attempt{State: DeliveryFailed, Reason: "too many attempts"}), nil)
		l.clock.move(time.Hour)
		l.wantNoneDue(t, l.Ledger, "hook")
		failed, err := l.Deliveries(t.Context(), DeliveryQuery{State: DeliveryFailed, Limit: 10})
		if err != nil || len(failed) != 1 || failed[0].ID != d.ID || failed[0].Reason != "too many attempts" {
			t.Errorf("failed are %+v, %v", failed, err)
		}
		backlogs, err := l.Backlogs(t.Context())
		wanted := []Backlog{{Receiver: "application", Waiting: 1, Oldest: start}, {Receiver: "hook", Failed: 1}}
		if err != nil || fmt.Sprint(backlogs) != fmt.Sprint(wanted) {
			t.Errorf("backlogs are %v, wanted %v: %v", backlogs, wanted, err)
		}
		wantError(t, l.Replay(t.Context(), d.ID), nil)
		if again := l.taken(t, l.Ledger, "hook"); again.ID != d.ID || again.Attempts != 1 {
			t.Errorf("took %+v", again)
		}
		wantError(t, l.Replay(t.Context(), "msg_none"), ErrUnknown)
	}},
	sentence{"one process at a time has the lease of a job, and another after it ended or was given back", func(t *testing.T, l testLedger) {
		other := l.another(t)
		take := func(by *Ledger, holder string, wanted bool) {
			t.Helper()
			if ok, err := by.TakeLease(t.Context(), "look up", holder); ok != wanted || err != nil {
				t.Errorf("%s has the lease: %v, wanted %v: %v", holder, ok, wanted, err)
			}
			if others, err := by.IsLeased(t.Context(), "look up", holder); others == wanted || err != nil {
				t.Errorf("another than %s has the lease: %v, wanted %v: %v", holder, others, !wanted, err)
			}
		}
		take(l.Ledger, "one", true)
		take(other, "two", false)
		l.clock.move(LeaseTime - time.Second)
		take(l.Ledger, "one", true) // renewed
		l.clock.move(time.Second)
		take(other, "two", false)
		l.clock.move(LeaseTime)
		take(other, "two", true)
		wantError(t, l.EndLease(t.Context(), "look up", "one"), ErrLeaseLost)
		wantError(t, other.EndLease(t.Context(), "look up", "two"), nil)
		take(l.Ledger, "one", true)
	}},
)
