package static

import "bytes"

// squeeze takes comments and needless white space out of a module, and leaves
// every token as it was written. It knows enough JavaScript to tell strings,
// templates and regular expressions from the code around them.
func squeeze(module []byte) []byte {
	s := scanner{in: module, out: make([]byte, 0, len(module))}
	for s.at < len(s.in) {
		s.step()
	}
	return append(bytes.TrimSpace(s.out), '\n')
}

type scanner struct {
	in, out []byte
	at      int
	space   byte // white space that was passed over: ' ', '\n' or 0
}

func (s *scanner) step() {
	c := s.in[s.at]
	switch {
	case c == ' ' || c == '\t' || c == '\r' || c == '\n':
		s.blank(c)
		s.at++
	case c == '/' && s.sees("//"):
		s.at += until(s.in[s.at:], "\n")
	case c == '/' && s.sees("/*"):
		s.at += until(s.in[s.at:], "*/") + 2
		s.blank(' ')
	case c == '\'' || c == '"':
		s.take(quoted(s.in[s.at:], c))
	case c == '`':
		s.take(template(s.in[s.at:]))
	case c == '/' && s.regexp():
		s.take(pattern(s.in[s.at:]))
	default:
		s.take(1)
	}
}

func (s *scanner) sees(text string) bool { return bytes.HasPrefix(s.in[s.at:], []byte(text)) }

func (s *scanner) blank(c byte) {
	if c == '\n' || s.space == 0 {
		s.space = c
	}
}

// take copies n bytes, with the white space before them where it matters: a
// line's end may end a statement, a space may part two words or signs.
func (s *scanner) take(n int) {
	last, next := s.last(), s.in[s.at]
	switch {
	case s.space == 0 || last == 0:
	case s.space == '\n' && !bytes.ContainsRune([]byte("{(,;["), rune(last)) && next != '}':
		s.out = append(s.out, '\n')
	case isWord(last) && isWord(next), last == next && (next == '+' || next == '-'):
		s.out = append(s.out, ' ')
	}
	s.space = 0
	s.out = append(s.out, s.in[s.at:s.at+n]...)
	s.at += n
}

func (s *scanner) last() byte {
	if len(s.out) == 0 {
		return 0
	}
	return s.out[len(s.out)-1]
}

// regexp tells a regular expression from a division by what stands before.
func (s *scanner) regexp() bool {
	return !isWord(s.last()) && s.last() != ')' && s.last() != ']' || bytes.HasSuffix(s.out, []byte("return"))
}

func isWord(c byte) bool {
	return c == '_' || c == '$' || c == '#' || c >= 0x80 ||
		'0' <= c && c <= '9' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z'
}

// until is where the text begins, or the end.
func until(in []byte, text string) int {
	if at := bytes.Index(in, []byte(text)); at >= 0 {
		return at
	}
	return len(in) - min(len(in), len(text)-1)
}

// quoted is the length of the string at the beginning.
func quoted(in []byte, quote byte) int {
	for i := 1; i < len(in); i++ {
		switch in[i] {
		case '\\':
			i++
		case quote:
			return i + 1
		}
	}
	return len(in)
}

// template is the length of the template at the beginning, and of all that is
// nested in it.
func template(in []byte) int {
	depth := 0
	for i := 1; i < len(in); i++ {
		switch c := in[i]; {
		case c == '\\':
			i++
		case depth == 0 && c == '`':
			return i + 1
		case c == '$' && i+1 < len(in) && in[i+1] == '{', depth > 0 && c == '{' && in[i-1] != '$':
			depth++
		case depth > 0 && c == '}':
			depth--
		case depth > 0 && c == '`':
			i += template(in[i:]) - 1
		case depth > 0 && (c == '\'' || c == '"'):
			i += quoted(in[i:], c) - 1
		}
	}
	return len(in)
}

// pattern is the length of the regular expression at the beginning; its flags
// are words like any other.
func pattern(in []byte) int {
	class := false
	for i := 1; i < len(in); i++ {
		switch c := in[i]; {
		case c == '\\':
			i++
		case c == '[':
			class = true
		case c == ']':
			class = false
		case c == '/' && !class:
			return i + 1
		}
	}
	return len(in)
}
