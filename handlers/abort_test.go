package handlers_test

import (
	"context"
	"errors"
	"net/http"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/postern-dev/postern/handlers"
	"github.com/postern-dev/postern/handlers/problem"
	"github.com/postern-dev/postern/handlers/receipts"
	"github.com/postern-dev/postern/handlers/uploads"
	"github.com/postern-dev/postern/policy/profile"
)

// removable lets visitors remove uploads for a time, by a clock that the test moves.
func removable(c *clock, span time.Duration) func(*handlers.Config) {
	return func(config *handlers.Config) {
		config.Now = c.now
		for i := range config.Profiles {
			config.Profiles[i].Removable = span
		}
	}
}

// abort takes an upload back and wants that to succeed.
func (p *plan) abort() {
	p.site.t.Helper()
	if a := p.call("DELETE", "", ""); a.status != http.StatusNoContent {
		p.site.t.Fatalf("abort: got %d %s", a.status, a.body)
	}
}

func (p *plan) mustBeStored(want bool) {
	p.site.t.Helper()
	if _, object := stored(p.site.t, p.Key); (object != nil) != want {
		p.site.t.Errorf("object stored: wanted %v, got %v", want, object != nil)
	}
}

func TestAnUploadIsTakenBackBeforeItIsAccepted(t *testing.T) {
	t.Parallel()
	for _, way := range ways {
		for _, sent := range []bool{false, true} {
			t.Run(way.method, func(t *testing.T) {
				t.Parallel()
				s := newSite(t, way.edits...)
				p := s.issue(way.profile, way.filename, way.kind, len(way.content), "Authorization", "Bearer alice")
				if sent {
					p.send(way.content)
				}
				p.abort()
				p.mustBeStored(false)
				p.call("POST", "/complete", "").refused(problem.UploadExpired)
				p.abort()
				if told := len(s.completions()); told != 0 {
					t.Errorf("the application was told %d times", told)
				}
			})
		}
	}
}

func TestABodyThatArrivesAfterCancellingIsRemoved(t *testing.T) {
	t.Parallel()
	for _, way := range ways[:2] {
		t.Run(way.method, func(t *testing.T) {
			t.Parallel()
			clock := newClock()
			s := newSite(t, append(way.edits, removable(clock, 0))...)
			asked, looked := s.issue(way.profile, way.filename, way.kind, len(way.content)), s.issue(way.profile, way.filename, way.kind, len(way.content))
			asked.abort()
			looked.abort()
			asked.send(way.content)
			looked.send(way.content)
			asked.call("POST", "/complete", "").refused(problem.UploadExpired)
			asked.mustBeStored(false)
			looked.mustBeStored(true)
			clock.move(15*60 + 5*60 + 2)
			other := s.issue(way.profile, way.filename, way.kind, len(way.content))
			other.abort() // any call gives the look-ups a turn, as the timer does
			waitFor(t, "the late object to be removed", func() bool {
				_, object := stored(t, looked.Key)
				return object == nil
			})
		})
	}
}

// waitFor waits until a condition holds.
func waitFor(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for end := time.Now().Add(20 * time.Second); !holds(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("waited in vain for %s", what)
		}
	}
}

func TestAnAcceptedUploadIsRemovedWithinItsTime(t *testing.T) {
	t.Parallel()
	for _, way := range ways {
		for _, c := range []struct {
			name    string
			seconds int
			gone    bool
		}{{"before", 3500, true}, {"after", 3602, false}} {
			t.Run(way.method+" "+c.name, func(t *testing.T) {
				t.Parallel()
				clock := newClock()
				var removed atomic.Pointer[uploads.Completed]
				s := newSite(t, append(way.edits, removable(clock, time.Hour), func(c *handlers.Config) {
					c.OnRemoved = func(_ context.Context, done uploads.Completed) error { removed.Store(&done); return nil }
				})...)
				p := s.issue(way.profile, way.filename, way.kind, len(way.content), "Authorization", "Bearer alice")
				p.send(way.content)
				p.complete()
				clock.move(c.seconds)
				if !c.gone {
					p.call("DELETE", "", "").refused(problem.AlreadyCompleted)
					p.mustBeStored(true)
					p.complete()
					return
				}
				p.abort()
				p.mustBeStored(false)
				p.call("POST", "/complete", "").refused(problem.UploadExpired)
				if told := removed.Load(); told == nil || told.ID != p.ID || told.Subject != "alice" || told.Key != p.Key {
					t.Errorf("OnRemoved got %+v", told)
				}
			})
		}
	}
}

