package policy

import (
	"encoding/json"
	"fmt"
	"math"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// scanner reads the subset of JSON that policies are made of, and knows its position. The first
// mistake stops it: from then on every method does nothing.
type scanner struct {
	text      string
	pos       int
	kind      SyntaxKind // of a mistake in what is being read
	member    string     // being read, empty between members
	condition int        // being read, -1 outside of conditions
	err       *SyntaxError
}

// fail records a mistake at the given offset unless there is one already.
func (s *scanner) fail(kind SyntaxKind, at int, wanted, got string) {
	if s.err != nil {
		return
	}
	if !json.Valid([]byte(s.text)) {
		kind = SyntaxJSON
	}
	line, column := position(s.text, at)
	s.err = &SyntaxError{Kind: kind, Offset: at, Line: line, Column: column, Member: s.member, Condition: s.condition, Wanted: wanted, Got: got}
}

// space skips white space.
func (s *scanner) space() {
	for s.pos < len(s.text) && strings.IndexByte(" \t\r\n", s.text[s.pos]) >= 0 {
		s.pos++
	}
}

// peek returns the next byte that isn't white space, 0 at the end.
func (s *scanner) peek() byte {
	s.space()
	if s.err != nil || s.pos == len(s.text) {
		return 0
	}
	return s.text[s.pos]
}

// expect reads one byte of punctuation.
func (s *scanner) expect(b byte) {
	if s.peek() != b {
		s.fail(s.kind, s.pos, strconv.QuoteRune(rune(b)), s.found())
		return
	}
	s.pos++
}

// next reads what stands between two members or items: true after a comma, false after the closing
// byte.
func (s *scanner) next(closing byte) bool {
	switch s.peek() {
	case ',':
		s.pos++
		return s.err == nil
	case closing:
		s.pos++
		return false
	}
	s.fail(s.kind, s.pos, "',' or "+strconv.QuoteRune(rune(closing)), s.found())
	return false
}

// found describes what stands at the position.
func (s *scanner) found() string {
	if s.pos >= len(s.text) {
		return "the end"
	}
	switch b := s.text[s.pos]; {
	case b == '{':
		return "an object"
	case b == '[':
		return "an array"
	case b == '"':
		return "a string"
	case b == '-' || '0' <= b && b <= '9':
		return "a number"
	}
	r, _ := utf8.DecodeRuneInString(s.text[s.pos:])
	return strconv.QuoteRune(r)
}

// str reads a string; wanted says what it stands for.
func (s *scanner) str(wanted string) string {
	if s.peek() != '"' {
		s.fail(s.kind, s.pos, wanted, s.found())
		return ""
	}
	s.pos++
	start := s.pos
	for s.pos < len(s.text) {
		switch b := s.text[s.pos]; {
		case b == '"':
			s.pos++
			return s.checked(start, s.text[start:s.pos-1])
		case b == '\\':
			return s.escaped(start)
		case b < ' ':
			s.fail(s.kind, s.pos, "no control character in a string", strconv.QuoteRune(rune(b)))
			return ""
		}
		s.pos++
	}
	s.fail(s.kind, s.pos, `'"'`, "the end")
	return ""
}

// checked returns the text between quotes if it is UTF-8.
func (s *scanner) checked(start int, text string) string {
	for i, r := range text {
		if r == utf8.RuneError {
			if _, size := utf8.DecodeRuneInString(text[i:]); size == 1 {
				s.fail(SyntaxJSON, start+i, "UTF-8", fmt.Sprintf("byte 0x%02x", text[i]))
				return ""
			}
		}
	}
	return text
}

// escaped reads on in a string from its first backslash.
func (s *scanner) escaped(start int) string {
	var text strings.Builder
	text.WriteString(s.checked(start, s.text[start:s.pos]))
	for s.err == nil && s.pos < len(s.text) {
		run := s.pos
		for s.pos < len(s.text) && s.text[s.pos] != '"' && s.text[s.pos] != '\\' && s.text[s.pos] >= ' ' {
			s.pos++
		}
		text.WriteString(s.checked(run, s.text[run:s.pos]))
		switch {
		case s.pos == len(s.text):
		case s.text[s.pos] == '"':
			s.pos++
			return text.String()
		case s.text[s.pos] == '\\':
			text.WriteRune(s.escape())
		default:
			s.fail(s.kind, s.pos, "no control character in a string", strconv.QuoteRune(rune(s.text[s.pos])))
		}
	}
	s.fail(s.kind, s.pos, `'"'`, "the end")
	return ""
}

var escapes = map[byte]rune{'"': '"', '\\': '\\', '/': '/', 'b': '\b', 'f': '\f', 'n': '\n', 'r': '\r', 't': '\t'}

// escape reads one escape, surrogate pairs as one.
func (s *scanner) escape() rune {
	at := s.pos
	s.pos++
	if s.pos == len(s.text) {
		return 0
	}
	if r, ok := escapes[s.text[s.pos]]; ok {
		s.pos++
		return r
	}
	first, ok := s.unit(at)
	if !ok {
		s.fail(s.kind, at, "an escape", "a backslash before something else")
		return 0
	}
	s.pos = at + 6
	if !utf16.IsSurrogate(first) {
		return first
	}
	second, ok := s.unit(s.pos)
	pair := utf16.DecodeRune(first, second)
	if !ok || pair == utf8.RuneError {
		s.fail(s.kind, at, "a pair of surrogates", "half of one")
		return 0
	}
	s.pos += 6
	return pair
}

// unit reads the \uXXXX at an offset.
func (s *scanner) unit(at int) (rune, bool) {
	if len(s.text)-at < 6 || s.text[at:at+2] != `\u` {
		return 0, false
	}
	unit, err := strconv.ParseUint(s.text[at+2:at+6], 16, 16)
	return rune(unit), err == nil
}

// size reads a whole number of bytes.
func (s *scanner) size() int64 {
	s.space()
	start := s.pos
	for s.pos < len(s.text) && strings.IndexByte("+-.0123456789eE", s.text[s.pos]) >= 0 {
		s.pos++
	}
	number := s.text[start:s.pos]
	if number == "" {
		s.fail(s.kind, start, "a whole number of bytes", s.found())
		return 0
	}
	n, err := strconv.ParseUint(number, 10, 63)
	if err != nil || len(number) > 1 && number[0] == '0' {
		s.fail(s.kind, start, "a whole number of bytes from 0 to "+strconv.Itoa(math.MaxInt64), number)
	}
	return int64(n)
}
