package policy

import "strings"

// Operator is how a condition matches.
type Operator string

// The three operators.
const (
	OpEqual      Operator = "eq"
	OpStartsWith Operator = "starts-with"
	OpRange      Operator = "content-length-range"
)

// Condition is one entry of a policy document. Conditions are made by the
// constructors of this package and don't change. A constructor given what its
// field doesn't allow returns a condition that Sign refuses; Err tells.
type Condition struct {
	operator Operator
	field    string
	value    string
	min, max int64
	err      error
}

// Equal demands that the field has exactly this value.
func Equal(field, value string) Condition {
	return Condition{operator: OpEqual, field: field, value: value}
}

// StartsWith demands that the field's value begins with prefix. An empty prefix
// allows any value, though the field has to be there.
func StartsWith(field, prefix string) Condition {
	return Condition{operator: OpStartsWith, field: field, value: prefix}
}

// ContentLengthRange demands that the file has from min to max bytes, both included.
func ContentLengthRange(min, max int64) Condition {
	return Condition{operator: OpRange, min: min, max: max}
}

// Operator returns how the condition matches.
func (c Condition) Operator() Operator { return c.operator }

// Field returns the name of the field, empty for a content-length-range.
func (c Condition) Field() string { return c.field }

// Value returns the value or prefix, empty for a content-length-range.
func (c Condition) Value() string { return c.value }

// Range returns the least and the greatest size in bytes, 0 and 0 for other operators.
func (c Condition) Range() (min, max int64) { return c.min, c.max }

// Err returns why Sign will refuse the condition, nil if it won't.
func (c Condition) Err() error { return c.err }

// Covers says whether the condition is about the field. Case makes no difference.
func (c Condition) Covers(field string) bool {
	return c.operator != OpRange && strings.EqualFold(c.field, field)
}
