package handlers_test

import (
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/postern-dev/postern/handlers"
	records "github.com/postern-dev/postern/handlers/ledger"
	"github.com/postern-dev/postern/handlers/uploads"
	"github.com/postern-dev/postern/policy/profile"
)

const (
	lifetimeOfForms = 15 * 60          // seconds, of the profiles of these tests
	lifetimeOfParts = 7 * 24 * 60 * 60 // seconds
	minute          = 60               // seconds
	day             = 24 * 60 * minute // seconds
)

// lateSite is a site whose browsers leave, on a clock that it shares with its ledger.
type lateSite struct {
	*site
	ledger *testLedger
	clock  *clock
	edits  []func(*handlers.Config)
}

func newLateSite(t *testing.T, edits ...func(*handlers.Config)) lateSite {
	t.Helper()
	return lateSiteWith(t, func(t *testing.T, c *clock) *testLedger { return newLedgerAt(t, c) }, edits...)
}

// lateSiteWith is newLateSite with a ledger on a database that the test chooses.
func lateSiteWith(t *testing.T, ledger newLedgerOf, edits ...func(*handlers.Config)) lateSite {
	t.Helper()
	c := newClock()
	l := ledger(t, c)
	edits = append(edits, l.in, func(config *handlers.Config) { config.Now = c.now })
	return lateSite{newSite(t, edits...), l, c, edits}
}

// anotherProcess is the same site after a restart.
func (s lateSite) anotherProcess() lateSite {
	s.site = newSite(s.t, s.edits...)
	return s
}

// work does what is due, as the jobs of this process would.
func (s lateSite) work() {
	s.t.Helper()
	if err := records.NewJobs(s.ledger.Ledger, func() records.LookUps { return s.handlers.Service() }).Once(s.t.Context()); err != nil {
		s.t.Fatal(err)
	}
}

func TestAnUploadWhoseBrowserIsGoneIsAcceptedWhenItsTimeEnds(t *testing.T) {
	t.Parallel()
	for _, way := range ways {
		t.Run(way.method, func(t *testing.T) {
			t.Parallel()
			s := newLateSite(t, way.edits...)
			p := s.issue(way.profile, way.filename, way.kind, len(way.content), "Authorization", "Bearer alice")
			p.send(way.content)
			end := lifetimeOfForms
			if way.method == "multipart" {
				end = lifetimeOfParts
			}
			s.clock.move(end - minute)
			s.work()
			s.ledger.entry(t, p.ID, uploads.StateIssued, 0)
			later := s.anotherProcess()
			s.clock.move(minute + 1)
			later.work()
			s.ledger.entry(t, p.ID, uploads.StateAccepted, 1)
			later.work()
			if told := later.completions(); len(told) != 1 || told[0].ID != p.ID || told[0].Subject != "alice" || told[0].Size != int64(len(way.content)) {
				t.Errorf("the application was told of %+v", told)
			}
			p.mustBeStored(true)
		})
	}
}

func TestAFormWithoutScriptThatNeverLandedIsAcceptedOrRefused(t *testing.T) {
	t.Parallel()
	s := newLateSite(t)
	good, bad := s.form("pictures"), s.form("pictures")
	good.send(png(3000))
	bad.send([]byte("no picture at all, but long enough"))
	s.clock.move(lifetimeOfForms + 1)
	s.work()
	s.ledger.entry(t, good.id(t), uploads.StateAccepted, 1)
	s.ledger.entry(t, bad.id(t), uploads.StateRefused, 1)
	if _, object := stored(t, bad.get("key")); object != nil {
		t.Error("the refused object is still there")
	}
	bad.send([]byte("no picture either, and the form still works at the store"))
	s.clock.move(10 * minute)
	s.work()
	if _, object := stored(t, bad.get("key")); object != nil {
		t.Error("what arrived after the refusal is still there")
	}
	if e := s.ledger.entry(t, bad.id(t), uploads.StateRefused, 1); !e.Due.IsZero() {
		t.Errorf("the refused upload is due again at %v", e.Due)
	}
}

func TestAnUploadOfWhichNothingArrivesExpiresAfterADayAndLeavesNoParts(t *testing.T) {
	t.Parallel()
	s := newLateSite(t)
	p := s.issue("pictures", "garden.png", "image/png", 4000)
	s.clock.move(lifetimeOfForms + 1)
	looked := 0
	for before := (time.Time{}); s.ledger.state(t, p.ID) == uploads.StateIssued; looked++ {
		s.work()
		e := s.ledger.found(t, p.ID)
		if e.State == uploads.StateIssued && !e.Due.After(before) || looked > 20 {
			t.Fatalf("looked up %d times, due again at %v", looked, e.Due)
		}
		before = e.Due
		s.clock.move(int(time.Until(e.Due)/time.Second) - int(time.Until(s.clock.now())/time.Second) + 1)
	}
	if s.ledger.entry(t, p.ID, uploads.StateExpired, 1); looked < 5 {
		t.Errorf("expired after %d look-ups", looked)
	}
	parts := s.issue("films", "plot.txt", "text/plain", 11<<20, "Authorization", "Bearer alice")
	s.clock.move(lifetimeOfParts + 1)
	s.work()
	s.ledger.entry(t, parts.ID, uploads.StateExpired, 1)
	if n := openUploads(t, parts.Key); n != 0 {
		t.Errorf("%d multipart uploads are still open", n)
	}
}

