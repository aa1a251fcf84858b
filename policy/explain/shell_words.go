package explain

import "strings"

// shellReader reads the words of a text's first command as a POSIX shell does, with quotes,
// backslashes and continued lines. It expands nothing.
type shellReader struct {
	text string
	at   int // offset of the next byte
}

// atEnd reports whether the command ends here.
func (r *shellReader) atEnd() bool {
	return r.at >= len(r.text) || strings.IndexByte("\n;|&<>", r.text[r.at]) >= 0
}

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

// lineContinues skips a backslash at the end of a line, if there is one.
func (r *shellReader) lineContinues() bool {
	for _, end := range []string{"\\\n", "\\\r\n"} {
		if strings.HasPrefix(r.text[r.at:], end) {
			r.at += len(end)
			return true
		}
	}
	return false
}

// word reads the next word, any part of which may be quoted. It returns false at the end.
func (r *shellReader) word() (string, bool) {
	if r.skipBlanks(); r.atEnd() {
		return "", false
	}
	var b strings.Builder
	for !r.atEnd() && strings.IndexByte(" \t\r", r.text[r.at]) < 0 {
		switch c := r.text[r.at]; {
		case r.lineContinues():
		case c == '\'':
			b.WriteString(r.quoted(c, ""))
		case c == '"':
			b.WriteString(r.quoted(c, "\"\\$`"))
		case c == '\\' && r.at+1 < len(r.text):
			b.WriteByte(r.text[r.at+1])
			r.at += 2
		default:
			b.WriteByte(c)
			r.at++
		}
	}
	return b.String(), true
}

// quoted reads from a quote to the next one. A backslash before one of the given characters escapes
// it.
func (r *shellReader) quoted(quote byte, escaped string) string {
	var b strings.Builder
	for r.at++; r.at < len(r.text) && r.text[r.at] != quote; r.at++ {
		if escaped != "" && r.lineContinues() {
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
