package profile

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"strings"
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

// slug returns at most 64 lower-case letters, digits and single hyphens of a name without its
// extension, or "file".
func slug(name string) string {
	name = strings.TrimSuffix(name, lastExtension(name))
	out := make([]byte, 0, maxSlug)
	for i := 0; i < len(name) && len(out) < maxSlug; i++ {
		b := name[i]
		if 'A' <= b && b <= 'Z' {
			b += 'a' - 'A'
		}
		if isAlphanumeric(b) {
			out = append(out, b)
		} else if len(out) > 0 && out[len(out)-1] != '-' {
			out = append(out, '-')
		}
	}
	return cmp.Or(strings.Trim(string(out), "-"), "file")
}

// lastExtension is the text from the last dot on, unless the name begins there.
func lastExtension(name string) string {
	if i := strings.LastIndexByte(name, '.'); i > 0 {
		return name[i:]
	}
	return ""
}
