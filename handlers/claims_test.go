package handlers_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"net/http"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/postern-dev/postern/handlers"
	records "github.com/postern-dev/postern/handlers/ledger"
	"github.com/postern-dev/postern/handlers/problem"
	"github.com/postern-dev/postern/handlers/uploads"
	"github.com/postern-dev/postern/policy/profile"
)

// unclaimedFor gives every profile a time after which unclaimed uploads are removed.
func unclaimedFor(span time.Duration) func(*handlers.Config) {
	return func(c *handlers.Config) {
		for i := range c.Profiles {
			c.Profiles[i].Unclaimed = span
		}
	}
}

// accepted is an upload that was completed.
func (s lateSite) accepted() *plan {
	s.t.Helper()
	p := s.issue("pictures", "garden.png", "image/png", 4000)
	p.send(png(4000))
	p.complete()
	return p
}

func wantCode(t *testing.T, err error, code problem.Code) {
	t.Helper()
	var refused *problem.Error
	if !errors.As(err, &refused) || refused.Code != code {
		t.Errorf("wanted %s, got %v", code, err)
	}
}

func removeUnclaimed(t *testing.T, ledger newLedgerOf) {
	var removed []string
	s := lateSiteWith(t, ledger, unclaimedFor(time.Hour), func(c *handlers.Config) {
		c.OnRemoved = func(_ context.Context, u uploads.Completed) error { removed = append(removed, u.ID); return nil }
	})
	issued := s.issue("pictures", "garden.png", "image/png", 4000)
	wantCode(t, s.handlers.Claim(t.Context(), issued.ID), problem.Incomplete)
	wantCode(t, s.handlers.Claim(t.Context(), "nothing"), problem.UnknownUpload)
	claimed, unclaimed := s.accepted(), s.accepted()
	for range 2 {
		if err := s.handlers.Claim(t.Context(), claimed.ID); err != nil {
			t.Fatal(err)
		}
	}
	s.clock.move(59 * minute)
	s.work()
	unclaimed.mustBeStored(true)
	s.clock.move(minute + 1)
	s.anotherProcess().work()
	unclaimed.mustBeStored(false)
	claimed.mustBeStored(true)
	s.ledger.entry(t, unclaimed.ID, uploads.StateRemoved, 2)
	s.ledger.entry(t, claimed.ID, uploads.StateAccepted, 1)
	wantCode(t, s.handlers.Claim(t.Context(), unclaimed.ID), problem.UploadExpired)
	if !slices.Equal(removed, []string{unclaimed.ID}) {
		t.Errorf("told of the removal of %q", removed)
	}
}

// changeUnclaimed has the profile's time changed after an upload was accepted: the new one counts.
func changeUnclaimed(t *testing.T, ledger newLedgerOf) {
	s := lateSiteWith(t, ledger, unclaimedFor(time.Hour))
	kept := s.accepted()
	for _, c := range []struct {
		later   int // seconds
		changed time.Duration
	}{{61 * minute, 3 * time.Hour}, {120 * minute, 0}} {
		other := s
		other.edits = slices.Concat(s.edits, []func(*handlers.Config){unclaimedFor(c.changed)})
		s.clock.move(c.later)
		other.anotherProcess().work()
		kept.mustBeStored(true)
	}
	s.clock.move(2 * day)
	s.work()
	kept.mustBeStored(true)
	if e := s.ledger.found(t, kept.ID); !e.Due.IsZero() {
		t.Errorf("due %v although nothing was to be removed any more", e.Due)
	}
}

// claimedAtOnce is how many uploads are claimed and removed at once; .ci/long takes more.
func claimedAtOnce() int {
	if os.Getenv("POSTERN_LONG") != "" {
		return 300
	}
	return 12
}

