package uploads

import (
	"context"
	"errors"
	"time"

	"github.com/postern-dev/postern/handlers/problem"
)

// Pauses before an upload is looked up again.
const (
	minLookUpPause = time.Minute // also where store or application gave no answer
	lostProfile    = time.Hour   // where the profile is gone, in case it comes back
)

// LookUps looks up uploads at the store that are due by the ledger (Entry.Due), as many at once as
// visitors can make the service look up in all. done is called for each, also at the same time for
// several, with the time when the upload is due next; zero is never. When ctx ends those that
// weren't begun are left out: LookUps returns how many were. One that takes longer than 5 seconds
// goes on after LookUps has returned, also after ctx has ended.
func (s *Service) LookUps(ctx context.Context, due []Entry, done func(e Entry, next time.Time)) (begun int) {
	return s.charges.lookUps.start(ctx, len(due), func(i int) {
		next, err := verifier{s}.lookUp(context.WithoutCancel(ctx), due[i])
		if err != nil {
			s.config.Logger.WarnContext(ctx, "upload not looked up", "id", due[i].ID, "state", due[i].State, "next", next, "error", problem.LogText(err.Error()))
		}
		done(due[i], next)
	})
}

// lookUp does for an upload what its browser would have done, or the process that has aborted or
// removed it and ended meanwhile. next is when the upload is due again unless the ledger recorded a
// change.
func (s verifier) lookUp(ctx context.Context, e Entry) (next time.Time, err error) {
	now := s.config.Now()
	up, err := s.openEntry(e)
	if err != nil {
		return now.Add(lostProfile), err
	}
	later := now.Add(minLookUpPause)
	switch {
	case e.State == StateAborted || e.State == StateRemoved:
		if err := s.removeAgain(ctx, up, e); err != nil {
			return later, err
		}
		return up.nextArrival(now), nil
	case e.isAccepted():
		// The profile may have another time now than when the upload was accepted.
		if due := up.claimDue(e.Changed); e.Erased.IsZero() && (due.IsZero() || now.Before(due)) {
			return due, nil
		}
		return later, s.removeUnclaimed(ctx, up, e)
	case !e.Erased.IsZero():
		defer s.followUps.lock(up.ID)()
		return later, aborter(s).abortRecorded(ctx, up)
	}
	return s.completeLate(ctx, up, e)
}

// completeLate completes an upload whose browser is gone. Where nothing has arrived it looks again,
// after pauses that grow with the time, until nothing can arrive any more; then the upload is
// expired.
func (s verifier) completeLate(ctx context.Context, up OpenUpload, e Entry) (next time.Time, err error) {
	now := s.config.Now()
	_, err = s.complete(ctx, up, "")
	var refused *ObjectError
	var found *problem.Error
	switch {
	case err == nil || errors.As(err, &refused) && e.State == StateIssued:
		return now.Add(minLookUpPause), nil // it isn't due then, unless the ledger was away
	case refused != nil:
		return up.nextArrival(now), nil
	case !errors.As(err, &found) || found.Code != problem.Incomplete && found.Code != problem.UnknownUpload:
		return now.Add(minLookUpPause), err
	case e.State != StateIssued:
		return up.nextArrival(now), nil
	case now.Before(up.lastArrival()):
		return now.Add(max(minLookUpPause, now.Sub(up.formEnd()))), nil
	}
	return now.Add(minLookUpPause), s.expire(ctx, up)
}

// expire frees the parts of an upload that can't be completed any more, and records that nothing
// arrived.
func (s verifier) expire(ctx context.Context, up OpenUpload) error {
	defer s.followUps.lock(up.ID)()
	if _, err := (aborter(s)).freeParts(ctx, up); err != nil {
		return err
	}
	s.charges.settle(ctx, up.Plan, 0, false)
	_, recorded, err := s.recorder.decide(ctx, up, Decision{State: StateExpired, Data: EventData{Upload: up.planned()}.json()})
	if recorded {
		s.observer.once(up, Observation{Outcome: OutcomeExpired})
	}
	return err
}

// removeAgain removes what is stored of an aborted or removed upload.
func (s verifier) removeAgain(ctx context.Context, up OpenUpload, e Entry) error {
	defer s.followUps.lock(up.ID)()
	s.aborted.ids.put(up.ID, struct{}{})
	if e.State == StateRemoved {
		a, err := e.acceptance()
		if err != nil {
			return err
		}
		if err := s.store.deleteAccepted(ctx, up, a.done); err != nil {
			return err
		}
	}
	if _, err := (aborter(s)).freeParts(ctx, up); err != nil {
		return err
	}
	return aborter(s).removeArrived(ctx, up)
}

// removeUnclaimed removes an accepted object that the application hasn't claimed, or that it wants
// erased, claimed or not.
func (s verifier) removeUnclaimed(ctx context.Context, up OpenUpload, e Entry) error {
	defer s.followUps.lock(up.ID)()
	a, err := e.acceptance()
	if err != nil {
		return err
	}
	_, recorded, err := s.recorder.decide(ctx, up, Decision{State: StateRemoved, Unclaimed: e.Erased.IsZero(),
		Due: up.removalDue(s.config.Now()), Data: EventData{Upload: a.done.AsReceipt()}.json()})
	if err != nil || !recorded {
		return err
	}
	s.observer.once(up, Observation{Outcome: OutcomeRemoved})
	return aborter(s).deleteAccepted(ctx, up, a)
}

// formEnd is when the form or URL of an upload ends; of parts, when they can no longer be
// completed.
func (up OpenUpload) formEnd() time.Time {
	if up.canArriveAgain() {
		return up.Issued.Add(up.Served.Settings.Lifetime)
	}
	return up.UploadExpiration
}

// lastArrival is from when nothing of an upload can arrive that anybody waits for: a large file
// that was begun in time has a day to arrive.
func (up OpenUpload) lastArrival() time.Time {
	if up.canArriveAgain() {
		return up.formEnd().Add(lateLanding)
	}
	return up.UploadExpiration
}

// nextArrival is when an object that isn't to stay has to be looked for once more; zero where none
// can arrive any more.
func (up OpenUpload) nextArrival(now time.Time) time.Time {
	if end := up.arrivesUntil(); up.canArriveAgain() && now.Before(end) {
		return end
	}
	return time.Time{}
}
