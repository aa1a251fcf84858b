package explain

import (
	"strings"

	"github.com/postern-dev/postern/policy"
)

// storeTable is what one store writes when it refuses.
type storeTable struct {
	store     string
	sentences []sentence
	codes     map[string]string // by the store's code, the finding's
}

// storeTables has the stores in the order in which their sentences are tried. S3's are last, as
// others build on them, and behind those the statuses of HTTP.
var storeTables = []storeTable{cephTable, minioTable, versityTable, gcsTable, ossTable, garageTable, supabaseTable, r2Table, b2Table, spacesTable, swiftTable, s3Table, statusTable}

// sentence is a store's sentence, or a part of it that occurs nowhere else, in lower case. {field},
// {wanted} and {got} stand for what changes, {} for what doesn't matter; one at the end takes the
// rest of the line.
type sentence struct {
	text  string
	code  string // the finding's
	field string // where the sentence doesn't tell it
}

// matched is a sentence that was found, with what stands in the places of its braces.
type matched struct {
	sentence
	wanted, got string
}

// matchSentence finds the first sentence of any store in a text. Tables of the named store are
// tried first. It returns nil if there is none.
func matchSentence(text, store string) *matched {
	text = text[:min(len(text), maxSentenceBytes)]
	lower := policy.LowerName(text)
	for _, first := range []bool{true, false} {
		for _, t := range storeTables {
			if first != (t.store == store) {
				continue
			}
			if m := t.match(text, lower); m != nil {
				return m
			}
		}
	}
	return nil
}

// match finds the first of the table's sentences in a text.
func (t storeTable) match(text, lower string) *matched {
	for _, s := range t.sentences {
		if m, ok := s.match(text, lower); ok {
			return m
		}
	}
	return nil
}

// match looks for the sentence in a text, of which lower is the same in lower case.
func (s sentence) match(text, lower string) (*matched, bool) {
	literal, rest, _ := strings.Cut(s.text, "{")
	at := strings.Index(lower, literal)
	if at < 0 {
		return nil, false
	}
	m := &matched{sentence: s}
	for at += len(literal); rest != ""; {
		var name string
		name, rest, _ = strings.Cut(rest, "}")
		literal, rest, _ = strings.Cut(rest, "{")
		length := strings.Index(lower[at:], literal)
		if literal == "" {
			length = len(firstLine(text[at:]))
		}
		if length < 0 {
			return nil, false
		}
		m.set(name, trimValue(text[at:at+length]))
		at += length + len(literal)
	}
	return m, true
}

// trimValue takes off what stands around a value, but not of it.
func trimValue(value string) string {
	value = strings.Trim(value, "\"'` \t\r\n.,;")
	if !strings.Contains(value, "(") {
		value = strings.TrimRight(value, ").")
	}
	return value
}

func (m *matched) set(name, value string) {
	switch name {
	case "field":
		m.field = value
	case "wanted":
		m.wanted = value
	case "got":
		m.got = value
	}
}

func firstLine(text string) string {
	line, _, _ := strings.Cut(text, "\n")
	return line
}

// isStoreCode reports whether any store has this code.
func isStoreCode(code string) bool { return codeOfStore(code) != "" }

// codeOfStore returns the finding's code for a store's, "" for one that no table has.
func codeOfStore(code string) string {
	for _, t := range storeTables {
		if found, ok := t.codes[code]; ok {
			return found
		}
	}
	return ""
}