// claimAgainst has uploads claimed at random moments while others remove them, for some of which
// the claim is too late. Whoever was told that an upload is claimed has its object afterwards.
func (s lateSite) claimAgainst(list []*plan, remove func()) {
	s.t.Helper()
	var all sync.WaitGroup
	var mu sync.Mutex // guards kept
	kept := map[string]bool{}
	all.Go(remove)
	for _, p := range list {
		pause := time.Duration(rand.Int64N(int64(len(list)) * int64(20*time.Millisecond)))
		all.Go(func() {
			<-time.After(pause)
			err := s.handlers.Claim(s.t.Context(), p.ID)
			for problem.From(err).Code == problem.StoreUnavailable { // SQLite has one writer, and many wait
				err = s.handlers.Claim(s.t.Context(), p.ID)
			}
			if err != nil {
				wantCode(s.t, err, problem.UploadExpired)
			}
			mu.Lock()
			defer mu.Unlock()
			kept[p.ID] = err == nil
		})
	}
	all.Wait()
	claimed := 0
	for _, p := range list {
		p.mustBeStored(kept[p.ID])
		if !kept[p.ID] {
			s.ledger.entry(s.t, p.ID, uploads.StateRemoved, 2)
			continue
		}
		claimed++
		s.ledger.entry(s.t, p.ID, uploads.StateAccepted, 1)
	}
	s.t.Logf("%d of %d were claimed in time", claimed, len(list))
}

func claimAgainstPurge(t *testing.T, ledger newLedgerOf) {
	s := lateSiteWith(t, ledger, unclaimedFor(time.Hour))
	jobs := s.anotherProcess()
	var list []*plan
	for range claimedAtOnce() {
		list = append(list, s.accepted())
	}
	s.clock.move(60*minute + 1)
	s.claimAgainst(list, jobs.work)
}

func claimAgainstVisitor(t *testing.T, ledger newLedgerOf) {
	s := lateSiteWith(t, ledger, func(c *handlers.Config) { c.Profiles[0].Removable = time.Hour })
	other := s.anotherProcess()
	var list []*plan
	for range claimedAtOnce() {
		list = append(list, s.accepted())
	}
	s.claimAgainst(list, func() {
		for _, p := range list {
			if a := p.at(other.site).call("DELETE", "", ""); a.status != http.StatusNoContent {
				a.refused(problem.AlreadyCompleted)
			}
		}
	})
}

// told collects what OnAccepted is called with.
type told struct {
	mu     sync.Mutex
	calls  []uploads.Completed
	answer func(call int) error // nil: always nil
}

func (o *told) in(c *handlers.Config) {
	c.OnAccepted = func(_ context.Context, u uploads.Completed) error {
		o.mu.Lock()
		defer o.mu.Unlock()
		if o.calls = append(o.calls, u); o.answer == nil {
			return nil
		}
		return o.answer(len(o.calls))
	}
}

func (o *told) all() []uploads.Completed {
	o.mu.Lock()
	defer o.mu.Unlock()
	return slices.Clone(o.calls)
}

// runUntil lets a process run until something holds.
func (s lateSite) runUntil(what string, holds func() bool) {
	s.t.Helper()
	ctx, cancel := context.WithCancel(s.t.Context())
	done := make(chan struct{})
	go func() { defer close(done); s.handlers.Run(ctx) }()
	defer func() { cancel(); <-done }()
	for end := time.Now().Add(20 * time.Second); !holds(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			s.t.Fatalf("waited in vain for %s", what)
		}
	}
}

func tellUntilItSucceeds(t *testing.T, ledger newLedgerOf) {
	o := &told{}
	s := lateSiteWith(t, ledger, o.in, withDownload(""))
	o.answer = func(call int) error {
		switch call {
		case 1:
			return errors.New("the application's database is away")
		case 2:
			panic("a mistake in the application")
		}
		return nil
	}
	p := s.accepted()
	if len(o.all()) != 0 || !strings.Contains(s.log.String(), "OnAccepted waits") {
		t.Errorf("told %d times before Run was called; the log is %s", len(o.all()), s.log)
	}
	for calls, state := range []records.DeliveryState{records.DeliveryWaiting, records.DeliveryWaiting, records.DeliveryDone} {
		s.runUntil("a call", func() bool { return len(o.all()) == calls+1 })
		if got := deliveryState(t, s.ledger); got != state {
			t.Errorf("after %d calls the delivery is %s", calls+1, got)
		}
		s.clock.move(10 * minute) // beyond the pause after a failure
	}
	for _, u := range o.all() {
		if u.ID != p.ID || u.Size != 4000 || u.Subject != profile.Guest || u.Receipt == "" || u.URL == "" || u.Metadata["source"] != "web" {
			t.Errorf("told of %+v", u)
		}
	}
}

func deliveryState(t *testing.T, l *testLedger) records.DeliveryState {
	t.Helper()
	list, err := l.Deliveries(t.Context(), records.DeliveryQuery{Limit: 10})
	if err != nil || len(list) != 1 || list[0].Receiver != "OnAccepted" {
		t.Fatalf("deliveries are %+v, %v", list, err)
	}
	return list[0].State
}

