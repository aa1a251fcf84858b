package profile

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"
)

const (
	maxSegment = 200 // bytes of an encoded subject or claim; file systems behind stores stop at 255
	maxSlug    = 64
	maxExt     = 11 // with the dot
	maxID      = 64
	upperHex   = "0123456789ABCDEF"
)

// encodeSegment writes text as one key segment of letters, digits, `-`, `_`, `.` and `~`. Every
// other byte, and a dot at either end, becomes `~` and two hex digits; `~` itself does too, so that
// different texts have different segments. What would be longer than 200 bytes becomes `~~` and the
// text's SHA-256, which no other text begins with.
func encodeSegment(text string) string {
	if plainSegment(text) {
		return text
	}
	out := make([]byte, 0, 3*len(text))
	for i := range len(text) {
		b := text[i]
		if safeByte(b) || b == '.' && i > 0 && i < len(text)-1 {
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

func plainSegment(text string) bool {
	for i := range len(text) {
		if !safeByte(text[i]) {
			return false
		}
	}
	return len(text) <= maxSegment
}

func safeByte(b byte) bool {
	return 'a' <= b && b <= 'z' || 'A' <= b && b <= 'Z' || '0' <= b && b <= '9' || b == '-' || b == '_'
}

// slug returns at most 64 lower-case letters, digits and single hyphens of a name without its
// extension, or "file".
func slug(name string) string {
	name = strings.TrimSuffix(name, rawExt(name))
	out := make([]byte, 0, maxSlug)
	for i := 0; i < len(name) && len(out) < maxSlug; i++ {
		b := lower(name[i])
		if safeByte(b) && b != '_' && b != '-' {
			out = append(out, b)
		} else if len(out) > 0 && out[len(out)-1] != '-' {
			out = append(out, '-')
		}
	}
	return or(strings.Trim(string(out), "-"), "file")
}

// activeExts are extensions that file servers commonly turn into active types, whatever type the
// object was given.
var activeExts = map[string]bool{
	".html": true, ".htm": true, ".xhtml": true, ".xht": true, ".shtml": true, ".svg": true, ".svgz": true,
	".xml": true, ".xsl": true, ".xslt": true, ".js": true, ".mjs": true, ".cjs": true, ".swf": true, ".mht": true,
	".mhtml": true, ".hta": true,
}

// extension returns the name's extension with its dot in lower case, or "" when it isn't 1 to 10
// ASCII letters and digits, or when it promises an active type that the file doesn't have.
func extension(name, contentType string) string {
	ext := strings.ToLower(rawExt(name))
	if len(ext) < 2 || len(ext) > maxExt || strings.ContainsFunc(ext[1:], func(r rune) bool { return !alphanumeric(r) }) {
		return ""
	}
	if activeExts[ext] && !Active(contentType) {
		return ""
	}
	return ext
}

// rawExt is the text from the last dot on, unless the name begins there.
func rawExt(name string) string {
	if i := strings.LastIndexByte(name, '.'); i > 0 {
		return name[i:]
	}
	return ""
}

func lower(b byte) byte {
	if 'A' <= b && b <= 'Z' {
		return b + 'a' - 'A'
	}
	return b
}

// safeID says whether an ID given by the caller can stand in a key and a URL.
func safeID(id string) bool {
	return id != "" && len(id) <= maxID && plainSegment(id)
}