func TestTheTimeToRemoveIncludesItsLastInstant(t *testing.T) {
	t.Parallel()
	clock := &standingClock{now: time.Now()}
	s := newSite(t, func(c *handlers.Config) { c.Now = clock.read }, func(c *handlers.Config) { c.Profiles[0].Removable = time.Minute })
	first, second := s.issue("pictures", "garden.png", "image/png", 4000), s.issue("pictures", "garden.png", "image/png", 4000)
	for _, p := range []*plan{first, second} {
		p.send(png(4000))
		p.complete()
	}
	clock.move(time.Minute)
	first.abort()
	clock.move(time.Nanosecond)
	second.call("DELETE", "", "").refused(problem.AlreadyCompleted)
	second.mustBeStored(true)
}

func TestNothingAcceptedIsRemovedWhereTheProfileDoesNotAllowIt(t *testing.T) {
	t.Parallel()
	for _, way := range ways {
		t.Run(way.method, func(t *testing.T) {
			t.Parallel()
			s, later := newSite(t, way.edits...), newSite(t, way.edits...)
			p := s.issue(way.profile, way.filename, way.kind, len(way.content), "Authorization", "Bearer alice")
			p.send(way.content)
			p.complete()
			p.call("DELETE", "", "").refused(problem.AlreadyCompleted)
			p.at(later).call("DELETE", "", "").refused(problem.AlreadyCompleted)
			p.mustBeStored(true)
		})
	}
}

func TestAfterARestartAnObjectThatFitsCountsAsAccepted(t *testing.T) {
	t.Parallel()
	for _, way := range ways {
		t.Run(way.method, func(t *testing.T) {
			t.Parallel()
			clock := newClock()
			edits := append(way.edits, removable(clock, time.Hour))
			s := newSite(t, edits...)
			issue := func() *plan {
				p := s.issue(way.profile, way.filename, way.kind, len(way.content), "Authorization", "Bearer alice")
				p.send(way.content)
				p.complete()
				return p
			}
			early, late := issue(), issue()
			restarted := newSite(t, edits...)
			clock.move(3000)
			early.at(restarted).abort()
			early.mustBeStored(false)
			early.at(restarted).call("POST", "/complete", "").refused(problem.UploadExpired)
			clock.move(700)
			late.at(restarted).call("DELETE", "", "").refused(problem.AlreadyCompleted)
			late.mustBeStored(true)
		})
	}
}

func TestAfterARestartAnObjectThatBreaksItsPlanIsRemoved(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	p := s.issue("pictures", "garden.png", "image/png", 4000)
	p.send(pad("<html><script>", 4000))
	p.at(newSite(t)).abort()
	p.mustBeStored(false)
}

func TestAProcessThatIsNotAloneTakesAnArrivedObjectForAccepted(t *testing.T) {
	t.Parallel()
	clock := newClock()
	s, other := newSite(t, removable(clock, 0)), newSite(t, removable(clock, 0))
	clock.move(5)
	p := s.issue("pictures", "garden.png", "image/png", 4000)
	p.send(png(4000))
	p.at(other).complete()
	foreign := other.issue("pictures", "garden.png", "image/png", 4000)
	foreign.at(s).call("POST", "/complete", "").refused(problem.Incomplete)
	p.call("DELETE", "", "").refused(problem.AlreadyCompleted)
	p.mustBeStored(true)
}

