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
// as the strictest store, so that no store reads the text in another way. Parse refuses members
// other than "expiration" and "conditions", repeated members, conditions with several properties or
// with another number of items, more than 2,000 conditions, values that aren't strings, expirations
// with an offset, base64 with line ends or without padding. It does read conditions that Sign would
// refuse; Condition.Err says which. The error is a *SyntaxError.
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

// UnmarshalJSON reads as strictly as Parse does.
func (d *Document) UnmarshalJSON(text []byte) error {
	parsed, err := parseJSON(string(text))
	if err != nil {
		return err
	}
	*d = parsed
	return nil
}

// UnmarshalJSON reads one condition as strictly as Parse does.
func (c *Condition) UnmarshalJSON(text []byte) error {
	s := &jsonScanner{text: string(text), kind: SyntaxCondition}
	parsed := s.oneCondition()
	if err := s.end(); err != nil {
		return err
	}
	*c = parsed
	return nil
}

// decodeBase64 decodes strictly: standard alphabet, padded, one line.
func decodeBase64(text string) (string, error) {
	if at := strings.IndexAny(text, "\r\n"); at >= 0 {
		return "", base64Error(text, at, "base64 in one line", "a line end")
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
	return "", base64Error(text, at, "the standard base64 alphabet, padded", got)
}

func base64Error(text string, at int, wanted, got string) error {
	line, column := position(text, at)
	return &SyntaxError{Kind: SyntaxBase64, Offset: at, Line: line, Column: column, Condition: -1, Wanted: wanted, Got: got}
}

// position returns the line and the column of an offset, both from 1.
func position(text string, offset int) (line, column int) {
	before := text[:offset]
	return 1 + strings.Count(before, "\n"), offset - strings.LastIndexByte(before, '\n')
}

func parseJSON(text string) (Document, error) {
	s := &jsonScanner{text: text, kind: SyntaxMember, condition: -1}
	d := s.document()
	if err := s.end(); err != nil {
		return Document{}, err
	}
	return d, nil
}

// document reads the outermost object.
func (s *jsonScanner) document() (d Document) {
	s.expect('{')
	if s.peek() == '}' {
		s.fail(SyntaxMissing, s.pos, "a member", s.found())
	}
	seen := make(map[string]bool)
	start := s.pos
	for more := true; more && s.err == nil; more = s.next('}') {
		s.skipSpace()
		start = s.pos
		s.member = s.str("a member")
		switch name := s.member; {
		case seen[name]:
			s.fail(SyntaxMember, start, "each member once", "another "+strconv.Quote(name))
		case name == "expiration":
			d.Expiration = s.expiration()
		case name == "conditions":
			d.Conditions = s.conditions()
		default:
			s.fail(SyntaxMember, start, `the members "expiration" and "conditions" alone`, strconv.Quote(name))
		}
		seen[s.member] = true
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

// expiration reads a colon and an instant in UTC.
func (s *jsonScanner) expiration() time.Time {
	const layout = "2006-01-02T15:04:05Z"
	s.kind = SyntaxExpiration
	s.expect(':')
	s.skipSpace()
	start := s.pos
	text := s.str("an instant in UTC")
	at, err := time.Parse(layout, text)
	// time.Parse also takes hours of one digit and fractions after a comma.
	if err != nil || !strings.HasPrefix(text, at.Format(layout[:19])) || text[19] == ',' || len(text) > 30 || checkExpiration(at) != nil {
		s.fail(s.kind, start, "an instant in UTC such as 2026-03-01T12:00:00.000Z", strconv.Quote(text))
	}
	return at
}

// conditions reads a colon and the array of conditions.
func (s *jsonScanner) conditions() []Condition {
	s.kind = SyntaxCondition
	list := []Condition{}
	s.expect(':')
	s.expect('[')
	if s.peek() == ']' {
		s.pos++
		return list
	}
	for more := true; more && s.err == nil; more = s.next(']') {
		if s.condition = len(list); s.condition == maxConditions {
			s.fail(SyntaxLength, s.pos, "at most "+strconv.Itoa(maxConditions)+" conditions", "more")
		}
		list = append(list, s.oneCondition())
	}
	s.condition = -1
	return list
}

func (s *jsonScanner) oneCondition() Condition {
	switch s.peek() {
	case '{':
		return s.objectCondition()
	case '[':
		return s.arrayCondition()
	}
	s.fail(s.kind, s.pos, "a condition, an object or an array", s.found())
	return Condition{}
}

// objectCondition reads {"field": "value"}.
func (s *jsonScanner) objectCondition() Condition {
	s.expect('{')
	field := s.fieldName("", "a field name")
	s.expect(':')
	value := s.str("a string")
	if s.peek() == ',' {
		s.fail(s.kind, s.pos, "one property in a condition", "another")
	}
	s.expect('}')
	return Equal(field, value)
}

// arrayCondition reads ["operator", …].
func (s *jsonScanner) arrayCondition() (c Condition) {
	s.expect('[')
	s.skipSpace()
	start := s.pos
	switch operator := s.str("an operator"); Operator(operator) {
	case OpEqual:
		c = Equal(s.fieldAndValue())
	case OpStartsWith:
		c = StartsWith(s.fieldAndValue())
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

func (s *jsonScanner) fieldAndValue() (field, value string) {
	s.expect(',')
	field = s.fieldName("$", "a field name after a $")
	s.expect(',')
	return field, s.str("a string")
}

// fieldName reads a string with the prefix, and returns what follows it.
func (s *jsonScanner) fieldName(prefix, wanted string) string {
	s.skipSpace()
	start := s.pos
	text := s.str(wanted)
	name, ok := strings.CutPrefix(text, prefix)
	if !ok || name == "" || name[0] == '$' {
		s.fail(s.kind, start, wanted, strconv.Quote(text))
	}
	return name
}
