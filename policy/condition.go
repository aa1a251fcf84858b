package policy

import (
	"strconv"
	"strings"
)

// Operator is how a condition matches.
type Operator string

// The three operators.
const (
	OpEqual      Operator = "eq"
	OpStartsWith Operator = "starts-with"
	OpRange      Operator = "content-length-range"
)

// Condition is one entry of a policy document. Conditions are made by the constructors of this
// package and don't change. A constructor given what its field doesn't allow returns a condition
// that Sign refuses; Err tells.
type Condition struct {
	op     op
	role   role
	stores stores // whose forms know the field
	plain  bool   // field and value are their own JSON
	mark   uint8  // 0 to 63, the same for all spellings of a field
	field  string
	value  string
	min    int64
	max    int64
	err    error
}

// op is an Operator that is cheap to compare.
type op uint8

const (
	opNone op = iota
	opEqual
	opStartsWith
	opRange
)

var operators = [...]Operator{opNone: "", opEqual: OpEqual, opStartsWith: OpStartsWith, opRange: OpRange}

// Equal demands that the field has exactly this value. It is the raw form: of a field with a
// constructor of its own it refuses only what is dangerous.
func Equal(field, value string) Condition { return newCondition(opEqual, field, value) }

// StartsWith demands that the field's value begins with prefix. An empty prefix allows any value,
// though the field has to be there. It is the raw form, as Equal is.
func StartsWith(field, prefix string) Condition { return newCondition(opStartsWith, field, prefix) }

// ContentLengthRange demands that the file has from min to max bytes, both included.
func ContentLengthRange(min, max int64) Condition {
	c := Condition{op: opRange, stores: allStores, plain: true, min: min, max: max}
	if min < 0 || max < min {
		got := strconv.FormatInt(min, 10) + " to " + strconv.FormatInt(max, 10)
		c.err = c.fault(ErrRange, "0 <= min <= max", got)
	}
	return c
}

func newCondition(o op, field, value string) Condition {
	known, ok := spelled[field]
	if !ok {
		known = newFieldFacts(field)
	}
	class := classOf(value)
	c := Condition{op: o, role: known.role, stores: known.stores, mark: known.mark, field: field, value: value}
	c.plain = class&classEscaped == 0 && known.plain
	c.err = c.check(class)
	return c
}

// Operator returns how the condition matches.
func (c Condition) Operator() Operator { return operators[c.op] }

// Field returns the name of the field, empty for a content-length-range.
func (c Condition) Field() string { return c.field }

// Value returns the value or prefix, empty for a content-length-range.
func (c Condition) Value() string { return c.value }

// Range returns the least and the greatest size in bytes, 0 and 0 for other operators.
func (c Condition) Range() (min, max int64) { return c.min, c.max }

// Err returns why Sign will refuse the condition, a *ConditionError, or nil if it won't. What
// depends on other conditions shows only when signing.
func (c Condition) Err() error { return c.err }

// Covers says whether the condition is about the field. Case makes no difference.
func (c Condition) Covers(field string) bool {
	return c.op != opRange && strings.EqualFold(c.field, field)
}

// String returns the condition as S3 writes it in its error messages, such as ["starts-with",
// "$key", "users/1/"]. A session token isn't shown.
func (c Condition) String() string {
	if c.op == opRange {
		return `["content-length-range", ` + strconv.FormatInt(c.min, 10) + ", " + strconv.FormatInt(c.max, 10) + "]"
	}
	text := append([]byte(`["`), operators[c.op]...)
	text = append(appendText(append(text, `", "$`...), c.field), '"')
	return string(append(appendString(append(text, ", "...), c.shown(c.value)), ']'))
}

// shown returns a value of the condition's field as people may see it.
func (c *Condition) shown(value string) string {
	if c.role == roleSignature && strings.HasSuffix(strings.ToLower(c.field), "-security-token") {
		return "[redacted]"
	}
	return value
}

// as returns the condition, refused with err if err isn't nil and nothing graver was found.
func (c Condition) as(err error) Condition {
	if c.err == nil {
		c.err = err
	}
	return c
}

// fault returns a *ConditionError about c.
func (c Condition) fault(kind error, wanted, got string) error {
	field := c.field
	if c.op == opRange {
		field = string(OpRange)
	}
	return &ConditionError{Field: field, Operator: operators[c.op], Wanted: wanted, Got: got, Err: kind}
}

// markOf hashes a field name so that all its spellings agree: a quick way to tell that two
// conditions are about different fields.
func markOf(field string) uint8 {
	hash := uint32(2166136261)
	for i := range len(field) {
		hash = (hash ^ uint32(field[i]|0x20)) * 16777619
	}
	return uint8(hash>>26) & 63
}
