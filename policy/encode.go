package policy

import (
	"errors"
	"fmt"
	"strconv"
	"time"
	"unicode/utf8"
)

// The encoder appends; nothing is ever formatted into a template. What it writes is canonical: one
// spelling per document, no spaces, exact conditions as objects. Strings are escaped as
// encoding/json does without HTML escaping.

// AppendJSON appends the document in canonical form. It is an error if the expiration has no
// four-digit year or a text isn't UTF-8.
func (d Document) AppendJSON(dst []byte) ([]byte, error) {
	if err := checkExpiration(d.Expiration); err != nil {
		return nil, err
	}
	dst = appendExpiration(append(dst, `{"expiration":"`...), d.Expiration)
	dst = append(dst, `","conditions":[`...)
	for i := range d.Conditions {
		if i > 0 {
			dst = append(dst, ',')
		}
		if err := d.Conditions[i].writable(); err != nil {
			return nil, err
		}
		dst = d.Conditions[i].appendJSON(dst)
	}
	return append(dst, "]}"...), nil
}

// MarshalJSON returns the canonical form.
func (d Document) MarshalJSON() ([]byte, error) { return d.AppendJSON(nil) }

// MarshalJSON returns the condition in canonical form.
func (c Condition) MarshalJSON() ([]byte, error) {
	if err := c.writable(); err != nil {
		return nil, err
	}
	return c.appendJSON(nil), nil
}

// writable says whether JSON can hold the condition.
func (c *Condition) writable() error {
	if c.op == opNone {
		return errors.New("policy: condition is empty")
	}
	if !utf8.ValidString(c.field) || !utf8.ValidString(c.value) {
		return c.err
	}
	return nil
}

// UnmarshalJSON reads as strictly as Parse does.
func (d *Document) UnmarshalJSON(text []byte) error {
	parsed, err := parseJSON(string(text))
	if err != nil {
		return err
	}
	*d = parsed
	return nil
}

func checkExpiration(at time.Time) error {
	if year := at.UTC().Year(); year < 1 || year > 9999 || at.IsZero() {
		return &ConditionError{Field: "expiration", Wanted: "a year from 1 to 9999", Got: fmt.Sprintf("%q", at.UTC()), Err: ErrLifetime}
	}
	return nil
}

func (c *Condition) appendJSON(dst []byte) []byte {
	switch {
	case c.op == opRange:
		dst = strconv.AppendInt(append(dst, `["content-length-range",`...), c.min, 10)
		return append(strconv.AppendInt(append(dst, ','), c.max, 10), ']')
	case c.op == opEqual && c.plain:
		dst = append(append(append(dst, `{"`...), c.field...), `":"`...)
		return append(append(dst, c.value...), `"}`...)
	case c.op == opEqual:
		dst = append(appendString(append(dst, '{'), c.field), ':')
		return append(appendString(dst, c.value), '}')
	default:
		dst = appendText(append(dst, `["starts-with","$`...), c.field)
		return append(appendText(append(dst, `","`...), c.value), `"]`...)
	}
}

// appendExact appends the condition {field: value}.
func appendExact(dst []byte, field, value string) []byte {
	dst = append(append(append(dst, `{"`...), field...), `":`...)
	return append(appendString(dst, value), '}')
}

const hexDigits = "0123456789abcdef"

// appendString appends s as a JSON string.
func appendString(dst []byte, s string) []byte {
	return append(appendText(append(dst, '"'), s), '"')
}

// appendText appends s as it stands between the quotes of a JSON string.
func appendText(dst []byte, s string) []byte {
	start := 0
	for i := range len(s) {
		if b := s[i]; b < ' ' || b == '"' || b == '\\' {
			dst = append(append(dst, s[start:i]...), '\\')
			dst = appendEscape(dst, b)
			start = i + 1
		}
	}
	return append(dst, s[start:]...)
}

// appendEscape appends what follows the backslash.
func appendEscape(dst []byte, b byte) []byte {
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

// isPlain says whether a string is its own JSON.
func isPlain(s string) bool { return classOf(s)&classEscaped == 0 }

// appendExpiration appends an instant as 2006-01-02T15:04:05.000Z, with nine digits if milliseconds
// can't tell it.
func appendExpiration(dst []byte, at time.Time) []byte {
	at = at.UTC()
	year, month, day := at.Date()
	hour, minute, second := at.Clock()
	dst = append(appendTwo(appendTwo(dst, year/100), year%100), '-')
	dst = append(appendTwo(dst, int(month)), '-')
	dst = append(appendTwo(dst, day), 'T')
	dst = append(appendTwo(dst, hour), ':')
	dst = append(appendTwo(dst, minute), ':')
	dst = append(appendTwo(dst, second), '.')
	return append(appendFraction(dst, at.Nanosecond()), 'Z')
}

func appendFraction(dst []byte, nanos int) []byte {
	if nanos%1_000_000 == 0 {
		return append(appendTwo(dst, nanos/10_000_000), byte('0'+nanos/1_000_000%10))
	}
	digits := strconv.Itoa(1_000_000_000 + nanos)
	return append(dst, digits[1:]...)
}

func appendTwo(dst []byte, n int) []byte {
	return append(dst, byte('0'+n/10), byte('0'+n%10))
}
