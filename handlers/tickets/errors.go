package tickets

import (
	"errors"

	"github.com/golang-jwt/jwt/v5"
)

// The reasons for refusing a ticket, for errors.Is on a [*RefusedError].
var (
	ErrMalformed   = errors.New("not a ticket")
	ErrAlgorithm   = errors.New("signed with an algorithm that isn't accepted here")
	ErrSignature   = errors.New("signature doesn't verify")
	ErrKey         = errors.New("signed with a key that isn't in the key set")
	ErrExpired     = errors.New("expired")
	ErrNotYetValid = errors.New("not valid yet")
	ErrLifetime    = errors.New("lifetime is longer than allowed here")
	ErrAudience    = errors.New("for another audience")
	ErrIssuer      = errors.New("from another issuer")
	ErrClaim       = errors.New("claim missing or wrong")
)

// A RefusedError says why a ticket, or a proxy's header, wasn't accepted. It never holds the ticket
// nor any value out of it.
type RefusedError struct {
	Reason error  // one of the reasons above
	Detail string // what was wanted; may be empty
}

// Error says why the ticket was refused.
func (e *RefusedError) Error() string {
	if e.Detail == "" {
		return "tickets: " + e.Reason.Error()
	}
	return "tickets: " + e.Reason.Error() + ": " + e.Detail
}

// Unwrap returns the reason.
func (e *RefusedError) Unwrap() error { return e.Reason }

// Unauthorized reports true, so that handlers answers 401: the visitor needs another ticket.
func (e *RefusedError) Unauthorized() bool { return true }

// PublicReason says why the ticket was refused in words that its bearer may read: "expired", or
// another of the reasons above.
func (e *RefusedError) PublicReason() string { return e.Reason.Error() }

// A KeysError says that the key set couldn't be fetched, so that no ticket can be verified at the
// moment. It is an outage and says nothing about the ticket.
type KeysError struct{ Err error }

// Error says why the key set can't be had.
func (e *KeysError) Error() string { return "tickets: key set unavailable: " + e.Err.Error() }

// Unwrap returns what went wrong when the key set was fetched.
func (e *KeysError) Unwrap() error { return e.Err }

func refused(reason error, detail string) error {
	return &RefusedError{Reason: reason, Detail: detail}
}

// reasons maps the library's errors to ours; the first that matches decides.
var reasons = []struct{ theirs, ours error }{
	{jwt.ErrTokenMalformed, ErrMalformed},
	{jwt.ErrTokenSignatureInvalid, ErrSignature},
	{jwt.ErrTokenUnverifiable, ErrAlgorithm},
	{jwt.ErrTokenInvalidAudience, ErrAudience},
	{jwt.ErrTokenInvalidIssuer, ErrIssuer},
	{jwt.ErrTokenExpired, ErrExpired},
	{jwt.ErrTokenNotValidYet, ErrNotYetValid},
	{jwt.ErrTokenUsedBeforeIssued, ErrNotYetValid},
	{jwt.ErrTokenRequiredClaimMissing, ErrClaim},
}

// asOurs turns an error of the library into one of ours. The library's own words are dropped,
// because they can quote pieces of the ticket.
func asOurs(err error) error {
	if refusal, ok := errors.AsType[*RefusedError](err); ok {
		return refusal
	}
	if outage, ok := errors.AsType[*KeysError](err); ok {
		return outage
	}
	for _, r := range reasons {
		if errors.Is(err, r.theirs) {
			return refused(r.ours, "")
		}
	}
	return refused(ErrMalformed, "")
}
