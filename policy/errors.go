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

// SyntaxKind says what is wrong with the text of a policy.
type SyntaxKind string

// The kinds of syntax errors.
const (
	// SyntaxBase64: the text is neither JSON nor base64 (standard alphabet, padded, one line).
	SyntaxBase64 SyntaxKind = "base64"
	// SyntaxJSON: the text as a whole is not well-formed JSON in UTF-8 (RFC 8259).
	SyntaxJSON SyntaxKind = "json"
	// SyntaxMember: the document has an unknown or a repeated member.
	SyntaxMember SyntaxKind = "member"
	// SyntaxMissing: the document lacks "expiration" or "conditions".
	SyntaxMissing SyntaxKind = "missing"
	// SyntaxExpiration: the expiration is not an instant in UTC.
	SyntaxExpiration SyntaxKind = "expiration"
	// SyntaxCondition: the conditions are not an array, or one of them has none of the three forms.
	SyntaxCondition SyntaxKind = "condition"
)

// SyntaxError is returned by Parse for a text that is not a policy. It is about the first mistake.
type SyntaxError struct {
	// Kind is what is wrong.
	Kind SyntaxKind
	// Offset counts bytes from 0; Line and Column count from 1, columns in bytes. They are
	// positions in the decoded JSON, with SyntaxBase64 in the base64 text.
	Offset, Line, Column int
	// Member is the document's member that was read, repeated or missing, or the name of an unknown
	// one. It is empty if the mistake is in none of them, or if both are missing.
	Member string
	// Condition is the index of the condition that was read, -1 outside of the conditions.
	Condition int
	// Wanted and Got describe what the text should have here and what it has.
	Wanted, Got string
}

func (e *SyntaxError) Error() string {
	where := "policy"
	if e.Kind == SyntaxBase64 {
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
