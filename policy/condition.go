package policy

import (
	"strconv"
	"strings"
)

// Operator says how a condition compares.
type Operator string

// The three operators.
const (
	OpEqual      Operator = "eq"                   // the field has exactly this value
	OpStartsWith Operator = "starts-with"          // the field's value begins with this prefix
	OpRange      Operator = "content-length-range" // the file's size lies in this range
)

// Condition is one entry of a policy document. Conditions are made by the constructors of this
// package and don't change. A constructor always returns a condition; if its field doesn't allow
// the value, Sign refuses the condition, and Err says why.
type Condition struct {
	fieldTraits
	operator  Operator
	field     string
	value     string // the exact value or the prefix
	unescaped bool   // neither field nor value needs an escape in JSON
	min, max  int64  // bytes, of a size range
	err       error
}

// Equal demands that the field has exactly this value. It takes any field. Where the field has a
// constructor of its own, that one checks the value more closely; Equal refuses what is dangerous.
func Equal(field, value string) Condition { return newCondition(OpEqual, field, value) }

// StartsWith demands that the field is in the form and that its value begins with prefix. With an
// empty prefix, any value will do. Like Equal it takes any field.
func StartsWith(field, prefix string) Condition {
	return newCondition(OpStartsWith, field, prefix)
}

// ContentLengthRange demands that the file has at least min and at most max bytes.
func ContentLengthRange(min, max int64) Condition {
	c := Condition{operator: OpRange, fieldTraits: fieldTraits{dialects: allDialects}, min: min, max: max}
	if min < 0 || max < min {
		c.err = c.refusal(ReasonRange, "0 <= min <= max", strconv.FormatInt(min, 10)+" to "+strconv.FormatInt(max, 10))
	}
	return c
}

func newCondition(operator Operator, field, value string) Condition {
	traits, ok := knownFields[field]
	if !ok {
		traits = traitsOf(field)
	}
	classes := classesOf(value)
	c := Condition{fieldTraits: traits, operator: operator, field: field, value: value}
	c.unescaped = traits.plainName && classes&classEscaped == 0
	c.err = c.checkValue(classes)
	return c
}

// Operator returns how the condition compares.
func (c Condition) Operator() Operator { return c.operator }

// Field returns the name of the field, empty for a size range.
func (c Condition) Field() string { return c.field }

// Value returns the value or prefix, empty for a size range.
func (c Condition) Value() string { return c.value }

// Range returns the smallest and the largest size in bytes, 0 and 0 unless it is a size range.
func (c Condition) Range() (min, max int64) { return c.min, c.max }

// Err returns a *ConditionError if Sign refuses this condition in any document, nil otherwise.
func (c Condition) Err() error { return c.err }

// Covers reports whether the condition is about the field. Case makes no difference.
func (c Condition) Covers(field string) bool {
	return c.operator != OpRange && equalNames(c.field, field)
}

// String returns the condition as S3 writes it in its error messages, such as ["starts-with",
// "$key", "users/1/"]. A session token is shown as "[redacted]".
func (c Condition) String() string {
	if c.operator == OpRange {
		return `["content-length-range", ` + strconv.FormatInt(c.min, 10) + ", " + strconv.FormatInt(c.max, 10) + "]"
	}
	text := append([]byte(`["`), c.operator...)
	text = append(appendEscaped(append(text, `", "$`...), c.field), '"')
	return string(append(appendString(append(text, ", "...), c.redact(c.value)), ']'))
}

// redact returns a value of the condition's field as people may see it.
func (c *Condition) redact(value string) string {
	if c.kind == kindSignature && strings.HasSuffix(LowerName(c.field), "-security-token") {
		return "[redacted]"
	}
	return value
}

// require returns the condition, refused unless ok or refused already.
func (c Condition) require(ok bool, wanted string) Condition {
	if !ok && c.err == nil {
		c.err = c.refusal(ReasonValue, wanted, strconv.Quote(c.value))
	}
	return c
}

// refusal returns a *ConditionError about c.
func (c *Condition) refusal(reason Reason, wanted, got string) error {
	field := c.field
	if c.operator == OpRange {
		field = string(OpRange)
	}
	return &ConditionError{Field: field, Operator: c.operator, Reason: reason, Wanted: wanted, Got: got}
}
