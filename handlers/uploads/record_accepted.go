package uploads

import (
	"context"
	"errors"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/postern-dev/postern/handlers/problem"
)

// recordAccepted records that an upload was accepted, where this process was the first to decide.
// What another process has decided meanwhile counts: an acceptance of the same object is the same
// answer, and the object of an aborted upload is removed.
func (s verifier) recordAccepted(ctx context.Context, up OpenUpload, done Completed) (Completed, error) {
	e, recorded, err := s.recorder.decide(ctx, up, Decision{State: StateAccepted, Due: up.claimDue(s.config.Now()),
		TellApplication: s.config.OnAccepted != nil, Data: EventData{Upload: done.AsReceipt()}.json()})
	if s.recorder.counts(recorded, err) {
		s.observer.accepted(up, done)
	}
	switch {
	case err != nil:
		return done, s.recorder.outage(ctx, "accepting", up.ID, err)
	case recorded:
		if s.config.OnAccepted != nil {
			s.running.warn(ctx, up.ID)
		}
		if a, known := s.accepted.get(up.ID); known {
			a.recorded = true
			s.accepted.put(up.ID, a)
		}
		return done, nil
	case e.isAccepted():
		return s.otherAcceptance(up, e, done)
	}
	s.aborted.ids.put(up.ID, struct{}{})
	err = aborter(s).refuseAborted(ctx, up)
	if onRemoved := s.config.OnRemoved(ctx, done); onRemoved != nil {
		s.config.Logger.ErrorContext(ctx, "OnRemoved failed", "id", up.ID, "error", problem.LogText(onRemoved.Error()))
	}
	return Completed{}, err
}

// claimDue is when an upload that was accepted at a time is removed unless the application has
// claimed it; zero for never.
func (up OpenUpload) claimDue(accepted time.Time) time.Time {
	if unclaimed := up.Served.Settings.Unclaimed; unclaimed > 0 {
		return accepted.Add(unclaimed)
	}
	return time.Time{}
}

// otherAcceptance is the answer where another process accepted the upload first: the same one if it
// was the same object.
func (s verifier) otherAcceptance(up OpenUpload, e Entry, done Completed) (Completed, error) {
	a, err := e.acceptance()
	if err != nil {
		return Completed{}, &problem.Error{Code: problem.Internal, Err: err}
	}
	s.accepted.put(up.ID, a)
	if !a.done.isObject(&s3.HeadObjectOutput{ETag: &done.ETag, VersionId: optional(done.Version)}) {
		return Completed{}, errReplaced
	}
	return done, nil
}

// repeatAccepted answers for an object that was accepted before, and records that where the ledger
// was away at the time.
func (s verifier) repeatAccepted(ctx context.Context, up OpenUpload, a acceptance, checksum string) (Completed, error) {
	done, err := s.accepted.repeat(ctx, a, checksum)
	if err != nil || a.recorded {
		return done, err
	}
	return s.recordAccepted(ctx, up, done)
}

// reportReplaced tells the application of an object in the place of an accepted one, and records
// it.
func (s verifier) reportReplaced(ctx context.Context, up OpenUpload, a acceptance, found *s3.HeadObjectOutput) {
	s.accepted.reportReplaced(ctx, a, found)
	data := EventData{Upload: a.done.AsReceipt(), NewETag: aws.ToString(found.ETag), NewVersion: aws.ToString(found.VersionId)}
	_, recorded, err := s.recorder.decide(ctx, up, Decision{State: StateReplaced, Data: data.json()})
	if s.recorder.counts(recorded, err) {
		s.observer.once(up, Observation{Outcome: OutcomeReplaced})
	}
	if err != nil {
		s.config.Logger.WarnContext(ctx, "replacement not recorded", "id", up.ID, "error", problem.LogText(err.Error()))
	}
}

// refuse records that an upload is refused and removes its object, as err says. An object that
// another process has accepted stays: during an update two processes may have different profiles.
// Any other error changes nothing.
func (s verifier) refuse(ctx context.Context, up OpenUpload, found *s3.HeadObjectOutput, err error, checksum string) (Completed, error) {
	var refused *ObjectError
	if !errors.As(err, &refused) {
		return Completed{}, err
	}
	data := EventData{Upload: up.planned(), Code: refused.Problem.Code}
	e, recorded, outage := s.recorder.decide(ctx, up, Decision{State: StateRefused, Due: up.removalDue(s.config.Now()), Data: data.json()})
	if s.recorder.counts(recorded, outage) {
		s.observer.once(up, Observation{Outcome: OutcomeRefused, Code: refused.Problem.Code})
	}
	if outage = s.recorder.outage(ctx, "refusing", up.ID, outage); outage != nil {
		return Completed{}, outage
	}
	if !recorded && e.isAccepted() {
		a, err := e.acceptance()
		if err == nil && a.done.isObject(found) {
			s.accepted.put(up.ID, a)
			return s.accepted.repeat(ctx, a, checksum)
		}
	}
	return Completed{}, s.removeRefused(ctx, up, found, refused)
}

// removalDue is when the store has to be asked about an upload whose object isn't to stay: once
// more when nothing can arrive any more, and at once where that is now, in case this process ends
// before it has removed the object.
func (up OpenUpload) removalDue(now time.Time) time.Time {
	if end := up.arrivesUntil(); up.canArriveAgain() && end.After(now) {
		return end
	}
	return now
}
