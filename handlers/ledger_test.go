package handlers_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/postern-dev/postern/handlers"
	records "github.com/postern-dev/postern/handlers/ledger"
	"github.com/postern-dev/postern/handlers/problem"
	"github.com/postern-dev/postern/handlers/uploads"
	"github.com/postern-dev/postern/policy/profile"
)

// testLedger is a real ledger on SQLite that can be taken away, and that can be late to know.
type testLedger struct {
	*records.Ledger
	away atomic.Bool
	late atomic.Bool // Find doesn't know yet what others have decided
}

func newLedger(t testing.TB) *testLedger { return newLedgerAt(t, newClock()) }

// newLedgerAt is a ledger whose time the test moves.
func newLedgerAt(t testing.TB, c *clock) *testLedger {
	t.Helper()
	return &testLedger{Ledger: openRecords(t, records.Config{URL: "sqlite:" + filepath.Join(t.TempDir(), "postern.db"), Now: c.now,
		Receivers: []records.Receiver{{Name: "application"}}})}
}

// openRecords opens a ledger until the test ends.
func openRecords(t testing.TB, c records.Config) *records.Ledger {
	t.Helper()
	opened, err := records.Open(c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = opened.Close() })
	return opened
}

var errAway = errors.New("the database is away")

func (l *testLedger) Issue(ctx context.Context, entries ...uploads.Entry) error {
	if l.away.Load() {
		return errAway
	}
	return l.Ledger.Issue(ctx, entries...)
}

func (l *testLedger) Decide(ctx context.Context, issued uploads.Entry, d uploads.Decision) (uploads.Entry, bool, error) {
	if l.away.Load() {
		return uploads.Entry{}, false, errAway
	}
	return l.Ledger.Decide(ctx, issued, d)
}

func (l *testLedger) Find(ctx context.Context, id string) (uploads.Entry, bool, error) {
	if l.away.Load() {
		return uploads.Entry{}, false, errAway
	}
	e, known, err := l.Ledger.Find(ctx, id)
	if l.late.Load() {
		e.State = uploads.StateIssued
	}
	return e, known, err
}

func (l *testLedger) Ready(ctx context.Context) error {
	if l.away.Load() {
		return errAway
	}
	return l.Ledger.Ready(ctx)
}

// in gives the handlers of a site the ledger.
func (l *testLedger) in(c *handlers.Config) { c.Ledger = l }

// required makes them refuse what can't be recorded.
func required(c *handlers.Config) { c.LedgerRequired = true }

// entry returns the record of an upload, which has to be in a state after so many events.
func (l *testLedger) entry(t *testing.T, id string, state uploads.State, events int64) uploads.Entry {
	t.Helper()
	e, known, err := l.Ledger.Find(t.Context(), id)
	if err != nil || !known || e.State != state || e.Sequence != events {
		t.Fatalf("wanted %s after %d events, got %q after %d: known %v, %v", state, events, e.State, e.Sequence, known, err)
	}
	return e
}

// claim claims an upload, which has to be accepted.
func (l *testLedger) claim(t *testing.T, id string) {
	t.Helper()
	if claimed, err := l.Claim(t.Context(), id); !claimed || err != nil {
		t.Fatal(claimed, err)
	}
}

func TestEveryUploadIsRecordedBeforeItsAnswerIsSent(t *testing.T) {
	t.Parallel()
	l := newLedger(t)
	s := newSite(t, l.in)
	p := s.issue("pictures", "garden.png", "image/png", 4000, "Authorization", "Bearer alice")
	e := l.entry(t, p.ID, uploads.StateIssued, 0)
	if e.Subject != "alice" || e.Profile != "pictures" || !strings.Contains(string(e.Claims), `"key":"`+p.Key+`"`) || e.Due.Sub(e.Issued).Truncate(time.Minute) != 15*time.Minute {
		t.Errorf("recorded %+v", e)
	}
	parts := s.issue("films", "plot.txt", "text/plain", 11<<20, "Authorization", "Bearer alice")
	if e := l.entry(t, parts.ID, uploads.StateIssued, 0); !e.Due.Equal(e.Ends) {
		t.Errorf("parts are due %v, wanted their end, %v", e.Due, e.Ends)
	}
	var batch struct{ Uploads []struct{ Upload plan } }
	s.call("POST", "/uploads/batch", `{"profile":"pictures","files":[{"filename":"a.png","type":"image/png","size":100},{"filename":"b.png","type":"image/png","size":100}]}`).into(http.StatusOK, &batch)
	for _, u := range batch.Uploads {
		l.entry(t, u.Upload.ID, uploads.StateIssued, 0)
	}
	f := s.form("pictures")
	l.entry(t, f.id(t), uploads.StateIssued, 0)
}

