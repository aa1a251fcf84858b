package uploads

import (
	"context"
	"errors"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/postern-dev/postern/handlers/problem"
	"github.com/postern-dev/postern/policy/profile"
)

var (
	errAborted          = problem.New(problem.UploadExpired, "the upload was aborted")
	errAlreadyCompleted = &problem.Error{Code: problem.AlreadyCompleted}
)

// Abort takes an upload back for good; completing it is UploadExpired from then on. Before it was
// accepted, its parts and its object are removed, and what arrives later by a form or URL that is
// still valid, too. Afterwards the object is removed within the profile's Removable; later the
// error is AlreadyCompleted and the object stays.
//
// A process remembers what it accepted. Of what it can't know, an object that fits its plan counts
// as accepted since its LastModified: where another process issued the upload, as before a restart,
// and where other processes run beside this one. An object whose key isn't this upload's alone
// (Profile.InsecureKey) is removed only where this process has accepted it.
func (s *Service) Abort(ctx context.Context, up OpenUpload) error { return aborter{s}.abort(ctx, up) }

// aborter is a Service that takes uploads back.
type aborter struct{ *Service }

// abort decides whether an upload was accepted, and removes it where it may.
func (s aborter) abort(ctx context.Context, up OpenUpload) error {
	if err := s.followUps.allowCompletion(up.ID); err != nil {
		return err
	}
	ctx = context.WithoutCancel(ctx)
	defer s.followUps.lock(up.ID)()
	s.aborted.removeEnded()
	inLedger, err := verifier(s).recall(ctx, up)
	if err != nil {
		return err
	}
	accepted, known := s.accepted.get(up.ID)
	switch {
	case known && !s.aborted.has(up.ID):
		return s.removeAccepted(ctx, up, accepted)
	case inLedger:
		return s.abortRecorded(ctx, up)
	}
	return s.abortUnknown(ctx, up)
}

// abortRecorded aborts an upload that the ledger knows and no process has accepted, unless another
// one accepts it at this moment.
func (s aborter) abortRecorded(ctx context.Context, up OpenUpload) error {
	e, recorded, err := s.recordAborted(ctx, up)
	switch {
	case err != nil:
		return err
	case !recorded && e.isAccepted():
		a, err := e.acceptance()
		if err != nil {
			return &problem.Error{Code: problem.Internal, Err: err}
		}
		return s.removeAccepted(ctx, up, a)
	}
	if _, err := s.freeParts(ctx, up); err != nil {
		return err
	}
	return s.removeUpload(ctx, up)
}

// recordAborted records that an upload is aborted. What can still arrive of it is due to be
// removed.
func (s aborter) recordAborted(ctx context.Context, up OpenUpload) (e Entry, recorded bool, err error) {
	e, recorded, err = s.recorder.decide(ctx, up, Decision{State: StateAborted, Due: up.removalDue(s.config.Now()), Data: EventData{Upload: up.planned()}.json()})
	if s.recorder.counts(recorded, err) {
		s.observer.once(up, Observation{Outcome: OutcomeAborted})
	}
	return e, recorded, s.recorder.outage(ctx, "aborting", up.ID, err)
}

// abortUnknown aborts an upload of which nothing is known but what this process remembers and what
// the store has.
func (s aborter) abortUnknown(ctx context.Context, up OpenUpload) error {
	found, err := s.freeParts(ctx, up)
	if err != nil {
		return err
	}
	if found == nil || s.aborted.has(up.ID) || s.process.hasSeenAll(up.Upload) && s.accepted.remembers(up) {
		return s.abortRecorded(ctx, up)
	}
	contentType, err := s.store.compareObject(ctx, up, found)
	var refused *ObjectError
	switch {
	case errors.As(err, &refused):
		return s.abortRecorded(ctx, up)
	case err != nil:
		return err
	}
	return s.removeAccepted(ctx, up, acceptance{done: up.completed(found, contentType), at: aws.ToTime(found.LastModified)})
}

// AbortToken is Abort for a host that has nothing but the upload token, of a plain form as well.
// The error of a token that isn't valid is Unauthorized, of one that ended UploadExpired.
func (s *Service) AbortToken(ctx context.Context, token string) error {
	u, err := s.tokens.verify(token)
	if err != nil {
		return err
	}
	up, err := s.join(u, Visitor{})
	if err != nil {
		return err
	}
	return s.Abort(ctx, up)
}

// freeParts aborts a multipart upload at the store, and returns the upload's object: that of a
// multipart upload which was completed before, or what a form or URL has brought.
func (s aborter) freeParts(ctx context.Context, up OpenUpload) (*s3.HeadObjectOutput, error) {
	found, err := s.headOwnObject(ctx, up)
	if err != nil || found != nil || up.Method != profile.MethodMultipart {
		return found, err
	}
	if err := s.store.abortMultipart(ctx, up); err != nil {
		return nil, err
	}
	return s.headOwnObject(ctx, up) // another process may have completed it meanwhile
}

