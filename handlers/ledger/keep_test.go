package ledger

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/postern-dev/postern/handlers/uploads"
)

// purge is what the job decides on an accepted upload that nobody has claimed in time.
func (l testLedger) purge(ctx context.Context, by *Ledger, id string) (recorded bool, err error) {
	d := l.decision(uploads.StateRemoved)
	d.Unclaimed = true
	_, recorded, err = by.Decide(ctx, entry(id), d)
	return recorded, err
}

var _ = onBoth(
	sentence{"a claim is kept and ends what was due", func(t *testing.T, l testLedger) {
		d := l.decision(uploads.StateAccepted)
		d.Due = start.Add(time.Hour)
		if _, _, err := l.Decide(t.Context(), entry("a"), d); err != nil {
			t.Fatal(err)
		}
		l.wantClaimed(t, "a", true)
		l.clock.move(time.Minute)
		l.wantClaimed(t, "a", true)
		if e := l.found(t, "a"); !e.Claimed.Equal(start) || !e.Due.IsZero() {
			t.Errorf("claimed at %v, due %v", e.Claimed, e.Due)
		}
		if recorded, err := l.purge(t.Context(), l.Ledger, "a"); recorded || err != nil {
			t.Errorf("purged a claimed upload: %v, %v", recorded, err)
		}
	}},
	sentence{"only what is accepted can be claimed", func(t *testing.T, l testLedger) {
		l.wantClaimed(t, "a", false)
		l.issue(t, entry("a"))
		l.wantClaimed(t, "a", false)
		l.decided(t, "a", uploads.StateAccepted)
		l.wantClaimed(t, "a", true)
		l.decided(t, "a", uploads.StateRemoved)
		l.wantClaimed(t, "a", false)
	}},
	sentence{"what was replaced is still due to be claimed, and can be", func(t *testing.T, l testLedger) {
		for _, id := range []string{"a", "b"} {
			d := l.decision(uploads.StateAccepted)
			d.Due = start.Add(time.Hour)
			l.Decide(t.Context(), entry(id), d)
		}
		l.wantClaimed(t, "b", true)
		if e := l.decided(t, "a", uploads.StateReplaced); !e.Due.Equal(start.Add(time.Hour)) {
			t.Errorf("due %v", e.Due)
		}
		if e := l.decided(t, "b", uploads.StateReplaced); !e.Due.IsZero() {
			t.Errorf("due %v after a claim", e.Due)
		}
		l.wantClaimed(t, "a", true)
	}},
	sentence{"of a claim and a purge at the same instant exactly one happens", func(t *testing.T, l testLedger) {
		other := l.another(t)
		for round := range 30 {
			id := fmt.Sprint("upload", round)
			l.decided(t, id, uploads.StateAccepted)
			var claimed, purged bool
			var both sync.WaitGroup
			both.Go(func() { claimed, _ = l.Claim(t.Context(), id) })
			both.Go(func() { purged, _ = l.purge(t.Context(), other, id) })
			both.Wait()
			if purged == claimed {
				t.Fatalf("purged %v, claimed %v", purged, claimed)
			}
		}
	}},
	sentence{"erasure marks all uploads of one subject, in the given profiles, claimed or not", func(t *testing.T, l testLedger) {
		music, bob := entry("b"), entry("c")
		music.Profile, bob.Subject = "music", "bob"
		l.issue(t, music, bob)
		l.decided(t, "a", uploads.StateAccepted)
		l.wantClaimed(t, "a", true)
		l.wantErasure(t, 1, 1, "photos")
		l.wantClaimed(t, "a", false)
		l.wantErasure(t, 0, 1, "photos")
		l.wantErasure(t, 1, 2)
		if _, err := l.Erase(t.Context(), ""); err == nil {
			t.Error("erased an empty subject")
		}
		due, err := l.Due(t.Context(), 10)
		if err != nil || len(due) != 2 || slices.ContainsFunc(due, func(e uploads.Entry) bool { return e.Subject != "alice" || e.Erased.IsZero() }) {
			t.Errorf("due are %+v, %v", due, err)
		}
	}},
	sentence{"erasure goes on until nothing is pending, in steps of a bounded size", func(t *testing.T, l testLedger) {
		entries := make([]uploads.Entry, uploads.ErasedAtOnce+3)
		for i := range entries {
			entries[i] = entry(fmt.Sprintf("id%04d", i))
		}
		l.issue(t, entries...)
		l.wantErasure(t, uploads.ErasedAtOnce, pendingAtMost)
		l.wantErasure(t, 3, pendingAtMost)
		for {
			due, err := l.Due(t.Context(), 1000)
			wantError(t, err, nil)
			if len(due) == 0 {
				break
			}
			// As if each had been looked up, one by one to spare the test the time.
			_, err = l.write.Exec("UPDATE postern_uploads SET due = NULL")
			wantError(t, err, nil)
		}
		l.wantErasure(t, 0, 0)
	}},
	sentence{"an upload that is to be erased isn't accepted, and one that was accepted stays due", func(t *testing.T, l testLedger) {
		l.issue(t, entry("open"))
		l.decided(t, "accepted", uploads.StateAccepted)
		l.wantErasure(t, 2, 2)
		if now, recorded, err := l.Decide(t.Context(), entry("open"), l.decision(uploads.StateAccepted)); recorded || err != nil || now.State != uploads.StateIssued || now.Erased.IsZero() {
			t.Errorf("recorded %v as %q, erased %v, %v", recorded, now.State, now.Erased, err)
		}
		l.decided(t, "accepted", uploads.StateReplaced)
		for _, id := range []string{"open", "accepted"} {
			if e := l.found(t, id); e.Due.IsZero() {
				t.Errorf("%s isn't due", id)
			}
		}
	}},
	sentence{"an erasure says since when every record is there", func(t *testing.T, l testLedger) {
		since := func(wanted time.Time) {
			t.Helper()
			if e, err := l.Erase(t.Context(), "bob"); err != nil || !e.Since.Equal(wanted) {
				t.Errorf("since %v, wanted %v: %v", e.Since, wanted, err)
			}
		}
		since(start)
		l.issue(t, entry("a"), entry("b"))
		l.clock.move(time.Hour)
		since(start)
		l.clock.move(defaultKeep)
		since(start.Add(time.Hour)) // records of that age may be gone
	}},
	sentence{"the records of erased uploads go once their tokens have ended and everybody was told", func(t *testing.T, l testLedger) {
		l.decided(t, "a", uploads.StateAccepted)
		l.Erase(t.Context(), "alice")
		l.decided(t, "a", uploads.StateRemoved)
		l.clock.move(24*time.Hour - time.Second)
		l.wantRetained(t, 0)
		l.clock.move(time.Second)
		l.wantRetained(t, 0) // deliveries wait
		l.deliverAll(t)
		l.wantRetained(t, 1)
		if list := l.deliveries(t); len(list) != 0 {
			t.Errorf("%d deliveries of it are still there", len(list))
		}
	}},
	sentence{"records are kept for the configured time, and longer while something is due or waits", func(t *testing.T, l testLedger) {
		l.decided(t, "told", uploads.StateAccepted)
		l.deliverAll(t)
		l.decided(t, "waits", uploads.StateAccepted)
		l.issue(t, entry("due"))
		open := entry("open")
		open.Ends = start.Add(2 * defaultKeep)
		l.issue(t, open)
		l.decided(t, "open", uploads.StateAborted)
		l.clock.move(defaultKeep - time.Second)
		l.wantRetained(t, 0)
		l.clock.move(time.Second)
		l.wantRetained(t, 1)
		l.found(t, "waits")
		l.found(t, "due")
		l.deliverAll(t)
		l.wantRetained(t, 1)
		l.found(t, "open")
		l.clock.move(defaultKeep)
		l.wantRetained(t, 1)
	}},
	sentence{"what waits for a receiver that is gone keeps no record for longer than the configured time", func(t *testing.T, l testLedger) {
		receivers := l.config.Receivers
		l.decided(t, "a", uploads.StateRefused)
		l.clock.move(2 * defaultKeep)
		l.wantRetained(t, 0)
		wantError(t, l.SetReceivers(nil), nil)
		l.wantRetained(t, 1)

		wantError(t, l.SetReceivers(receivers), nil)
		l.decided(t, "erased", uploads.StateAborted)
		l.Erase(t.Context(), "alice")
		wantError(t, l.Postpone(t.Context(), l.found(t, "erased"), time.Time{}), nil) // nothing of it is stored
		wantError(t, l.SetReceivers(nil), nil)
		l.clock.move(defaultKeep - time.Second)
		l.wantRetained(t, 0) // the receiver may come back
		l.clock.move(time.Second)
		l.wantRetained(t, 1)
	}},
	sentence{"leases that killed processes have left are deleted after a day", func(t *testing.T, l testLedger) {
		leases := func() (n int) {
			wantError(t, l.read.QueryRowContext(t.Context(), "SELECT COUNT(*) FROM postern_leases").Scan(&n), nil)
			return n
		}
		l.TakeLease(t.Context(), "upload a", "a process that is killed")
		l.clock.move(oldLease - time.Second)
		l.TakeLease(t.Context(), "upload b", "a process that runs")
		l.wantRetained(t, 0)
		if n := leases(); n != 2 {
			t.Errorf("%d leases are left, wanted 2", n)
		}
		l.clock.move(time.Second)
		l.wantRetained(t, 0)
		if n := leases(); n != 1 {
			t.Errorf("%d leases are left, wanted 1", n)
		}
	}},
	sentence{"a list by subject has pages, the latest first, and can be narrowed", func(t *testing.T, l testLedger) {
		for i := range 7 {
			e := entry(fmt.Sprint("id", i))
			e.Profile = []string{"photos", "files"}[i%2]
			l.issue(t, e)
		}
		other := entry("id8")
		other.Subject = "bob"
		l.issue(t, other)
		l.decided(t, "id4", uploads.StateAccepted)
		if got := l.pages(t, uploads.Query{Subject: "alice", Limit: 3}); got != "[[id6 id5 id4] [id3 id2 id1] [id0]]" {
			t.Errorf("pages are %s", got)
		}
		for _, c := range []struct {
			q      uploads.Query
			wanted string
		}{
			{uploads.Query{Subject: "alice", Profiles: []string{"files"}}, "[id5 id3 id1]"},
			{uploads.Query{Subject: "alice", Profiles: []string{"files", "photos"}, State: uploads.StateAccepted}, "[id4]"},
			{uploads.Query{Subject: "bob"}, "[id8]"},
			{uploads.Query{Subject: "nobody"}, "[]"},
			{uploads.Query{AllSubjects: true, State: uploads.StateIssued, Profiles: []string{"photos"}}, "[id8 id6 id2 id0]"},
		} {
			c.q.Limit = 10
			if got := l.pages(t, c.q); got != "["+c.wanted+"]" {
				t.Errorf("%+v lists %s, wanted %s", c.q, got, c.wanted)
			}
		}
	}},
	sentence{"a page looks at a bounded number of records, and the next one goes on behind them", func(t *testing.T, l testLedger) {
		entries := make([]uploads.Entry, scanned+2)
		for i := range entries {
			entries[i] = entry(fmt.Sprintf("id%04d", i))
		}
		l.issue(t, entries...)
		l.decided(t, "id0000", uploads.StateAccepted)
		l.decided(t, "id0001", uploads.StateAccepted)
		if got := l.pages(t, uploads.Query{Subject: "alice", State: uploads.StateAccepted, Limit: 2}); got != "[[] [id0001 id0000] []]" {
			t.Errorf("pages are %s", got)
		}
	}},
	sentence{"what is due is listed by its time, and postponed unless the upload has changed", func(t *testing.T, l testLedger) {
		later := entry("b")
		later.Due = start.Add(10 * time.Minute)
		l.issue(t, entry("a"), later)
		if due, err := l.Due(t.Context(), 10); len(due) != 0 || err != nil {
			t.Errorf("%d are due, wanted none: %v", len(due), err)
		}
		l.clock.move(15 * time.Minute)
		due, err := l.Due(t.Context(), 10)
		if err != nil || len(due) != 2 || due[0].ID != "b" || due[1].ID != "a" {
			t.Fatalf("due are %+v, %v", due, err)
		}
		d := l.decision(uploads.StateAborted)
		d.Due = start.Add(time.Hour)
		l.Decide(t.Context(), entry("a"), d)
		wantError(t, l.Postpone(t.Context(), due[1], time.Time{}), nil)
		wantError(t, l.Postpone(t.Context(), due[0], time.Time{}), nil)
		if a, b := l.found(t, "a"), l.found(t, "b"); !a.Due.Equal(start.Add(time.Hour)) || !b.Due.IsZero() {
			t.Errorf("a is due %v, b %v", a.Due, b.Due)
		}
	}},
)

