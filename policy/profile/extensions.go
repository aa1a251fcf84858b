package profile

import (
	"slices"
	"strings"
)

// extension returns what a key ends in, with its dot: an extension that files of the decided type
// have. It is the name's own where the table lists it for the type, in lower case; else the type's
// usual one. A type without a row, and bytes of no known type, keep the name's extension if it is
// one of a passive type. All other names and a form's file, whose type nobody knows, get "".
//
// So a picture named x.php never becomes a key that a web server behind the bucket executes, that a
// desktop opens as a program or a shortcut, or that a file server gives an active type.
func extension(name, contentType string) string {
	if contentType == "" {
		return ""
	}
	own := plainExtension(name)
	row := rowOfType[contentType]
	switch {
	case row != nil && slices.Contains(row.extensions, own):
		return "." + own
	case row != nil:
		return "." + row.extensions[0]
	case passiveExtensions[own]:
		return "." + own
	}
	return ""
}

// plainExtension is the extension of a name in lower case without its dot, "" for none.
func plainExtension(name string) string {
	return strings.ToLower(strings.TrimPrefix(lastExtension(name), "."))
}

// passiveExtensions are those of all types but the active ones: no browser runs such a file, no
// server executes it, and opening it starts no program but the one that shows it.
var passiveExtensions = func() map[string]bool {
	set := map[string]bool{}
	for t, row := range rowOfType {
		for _, e := range row.extensions {
			if !Active(t) {
				set[e] = true
			}
		}
	}
	return set
}()
