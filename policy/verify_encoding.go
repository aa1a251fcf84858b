package policy

import (
	"bytes"
	"errors"
	"strconv"
	"time"
)

// Before anything is signed, the JSON is read again and compared with what it was made from. The
// reader below shares nothing with the encoder: it walks the bytes by JSON's own rules for strings
// and knows the punctuation that has to stand between them, so a value that broke out of its
// string, or an escape written wrongly, can't reach a signature. It accepts the canonical form only
// (hexadecimal digits in either case), which makes it a comparison of one pass and no memory.
type readback struct {
	text []byte
	pos  int
	bad  bool
}

// errReadback is what signing answers if the text isn't the document.
var errReadback = errors.New("policy: encoded policy does not read back as the document")

// literal reads punctuation.
func (r *readback) literal(want string) {
	end := r.pos + len(want)
	if end > len(r.text) || string(r.text[r.pos:end]) != want {
		r.bad = true
		return
	}
	r.pos = end
}

// str reads the inside of a string and its closing quote, and compares what it says with want.
func (r *readback) str(want string) {
	end := r.pos + len(want)
	if end < len(r.text) && r.text[end] == '"' && string(r.text[r.pos:end]) == want && isVerbatim(r.text[r.pos:end]) {
		r.pos = end + 1
		return
	}
	r.decoded(want)
}

// decoded is str for strings with escapes.
func (r *readback) decoded(want string) {
	for i := range len(want) {
		if r.bad || r.char() != want[i] {
			r.bad = true
			return
		}
	}
	r.literal(`"`)
}

// char reads one byte or escape. It gives 0, and notes it, where a string ends.
func (r *readback) char() byte {
	if r.pos >= len(r.text) || r.text[r.pos] == '"' || r.text[r.pos] < ' ' {
		r.bad = true
		return 0
	}
	b := r.text[r.pos]
	r.pos++
	if b != '\\' {
		return b
	}
	b = r.escape()
	// Only what has to be escaped is, in the canonical form.
	r.bad = r.bad || b >= ' ' && b != '"' && b != '\\'
	return b
}

func (r *readback) escape() byte {
	if r.pos >= len(r.text) {
		r.bad = true
		return 0
	}
	b := r.text[r.pos]
	r.pos++
	if b != 'u' {
		return r.known(escapes[b])
	}
	if r.pos+4 > len(r.text) {
		r.bad = true
		return 0
	}
	unit, err := strconv.ParseUint(string(r.text[r.pos:r.pos+4]), 16, 7)
	r.bad = r.bad || err != nil
	r.pos += 4
	return byte(unit)
}

func (r *readback) known(escaped rune) byte {
	r.bad = r.bad || escaped == 0
	return byte(escaped)
}

// number reads a whole number, digit by digit, without leading zeros.
func (r *readback) number(want int64) {
	start, end, value := r.pos, r.pos, uint64(0)
	for end < len(r.text) && end-start < 19 {
		digit := r.text[end] - '0'
		if digit > 9 {
			break
		}
		value = 10*value + uint64(digit)
		end++
	}
	r.bad = r.bad || end == start || value != uint64(want) || r.text[start] == '0' && end-start > 1
	r.pos = end
}

// instant reads 2006-01-02T15:04:05.000Z digit by digit and compares it with at.
func (r *readback) instant(at time.Time) {
	year := r.digits(4, "-")
	month := r.digits(2, "-")
	day := r.digits(2, "T")
	hour := r.digits(2, ":")
	minute := r.digits(2, ":")
	second := r.digits(2, ".000Z")
	got := time.Date(year, time.Month(month), day, hour, minute, second, 0, time.UTC)
	r.bad = r.bad || got.Unix() != at.Unix()
}

// head reads the beginning of the JSON: the day, which was read back when it was written, and the
// time of day digit by digit.
func (r *readback) head(h *head, at time.Time) {
	if len(r.text) < len(headLayout) || string(r.text[:clockAt]) != string(h.text[:clockAt]) || string(r.text[clockEnd:len(headLayout)]) != headLayout[clockEnd:] {
		r.bad = true
		return
	}
	clock := r.text[clockAt:clockEnd]
	for i, c := range clock {
		if colon := i == 2 || i == 5; colon != (c == ':') || !colon && (c < '0' || c > '9') {
			r.bad = true
		}
	}
	two := func(i int) int64 { return int64(10*(clock[i]-'0') + clock[i+1] - '0') }
	r.bad = r.bad || h.day*secondsPerDay+3600*two(0)+60*two(3)+two(6) != at.Unix()
	r.pos = len(headLayout)
}

// timestamp reads the sixteen bytes of a timestamp.
func (r *readback) timestamp(want []byte) {
	end := r.pos + len(want)
	r.bad = r.bad || end > len(r.text) || !bytes.Equal(r.text[r.pos:end], want) || !isVerbatim(want)
	r.pos = end
}

// digits reads n digits and what follows them.
func (r *readback) digits(n int, then string) (value int) {
	for range n {
		if r.bad || r.pos == len(r.text) || r.text[r.pos] < '0' || r.text[r.pos] > '9' {
			r.bad = true
			return 0
		}
		value = 10*value + int(r.text[r.pos]-'0')
		r.pos++
	}
	r.literal(then)
	return value
}

func (r *readback) condition(c *Condition) {
	switch c.op {
	case opRange:
		r.literal(`["content-length-range",`)
		r.number(c.min)
		r.literal(",")
		r.number(c.max)
		r.literal("]")
	case opEqual:
		r.exact(c.field, c.value)
	default:
		r.literal(`["starts-with","$`)
		r.str(c.field)
		r.literal(`,"`)
		r.str(c.value)
		r.literal("]")
	}
}

func (r *readback) exact(field, value string) {
	if r.exactVerbatim(field, value) {
		return
	}
	r.literal(`{"`)
	r.str(field)
	r.literal(`:"`)
	r.str(value)
	r.literal("}")
}

// exactVerbatim is exact for what needs no escape, which is most: all in one look. It moves on only
// if it says yes.
func (r *readback) exactVerbatim(field, value string) bool {
	name := r.pos + len(`{"`)
	split := name + len(field)
	said := split + len(`":"`)
	end := said + len(value)
	if r.bad || end+8 > len(r.text) {
		return false
	}
	if string(r.text[name:split]) != field || string(r.text[said:end]) != value {
		return false
	}
	if string(r.text[r.pos:name]) != `{"` || string(r.text[split:said]) != `":"` || string(r.text[end:end+2]) != `"}` {
		return false
	}
	if specialsWithin(r.text, name, split)|specialsWithin(r.text, said, end) != 0 {
		return false
	}
	r.pos = end + len(`"}`)
	return true
}