// id is that of a form's upload, by its key.
func (f form) id(t *testing.T) string {
	t.Helper()
	for _, field := range f.fields {
		if field[0] == "key" {
			name := field[1][strings.LastIndex(field[1], "/")+1:]
			return strings.TrimSuffix(name, filepath.Ext(name))
		}
	}
	t.Fatal("the form has no key")
	return ""
}

func TestProcessesWithOneLedgerAgree(t *testing.T) {
	t.Parallel()
	for _, way := range ways {
		t.Run(way.method, func(t *testing.T) {
			t.Parallel()
			l := newLedger(t)
			one, two := newSite(t, append(way.edits, l.in)...), newSite(t, append(way.edits, l.in)...)
			issue := func() *plan {
				p := one.issue(way.profile, way.filename, way.kind, len(way.content), "Authorization", "Bearer alice")
				p.send(way.content)
				return p
			}
			p := issue()
			done := p.at(two).complete()
			if again := p.complete(); again != done {
				t.Errorf("one process answers %+v, the other %+v", done, again)
			}
			if told := len(one.completions()) + len(two.completions()); told != 1 {
				t.Errorf("the application was told %d times, wanted once", told)
			}
			e := l.entry(t, p.ID, uploads.StateAccepted, 1)
			var data map[string]any
			if err := json.Unmarshal(e.Data, &data); err != nil || data["jti"] != p.ID || data["key"] != p.Key || data["sub"] != "alice" || data["etag"] != done.ETag {
				t.Errorf("the event says %s", e.Data)
			}
			p.call("DELETE", "", "").refused(problem.AlreadyCompleted)

			aborted := issue()
			aborted.abort()
			aborted.at(two).call("POST", "/complete", "").refused(problem.UploadExpired)
			aborted.at(two).abort()
			aborted.mustBeStored(false)
			l.entry(t, aborted.ID, uploads.StateAborted, 1)
		})
	}
}

func TestCompletionsInTwoProcessesAtOnceAreAcceptedOnce(t *testing.T) {
	t.Parallel()
	l := newLedger(t)
	sites := []*site{newSite(t, l.in), newSite(t, l.in)}
	p := sites[0].issue("pictures", "garden.png", "image/png", 4000)
	p.send(png(4000))
	var all sync.WaitGroup
	for i := range 10 {
		all.Go(func() { p.at(sites[i%2]).complete() })
	}
	all.Wait()
	l.entry(t, p.ID, uploads.StateAccepted, 1)
}

func TestARefusalIsKnownToEachProcessAndCanBeMadeGood(t *testing.T) {
	t.Parallel()
	l := newLedger(t)
	one, two := newSite(t, l.in), newSite(t, l.in)
	f := one.form("pictures")
	f.send([]byte("no picture at all, but long enough"))
	if a := one.call("GET", f.landing(), ""); a.status != problem.TypeNotAllowed.Status() {
		t.Errorf("the landing page has status %d", a.status)
	}
	e := l.entry(t, f.id(t), uploads.StateRefused, 1)
	if !strings.Contains(string(e.Data), `"code":"type_not_allowed"`) || e.Due.IsZero() {
		t.Errorf("recorded %s, due %v", e.Data, e.Due)
	}
	if a := two.call("GET", f.landing(), ""); a.status != problem.TypeNotAllowed.Status() {
		t.Errorf("the other process's landing page has status %d", a.status)
	}
	f.send(png(3000))
	if a := two.call("GET", f.landing(), ""); a.status != http.StatusOK {
		t.Errorf("after a good file the landing page has status %d", a.status)
	}
	l.entry(t, f.id(t), uploads.StateAccepted, 2)
}

