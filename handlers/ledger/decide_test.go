package ledger

import (
	"bytes"
	"context"
	"database/sql"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/postern-dev/postern/handlers/uploads"
)

// states are all states of an upload.
var states = []uploads.State{uploads.StateIssued, uploads.StateAccepted, uploads.StateRefused, uploads.StateAborted,
	uploads.StateExpired, uploads.StateReplaced, uploads.StateRemoved}

// paths lead from an issued upload into each state.
var paths = map[uploads.State][]uploads.State{
	uploads.StateIssued: nil, uploads.StateAccepted: {uploads.StateAccepted}, uploads.StateRefused: {uploads.StateRefused},
	uploads.StateAborted: {uploads.StateAborted}, uploads.StateExpired: {uploads.StateExpired},
	uploads.StateReplaced: {uploads.StateAccepted, uploads.StateReplaced}, uploads.StateRemoved: {uploads.StateAccepted, uploads.StateRemoved},
}

// permitted are the changes of state that the ledger records, written out.
var permitted = map[uploads.State][]uploads.State{
	uploads.StateIssued:   {uploads.StateAccepted, uploads.StateRefused, uploads.StateAborted, uploads.StateExpired},
	uploads.StateAccepted: {uploads.StateReplaced, uploads.StateRemoved},
	uploads.StateRefused:  {uploads.StateAccepted, uploads.StateAborted},
	uploads.StateExpired:  {uploads.StateAccepted, uploads.StateRefused, uploads.StateAborted},
	uploads.StateReplaced: {uploads.StateRemoved},
}