func TestAnObjectUnderASharedKeyIsRemovedOnlyByWhomItWasAcceptedFrom(t *testing.T) {
	t.Parallel()
	s := newSite(t, removable(newClock(), time.Hour), only("pictures", func(p *profile.Profile) {
		p.Key, p.InsecureKey, p.Removable = "shared/"+t.Name()+"{ext}", true, time.Hour
	}))
	first, second := s.issue("pictures", "a.png", "image/png", 4000), s.issue("pictures", "b.png", "image/png", 4000)
	first.send(png(4000))
	first.complete()
	second.abort()
	first.mustBeStored(true)
	first.abort()
	first.mustBeStored(false)
}

func TestAnUploadThatAnotherVisitorHoldsIsNotTakenBack(t *testing.T) {
	t.Parallel()
	s := newSite(t, removable(newClock(), time.Hour))
	p := s.issue("pictures", "garden.png", "image/png", 4000, "Authorization", "Bearer alice")
	p.send(png(4000))
	p.complete()
	p.call("DELETE", "", "", "Authorization", "Bearer mallory").refused(problem.UnknownUpload)
	p.mustBeStored(true)
}

func TestAHostTakesBackAPlainForm(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	f := s.form("pictures")
	postForm(t, f.action, f.fields, png(3000))
	token := f.landing()[len("/forms/pictures/done/"):]
	if err := s.handlers.Abort(t.Context(), token); err != nil {
		t.Fatal(err)
	}
	if page := s.call("GET", f.landing(), ""); page.status != http.StatusGone {
		t.Errorf("landing: wanted 410, got %d %s", page.status, page.body)
	}
	if told := len(s.completions()); told != 0 {
		t.Errorf("the application was told %d times", told)
	}
	if err := s.handlers.Abort(t.Context(), token+"x"); problem.From(err).Code != problem.Unauthorized {
		t.Errorf("a changed token: got %v", err)
	}
}

func TestAHostLooksAgainAtWhatAReceiptIsAbout(t *testing.T) {
	t.Parallel()
	clock := newClock()
	s := newSite(t, removable(clock, time.Hour))
	complete := func() (*plan, string) {
		p := s.issue("pictures", "garden.png", "image/png", 4000, "Authorization", "Bearer alice")
		p.send(png(4000))
		var done struct{ Receipt string }
		p.call("POST", "/complete", "").into(http.StatusOK, &done)
		return p, done.Receipt
	}
	p, receipt := complete()
	if r, err := s.handlers.Verify(t.Context(), receipt); err != nil || r.ID != p.ID || r.Subject != "alice" {
		t.Errorf("got %+v %v", r, err)
	}
	storeObject(t, p.Key, "image/png", png(5000))
	if _, err := s.handlers.Verify(t.Context(), receipt); !errors.Is(err, uploads.ErrObjectReplaced) {
		t.Errorf("replaced: got %v", err)
	}
	if _, err := store.Client().DeleteObject(t.Context(), &s3.DeleteObjectInput{Bucket: aws.String(bucket), Key: &p.Key}); err != nil {
		t.Fatal(err)
	}
	if _, err := s.handlers.Verify(t.Context(), receipt); !errors.Is(err, uploads.ErrObjectDeleted) {
		t.Errorf("deleted: got %v", err)
	}
	var refused *receipts.Error
	for name, text := range map[string]string{"changed": flip(receipt), "an upload token": p.Token, "nothing": "", "dots": ".."} {
		if _, err := s.handlers.Verify(t.Context(), text); !errors.As(err, &refused) {
			t.Errorf("%s: got %v", name, err)
		}
	}
	removed, receipt := complete()
	removed.abort()
	if _, err := s.handlers.Verify(t.Context(), receipt); !errors.Is(err, uploads.ErrObjectDeleted) {
		t.Errorf("removed by its visitor: got %v", err)
	}
	_, receipt = complete()
	clock.move(25 * 3600)
	if _, err := s.handlers.Verify(t.Context(), receipt); !errors.Is(err, &receipts.Error{Reason: receipts.ReasonExpired}) {
		t.Errorf("expired: got %v", err)
	}
}
