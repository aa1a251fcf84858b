package explain

import (
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// stringQuotes begin a text; the longer ones come first. Word processors write the last two.
var stringQuotes = []string{`"""`, `'''`, `"`, `'`, "`", "“", "‘"}

// quote returns the quote that the next text begins with, with the letters of a Python literal
// before it, or "".
func (r *literalReader) quote() string {
	rest := r.rest()
	n := 0
	for n < 2 && n+1 < len(rest) && strings.IndexByte("bBuUrRfF", rest[n]) >= 0 {
		n++
	}
	for _, quote := range stringQuotes {
		if strings.HasPrefix(rest[n:], quote) {
			return rest[:n+len(quote)]
		}
	}
	return ""
}

// closingQuote returns the quote that ends a text.
func closingQuote(quote string) string {
	switch quote = strings.TrimLeft(quote, "bBuUrRfF"); quote {
	case "“":
		return "”"
	case "‘":
		return "’"
	}
	return quote
}

// strings reads a string, and those that are joined to it: "a" "b", 'a' + 'b', 'a' . 'b'.
func (r *literalReader) strings() literal {
	start := r.at
	v := literal{kind: literalString, text: r.string()}
	var joined []string
	for {
		before := r.at
		r.skipBlanks()
		operator := r.peek() == '+' || r.peek() == '.' || r.peek() == '\\'
		if operator {
			r.at++
			r.skipBlanks()
		}
		if r.quote() == "" {
			if r.at = before; operator && r.peek() != '\\' {
				v.kind = literalBare // an expression with texts in it
			}
			break
		}
		next := r.string()
		if end := r.at; !operator {
			if r.arrow(false) { // the next member's name
				r.at = before
				break
			}
			r.at = end
		}
		if joined = append(joined, next); len(joined) > maxLiterals {
			r.giveUp()
			break
		}
	}
	if len(joined) > 0 {
		v.text += strings.Join(joined, "")
	}
	if r.skipSpaces(); strings.IndexByte(".+%", r.peek()) >= 0 && r.at < len(r.text) {
		r.skipExpression()
		if v.kind == literalBare {
			v.text = strings.TrimSpace(r.text[start:r.at])
		}
	}
	return v
}

// string reads one string. A line end within plain quotes is one of the terminal it was copied
// from: no notation has them there.
func (r *literalReader) string() string {
	quote := r.quote()
	end := closingQuote(quote)
	r.at += len(quote)
	rest := r.rest()
	n := r.stringLength(end)
	if n < 0 {
		r.giveUp()
		n = len(rest)
	} else {
		r.at += n + len(end)
	}
	text := rest[:n]
	if end != "`" && len(end) == 1 && strings.Contains(text, "\n") {
		text = joinLines(text)
	}
	return unescapeString(text)
}

// stringLength returns the length of a string up to its end, -1 if it has none.
func (r *literalReader) stringLength(end string) int {
	rest := r.rest()
	for i := 0; i < len(rest); i++ {
		step := strings.IndexAny(rest[i:], "\\"+end[:1])
		if step < 0 {
			break
		}
		switch i += step; {
		case rest[i] == '\\':
			i++
		case strings.HasPrefix(rest[i:], end):
			return i
		}
	}
	return -1
}

// joinLines removes the line ends, and the spaces of the next line's beginning.
func joinLines(text string) string {
	var b strings.Builder
	for line := range strings.Lines(text) {
		if b.Len() > 0 {
			line = strings.TrimLeft(line, " \t")
		}
		b.WriteString(strings.TrimRight(line, "\r\n"))
	}
	return b.String()
}

// simpleEscapes are the letters behind a backslash that mean another character.
var simpleEscapes = map[byte]byte{'n': '\n', 'r': '\r', 't': '\t', 'b': '\b', 'f': '\f', 'v': '\v', '0': 0, 'e': 0x1b}

// unescapeString undoes the escapes of all notations: \n, \", \/, \x2f, \u002f, \u{2f}.
func unescapeString(text string) string {
	i := strings.IndexByte(text, '\\')
	if i < 0 {
		return text
	}
	var b strings.Builder
	b.Grow(len(text))
	for ; i >= 0; i = strings.IndexByte(text, '\\') {
		b.WriteString(text[:i])
		if text = text[i+1:]; text == "" {
			break
		}
		c := text[0]
		if letter, ok := simpleEscapes[c]; ok {
			b.WriteByte(letter)
			text = text[1:]
			continue
		}
		if c == 'x' || c == 'u' || c == 'U' {
			if char, n := hexEscape(text); n > 0 {
				b.WriteRune(char)
				text = text[n:]
				continue
			}
		}
		if c == '\n' { // the line goes on
			text = text[1:]
			continue
		}
		_, n := utf8.DecodeRuneInString(text)
		b.WriteString(text[:n])
		text = text[n:]
	}
	b.WriteString(text)
	return b.String()
}

// hexEscape reads x2f, u002f, u{2f} or two halves of a surrogate pair. It returns the character and
// the length, 0 if it is none.
func hexEscape(text string) (char rune, n int) {
	digits := map[byte]int{'x': 2, 'u': 4, 'U': 8}[text[0]]
	if strings.HasPrefix(text, "u{") {
		end := strings.IndexByte(text[:min(len(text), 10)], '}')
		if end < 0 {
			return 0, 0
		}
		code, err := strconv.ParseUint(text[2:end], 16, 32)
		if err != nil {
			return 0, 0
		}
		return rune(code), end + 1
	}
	if len(text) <= digits {
		return 0, 0
	}
	code, err := strconv.ParseUint(text[1:1+digits], 16, 32)
	if err != nil {
		return 0, 0
	}
	n = 1 + digits
	if char = rune(code); utf16.IsSurrogate(char) && len(text) >= n+6 && strings.HasPrefix(text[n:], `\u`) {
		if low, err := strconv.ParseUint(text[n+2:n+6], 16, 32); err == nil {
			return utf16.DecodeRune(char, rune(low)), n + 6
		}
	}
	return char, n
}
