package policy

import (
	"errors"
	"fmt"
	"strconv"
	"time"
	"unicode/utf8"
)

// The encoder appends to a buffer; it never formats into a template. What it writes is canonical:
// one spelling per document, no spaces, exact conditions as objects, strings escaped as
// encoding/json does without HTML escaping.

// AppendJSON appends the document in canonical form. It is an error if the year of the expiration
// isn't from 1 to 9999, or if a field or value isn't UTF-8.
func (d Document) AppendJSON(dst []byte) ([]byte, error) {
	if err := checkExpiration(d.Expiration); err != nil {
		return nil, err
	}
	dst = append(appendExpiration(append(dst, expirationStart...), d.Expiration), expirationEnd...)
	for i := range d.Conditions {
		if i > 0 {
			dst = append(dst, ',')
		}
		if err := d.Conditions[i].checkEncodable(); err != nil {
			return nil, err
		}
		dst = d.Conditions[i].appendJSON(dst)
	}
	return append(dst, "]}"...), nil
}

// What stands in the JSON of a document around its expiration.
const (
	expirationStart = `{"expiration":"`
	expirationEnd   = `","conditions":[`
)

// MarshalJSON returns the canonical form.
func (d Document) MarshalJSON() ([]byte, error) { return d.AppendJSON(nil) }

// MarshalJSON returns the condition in canonical form.
func (c Condition) MarshalJSON() ([]byte, error) {
	if err := c.checkEncodable(); err != nil {
		return nil, err
	}
	return c.appendJSON(nil), nil
}

// checkEncodable returns an error if JSON can't hold the condition.
func (c *Condition) checkEncodable() error {
	if c.operator == "" {
		return errors.New("policy: condition is empty")
	}
	if !utf8.ValidString(c.field) || !utf8.ValidString(c.value) {
		return c.err
	}
	return nil
}

func checkExpiration(at time.Time) error {
	if year := at.UTC().Year(); year < 1 || year > 9999 || at.IsZero() {
		return &ConditionError{Field: "expiration", Reason: ReasonLifetime, Wanted: "a year from 1 to 9999", Got: fmt.Sprintf("%q", at.UTC())}
	}
	return nil
}

func (c *Condition) appendJSON(dst []byte) []byte {
	switch {
	case c.operator == OpRange:
		dst = strconv.AppendInt(append(dst, `["content-length-range",`...), c.min, 10)
		return append(strconv.AppendInt(append(dst, ','), c.max, 10), ']')
	case c.operator == OpEqual && c.unescaped:
		dst = append(append(append(dst, `{"`...), c.field...), `":"`...)
		return append(append(dst, c.value...), `"}`...)
	case c.operator == OpEqual:
		return appendEqual(dst, c.field, c.value)
	default:
		dst = appendEscaped(append(dst, `["starts-with","$`...), c.field)
		return append(appendEscaped(append(dst, `","`...), c.value), `"]`...)
	}
}

// appendEqual appends the condition {field: value}.
func appendEqual(dst []byte, field, value string) []byte {
	dst = append(appendString(append(dst, '{'), field), ':')
	return append(appendString(dst, value), '}')
}

// appendString appends s as a JSON string.
func appendString(dst []byte, s string) []byte {
	return append(appendEscaped(append(dst, '"'), s), '"')
}

// appendEscaped appends s as it stands between the quotes of a JSON string.
func appendEscaped(dst []byte, s string) []byte {
	start := 0
	for i := range len(s) {
		if b := s[i]; byteClasses[b]&classEscaped != 0 {
			dst = append(append(dst, s[start:i]...), '\\')
			dst = appendEscape(dst, b)
			start = i + 1
		}
	}
	return append(dst, s[start:]...)
}

// appendEscape appends what follows the backslash.
func appendEscape(dst []byte, b byte) []byte {
	const hexDigits = "0123456789abcdef"
	switch b {
	case '"', '\\':
		return append(dst, b)
	case '\n':
		return append(dst, 'n')
	case '\r':
		return append(dst, 'r')
	case '\t':
		return append(dst, 't')
	}
	return append(dst, 'u', '0', '0', hexDigits[b>>4], hexDigits[b&15])
}

// appendExpiration appends an instant as 2006-01-02T15:04:05.000Z, with nine digits after the point
// if three don't suffice.
func appendExpiration(dst []byte, at time.Time) []byte {
	layout := "2006-01-02T15:04:05.000Z"
	if at.Nanosecond()%int(time.Millisecond) != 0 {
		layout = "2006-01-02T15:04:05.000000000Z"
	}
	return at.UTC().AppendFormat(dst, layout)
}
