package policy

import (
	"errors"
	"fmt"
	"time"
)

// What a ConditionError is about; use errors.Is.
var (
	ErrName             = errors.New("field name not allowed")
	ErrOperator         = errors.New("operator not allowed for this field")
	ErrValue            = errors.New("value not allowed for this field")
	ErrDollar           = errors.New("value contains a dollar sign")
	ErrEncoding         = errors.New("value is not valid UTF-8")
	ErrControl          = errors.New("value contains a control character")
	ErrKeyTooLong       = errors.New("key is too long")
	ErrKeyPrefix        = errors.New("key prefix is empty or does not end in a slash")
	ErrKeySegment       = errors.New("key has a segment that URLs lose")
	ErrRedirect         = errors.New("redirect is not an absolute https URL")
	ErrRange            = errors.New("size range is empty or negative")
	ErrReserved         = errors.New("field belongs to the signature")
	ErrRepeated         = errors.New("field has two conditions")
	ErrMissing          = errors.New("condition is missing")
	ErrDialect          = errors.New("field belongs to another dialect")
	ErrMetadataTooLarge = errors.New("user metadata is too large")
	ErrFormTooLarge     = errors.New("form is too large")
	ErrLifetime         = errors.New("lifetime is not allowed")
)

// ConditionError says which condition can't be signed, and why. Sign returns all of them, joined.
type ConditionError struct {
	// Field is the condition's field, "expiration" for the document's own end and
	// "content-length-range" for the size.
	Field string
	// Operator is the condition's, empty where it isn't about one condition.
	Operator Operator
	// Wanted and Got tell the rule and what broke it; Got may be empty.
	Wanted, Got string
	// Err is one of the errors above.
	Err error
}

func (e *ConditionError) Error() string {
	text := fmt.Sprintf("policy: condition on %q: %v: wanted %s", e.Field, e.Err, e.Wanted)
	if e.Got == "" {
		return text
	}
	return text + ", got " + e.Got
}

// Unwrap returns the kind of error.
func (e *ConditionError) Unwrap() error { return e.Err }

// SyntaxError says where a policy's text isn't one.
type SyntaxError struct {
	// Offset counts bytes from 0; Line and Column count from 1, columns in bytes. They are
	// positions in the JSON, or in the base64 text if Base64 is set.
	Offset, Line, Column int
	// Base64 is set if the text didn't even decode.
	Base64 bool
	// Condition is the index of the condition being read, -1 outside of them.
	Condition int
	// Wanted and Got tell what should have been there and what was.
	Wanted, Got string
}

func (e *SyntaxError) Error() string {
	where := "policy"
	if e.Base64 {
		where = "policy: base64"
	}
	return fmt.Sprintf("%s: line %d, column %d: wanted %s, got %s", where, e.Line, e.Column, e.Wanted, e.Got)
}

// ErrSignature is returned by Verify if the signature isn't the signer's over the policy's text.
var ErrSignature = errors.New("policy: signature does not match")

// ScopeError says that a signed form is for somebody else: another access key, day, region,
// service, algorithm or session.
type ScopeError struct {
	Field       string
	Wanted, Got string
}

func (e *ScopeError) Error() string {
	return fmt.Sprintf("policy: field %q: wanted %s, got %s", e.Field, e.Wanted, e.Got)
}

// ExpiredError says that a policy has expired.
type ExpiredError struct{ Expiration, Now time.Time }

func (e *ExpiredError) Error() string {
	return fmt.Sprintf("policy: expired at %s, it is %s", e.Expiration.UTC().Format(time.RFC3339), e.Now.UTC().Format(time.RFC3339))
}
