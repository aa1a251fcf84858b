package explain

import "strings"

// shellWords splits the first command of a text as a POSIX shell does: quotes, backslashes, lines
// that go on. Nothing is expanded.
func shellWords(text string) (words []string) {
	r := &shellReader{text: text}
	for {
		r.blanks()
		if r.over() {
			return words
		}
		words = append(words, r.word())
	}
}

// shellReader reads a command from its beginning.
type shellReader struct {
	text string
	at   int
}

// over tells whether the command ends here.
func (r *shellReader) over() bool {
	return r.at >= len(r.text) || strings.IndexByte("\n;|&<>", r.text[r.at]) >= 0
}

func (r *shellReader) blanks() {
	for r.at < len(r.text) {
		switch {
		case strings.IndexByte(" \t\r", r.text[r.at]) >= 0:
			r.at++
		case r.goesOn():
		default:
			return
		}
	}
}

// goesOn steps over a backslash at the end of a line.
func (r *shellReader) goesOn() bool {
	for _, end := range []string{"\\\n", "\\\r\n"} {
		if strings.HasPrefix(r.text[r.at:], end) {
			r.at += len(end)
			return true
		}
	}
	return false
}

func (r *shellReader) word() string {
	var b strings.Builder
	for !r.over() && strings.IndexByte(" \t\r", r.text[r.at]) < 0 {
		switch c := r.text[r.at]; {
		case r.goesOn():
		case c == '\'':
			r.at++
			b.WriteString(r.until('\'', ""))
		case c == '"':
			r.at++
			b.WriteString(r.until('"', "\"\\$`"))
		case c == '\\' && r.at+1 < len(r.text):
			b.WriteByte(r.text[r.at+1])
			r.at += 2
		default:
			b.WriteByte(c)
			r.at++
		}
	}
	return b.String()
}

// until reads to the closing quote; a backslash counts before the given characters.
func (r *shellReader) until(quote byte, escaped string) string {
	var b strings.Builder
	for ; r.at < len(r.text) && r.text[r.at] != quote; r.at++ {
		if escaped != "" && r.goesOn() {
			r.at-- // the loop steps on
			continue
		}
		if r.text[r.at] == '\\' && r.at+1 < len(r.text) && strings.IndexByte(escaped, r.text[r.at+1]) >= 0 {
			r.at++
		}
		b.WriteByte(r.text[r.at])
	}
	r.at++
	return b.String()
}
