package ledger

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/postern-dev/postern/cmd/postern/testpostgres"
	"github.com/postern-dev/postern/handlers/uploads"
)

// start is when the clock of every test begins.
var start = time.Date(2026, 11, 27, 12, 0, 0, 0, time.UTC)

// testLedger is a ledger on an empty database, with a clock that the test moves.
type testLedger struct {
	*Ledger
	config Config
	clock  *clock
}

// clock is a clock that stands still until it is moved.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) read() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) move(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// databases are the two databases; each test makes an empty one by its URL.
var databases = []struct {
	name    string
	prepare func(t testing.TB) (emptyDatabase func(testing.TB) string)
}{
	{"SQLite", func(testing.TB) func(testing.TB) string {
		return func(t testing.TB) string { return "sqlite:" + filepath.Join(t.TempDir(), "postern.db") }
	}},
	{"PostgreSQL", func(t testing.TB) func(testing.TB) string { return testpostgres.Start(t).Database }},
}

// sentences are what holds on both databases.
var sentences []sentence

type sentence struct {
	says string
	test func(*testing.T, testLedger)
}

// onBoth adds sentences to the suite.
func onBoth(more ...sentence) bool {
	sentences = append(sentences, more...)
	return true
}

func TestBothDatabases(t *testing.T) {
	t.Parallel()
	for _, db := range databases {
		t.Run(db.name, func(t *testing.T) {
			t.Parallel()
			emptyDatabase := db.prepare(t)
			t.Run("holds", func(t *testing.T) {
				for _, s := range sentences {
					t.Run(s.says, func(t *testing.T) {
						t.Parallel()
						s.test(t, open(t, emptyDatabase(t)))
					})
				}
			})
		})
	}
}

// open opens a database with one receiver of everything and one of acceptances of "photos".
func open(t testing.TB, url string) testLedger {
	t.Helper()
	c := &clock{now: start}
	l := testLedger{clock: c, config: Config{URL: url, Now: c.read, Logger: slog.New(slog.DiscardHandler), Receivers: []Receiver{
		{Name: "application"}, {Name: "hook", Profile: "photos", States: []uploads.State{uploads.StateAccepted}},
	}}}
	l.Ledger = l.another(t)
	return l
}

// another opens the same database once more, as another process would.
func (l testLedger) another(t testing.TB) *Ledger {
	t.Helper()
	opened, err := Open(l.config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { opened.Close() })
	return opened
}

// entry is an upload that was issued at the beginning and can be completed for a day.
func entry(id string) uploads.Entry {
	return uploads.Entry{ID: id, Profile: "photos", Subject: "alice", Claims: []byte(`{"jti":"` + id + `"}`), State: uploads.StateIssued,
		Issued: start, Ends: start.Add(24 * time.Hour), Changed: start, Due: start.Add(15 * time.Minute)}
}

// issue records uploads.
func (l testLedger) issue(t testing.TB, entries ...uploads.Entry) {
	t.Helper()
	if err := l.Issue(t.Context(), entries...); err != nil {
		t.Fatal(err)
	}
}

// decided moves an upload into a state, which has to be recorded.
func (l testLedger) decided(t testing.TB, id string, s uploads.State) uploads.Entry {
	t.Helper()
	e, recorded, err := l.Decide(t.Context(), entry(id), l.decision(s))
	if err != nil || !recorded || e.State != s {
		t.Fatalf("%s: recorded %v as %q, %v", s, recorded, e.State, err)
	}
	return e
}

func (l testLedger) decision(s uploads.State) uploads.Decision {
	return uploads.Decision{State: s, At: l.clock.read(), Data: fmt.Appendf(nil, `{"state":%q}`, s)}
}

// found returns an upload that has to be there.
func (l testLedger) found(t testing.TB, id string) uploads.Entry {
	t.Helper()
	e, known, err := l.Find(t.Context(), id)
	if err != nil || !known {
		t.Fatalf("upload %q: known %v, %v", id, known, err)
	}
	return e
}

// deliveries returns all deliveries, whatever became of them.
func (l testLedger) deliveries(t testing.TB) []Delivery {
	t.Helper()
	list, err := l.Deliveries(t.Context(), DeliveryQuery{Limit: 1000})
	if err != nil {
		t.Fatal(err)
	}
	return list
}

// taken takes the one delivery that has to be due for a receiver.
func (l testLedger) taken(t testing.TB, by *Ledger, receiver string) Delivery {
	t.Helper()
	list, err := by.TakeDeliveries(t.Context(), receiver, 10)
	if err != nil || len(list) != 1 {
		t.Fatalf("took %d deliveries for %s, wanted 1: %v", len(list), receiver, err)
	}
	return list[0]
}

// wantNoneDue fails where a delivery is due for a receiver.
func (l testLedger) wantNoneDue(t testing.TB, by *Ledger, receiver string) {
	t.Helper()
	list, err := by.TakeDeliveries(t.Context(), receiver, 10)
	if err != nil || len(list) != 0 {
		t.Fatalf("took %d deliveries for %s, wanted none: %v", len(list), receiver, err)
	}
}

// wantError fails where err isn't the wanted one; nil wants none.
func wantError(t testing.TB, err, wanted error) {
	t.Helper()
	if !errors.Is(err, wanted) {
		t.Fatalf("got error %v, wanted %v", err, wanted)
	}
}

// canceledAt makes the ledger's transactions end at a step, as if the process were killed there.
func (l testLedger) canceledAt(t testing.TB, step string) context.Context {
	ctx, cancel := context.WithCancel(t.Context())
	t.Cleanup(cancel)
	l.reached = func(at string) {
		if at == step {
			cancel()
		}
	}
	return ctx
}
