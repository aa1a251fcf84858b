// Package problem holds the refusals of Postern: a code for programs, a sentence for people, and
// one table from code to HTTP status. It knows neither a router nor a page, so that every package
// below the routes can refuse in the same words.
//
// Make one with New or InField; read the code of any error with From.
package problem

import (
	"errors"
	"fmt"
	"time"
)

// Error is a refusal. The zero value has no code and counts as Internal.
type Error struct {
	Code Code
	// Detail is an English sentence that may be shown to the caller. It never holds a secret.
	Detail string
	// Field is the member or header of the request at fault; "" where there is no single one.
	Field string
	// Reason says why a ticket is refused, in words that hold nothing of it; "expired" where it was
	// good before. Scripts tell a visitor what to do by it. "" where there is no such reason.
	Reason string
	// Missing are part numbers, from 1, with Incomplete.
	Missing []int
	// RetryAfter is how long the caller should wait; it is sent in whole seconds, rounded up. 0
	// leaves it out, except where the code always has it (see Code.Wait).
	RetryAfter time.Duration
	// Limits are what would have been accepted, for pages; nil where the refusal isn't about a
	// file.
	Limits *Limits
	// Err is the cause, for the log only.
	Err error
}

// Limits are what a profile accepts.
type Limits struct {
	MinSize, MaxSize int64    // bytes, inclusive
	Types            []string // content types and families, as in the profile
}

// New returns a refusal with a sentence for the caller.
func New(code Code, detail string) *Error { return &Error{Code: code, Detail: detail} }

// InField returns an InvalidRequest about one member or header of the request.
func InField(field, format string, args ...any) *Error {
	return &Error{Code: InvalidRequest, Field: field, Detail: fmt.Sprintf(format, args...)}
}

// From returns the *Error in the chain of err, or an Internal one with err as its cause.
func From(err error) *Error {
	var refusal *Error
	if errors.As(err, &refusal) {
		return refusal
	}
	return &Error{Code: Internal, Err: err}
}

// outageRetryAfter is what a caller is told to wait when something that the server needs is away.
const outageRetryAfter = 5 * time.Second

// Unavailable is StoreUnavailable with err as its cause: what a caller learns when the store, the
// credentials or whatever the application brings can't be reached. An *Error and nil stay what they
// are.
func Unavailable(err error) error {
	var refusal *Error
	if err == nil || errors.As(err, &refusal) {
		return err
	}
	return &Error{Code: StoreUnavailable, RetryAfter: outageRetryAfter, Err: err}
}

// Error writes code, field, detail and cause, for logs.
func (e *Error) Error() string {
	text := "problem: " + string(e.Code)
	if e.Field != "" {
		text += ": " + e.Field
	}
	if e.Detail != "" {
		text += ": " + e.Detail
	}
	if e.Err != nil {
		text += ": " + e.Err.Error()
	}
	return text
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// Is reports whether target is an *Error with the same code, so that errors.Is(err,
// &problem.Error{Code: problem.Incomplete}) asks for the code.
func (e *Error) Is(target error) bool {
	t, ok := target.(*Error)
	return ok && t.Code == e.Code
}
