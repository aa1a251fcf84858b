package ledger

import (
	"context"
	"errors"
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
		wantError(t, l.Claim(t.Context(), "a", "photos"), nil)
		l.clock.move(time.Minute)
		wantError(t, l.Claim(t.Context(), "a"), nil)
		if e := l.found(t, "a"); !e.Claimed.Equal(start) || !e.Due.IsZero() {
			t.Errorf("claimed at %v, due %v", e.Claimed, e.Due)
		}
		if recorded, err := l.purge(t.Context(), l.Ledger, "a"); recorded || err != nil {
			t.Errorf("purged a claimed upload: %v, %v", recorded, err)
		}
	}},
	sentence{"only what is accepted can be claimed, and only in the given profiles", func(t *testing.T, l testLedger) {
		wantError(t, l.Claim(t.Context(), "a"), ErrUnknown)
		l.issue(t, entry("a"))
		wantError(t, l.Claim(t.Context(), "a"), ErrNotAccepted)
		l.decided(t, "a", uploads.StateAccepted)
		wantError(t, l.Claim(t.Context(), "a", "files", "music"), ErrUnknown)
		wantError(t, l.Claim(t.Context(), "a", "files", "photos"), nil)
		l.decided(t, "a", uploads.StateRemoved)
		wantError(t, l.Claim(t.Context(), "a"), ErrNotAccepted)
	}},
	sentence{"of a claim and a purge at the same instant exactly one happens", func(t *testing.T, l testLedger) {
		other := l.another(t)
		for round := range 30 {
			id := fmt.Sprint("upload", round)
			l.decided(t, id, uploads.StateAccepted)
			var claim error
			var purged bool
			var both sync.WaitGroup
			both.Go(func() { claim = l.Claim(t.Context(), id) })
			both.Go(func() { purged, _ = l.purge(t.Context(), other, id) })
			both.Wait()
			if purged == (claim == nil) || purged && !errors.Is(claim, ErrNotAccepted) {
				t.Fatalf("purged %v, and the claim says %v", purged, claim)
			}
		}
	}},
	sentence{"erasure marks all uploads of one subject, in the given profiles, claimed or not", func(t *testing.T, l testLedger) {
		music, bob := entry("b"), entry("c")
		music.Profile, bob.Subject = "music", "bob"
		l.issue(t, music, bob)
		l.decided(t, "a", uploads.StateAccepted)
		wantError(t, l.Claim(t.Context(), "a"), nil)
		if n, err := l.Erase(t.Context(), "alice", "photos"); n != 1 || err != nil {
			t.Errorf("marked %d, wanted 1: %v", n, err)
		}
		wantError(t, l.Claim(t.Context(), "a"), ErrNotAccepted)
		if n, err := l.Erase(t.Context(), "alice"); n != 2 || err != nil {
			t.Errorf("marked %d, wanted 2: %v", n, err)
		}
		if _, err := l.Erase(t.Context(), ""); err == nil {
			t.Error("erased an empty subject")
		}
		due, err := l.Due(t.Context(), 10)
		if err != nil || len(due) != 2 || slices.ContainsFunc(due, func(e uploads.Entry) bool { return e.Subject != "alice" || e.Erased.IsZero() }) {
			t.Errorf("due are %+v, %v", due, err)
		}
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
		var pages [][]string
		q := Query{Subject: "alice", Limit: 3}
		for len(pages) < 5 {
			ids := l.ids(t, q)
			if pages = append(pages, ids); len(ids) < q.Limit {
				break
			}
			q.After = ids[len(ids)-1]
		}
		if got := fmt.Sprint(pages); got != "[[id6 id5 id4] [id3 id2 id1] [id0]]" {
			t.Errorf("pages are %s", got)
		}
		for _, c := range []struct {
			q      Query
			wanted string
		}{
			{Query{Subject: "alice", Profiles: []string{"files"}}, "[id5 id3 id1]"},
			{Query{Subject: "alice", Profiles: []string{"files", "photos"}, State: uploads.StateAccepted}, "[id4]"},
			{Query{Subject: "bob"}, "[id8]"},
			{Query{Subject: "nobody"}, "[]"},
		} {
			c.q.Limit = 10
			if got := fmt.Sprint(l.ids(t, c.q)); got != c.wanted {
				t.Errorf("%+v lists %s, wanted %s", c.q, got, c.wanted)
			}
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

// ids are those of the uploads that a query lists.
func (l testLedger) ids(t *testing.T, q Query) []string {
	t.Helper()
	list, err := l.Uploads(t.Context(), q)
	if err != nil {
		t.Fatal(err)
	}
	ids := make([]string, len(list))
	for i, e := range list {
		ids[i] = e.ID
	}
	return ids
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
