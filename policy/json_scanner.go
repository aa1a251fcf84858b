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

// jsonScanner reads the part of JSON that policies are made of, and knows its position. The first
// mistake stops it: from then on every method does nothing.
type jsonScanner struct {
	text      string
	pos       int
	kind      SyntaxKind // of a mistake in what is being read
	member    string     // being read, empty between members
	condition int        // being read, -1 outside of conditions
	err       *SyntaxError
}

// fail records a mistake at the given offset unless there is one already.
func (s *jsonScanner) fail(kind SyntaxKind, at int, wanted, got string) {
	if s.err != nil {
		return
	}
	if !json.Valid([]byte(s.text)) {
		kind = SyntaxJSON
	}
	line, column := position(s.text, at)
	s.err = &SyntaxError{Kind: kind, Offset: at, Line: line, Column: column, Member: s.member, Condition: s.condition, Wanted: wanted, Got: got}
}

// end returns the mistake, if any; text that was not read is one.
func (s *jsonScanner) end() error {
	if s.skipSpace(); s.pos < len(s.text) {
		s.fail(SyntaxJSON, s.pos, "the end", s.found())
	}
	if s.err != nil {
		return s.err
	}
	return nil
}

func (s *jsonScanner) skipSpace() {
	for s.pos < len(s.text) && strings.IndexByte(" \t\r\n", s.text[s.pos]) >= 0 {
		s.pos++
	}
}

// peek returns the next byte that isn't white space, 0 at the end and after a mistake.
func (s *jsonScanner) peek() byte {
	s.skipSpace()
	if s.err != nil || s.pos == len(s.text) {
		return 0
	}
	return s.text[s.pos]
}

// expect reads one byte of punctuation.
func (s *jsonScanner) expect(b byte) {
	if s.peek() != b {
		s.fail(s.kind, s.pos, strconv.QuoteRune(rune(b)), s.found())
		return
	}
	s.pos++
}

// next reads what stands between two members or items. It returns true after a comma and false
// after the closing byte.
func (s *jsonScanner) next(closing byte) bool {
	switch s.peek() {
	case ',':
		s.pos++
		return true
	case closing:
		s.pos++
		return false
	}
	s.fail(s.kind, s.pos, "',' or "+strconv.QuoteRune(rune(closing)), s.found())
	return false
}

// found describes what is at the position.
func (s *jsonScanner) found() string {
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
func (s *jsonScanner) str(wanted string) string {
	if s.peek() != '"' {
		s.fail(s.kind, s.pos, wanted, s.found())
		return ""
	}
	s.pos++
	var text strings.Builder
	for s.err == nil && s.pos < len(s.text) {
		switch b := s.text[s.pos]; {
		case b == '"':
			s.pos++
			return text.String()
		case b == '\\':
			text.WriteRune(s.escape())
		case b < ' ':
			s.fail(s.kind, s.pos, "no control character in a string", strconv.QuoteRune(rune(b)))
		default:
			text.WriteString(s.plainText())
		}
	}
	s.fail(s.kind, s.pos, `'"'`, "the end")
	return ""
}

// plainText reads the text of a string up to a quote, backslash or control character.
func (s *jsonScanner) plainText() string {
	start := s.pos
	for s.pos < len(s.text) && byteClasses[s.text[s.pos]]&classEscaped == 0 {
		s.pos++
	}
	text := s.text[start:s.pos]
	for i, r := range text {
		if r != utf8.RuneError {
			continue
		}
		if _, size := utf8.DecodeRuneInString(text[i:]); size == 1 {
			s.fail(SyntaxJSON, start+i, "UTF-8", fmt.Sprintf("byte 0x%02x", text[i]))
		}
	}
	return text
}

var escapes = map[byte]rune{'"': '"', '\\': '\\', '/': '/', 'b': '\b', 'f': '\f', 'n': '\n', 'r': '\r', 't': '\t'}

// escape reads one escape; a surrogate pair counts as one.
func (s *jsonScanner) escape() rune {
	start := s.pos
	s.pos++
	if s.pos == len(s.text) {
		return 0
	}
	if r, ok := escapes[s.text[s.pos]]; ok {
		s.pos++
		return r
	}
	first, ok := s.codeUnit(start)
	if !ok {
		s.fail(s.kind, start, "an escape", "a backslash before something else")
		return 0
	}
	s.pos = start + 6
	if !utf16.IsSurrogate(first) {
		return first
	}
	second, ok := s.codeUnit(s.pos)
	pair := utf16.DecodeRune(first, second)
	if !ok || pair == utf8.RuneError {
		s.fail(SyntaxJSON, start, "a pair of surrogates", "half of one")
		return 0
	}
	s.pos += 6
	return pair
}

// codeUnit returns the UTF-16 code unit that is written as \uXXXX at an offset.
func (s *jsonScanner) codeUnit(at int) (rune, bool) {
	if len(s.text)-at < 6 || s.text[at:at+2] != `\u` {
		return 0, false
	}
	unit, err := strconv.ParseUint(s.text[at+2:at+6], 16, 16)
	return rune(unit), err == nil
}

// size reads a whole number of bytes.
func (s *jsonScanner) size() int64 {
	s.skipSpace()
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
