package language

import (
	"strings"
	"unicode"

	"golang.org/x/text/feature/plural"
	"golang.org/x/text/language"
)

// Texts are the texts of one language. They are safe for concurrent use; the fields are for
// reading.
type Texts struct {
	Tag       string // BCP 47, as in the lang attribute
	Direction string // "ltr" or "rtl", as in the dir attribute
	Name      string // in the language itself, such as "Deutsch"

	tag      language.Tag
	texts    map[string]string
	fallback *Texts
}

// Text returns the text of a key with its {name} placeholders filled in; args are names and values
// in turn. An unknown key is returned as it is.
func (t *Texts) Text(key string, args ...string) string {
	text, ok := t.lookup(key)
	if !ok {
		return key
	}
	for i := 0; i+1 < len(args); i += 2 {
		text = strings.ReplaceAll(text, "{"+args[i]+"}", t.isolate(args[i+1]))
	}
	return text
}

// HasPlaceholder reports whether the text of a key has a placeholder.
func (t *Texts) HasPlaceholder(key string) bool {
	text, _ := t.lookup(key)
	return strings.Contains(text, "{")
}

func (t *Texts) lookup(key string) (string, bool) {
	text, ok := t.texts[key]
	if !ok && t.fallback != nil {
		text, ok = t.fallback.texts[key]
	}
	return text, ok
}

var pluralSuffixes = map[plural.Form]string{plural.Zero: ".zero", plural.One: ".one", plural.Two: ".two",
	plural.Few: ".few", plural.Many: ".many", plural.Other: ".other"}

// plural returns the text of a key for n things: in the plural form that the language uses for n,
// with n as a placeholder.
func (t *Texts) plural(key string, n int64) string {
	form := plural.Cardinal.MatchPlural(t.tag, int(n%10_000_000), 0, 0, 0, 0)
	chosen := key + pluralSuffixes[form]
	if _, ok := t.texts[chosen]; !ok {
		chosen = key + ".other"
	}
	return t.Text(chosen, "n", t.number(float64(n), 0))
}

// The characters of UAX #9 around a text that has its own direction.
const firstStrongIsolate, popDirectionalIsolate = "\u2068", "\u2069"

// isolate wraps value in U+2068 and U+2069 (UAX #9) if it has letters of the opposite direction, so
// that it doesn't reorder the words around it. A value that has isolated parts already is returned
// as it is.
func (t *Texts) isolate(value string) string {
	if strings.Contains(value, firstStrongIsolate) || !strings.ContainsFunc(value, t.isOppositeDirection) {
		return value
	}
	return firstStrongIsolate + value + popDirectionalIsolate
}

func (t *Texts) isOppositeDirection(r rune) bool {
	rightToLeft := unicode.In(r, unicode.Arabic, unicode.Hebrew, unicode.Syriac, unicode.Thaana, unicode.Nko, unicode.Adlam)
	return unicode.IsLetter(r) && rightToLeft != (t.Direction == "rtl")
}
