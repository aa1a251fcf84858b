package uploads

import (
	"context"
	"time"

	"github.com/postern-dev/postern/handlers/problem"
	"github.com/postern-dev/postern/policy/profile"
)

// Limiter keeps one visitor from uploading too much. Implementations must be safe for concurrent
// use and must not block for long: every issued form waits for Reserve.
type Limiter interface {
	// Reserve charges one upload and its declared size (r.Plan.MaxSize) to the identity's subject
	// and address before anything is signed. It returns nil, a *problem.Error with QuotaExceeded or
	// RateLimited and RetryAfter when it is too much, an *EndedFormsError, or another error for an
	// outage, which refuses the request with StoreUnavailable.
	//
	// A plan whose method is profile.MethodForm may never be used, and until plan.Expiration its
	// holder may post it again and again, whatever landed before. So it should stay charged with
	// its MaxSize until then, and be given back only where the store has no object of it.
	Reserve(ctx context.Context, r Reservation) error
	// Settle tells what became of one upload: what was found in the store, or that nothing is kept
	// there. It is called at least once for each upload that is completed, refused, aborted, failed
	// to be signed or looked up (see EndedFormsError), and may be called again with the same ID,
	// also in another process.
	Settle(ctx context.Context, s Settlement)
}

// Reservation is one upload that is to be issued.
type Reservation struct {
	Identity profile.Identity // Subject is the plan's
	Plan     profile.Plan
	// InPage says that the form is issued because a page is opened, not because somebody asked for
	// it. Open forms together should leave room in a quota for people who open pages and never use
	// them: package quota lets them have half of it.
	InPage bool
	// Repeated says that Reserve was called with this plan before and returned an *EndedFormsError.
	// A limit on requests has counted this one already.
	Repeated bool
}

// Settlement is what became of one upload.
type Settlement struct {
	ID, Profile, Subject string
	// Size is what the store holds, in bytes; 0 where nothing was kept.
	Size int64
	// Kept says that the store holds the object. Otherwise the charge may be given back, unless
	// what was issued can still be used.
	Kept bool
}

// EndedFormsError is returned by a Limiter that refuses an upload while forms whose time has ended
// are still charged. The service looks these up at the store, settles those that it got an answer
// about, and calls Reserve once more.
type EndedFormsError struct {
	Refusal *problem.Error
	Forms   []EndedForm // at most MaxEndedForms; the service ignores the rest
}

// MaxEndedForms is how many forms are looked up for one request.
const MaxEndedForms = 100

// EndedForm is a form that can't be posted any more.
type EndedForm struct {
	ID, Profile, Subject string
	Key                  string
	Issued               time.Time // an older object with the key isn't the form's
}

// Error implements error.
func (e *EndedFormsError) Error() string { return e.Refusal.Error() }

// Unwrap returns the refusal.
func (e *EndedFormsError) Unwrap() error { return e.Refusal }

// noLimiter is the Limiter of a Config without one.
type noLimiter struct{}

func (noLimiter) Reserve(context.Context, Reservation) error { return nil }
func (noLimiter) Settle(context.Context, Settlement)         {}