// pages are the IDs that a query lists, page by page.
func (l testLedger) pages(t *testing.T, q uploads.Query) string {
	t.Helper()
	var pages [][]string
	for len(pages) < 10 {
		list, next, err := l.Uploads(t.Context(), q)
		wantError(t, err, nil)
		ids := make([]string, len(list))
		for i, e := range list {
			ids[i] = e.ID
		}
		pages = append(pages, ids)
		if next == "" {
			break
		}
		q.After = next
	}
	return fmt.Sprint(pages)
}

func (l testLedger) wantClaimed(t *testing.T, id string, claimed bool) {
	t.Helper()
	if got, err := l.Claim(t.Context(), id); got != claimed || err != nil {
		t.Fatalf("claimed %v, wanted %v: %v", got, claimed, err)
	}
}

// wantErasure erases uploads of alice.
func (l testLedger) wantErasure(t *testing.T, marked, pending int64, profiles ...string) {
	t.Helper()
	if e, err := l.Erase(t.Context(), "alice", profiles...); e.Marked != marked || e.Pending != pending || err != nil {
		t.Fatalf("%d marked and %d pending, wanted %d and %d: %v", e.Marked, e.Pending, marked, pending, err)
	}
}

func (l testLedger) wantRetained(t *testing.T, deleted int64) {
	t.Helper()
	if n, err := l.Retain(t.Context()); n != deleted || err != nil {
		t.Fatalf("%d records were deleted, wanted %d: %v", n, deleted, err)
	}
}

// deliverAll has every receiver take what waits for it.
func (l testLedger) deliverAll(t *testing.T) {
	t.Helper()
	for _, r := range l.config.Receivers {
		list, err := l.TakeDeliveries(t.Context(), r.Name, 100)
		wantError(t, err, nil)
		for _, d := range list {
			wantError(t, l.FinishDelivery(t.Context(), d, Attempt{State: DeliveryDone, Status: 200}), nil)
		}
	}
}
