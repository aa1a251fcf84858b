package policy

import (
	"encoding/base64"
	"errors"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// Parse reads a policy: JSON if it begins with a brace, otherwise base64 of JSON. It is as strict
// as the strictest store, so that nothing can be read in two ways. Refused are other members than
// the two, repeated members, conditions with several properties or another arity, values that
// aren't strings, expirations with an offset, base64 with line ends or without padding. A document
// with a condition that Sign would refuse is still read; Condition.Err tells. The error is a
// *SyntaxError.
func Parse(text string) (Document, error) {
	if strings.HasPrefix(strings.TrimLeft(text, " \t\r\n"), "{") {
		return parseJSON(text)
	}
	decoded, err := decodeBase64(text)
	if err != nil {
		return Document{}, err
	}
	return parseJSON(decoded)
}

func decodeBase64(text string) (string, error) {
	if at := strings.IndexAny(text, "\r\n"); at >= 0 {
		return "", base64Fault(text, at, "base64 in one line", "a line end")
	}
	decoded, err := base64.StdEncoding.Strict().DecodeString(text)
	if err == nil {
		return string(decoded), nil
	}
	at := len(text)
	if corrupt := base64.CorruptInputError(0); errors.As(err, &corrupt) {
		at = min(int(corrupt), len(text))
	}
	got := "the end"
	if at < len(text) {
		r, _ := utf8.DecodeRuneInString(text[at:])
		got = strconv.QuoteRune(r)
	}
	return "", base64Fault(text, at, "the standard base64 alphabet, padded", got)
}

func base64Fault(text string, at int, wanted, got string) error {
	line, column := position(text, at)
	return &SyntaxError{Kind: SyntaxBase64, Offset: at, Line: line, Column: column, Condition: -1, Wanted: wanted, Got: got}
}

// position returns the line and the column of an offset, both from 1.
func position(text string, offset int) (line, column int) {
	before := text[:offset]
	return 1 + strings.Count(before, "\n"), offset - strings.LastIndexByte(before, '\n')
}

func parseJSON(text string) (Document, error) {
	s := &scanner{text: text, condition: -1}
	d := s.document()
	if s.space(); s.err == nil && s.pos < len(s.text) {
		s.fail(SyntaxJSON, s.pos, "the end", s.found())
	}
	if s.err != nil {
		return Document{}, s.err
	}
	return d, nil
}

// document reads the outermost object.
func (s *scanner) document() (d Document) {
	s.kind = SyntaxMember
	s.expect('{')
	if s.peek() == '}' {
		s.fail(SyntaxMissing, s.pos, "a member", s.found())
	}
	seen := make(map[string]bool)
	start := s.pos
	for more := true; more && s.err == nil; more = s.next('}') {
		s.space()
		start = s.pos
		name := s.str("a member")
		if s.member = name; name != "expiration" && name != "conditions" && s.err == nil {
			s.fail(SyntaxMember, start, `the members "expiration" and "conditions" alone`, strconv.Quote(name))
		}
		if seen[name] {
			s.fail(SyntaxMember, start, "each member once", "another "+strconv.Quote(name))
		}
		seen[name] = true
		s.expect(':')
		if name == "expiration" {
			d.Expiration = s.expiration()
		} else {
			d.Conditions = s.conditions()
		}
		s.kind, s.member = SyntaxMember, ""
	}
	for _, name := range []string{"expiration", "conditions"} {
		if s.err == nil && !seen[name] {
			s.member = name
			s.fail(SyntaxMissing, start, `both "expiration" and "conditions"`, "only one of them")
		}
	}
	return d
}

// expiration reads an instant in UTC.
func (s *scanner) expiration() time.Time {
	s.kind = SyntaxExpiration
	s.space()
	start := s.pos
	text := s.str("an instant in UTC")
	at, err := time.Parse(expirationLayout, text)
	// time.Parse is lenient: hours of one digit, fractions behind a comma.
	if err != nil || !strings.HasPrefix(text, at.Format(expirationLayout[:19])) || text[19] == ',' || len(text) > 30 || checkExpiration(at) != nil {
		s.fail(s.kind, start, "an instant in UTC such as 2026-03-01T12:00:00.000Z", strconv.Quote(text))
	}
	return at
}

const expirationLayout = "2006-01-02T15:04:05Z"

func (s *scanner) conditions() []Condition {
	s.kind = SyntaxCondition
	list := []Condition{}
	s.expect('[')
	if s.peek() == ']' {
		s.pos++
		return list
	}
	for more := true; more && s.err == nil; more = s.next(']') {
		s.condition = len(list)
		list = append(list, s.oneCondition())
	}
	s.condition = -1
	return list
}

func (s *scanner) oneCondition() Condition {
	switch s.peek() {
	case '{':
		return s.property()
	case '[':
		return s.match()
	}
	s.fail(s.kind, s.pos, "a condition, an object or an array", s.found())
	return Condition{}
}

// property reads {"field": "value"}.
func (s *scanner) property() Condition {
	s.expect('{')
	field := s.field("", "a field name")
	s.expect(':')
	value := s.str("a string")
	if s.peek() == ',' {
		s.fail(s.kind, s.pos, "one property in a condition", "another")
	}
	s.expect('}')
	return Equal(field, value)
}

// field reads a field name behind the given sign.
func (s *scanner) field(sign, wanted string) string {
	s.space()
	start := s.pos
	text := s.str(wanted)
	name, ok := strings.CutPrefix(text, sign)
	if !ok || name == "" || name[0] == '$' {
		s.fail(s.kind, start, wanted, strconv.Quote(text))
	}
	return name
}

// match reads ["operator", …].
func (s *scanner) match() (c Condition) {
	s.expect('[')
	s.space()
	start := s.pos
	switch operator := s.str("an operator"); Operator(operator) {
	case OpEqual:
		c = Equal(s.operands())
	case OpStartsWith:
		c = StartsWith(s.operands())
	case OpRange:
		s.expect(',')
		low := s.size()
		s.expect(',')
		c = ContentLengthRange(low, s.size())
	default:
		s.fail(s.kind, start, "eq, starts-with or content-length-range", strconv.Quote(operator))
	}
	if s.peek() == ',' {
		s.fail(s.kind, s.pos, "three items in a condition", "another")
	}
	s.expect(']')
	return c
}

func (s *scanner) operands() (field, value string) {
	s.expect(',')
	field = s.field("$", "a field name behind a $")
	s.expect(',')
	return field, s.str("a string")
}