func TestAnObjectThatAnotherProcessAcceptedIsNeverRemoved(t *testing.T) {
	t.Parallel()
	l := newLedger(t)
	one := newSite(t, l.in)
	stricter := newSite(t, l.in, only("pictures", func(p *profile.Profile) { p.Types = []string{"image/jpeg"} }))
	p := one.issue("pictures", "garden.png", "image/png", 4000)
	p.send(png(4000))
	done := p.complete()
	l.late.Store(true) // as if both had looked before either decided
	if other := p.at(stricter).complete(); other != done {
		t.Errorf("the other process answers %+v, wanted %+v", other, done)
	}
	p.mustBeStored(true)
}

func TestAClaimEndsTheVisitorsRemoval(t *testing.T) {
	t.Parallel()
	l := newLedger(t)
	s := newSite(t, l.in, removable(newClock(), time.Hour))
	for _, claimed := range []bool{false, true} {
		p := s.issue("pictures", "garden.png", "image/png", 4000)
		p.send(png(4000))
		p.complete()
		if claimed {
			l.claim(t, p.ID)
			p.call("DELETE", "", "").refused(problem.AlreadyCompleted)
			p.mustBeStored(true)
			continue
		}
		p.abort()
		p.mustBeStored(false)
		l.entry(t, p.ID, uploads.StateRemoved, 2)
		p.call("POST", "/complete", "").refused(problem.UploadExpired)
	}
}

func TestWithoutItsLedgerAServerGoesOnUnlessTheLedgerIsRequired(t *testing.T) {
	t.Parallel()
	l := newLedger(t)
	s, strict := newSite(t, l.in), newSite(t, l.in, required)
	before := s.issue("pictures", "garden.png", "image/png", 4000)
	before.send(png(4000))
	l.away.Store(true)
	before.complete()
	during := s.issue("pictures", "garden.png", "image/png", 4000)
	during.send(png(4000))
	if a := s.call("GET", "/readyz", ""); a.status != http.StatusOK || strings.TrimSpace(string(a.body)) != `{"degraded":["ledger"]}` {
		t.Errorf("ready says %d %s", a.status, a.body)
	}
	strict.call("GET", "/readyz", "").refused(problem.StoreUnavailable)
	refused := strict.call("POST", "/uploads", `{"profile":"pictures","filename":"garden.png","type":"image/png","size":4000}`)
	if refused.refused(problem.StoreUnavailable); refused.header.Get("Retry-After") == "" {
		t.Error("the refusal has no Retry-After")
	}
	batch := strict.call("POST", "/uploads/batch", `{"profile":"pictures","files":[{"filename":"a.png","type":"image/png","size":100}]}`)
	if !strings.Contains(string(batch.body), string(problem.StoreUnavailable)) {
		t.Errorf("the batch answers %s", batch.body)
	}
	during.at(strict).call("POST", "/complete", "").refused(problem.StoreUnavailable)

	l.away.Store(false)
	if a := s.call("GET", "/readyz", ""); string(a.body) != "ready\n" {
		t.Errorf("ready says %d %s", a.status, a.body)
	}
	before.complete() // answered from memory while the ledger was away, and recorded now
	l.entry(t, before.ID, uploads.StateAccepted, 1)
	during.complete()
	l.entry(t, during.ID, uploads.StateAccepted, 1)
	if told := len(s.completions()); told != 2 {
		t.Errorf("the application was told %d times, wanted 2", told)
	}
}

func TestUploadsInPartsThatCannotBeRecordedLeaveNothingAtTheStore(t *testing.T) {
	t.Parallel()
	l := newLedger(t)
	s := newSite(t, l.in, required, withKey("films", "unrecorded/{subject}/{id}{ext}"))
	l.away.Store(true)
	s.call("POST", "/uploads", `{"profile":"films","filename":"plot.txt","type":"text/plain","size":11534336}`, "Authorization", "Bearer alice").refused(problem.StoreUnavailable)
	if n := openUploads(t, "unrecorded/"); n != 0 {
		t.Errorf("%d multipart uploads are open at the store", n)
	}
}

// withKey puts a profile's objects at keys of its own, for a test that looks what is there.
func withKey(name, key string) func(*handlers.Config) {
	return only(name, func(p *profile.Profile) { p.Key = key })
}
