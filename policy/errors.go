package policy

import (
	"errors"
	"fmt"
	"time"
)

// Reason says why Sign refuses a document (ConditionError) or why a store refuses a form
// (Violation).
type Reason string

// The reasons of Sign and of stores.
const (
	ReasonUnconditional    Reason = "unconditional"      // no condition on the bucket, or (Sign) on the key
	ReasonRepeated         Reason = "repeated"           // two conditions on one field, or a form field given twice
	ReasonEncoding         Reason = "encoding"           // a value that is not UTF-8
	ReasonKeyTooLong       Reason = "key-too-long"       // over MaxKeyBytes
	ReasonMetadataTooLarge Reason = "metadata-too-large" // over MaxMetadataBytes
	ReasonFormTooLarge     Reason = "form-too-large"     // over MaxFormBytes before the file
)

// The reasons of Sign alone. Stores accept some of these, but not all read them alike.
const (
	ReasonField      Reason = "field"       // not a field name, or the zero Condition
	ReasonReserved   Reason = "reserved"    // a field that signing adds, or the file
	ReasonDialect    Reason = "dialect"     // a field that the signer's dialect does not have
	ReasonOperator   Reason = "operator"    // a prefix where the field needs an exact value
	ReasonValue      Reason = "value"       // a value that the field does not allow
	ReasonDollar     Reason = "dollar"      // a dollar sign: it begins a variable at some stores
	ReasonControl    Reason = "control"     // a control character
	ReasonKeyPrefix  Reason = "key-prefix"  // a key prefix that does not end in a slash
	ReasonKeySegment Reason = "key-segment" // a key with the segment "." or "..", which URLs lose
	ReasonRedirect   Reason = "redirect"    // not an absolute https URL, nor http on loopback
	ReasonRange      Reason = "range"       // a size range that is empty or negative
	ReasonLifetime   Reason = "lifetime"    // an expiration in the past or too far in the future
)

// The reasons of stores alone.
const (
	ReasonExpired    Reason = "expired"     // the policy's expiration has passed
	ReasonMissing    Reason = "missing"     // the field of a condition is not in the form
	ReasonMismatch   Reason = "mismatch"    // the value is not the wanted one
	ReasonPrefix     Reason = "prefix"      // the value does not begin with the wanted prefix
	ReasonList       Reason = "list"        // one item in a comma list of types does not begin with the prefix
	ReasonVariable   Reason = "variable"    // ${filename} where it can't be compared
	ReasonExtra      Reason = "extra"       // a field that no condition covers
	ReasonAfterFile  Reason = "after-file"  // a field after the file
	ReasonTooLarge   Reason = "too-large"   // a file over the size range or MaxPostBytes
	ReasonTooSmall   Reason = "too-small"   // a file under the size range
	ReasonKeyMissing Reason = "key-missing" // no key, or an empty one
)

// ConditionError says which condition of a document can't be signed, and why. Sign returns one for
// every mistake, joined; to look for a reason among them, use
//
//	errors.Is(err, &policy.ConditionError{Reason: policy.ReasonDollar})
type ConditionError struct {
	// Field is the condition's field: "content-length-range" for the size range, "expiration" for
	// the document's expiration, "x-amz-meta-*" for the user metadata as a whole.
	Field string
	// Operator is the condition's. It is empty if the error is about the document as a whole.
	Operator Operator
	// Reason is why the condition is refused.
	Reason Reason
	// Wanted and Got describe what is allowed and what was given; Got may be empty.
	Wanted, Got string
	// Err is the error that this one follows from, such as sigv4.ErrCredentialsExpired; usually
	// nil.
	Err error
}

// Error names the condition, what was wanted and what was got.
func (e *ConditionError) Error() string {
	text := fmt.Sprintf("policy: condition on %q: wanted %s", e.Field, e.Wanted)
	if e.Got != "" {
		text += ", got " + e.Got
	}
	if e.Err != nil {
		text += ": " + e.Err.Error()
	}
	return text
}

// Is reports whether target is a *ConditionError with the same reason and, if it names a field,
// with the same field.
func (e *ConditionError) Is(target error) bool {
	t, ok := target.(*ConditionError)
	return ok && t.Reason == e.Reason && (t.Field == "" || t.Field == e.Field)
}

// Unwrap returns Err.
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
	// SyntaxLength: the document has more conditions than any form holds.
	SyntaxLength SyntaxKind = "length"
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

// Error says where the text is wrong, what was wanted and what was got.
func (e *SyntaxError) Error() string {
	where := "policy"
	if e.Kind == SyntaxBase64 {
		where = "policy: base64"
	}
	return fmt.Sprintf("%s: line %d, column %d: wanted %s, got %s", where, e.Line, e.Column, e.Wanted, e.Got)
}

// ErrSignature is returned by Verify if the signature is not the signer's for the policy's text.
var ErrSignature = errors.New("policy: signature does not match")

// ScopeError is returned by Verify for a form that was signed with another access key, or for
// another day, region, service, algorithm or session.
type ScopeError struct {
	// Field is the form field that differs.
	Field string
	// Wanted and Got describe its value. A session token is never in them.
	Wanted, Got string
}

// Error says which part of the credential scope differs.
func (e *ScopeError) Error() string {
	return fmt.Sprintf("policy: field %q: wanted %s, got %s", e.Field, e.Wanted, e.Got)
}

// ExpiredError is returned by Verify for a policy that has expired.
type ExpiredError struct{ Expiration, Now time.Time }

// Error has the expiration and the time it was compared with.
func (e *ExpiredError) Error() string {
	return "policy: expired at " + formatInstant(e.Expiration) + ", it is " + formatInstant(e.Now)
}

// formatInstant writes an instant for people, in UTC and whole seconds.
func formatInstant(t time.Time) string { return t.UTC().Format(time.RFC3339) }
