package profile

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// Limits of what placeholders become, in bytes.
const (
	maxSegment    = 200 // an encoded subject or claim; file systems behind stores stop at 255
	maxSlug       = 64
	maxExtension  = 11 // with the dot
	maxIdentifier = 64
)

const upperHex = "0123456789ABCDEF"

// encodeSegment writes text as one key segment of letters, digits, `-`, `_`, `.` and `~`. Every
// other byte, and a dot at either end, becomes `~` and two hex digits; `~` itself does too, so that
// different texts have different segments. What would be longer than 200 bytes becomes `~~` and the
// text's SHA-256, which no other text begins with.
func encodeSegment(text string) string {
	if len(text) <= maxSegment && consistsOf(text, "-_") {
		return text
	}
	out := make([]byte, 0, 3*len(text))
	for i := range len(text) {
		b := text[i]
		if isAlphanumeric(b) || b == '-' || b == '_' || b == '.' && i > 0 && i < len(text)-1 {
			out = append(out, b)
			continue
		}
		out = append(out, '~', upperHex[b>>4], upperHex[b&15])
	}
	if len(out) > maxSegment {
		sum := sha256.Sum256([]byte(text))
		return "~~" + hex.EncodeToString(sum[:])
	}
	return string(out)
}

// slug returns the letters and digits of a name without its extension, of any script and in lower
// case, with single hyphens for the rest; or "file". It has at most 64 bytes of UTF-8.
//
// Names that Unicode calls equivalent have one slug: it is in form NFKC, which also makes wide and
// other compatible letters the usual ones (https://www.unicode.org/reports/tr15). What can't be
// seen is left out, and so are marks without a letter.
func slug(name string) string {
	name = strings.TrimSuffix(name, lastExtension(name))
	name = norm.NFKC.String(strings.ToLower(norm.NFKC.String(name)))
	out := make([]byte, 0, maxSlug)
	for name != "" && len(out) < maxSlug {
		size := letterLength(name)
		letter := name[:size]
		name = name[size:]
		switch {
		case isHidden(letter):
		case !startsWord(letter):
			if len(out) > 0 && out[len(out)-1] != '-' {
				out = append(out, '-')
			}
		case len(out)+size > maxSlug:
			name = "" // no half letter
		default:
			out = append(out, letter...)
		}
	}
	return cmp.Or(strings.Trim(string(out), "-"), "file")
}

// letterLength is the length in bytes of the first character of text with the marks that belong to
// it. Marks beyond the fourth count as characters of their own.
func letterLength(text string) int {
	const maxMarks = 4
	_, size := utf8.DecodeRuneInString(text)
	for range maxMarks {
		mark, width := utf8.DecodeRuneInString(text[size:])
		if !unicode.IsMark(mark) || isHidden(text[size:size+width]) {
			break
		}
		size += width
	}
	return size
}

// startsWord reports whether a character, which may have marks, is a letter or digit.
func startsWord(letter string) bool {
	first, _ := utf8.DecodeRuneInString(letter)
	return unicode.IsLetter(first) || unicode.IsDigit(first)
}

// isHidden reports whether a character shows nothing, such as a variation selector or a filler of
// Hangul (Default_Ignorable_Code_Point in the Unicode Character Database).
func isHidden(letter string) bool {
	first, _ := utf8.DecodeRuneInString(letter)
	return unicode.In(first, unicode.Other_Default_Ignorable_Code_Point, unicode.Variation_Selector, unicode.C)
}

// lastExtension is the text from the last dot on, unless the name begins there or a space follows:
// "Report 1.2 final" has no extension.
func lastExtension(name string) string {
	if i := strings.LastIndexByte(name, '.'); i > 0 && !strings.ContainsRune(name[i:], ' ') {
		return name[i:]
	}
	return ""
}