// tellAfterACrash has a process take a delivery and end before it has said how that went, and
// another upload whose browser is gone.
func tellAfterACrash(t *testing.T, ledger newLedgerOf) {
	o := &told{}
	s := lateSiteWith(t, ledger, o.in)
	s.accepted()
	if taken, err := s.ledger.TakeDeliveries(t.Context(), "OnAccepted", 1); err != nil || len(taken) != 1 {
		t.Fatal(taken, err)
	}
	lost := s.issue("pictures", "garden.png", "image/png", 4000)
	lost.send(png(4000))
	refused := s.issue("pictures", "garden.png", "image/png", 4000)
	refused.send(slices.Concat([]byte("no picture"), make([]byte, 3990)))
	refused.call("POST", "/complete", "").refused(problem.TypeNotAllowed)
	s.clock.move(lifetimeOfForms + 1)
	s.anotherProcess().runUntil("two calls", func() bool { return len(o.all()) == 2 })
	if got := o.all(); got[0].ID == got[1].ID || !slices.ContainsFunc(got, func(u uploads.Completed) bool { return u.ID == lost.ID }) {
		t.Errorf("told of %+v", got)
	}
}

// tellNothingOfWhatIsGone has uploads erased and removed before OnAccepted was called.
func tellNothingOfWhatIsGone(t *testing.T, ledger newLedgerOf) {
	o := &told{}
	s := lateSiteWith(t, ledger, o.in, func(c *handlers.Config) { c.Profiles[0].Removable = time.Hour })
	s.accepted().abort()
	erased := s.issue("pictures", "garden.png", "image/png", 4000, "Authorization", "Bearer alice")
	erased.send(png(4000))
	erased.complete()
	if _, err := s.handlers.Erase(t.Context(), "alice"); err != nil {
		t.Fatal(err)
	}
	s.runUntil("the deliveries", func() bool {
		list, err := s.ledger.Deliveries(t.Context(), records.DeliveryQuery{State: records.DeliveryDone, Limit: 10})
		return err == nil && len(list) == 2
	})
	if calls := o.all(); len(calls) != 0 {
		t.Errorf("told of %+v", calls)
	}
}

// erasingLedger has exactly so many uploads to mark as one step takes.
type erasingLedger struct {
	uploads.Ledger
	steps int
}

func (l *erasingLedger) Erase(context.Context, string, ...string) (uploads.Erasure, error) {
	l.steps++
	return uploads.Erasure{Marked: []int64{uploads.ErasedAtOnce, 0}[l.steps-1], Pending: 7}, nil
}

func TestErasureEndsWhereAStepMarksNothing(t *testing.T) {
	t.Parallel()
	l := &erasingLedger{}
	s := newSite(t, func(c *handlers.Config) { c.Ledger = l })
	if e, err := s.handlers.Erase(t.Context(), "alice"); err != nil || e.Marked != uploads.ErasedAtOnce || e.Pending != 7 || l.steps != 2 {
		t.Errorf("got %+v after %d steps, %v", e, l.steps, err)
	}
}

func TestWhatNeedsALedgerIsRefusedWithoutOne(t *testing.T) {
	t.Parallel()
	for want, edit := range map[string]func(*handlers.Config){
		"unclaimed: wanted a Ledger":  unclaimedFor(time.Hour),
		"OnAccepted: wanted a Ledger": (&told{}).in,
		"Backend: wanted a Ledger":    withBackend,
	} {
		c := (&site{t: t, url: "https://uploads.example.com"}).config()
		edit(&c)
		if _, err := handlers.New(c); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, wanted %s", err, want)
		}
	}
	s := newSite(t)
	wantCode(t, s.handlers.Claim(t.Context(), "a"), problem.Internal)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	s.handlers.Run(ctx) // ends
}

func TestWhileTheLedgerIsAwayClaimsAreAnOutage(t *testing.T) {
	t.Parallel()
	l := newLedger(t)
	s := newSite(t, l.in, withBackend)
	l.away.Store(true)
	wantCode(t, s.handlers.Claim(t.Context(), "a"), problem.StoreUnavailable)
	s.asBackend("GET", "/uploads/a").refused(problem.StoreUnavailable)
}
