package uploads

import (
	"context"

	"github.com/postern-dev/postern/handlers/problem"
	"github.com/postern-dev/postern/policy/profile"
)

// Limiter keeps one visitor from uploading too much. Implementations must be safe for concurrent
// use and must not block for long: every issued form waits for Reserve.
type Limiter interface {
	// Reserve charges one upload and its declared size (plan.MaxSize) to the identity's subject and
	// address before anything is signed. It returns nil, a *problem.Error with QuotaExceeded or
	// RateLimited and RetryAfter when it is too much, or another error for an outage, which refuses
	// the request with StoreUnavailable. A plan whose method is profile.MethodForm may never be
	// used: it is charged like any other, and its reservation ends with plan.Expiration unless it
	// was settled.
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

// noLimiter is the Limiter of a Config without one.
type noLimiter struct{}

func (noLimiter) Reserve(context.Context, profile.Identity, profile.Plan) error { return nil }
func (noLimiter) Settle(context.Context, Settlement)                            {}

// reserve asks the limiter; an error that isn't a refusal of its own is an outage.
func (s *Service) reserve(ctx context.Context, v Visitor, p profile.Plan) error {
	id := v.Identity
	id.Subject = p.Subject
	return problem.Unavailable(s.config.Limiter.Reserve(ctx, id, p))
}

// settle ends a reservation, also where the visitor has left.
func (s *Service) settle(ctx context.Context, p profile.Plan, size int64, kept bool) {
	s.config.Limiter.Settle(context.WithoutCancel(ctx),
		Settlement{ID: p.ID, Profile: p.Profile, Subject: p.Subject, Size: size, Kept: kept})
}
