package profile

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

func isAlphanumeric(b byte) bool {
	return 'a' <= b && b <= 'z' || 'A' <= b && b <= 'Z' || '0' <= b && b <= '9'
}

// consistsOf reports whether text has nothing but ASCII letters, digits and the given marks.
func consistsOf(text, marks string) bool {
	for i := range len(text) {
		if !isAlphanumeric(text[i]) && strings.IndexByte(marks, text[i]) < 0 {
			return false
		}
	}
	return true
}

// isIdentifier reports whether id can stand in a key, a URL and a header name as it is: 1 to 64
// letters, digits, - and _.
func isIdentifier(id string) bool {
	return id != "" && len(id) <= maxIdentifier && consistsOf(id, "-_")
}

// isTypeName follows the restricted names of RFC 6838, 4.2. The `$` they allow is left out, since
// stores read it in different ways.
func isTypeName(name string) bool { return name != "" && consistsOf(name, "!#&-^_.+") }

// isHeaderValue accepts what every store takes as a field and as a header alike; `$` begins a
// variable for some.
func isHeaderValue(text string) bool {
	return !strings.ContainsFunc(text, func(r rune) bool { return r < ' ' || r > '~' || r == '$' }) &&
		strings.Trim(text, " ") == text
}

// isLine accepts text that a page can show in one line.
func isLine(text string) bool {
	return utf8.ValidString(text) && strings.TrimSpace(text) != "" && !strings.ContainsFunc(text, unicode.IsControl)
}

// clip shortens input that is about to be quoted in an error.
func clip(text string) string {
	const limit = 120
	if len(text) <= limit {
		return text
	}
	return text[:limit] + "…"
}