// headOwnObject looks up the object at a key that is the upload's alone; nil for any other key.
func (s aborter) headOwnObject(ctx context.Context, up OpenUpload) (*s3.HeadObjectOutput, error) {
	if !up.ownsKey() {
		return nil, nil
	}
	return s.store.headObject(ctx, up)
}

// removeAccepted removes an accepted object as long as its visitor may, and tells the application.
// A claim may have ended that, so it needs the ledger where there is one.
func (s aborter) removeAccepted(ctx context.Context, up OpenUpload, a acceptance) error {
	if removable := up.Served.Settings.Removable; a.claimed || removable == 0 || s.config.Now().After(a.at.Add(removable)) {
		return errAlreadyCompleted
	}
	e, recorded, err := s.recorder.decide(ctx, up, Decision{State: StateRemoved, Unclaimed: true,
		Due: up.removalDue(s.config.Now()), Data: EventData{Upload: a.done.AsReceipt()}.json()})
	switch {
	case err != nil:
		return problem.Unavailable(err)
	case !recorded && e.isAccepted(): // claimed meanwhile
		return errAlreadyCompleted
	case recorded:
		s.observer.once(up, Observation{Outcome: OutcomeRemoved})
	}
	return s.deleteAccepted(ctx, up, a)
}

// deleteAccepted removes an accepted object and tells the application.
func (s aborter) deleteAccepted(ctx context.Context, up OpenUpload, a acceptance) error {
	if err := s.store.deleteAccepted(ctx, up, a.done); err != nil {
		return problem.Unavailable(err)
	}
	if err := s.removeUpload(ctx, up); err != nil {
		return err
	}
	if err := s.config.OnRemoved(ctx, a.done); err != nil {
		s.config.Logger.ErrorContext(ctx, "OnRemoved failed", "id", up.ID, "error", problem.LogText(err.Error()))
	}
	return nil
}

// removeUpload marks an upload as aborted and removes what has arrived of it. What can still arrive
// is removed later.
func (s aborter) removeUpload(ctx context.Context, up OpenUpload) error {
	s.aborted.add(up)
	s.charges.settle(ctx, up.Plan, 0, false)
	return problem.Unavailable(s.removeArrived(ctx, up))
}

// refuseAborted is the answer to whoever completes an aborted upload. What has arrived meanwhile is
// removed.
func (s aborter) refuseAborted(ctx context.Context, up OpenUpload) error {
	if err := s.removeArrived(ctx, up); err != nil {
		return problem.Unavailable(err)
	}
	return errAborted
}

// removeLate removes what has arrived of an aborted upload since.
func (s aborter) removeLate(ctx context.Context, up OpenUpload) error {
	defer s.followUps.lock(up.ID)()
	return s.removeArrived(ctx, up)
}

// maxArrivals is how many versions of one object are removed at once.
const maxArrivals = 20

var errMoreArrivals = errors.New("uploads: more versions of an aborted upload than are removed at once")

// removeArrived removes every version of an aborted upload's object, the newest first: a form or
// URL can be used again and again while it is valid.
func (s aborter) removeArrived(ctx context.Context, up OpenUpload) error {
	for range maxArrivals {
		found, err := s.headOwnObject(ctx, up)
		if err != nil || found == nil {
			return err
		}
		if err := s.store.deleteFound(ctx, up, found); err != nil {
			return err
		}
	}
	return errMoreArrivals
}

// abortTries is how often an abort is repeated: parts on their way may arrive after it, says S3's
// documentation of AbortMultipartUpload.
const abortTries = 3

// abortMultipart frees the parts, unless the multipart upload had ended before.
func (s objectStore) abortMultipart(ctx context.Context, up OpenUpload) error {
	in := &s3.AbortMultipartUploadInput{Bucket: &up.Bucket, Key: &up.Key, UploadId: &up.StoreUploadID}
	for try := range abortTries {
		_, err := within(ctx, s.timeout, s.client.AbortMultipartUpload, in)
		if isNoSuchUpload(err) && try == 0 {
			return nil
		}
		if err != nil && !isNoSuchUpload(err) {
			return problem.Unavailable(err)
		}
		parts, err := s.storedParts(ctx, up)
		if err != nil || len(parts) == 0 {
			break
		}
	}
	return nil
}

// abortIgnoringErrors aborts an upload that can't be completed any more, and gives its charge back.
// Where that fails the bucket's lifecycle rule will do it.
func (s aborter) abortIgnoringErrors(ctx context.Context, up OpenUpload) {
	if err := s.store.abortMultipart(context.WithoutCancel(ctx), up); err != nil {
		s.config.Logger.WarnContext(ctx, "abort failed", "id", up.ID, "key", up.Key, "error", problem.LogText(err.Error()))
		return
	}
	s.charges.settle(ctx, up.Plan, 0, false)
}
