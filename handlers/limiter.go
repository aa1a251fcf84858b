package handlers

import (
	"context"
	"time"

	"github.com/postern-dev/postern/policy/profile"
)

// Limiter keeps one visitor from uploading too much. Implementations must be safe for concurrent
// use and must not block for long: every issued form waits for Reserve.
type Limiter interface {
	// Reserve charges one upload and its declared size (plan.MaxSize) to the identity's subject and
	// address before anything is signed. It returns nil, a *LimitError when it is too much, or
	// another error for an outage, which refuses the request with store_unavailable. A plan whose
	// method is profile.MethodForm may never be used: it is charged like any other, and its
	// reservation ends with plan.Expiration unless it was settled.
	Reserve(ctx context.Context, id profile.Identity, plan profile.Plan) error
	// Settle ends the reservation of one upload: with the size that was found in the store, or with
	// nothing kept. It is called at least once for each upload that is completed, refused, aborted
	// or failed to be signed, and may be called again with the same ID, also in another process.
	Settle(ctx context.Context, s Settlement)
}

// Settlement is the end of one reservation.
type Settlement struct {
	ID, Profile, Subject string
	// Size is what the store holds, in bytes; 0 where nothing was kept.
	Size int64
	// Kept says that the upload counts: it was completed. Otherwise the charge is given back.
	Kept bool
}

// LimitError says which limit was met and when to ask again.
type LimitError struct {
	Code       Code          // CodeQuotaExceeded or CodeRateLimited
	RetryAfter time.Duration // rounded up to whole seconds when sent
}

func (e *LimitError) Error() string { return "handlers: " + string(e.Code) }

// unlimited is the Limiter of a Config without one.
type unlimited struct{}

func (unlimited) Reserve(context.Context, profile.Identity, profile.Plan) error { return nil }
func (unlimited) Settle(context.Context, Settlement)                            {}
