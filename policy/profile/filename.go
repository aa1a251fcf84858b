package profile

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

const maxFilename = 1024 // bytes

// CleanFilename returns a file name fit for metadata and headers: control, bidirectional and
// zero-width characters and outer spaces are taken out. It fails with FilenameInvalid when the name
// is empty, a path, `.` or `..`, longer than 1,024 bytes or not UTF-8. The result is text for
// people and never part of a key.
func CleanFilename(name string) (string, error) {
	wanted := "a name"
	clean := strings.TrimSpace(strings.Map(dropInvisible, name))
	switch {
	case len(name) > maxFilename || !utf8.ValidString(name):
		wanted = fmt.Sprintf("at most %d bytes of UTF-8", maxFilename)
	case strings.ContainsAny(name, `/\`):
		wanted = "a name without a path"
	case clean != "" && clean != "." && clean != "..":
		return clean, nil
	}
	return "", &RequestError{Code: FilenameInvalid, Field: "filename", Wanted: wanted, Got: clip(name)}
}

// dropInvisible drops what can't be seen or changes the direction of the text around it: the
// Unicode categories C, Zl and Zp, and U+FFFD.
func dropInvisible(r rune) rune {
	if r == utf8.RuneError || unicode.In(r, unicode.C, unicode.Zl, unicode.Zp) {
		return -1
	}
	return r
}
