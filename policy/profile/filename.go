package profile

import (
	"net/url"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

const maxFilename = 1024

// CleanFilename returns a file name fit for metadata and headers: control, bidirectional and
// zero-width characters and outer spaces are taken out. It fails with FilenameInvalid when the name
// is empty, a path, `.` or `..`, longer than 1,024 bytes or not UTF-8. The result is text for
// people and never part of a key.
func CleanFilename(name string) (string, error) {
	if len(name) > maxFilename || !utf8.ValidString(name) {
		wanted := "at most " + strconv.Itoa(maxFilename) + " bytes of UTF-8"
		return "", filenameError(wanted, name)
	}
	if strings.ContainsAny(name, `/\`) {
		return "", filenameError("a name without a path", name)
	}
	clean := strings.TrimSpace(strings.Map(visible, name))
	if clean == "" || clean == "." || clean == ".." {
		return "", filenameError("a name", name)
	}
	return clean, nil
}

func filenameError(wanted, got string) error {
	return &Error{Code: FilenameInvalid, Field: "filename", Wanted: wanted, Got: clip(got)}
}

// visible drops what can't be seen or turns the text around it: categories Cc, Cf, Zl, Zp, Co, Cs
// and U+FFFD.
func visible(r rune) rune {
	if r == utf8.RuneError || unicode.In(r, unicode.C, unicode.Zl, unicode.Zp) {
		return -1
	}
	return r
}

// ContentDisposition returns a header value by RFC 6266 for kind ("attachment" or "inline") and a
// file name: an ASCII fallback that every client can read, and the whole name as RFC 8187 writes it
// where that says more. A name that CleanFilename refuses is left out.
func ContentDisposition(kind, name string) string {
	clean, err := CleanFilename(name)
	if err != nil {
		return kind
	}
	fallback := strings.Map(quotable, clean)
	header := kind + `; filename="` + fallback + `"`
	if fallback == clean {
		return header
	}
	return header + `; filename*=UTF-8''` + extValue(clean)
}

// quotable keeps what a quoted-string holds without escapes; `%` goes too, since some clients
// decode it there.
func quotable(r rune) rune {
	if r < ' ' || r > '~' || r == '"' || r == '\\' || r == '%' {
		return '_'
	}
	return r
}

// extValue percent-encodes all but the letters, digits and marks that both RFC 3986 and RFC 8187
// leave alone.
func extValue(text string) string {
	return strings.ReplaceAll(url.QueryEscape(text), "+", "%20")
}