func TestAFileThatTakesHoursToArriveIsAcceptedThen(t *testing.T) {
	t.Parallel()
	s := newLateSite(t)
	p, late := s.issue("pictures", "garden.png", "image/png", 4000), s.issue("pictures", "garden.png", "image/png", 4000)
	s.clock.move(lifetimeOfForms + 1)
	s.work()
	p.send(png(4000))
	s.clock.move(2 * minute)
	s.work()
	s.ledger.entry(t, p.ID, uploads.StateAccepted, 1)

	s.clock.move(2 * day)
	s.work()
	s.ledger.entry(t, late.ID, uploads.StateExpired, 1)
	late.send(png(4000))
	late.complete()
	s.ledger.entry(t, late.ID, uploads.StateAccepted, 2)
}

func TestWhatArrivesAfterAnAbortIsRemovedAlsoByAnotherProcess(t *testing.T) {
	t.Parallel()
	s := newLateSite(t)
	p := s.issue("pictures", "garden.png", "image/png", 4000)
	p.abort()
	p.send(png(4000)) // a body that was on its way
	later := s.anotherProcess()
	s.clock.move(lifetimeOfForms + 6*minute)
	later.work()
	p.mustBeStored(false)
	if e := s.ledger.entry(t, p.ID, uploads.StateAborted, 1); !e.Due.IsZero() {
		t.Errorf("the aborted upload is due again at %v", e.Due)
	}
}

func TestAProcessThatEndsBeforeItHasRemovedAnObjectLeavesThatToAnother(t *testing.T) {
	t.Parallel()
	s := newLateSite(t)
	p := s.issue("pictures", "garden.png", "image/png", 4000)
	p.send(png(4000))
	p.complete()
	e := s.ledger.found(t, p.ID)
	decision := uploads.Decision{State: uploads.StateRemoved, At: s.clock.now(), Due: s.clock.now(), Data: e.Data}
	if _, recorded, err := s.ledger.Decide(t.Context(), e, decision); !recorded || err != nil {
		t.Fatal(recorded, err)
	}
	s.anotherProcess().work()
	p.mustBeStored(false)
	if e := s.ledger.entry(t, p.ID, uploads.StateRemoved, 2); e.Due.After(s.clock.now().Add(30 * time.Minute)) {
		t.Errorf("the removed upload is due again at %v", e.Due)
	}
}

func TestErasureRemovesEveryObjectOfASubject(t *testing.T) {
	t.Parallel()
	s := newLateSite(t)
	issue := func(subject string) *plan {
		p := s.issue("pictures", "garden.png", "image/png", 4000, "Authorization", "Bearer "+subject)
		p.send(png(4000))
		return p
	}
	claimed, open, bob := issue("alice"), issue("alice"), issue("bob")
	claimed.complete()
	bob.complete()
	s.ledger.claim(t, claimed.ID)
	if e, err := s.ledger.Erase(t.Context(), "alice"); e.Marked != 2 || err != nil {
		t.Fatal(e, err)
	}
	s.work()
	claimed.mustBeStored(false)
	open.mustBeStored(false)
	bob.mustBeStored(true)
	s.ledger.entry(t, claimed.ID, uploads.StateRemoved, 2)
	s.ledger.entry(t, open.ID, uploads.StateAborted, 1)
	s.ledger.entry(t, bob.ID, uploads.StateAccepted, 1)
	open.call("POST", "/complete", "")
	s.ledger.entry(t, open.ID, uploads.StateAborted, 1)
}

func TestAnObjectThatTookThePlaceOfAnAcceptedOneIsRecorded(t *testing.T) {
	t.Parallel()
	s := newLateSite(t)
	p := s.issue("pictures", "garden.png", "image/png", 4000)
	p.send(png(4000))
	p.complete()
	put(t, &s3.PutObjectInput{Key: aws.String(p.Key), Body: reader(append(png(3999), 1)), ContentType: aws.String("image/png"),
		Metadata: map[string]string{"source": "web", "filename": "garden.png"}, CacheControl: aws.String("no-cache")})
	p.call("POST", "/complete", "")
	s.ledger.entry(t, p.ID, uploads.StateReplaced, 2)
}

func TestAnUploadWhoseProfileIsGoneWaitsForIt(t *testing.T) {
	t.Parallel()
	s := newLateSite(t)
	p := s.issue("pictures", "garden.png", "image/png", 4000)
	p.send(png(4000))
	s.clock.move(lifetimeOfForms + 1)
	without := s
	without.edits = append(without.edits, only("files", func(*profile.Profile) {}))
	without.anotherProcess().work()
	s.ledger.entry(t, p.ID, uploads.StateIssued, 0)
	s.clock.move(60*minute + 1)
	s.work()
	s.ledger.entry(t, p.ID, uploads.StateAccepted, 1)
}

// found returns the record of an upload.
func (l *testLedger) found(t *testing.T, id string) uploads.Entry {
	t.Helper()
	e, known, err := l.Ledger.Find(t.Context(), id)
	if err != nil || !known {
		t.Fatalf("known %v, %v", known, err)
	}
	return e
}

func (l *testLedger) state(t *testing.T, id string) uploads.State {
	t.Helper()
	return l.found(t, id).State
}