var _ = onBoth(
	sentence{"an issued upload is found as it was recorded", func(t *testing.T, l testLedger) {
		l.issue(t, entry("a"))
		e := l.found(t, "a")
		if e.ID != "a" || e.Profile != "photos" || e.Subject != "alice" || string(e.Claims) != `{"jti":"a"}` || e.State != uploads.StateIssued ||
			e.Sequence != 0 || !e.Issued.Equal(start) || !e.Ends.Equal(start.Add(24*time.Hour)) || !e.Due.Equal(start.Add(15*time.Minute)) ||
			!e.Claimed.IsZero() || e.Data != nil {
			t.Errorf("found %+v", e)
		}
		if _, known, err := l.Find(t.Context(), "b"); known || err != nil {
			t.Errorf("an upload that was never issued: known %v, %v", known, err)
		}
	}},
	sentence{"issuing an upload again changes nothing", func(t *testing.T, l testLedger) {
		l.issue(t, entry("a"))
		l.decided(t, "a", uploads.StateAccepted)
		l.issue(t, entry("a"), entry("b"))
		if got := l.found(t, "a").State; got != uploads.StateAccepted {
			t.Errorf("the upload is %q", got)
		}
		l.found(t, "b")
	}},
	sentence{"a subject with NUL spoils no batch", func(t *testing.T, l testLedger) {
		e := entry("a")
		e.Subject = "al\x00ice"
		l.issue(t, e, entry("b"))
		if got := l.found(t, "a").Subject; got != "al\uFFFDice" {
			t.Errorf("the subject is %q", got)
		}
	}},
	sentence{"each change of state is recorded or not, as the table says", func(t *testing.T, l testLedger) {
		for _, from := range states {
			for _, to := range states {
				id := string(from + "-" + to)
				l.issue(t, entry(id))
				for _, s := range paths[from] {
					l.decided(t, id, s)
				}
				before := l.found(t, id)
				e, recorded, err := l.Decide(t.Context(), entry(id), l.decision(to))
				if wanted := slices.Contains(permitted[from], to); err != nil || recorded != wanted {
					t.Errorf("from %s to %s: recorded %v, wanted %v: %v", from, to, recorded, wanted, err)
				}
				if !recorded && (e.State != before.State || e.Sequence != before.Sequence || !bytes.Equal(e.Data, before.Data)) {
					t.Errorf("from %s to %s changed the upload to %+v", from, to, e)
				}
			}
		}
	}},
	sentence{"each change counts the sequence up and has an event of its own", func(t *testing.T, l testLedger) {
		for i, s := range []uploads.State{uploads.StateRefused, uploads.StateAccepted, uploads.StateReplaced, uploads.StateRemoved} {
			if e := l.decided(t, "a", s); e.Sequence != int64(i+1) {
				t.Errorf("%s has sequence %d, wanted %d", s, e.Sequence, i+1)
			}
		}
		var told []string
		for _, d := range l.deliveries(t) {
			if d.Receiver == "application" {
				told = append(told, string(d.Data))
			}
		}
		wanted := []string{`{"state":"refused"}`, `{"state":"accepted"}`, `{"state":"replaced"}`, `{"state":"removed"}`}
		if !slices.Equal(told, wanted) {
			t.Errorf("the events say %q, wanted %q", told, wanted)
		}
	}},
	sentence{"an upload that was issued while the ledger was away is recorded when it is decided", func(t *testing.T, l testLedger) {
		l.decided(t, "a", uploads.StateAccepted)
		if e := l.found(t, "a"); e.State != uploads.StateAccepted || e.Sequence != 1 || string(e.Claims) != `{"jti":"a"}` {
			t.Errorf("found %+v", e)
		}
		e, recorded, err := l.Decide(t.Context(), entry("b"), l.decision(uploads.StateRemoved))
		if err != nil || recorded || e.State != uploads.StateIssued {
			t.Errorf("removing an upload that was never accepted: %q, recorded %v, %v", e.State, recorded, err)
		}
	}},
	sentence{"two processes that decide at the same time agree", func(t *testing.T, l testLedger) {
		nodes := []*Ledger{l.Ledger, l.another(t), l.another(t), l.another(t)}
		for round := range 20 {
			id := "upload" + string(rune('a'+round))
			l.issue(t, entry(id))
			entries, recorded := make([]uploads.Entry, len(nodes)), make([]bool, len(nodes))
			var all sync.WaitGroup
			for i, node := range nodes {
				all.Go(func() {
					var err error
					entries[i], recorded[i], err = node.Decide(t.Context(), entry(id), l.decision([]uploads.State{uploads.StateAccepted, uploads.StateAborted}[i%2]))
					if err != nil {
						t.Error(err)
					}
				})
			}
			all.Wait()
			if n := len(slices.DeleteFunc(recorded, func(r bool) bool { return !r })); n != 1 {
				t.Errorf("%d of %d decisions were recorded, wanted 1", n, len(nodes))
			}
			for _, e := range entries {
				if e.State != entries[0].State || e.Sequence != 1 {
					t.Errorf("one process has %q, another %q", entries[0].State, e.State)
				}
			}
		}
	}},
	sentence{"a process that ends between two steps has decided nothing and tells nobody", func(t *testing.T, l testLedger) {
		for _, step := range []string{"event", "delivery", "commit"} {
			id := "ended at " + step
			l.issue(t, entry(id))
			ctx := l.canceledAt(t, step)
			if _, _, err := l.Decide(ctx, entry(id), l.decision(uploads.StateAccepted)); err == nil {
				t.Fatalf("at %s: the decision was recorded", step)
			}
			l.reached = func(string) {}
			if e := l.found(t, id); e.State != uploads.StateIssued || e.Sequence != 0 {
				t.Errorf("at %s: the upload is %q", step, e.State)
			}
			if list := l.deliveries(t); len(list) != 0 {
				t.Errorf("at %s: %d deliveries", step, len(list))
			}
		}
	}},
	sentence{"a connection that breaks before the commit leaves the upload as it was, and the next call works", func(t *testing.T, l testLedger) {
		l.issue(t, entry("a"))
		other := l.another(t)
		wantError(t, other.Migrate(t.Context()), nil)
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		other.reached = func(step string) {
			switch {
			case step == "commit" && l.engine.name == postgresEngine.name:
				breakConnections(t, l.write)
			case step == "commit": // a file has no connection that could break
				cancel()
			}
		}
		if _, _, err := other.Decide(ctx, entry("a"), l.decision(uploads.StateAborted)); err == nil {
			t.Error("the decision was recorded")
		}
		other.reached = func(string) {}
		l.clock.move(awayPause)
		e, recorded, err := other.Decide(t.Context(), entry("a"), l.decision(uploads.StateAborted))
		if err != nil || !recorded || e.Sequence != 1 {
			t.Errorf("the next decision: recorded %v, %d events, %v", recorded, e.Sequence, err)
		}
		if n := len(l.deliveries(t)); n != 1 {
			t.Errorf("%d deliveries, wanted 1", n)
		}
	}},
	sentence{"calls after an outage fail at once for a second", func(t *testing.T, l testLedger) {
		wantError(t, l.Migrate(t.Context()), nil)
		l.outage.set(l.clock.read())
		_, _, err := l.Find(t.Context(), "a")
		wantError(t, err, ErrAway)
		wantError(t, l.Issue(t.Context(), entry("a")), ErrAway)
		l.clock.move(awayPause)
		l.issue(t, entry("a"))
	}},
	sentence{"a caller that has left is no outage", func(t *testing.T, l testLedger) {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if _, _, err := l.Find(ctx, "a"); err == nil {
			t.Error("found an upload for a caller that has left")
		}
		l.issue(t, entry("a"))
	}},
	sentence{"a hundred callers at once have their uploads recorded", func(t *testing.T, l testLedger) {
		var all sync.WaitGroup
		for i := range 100 {
			all.Go(func() {
				l.issue(t, entry("a"+string(rune('0'+i/10))+string(rune('0'+i%10))), entry("b"+string(rune('A'+i))))
			})
		}
		all.Wait()
		list, _, err := l.Uploads(t.Context(), uploads.Query{Subject: "alice", Limit: 1000})
		if err != nil || len(list) != 200 {
			t.Errorf("%d uploads, wanted 200: %v", len(list), err)
		}
	}},
)

// breakConnections ends every other connection to a PostgreSQL database.
func breakConnections(t *testing.T, db *sql.DB) {
	t.Helper()
	if _, err := db.Exec("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"); err != nil {
		t.Error(err)
	}
}
