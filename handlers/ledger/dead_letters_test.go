package ledger

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/postern-dev/postern/handlers/uploads"
)

// giveUp finishes what is due for a receiver as dead letters, and returns their IDs.
func (l testLedger) giveUp(t *testing.T, receiver string) (ids []string) {
	t.Helper()
	list, err := l.TakeDeliveries(t.Context(), receiver, 100)
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range list {
		wantError(t, l.FinishDelivery(t.Context(), d, Attempt{State: DeliveryFailed, Status: 500, Reason: "status"}), nil)
		ids = append(ids, d.ID)
	}
	return ids
}

// listed are the IDs of the deliveries of a query, page by page.
func (l testLedger) listed(t *testing.T, q DeliveryQuery) (ids []string) {
	t.Helper()
	q.Limit = 2
	for {
		page, err := l.Deliveries(t.Context(), q)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range page {
			ids = append(ids, d.ID)
		}
		if len(page) < q.Limit {
			return ids
		}
		q.After = page[len(page)-1].ID
	}
}

// wantBacklogs wants the backlogs, each as receiver, waiting, failed and the minutes since the
// start of the oldest event that waits; "-" where none does.
func (l testLedger) wantBacklogs(t *testing.T, wanted ...string) {
	t.Helper()
	list, err := l.Backlogs(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	got := make([]string, len(list))
	for i, b := range list {
		oldest := "-"
		if !b.Oldest.IsZero() {
			oldest = fmt.Sprint(b.Oldest.Sub(start).Minutes())
		}
		got[i] = fmt.Sprint(b.Receiver, " ", b.Waiting, " ", b.Failed, " ", oldest)
	}
	if strings.Join(got, ", ") != strings.Join(wanted, ", ") {
		t.Errorf("backlogs are %q, wanted %q", got, wanted)
	}
}

var _ = onBoth(
	sentence{"dead letters of many uploads are listed by pages, counted for each receiver and replayed one by one", func(t *testing.T, l testLedger) {
		for i := range 5 {
			l.decided(t, fmt.Sprint("upload", i), uploads.StateAccepted)
		}
		l.clock.move(time.Minute)
		l.decided(t, "upload4", uploads.StateRemoved)
		dead := l.giveUp(t, "hook")
		l.wantBacklogs(t, "application 6 0 0", "hook 0 5 -")
		if got := l.listed(t, DeliveryQuery{State: DeliveryFailed}); fmt.Sprint(got) != fmt.Sprint(dead) {
			t.Errorf("dead letters are %q, wanted %q", got, dead)
		}
		if got := l.listed(t, DeliveryQuery{Upload: "upload4"}); len(got) != 3 {
			t.Errorf("deliveries of one upload are %q, wanted 3", got)
		}
		if got := l.listed(t, DeliveryQuery{Upload: "upload4", ID: dead[4]}); len(got) != 1 || got[0] != dead[4] {
			t.Errorf("the delivery of an ID is %q, wanted %q", got, dead[4])
		}
		if got := l.listed(t, DeliveryQuery{Upload: "upload4", State: DeliveryFailed}); len(got) != 1 || got[0] != dead[4] {
			t.Errorf("dead letters of one upload are %q, wanted %q", got, dead[4])
		}
		wantError(t, l.Replay(t.Context(), dead[1]), nil)
		wantError(t, l.Replay(t.Context(), dead[3]), nil)
		l.wantBacklogs(t, "application 6 0 0", "hook 2 3 0")
		if got := l.giveUp(t, "hook"); fmt.Sprint(got) != fmt.Sprint([]string{dead[1], dead[3]}) {
			t.Errorf("sent again are %q, wanted %q", got, []string{dead[1], dead[3]})
		}
		l.wantBacklogs(t, "application 6 0 0", "hook 0 5 -")
		if all := l.listed(t, DeliveryQuery{}); len(all) != 11 {
			t.Errorf("%d deliveries are listed, wanted 11", len(all))
		}
		if none := l.listed(t, DeliveryQuery{State: "lost"}); none != nil {
			t.Errorf("of a state that there isn't, %q are listed", none)
		}
	}},
	sentence{"what was delivered is sent again under its ID when it is replayed", func(t *testing.T, l testLedger) {
		l.decided(t, "a", uploads.StateAccepted)
		d := l.taken(t, l.Ledger, "hook")
		wantError(t, l.FinishDelivery(t.Context(), d, Attempt{State: DeliveryDone, Status: 204}), nil)
		wantError(t, l.Replay(t.Context(), d.ID), nil)
		if again := l.taken(t, l.Ledger, "hook"); again.ID != d.ID || string(again.Data) != string(d.Data) || again.Sequence != d.Sequence {
			t.Errorf("took %+v, wanted %+v", again, d)
		}
	}},
	sentence{"a replay while the delivery is being sent makes it due once more, and the attempt under way changes nothing", func(t *testing.T, l testLedger) {
		l.decided(t, "a", uploads.StateAccepted)
		d := l.taken(t, l.Ledger, "hook")
		wantError(t, l.Replay(t.Context(), d.ID), nil)
		wantError(t, l.FinishDelivery(t.Context(), d, Attempt{State: DeliveryFailed}), ErrLeaseLost)
		l.taken(t, l.another(t), "hook")
	}},
	sentence{"records with dead letters go with the rest, those with replayed ones stay", func(t *testing.T, l testLedger) {
		l.decided(t, "a", uploads.StateAccepted)
		dead := append(l.giveUp(t, "hook"), l.giveUp(t, "application")...)
		wantError(t, l.Postpone(t.Context(), l.found(t, "a"), time.Time{}), nil)
		wantError(t, l.Replay(t.Context(), dead[0]), nil)
		l.clock.move(defaultKeep + 48*time.Hour)
		l.wantRetained(t, 0)
		l.giveUp(t, "hook")
		l.wantRetained(t, 1)
		l.wantBacklogs(t)
	}},
	sentence{"the latest uploads of all subjects are listed where that is asked for, and of nobody else", func(t *testing.T, l testLedger) {
		for i, subject := range []string{"alice", "bob", "alice"} {
			e := entry(fmt.Sprint("id", i))
			e.Subject = subject
			l.issue(t, e)
		}
		if got := l.pages(t, uploads.Query{AllSubjects: true, Limit: 2}); got != "[[id2 id1] [id0]]" {
			t.Errorf("pages are %s", got)
		}
		if got := l.pages(t, uploads.Query{Limit: 2}); got != "[[]]" {
			t.Errorf("without a subject %s are listed", got)
		}
	}},
)

func TestBacklogsAndDeadLettersAreReadByTheirIndexes(t *testing.T) {
	t.Parallel()
	l := open(t, databases[0].prepare(t)(t))
	wantError(t, l.Migrate(t.Context()), nil)
	for _, query := range []string{countBacklogs, "SELECT COUNT(*) FROM postern_deliveries d WHERE d.state = 'failed'"} {
		rows, err := l.read.QueryContext(t.Context(), "EXPLAIN QUERY PLAN "+query)
		if err != nil {
			t.Fatal(err)
		}
		plan, err := scanAll(rows, func(row scanner) (text string, err error) {
			var a, b, c any
			return text, row.Scan(&a, &b, &c, &text)
		})
		if all := strings.Join(plan, "\n"); err != nil || strings.Contains(all, "SCAN d\n") || !strings.Contains(all, "postern_deliveries_failed") {
			t.Errorf("%s is read by\n%s\n%v", query, all, err)
		}
	}
}
