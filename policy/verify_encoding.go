package policy

import (
	"bytes"
	"errors"
	"strconv"
	"time"
)

// encodingVerifier reads the JSON of a policy before it is signed, and compares it with the
// document. It shares no code with the encoder: it reads strings by JSON's own rules and expects
// the punctuation between them. So a value that ends its string early, or an escape written
// wrongly, is never signed. It accepts the canonical form only, with hexadecimal digits in either
// case.
type encodingVerifier struct {
	text     []byte
	pos      int
	failed   bool
	noEscape bool // text has no backslash, as is usual: every quote in it begins or ends a string
	quotes   int  // how many quotes begin or end the strings that were read
}

// errEncoding is returned by Sign if the JSON isn't the document.
var errEncoding = errors.New("policy: encoded policy does not read back as the document")

func newEncodingVerifier(text []byte) encodingVerifier {
	return encodingVerifier{text: text, noEscape: bytes.IndexByte(text, '\\') < 0}
}

// complete reports whether all was read and nothing differed.
func (v *encodingVerifier) complete() bool {
	return !v.failed && v.pos == len(v.text) && (!v.noEscape || bytes.Count(v.text, []byte{'"'}) == v.quotes)
}

// literal reads a text that stands there as it is.
func (v *encodingVerifier) literal(want string) {
	end := v.pos + len(want)
	if end > len(v.text) || string(v.text[v.pos:end]) != want {
		v.failed = true
		return
	}
	v.pos = end
}

// str reads the rest of a string after its opening quote, and its closing one. Without escapes, the
// text is what it means; complete finds out by the number of quotes if one was part of want. (Raw
// control characters need no look: Sign refuses values with any.)
func (v *encodingVerifier) str(want string) {
	v.quotes += 2
	if !v.noEscape {
		v.escapedString(want)
		return
	}
	v.literal(want)
	v.literal(`"`)
}

// escapedString is str for strings that may have escapes.
func (v *encodingVerifier) escapedString(want string) {
	for i := range len(want) {
		if v.failed || v.char() != want[i] {
			v.failed = true
			return
		}
	}
	v.literal(`"`)
}

// char reads one byte or one escape of a string. Only what needs an escape may have one.
func (v *encodingVerifier) char() byte {
	b := v.next()
	if b == '"' || b < ' ' {
		v.failed = true
	}
	if b != '\\' {
		return b
	}
	b = v.escape()
	v.failed = v.failed || b >= ' ' && b != '"' && b != '\\'
	return b
}

// escape reads what follows a backslash.
func (v *encodingVerifier) escape() byte {
	b := v.next()
	if b != 'u' {
		r, ok := escapes[b]
		v.failed = v.failed || !ok
		return byte(r)
	}
	digits := v.text[v.pos:min(v.pos+4, len(v.text))]
	unit, err := strconv.ParseUint(string(digits), 16, 7)
	v.failed = v.failed || err != nil || len(digits) < 4
	v.pos += len(digits)
	return byte(unit)
}

// next reads one byte, 0 at the end.
func (v *encodingVerifier) next() byte {
	if v.pos == len(v.text) {
		v.failed = true
		return 0
	}
	v.pos++
	return v.text[v.pos-1]
}

// number reads a whole number.
func (v *encodingVerifier) number(want int64) {
	var digits [20]byte
	v.literal(string(strconv.AppendInt(digits[:0], want, 10)))
}

// instant reads an instant in UTC with milliseconds, and compares its seconds with want.
func (v *encodingVerifier) instant(want time.Time) {
	const layout = "2006-01-02T15:04:05.000Z"
	text := v.text[v.pos:min(v.pos+len(layout), len(v.text))]
	got, err := time.Parse(layout, string(text))
	v.failed = v.failed || err != nil || got.Unix() != want.Unix() || got.Nanosecond() != 0
	v.pos += len(text)
}

// condition reads one condition.
func (v *encodingVerifier) condition(c *Condition) {
	switch c.operator {
	case OpRange:
		v.literal(`["content-length-range",`)
		v.quotes += 2
		v.number(c.min)
		v.literal(",")
		v.number(c.max)
		v.literal("]")
	case OpEqual:
		v.equal(c.field, c.value)
	default:
		v.literal(`["starts-with","$`)
		v.quotes += 2
		v.str(c.field)
		v.literal(`,"`)
		v.str(c.value)
		v.literal("]")
	}
}

// equal reads the condition {field: value}.
func (v *encodingVerifier) equal(field, value string) {
	if v.noEscape {
		v.plainEqual(field, value)
		return
	}
	v.literal(`{"`)
	v.str(field)
	v.literal(`:"`)
	v.str(value)
	v.literal("}")
}

// plainEqual is equal for a text without escapes, in one step: most of a policy is read here.
func (v *encodingVerifier) plainEqual(field, value string) {
	const start, middle, end = `{"`, `":"`, `"}`
	valueStart := len(start) + len(field) + len(middle)
	valueEnd := valueStart + len(value)
	text := v.text[v.pos:]
	if len(text) < valueEnd+len(end) {
		v.failed = true
		return
	}
	v.failed = v.failed || string(text[:len(start)]) != start || string(text[len(start):len(start)+len(field)]) != field ||
		string(text[valueStart-len(middle):valueStart]) != middle || string(text[valueStart:valueEnd]) != value ||
		string(text[valueEnd:valueEnd+len(end)]) != end
	v.pos += valueEnd + len(end)
	v.quotes += 4
}
