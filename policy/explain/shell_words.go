package explain

import (
	"strings"
)

// shellReader reads the words of a text's first command as a shell does, with quotes, escapes and
// continued lines. It expands nothing.
type shellReader struct {
	text   string
	at     int // offset of the next byte
	read   int // words so far
	syntax shellSyntax
}

// shellSyntax is how a shell writes quotes and escapes.
type shellSyntax struct {
	escape        byte     // of the next character
	continued     []string // ends of lines that go on
	singleQuotes  bool     // ' is a quote
	escapedQuoted string   // what can be escaped between double quotes
	doubled       bool     // a quote between quotes is written twice
}

var (
	posixSyntax = shellSyntax{escape: '\\', continued: []string{"\\\n", "\\\r\n"}, singleQuotes: true, escapedQuoted: "\"\\$`"}
	// cmdSyntax is that of programs on Windows, after cmd has taken its carets.
	cmdSyntax   = shellSyntax{escape: '\\', escapedQuoted: `"\`, doubled: true}
	powerSyntax = shellSyntax{escape: '`', continued: []string{"`\n", "`\r\n"}, singleQuotes: true, escapedQuoted: "\"`$", doubled: true}
)

// newShellReader tells the shells apart by the way a line goes on, or a quote is escaped.
func newShellReader(text string) *shellReader {
	switch {
	case strings.Contains(text, `^"`) || strings.Contains(text, "^\n") || strings.Contains(text, "^\r\n"):
		return &shellReader{text: withoutCarets(text), syntax: cmdSyntax}
	case strings.Contains(text, "`\n") || strings.Contains(text, "`\r\n"):
		return &shellReader{text: text, syntax: powerSyntax}
	}
	return &shellReader{text: text, syntax: posixSyntax}
}

// withoutCarets undoes the escapes of cmd. A caret before a line end takes it away, and a second
// line end is then one of the text.
func withoutCarets(text string) string {
	var b strings.Builder
	b.Grow(len(text))
	for i := strings.IndexByte(text, '^'); i >= 0; i = strings.IndexByte(text, '^') {
		b.WriteString(text[:i])
		text = text[i+1:]
		switch end := lineEnd(text); {
		case end == "" && text != "":
			b.WriteByte(text[0])
			text = text[1:]
		case strings.HasPrefix(text[len(end):], "\n") || strings.HasPrefix(text[len(end):], "\r\n"):
			text = text[len(end):]
			b.WriteByte('\n')
			text = text[len(lineEnd(text)):]
		default:
			text = text[len(end):]
		}
	}
	b.WriteString(text)
	return b.String()
}

func lineEnd(text string) string {
	for _, end := range []string{"\n", "\r\n"} {
		if strings.HasPrefix(text, end) {
			return end
		}
	}
	return ""
}

// maxWords bounds the words of a command that are read.
const maxWords = 4096

// isFull reports whether the command has more words than are read.
func (r *shellReader) isFull() bool { return r.read >= maxWords }

// atEnd reports whether the command ends here.
func (r *shellReader) atEnd() bool {
	return r.at >= len(r.text) || strings.IndexByte("\n;|&<>", r.text[r.at]) >= 0
}

// redirected reports whether the command ends at this sign.
func (r *shellReader) redirected(sign string) bool { return strings.HasPrefix(r.text[r.at:], sign) }

func (r *shellReader) skipBlanks() {
	for r.at < len(r.text) {
		switch {
		case strings.IndexByte(" \t\r", r.text[r.at]) >= 0:
			r.at++
		case r.lineContinues():
		default:
			return
		}
	}
}

// lineContinues skips an escaped end of a line, if there is one.
func (r *shellReader) lineContinues() bool {
	for _, end := range r.syntax.continued {
		if strings.HasPrefix(r.text[r.at:], end) {
			r.at += len(end)
			return true
		}
	}
	return false
}

// word reads the next word, any part of which may be quoted. It returns false at the end.
func (r *shellReader) word() (string, bool) {
	if r.skipBlanks(); r.atEnd() || r.isFull() {
		return "", false
	}
	r.read++
	var b strings.Builder
	for !r.atEnd() && strings.IndexByte(" \t\r", r.text[r.at]) < 0 {
		switch c := r.text[r.at]; {
		case r.lineContinues():
		case strings.HasPrefix(r.text[r.at:], "$'") && r.syntax.escape == '\\' && r.syntax.singleQuotes:
			b.WriteString(r.ansiQuoted())
		case c == '\'' && r.syntax.singleQuotes:
			b.WriteString(r.quoted(c, ""))
		case c == '"':
			b.WriteString(r.quoted(c, r.syntax.escapedQuoted))
		case c == r.syntax.escape && r.at+1 < len(r.text) && (r.syntax.singleQuotes || r.text[r.at+1] == '"'):
			b.WriteByte(r.text[r.at+1])
			r.at += 2
		default:
			b.WriteByte(c)
			r.at++
		}
	}
	return b.String(), true
}

// quoted reads from a quote to the next one. The escape before one of the given characters takes
// its meaning away.
func (r *shellReader) quoted(quote byte, escaped string) string {
	var b strings.Builder
	for r.at++; r.at < len(r.text); r.at++ {
		if escaped != "" && r.lineContinues() {
			r.at-- // the loop steps on
			continue
		}
		c := r.text[r.at]
		if c == quote && !(r.syntax.doubled && strings.HasPrefix(r.text[r.at+1:], string(quote))) {
			break
		}
		if (c == quote || c == r.syntax.escape) && r.at+1 < len(r.text) && (c == quote || strings.IndexByte(escaped, r.text[r.at+1]) >= 0) {
			r.at++
		}
		b.WriteByte(r.text[r.at])
	}
	r.at = min(r.at+1, len(r.text))
	return b.String()
}

// ansiQuoted reads $'…', which has the escapes of C.
func (r *shellReader) ansiQuoted() string {
	r.at += len("$'")
	start := r.at
	for r.at < len(r.text) && r.text[r.at] != '\'' {
		if r.text[r.at] == '\\' {
			r.at++
		}
		r.at++
	}
	text := r.text[start:min(r.at, len(r.text))]
	r.at = min(r.at+1, len(r.text))
	return unescapeString(text)
}
