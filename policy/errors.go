package policy

import (
	"fmt"
	"time"
)

// SyntaxError says where a policy's text isn't one. Offset counts bytes of the
// decoded JSON from 0, Line and Column from 1. Base64 says that the text didn't
// even decode; the position is then one of the base64 text.
type SyntaxError struct {
	Offset, Line, Column int
	Base64               bool
	Message              string
}

func (e *SyntaxError) Error() string {
	return fmt.Sprintf("policy: line %d, column %d: %s", e.Line, e.Column, e.Message)
}

// ExpiredError says that a policy has expired.
type ExpiredError struct{ Expiration, Now time.Time }

func (e *ExpiredError) Error() string {
	return fmt.Sprintf("policy: expired at %s, it is %s", e.Expiration.UTC().Format(time.RFC3339), e.Now.UTC().Format(time.RFC3339))
}
