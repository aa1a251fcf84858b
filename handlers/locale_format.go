package handlers

import (
	"math"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/gabriel-vasile/mimetype"
	"golang.org/x/text/number"

	"github.com/postern-dev/postern/policy/profile"
)

func (w *words) number(value float64, fraction int) string {
	return w.printer().Sprint(number.Decimal(value, number.MaxFractionDigits(fraction)))
}

var units = []string{"page.unit.kilobyte", "page.unit.megabyte", "page.unit.gigabyte", "page.unit.terabyte"}

// size writes bytes as people read them, in steps of 1,024 and with one decimal below ten: "1
// byte", "2.5 MB", "10 MB".
func (w *words) size(bytes int64) string {
	if bytes < 1024 {
		return w.counted("page.unit.byte", bytes)
	}
	value, unit := float64(bytes)/1024, 0
	for value >= 1024 && unit < len(units)-1 {
		value, unit = value/1024, unit+1
	}
	fraction := 0
	if value < 10 {
		fraction = 1
	}
	// Rounded down: a limit must not be told larger than it is.
	scale := math.Pow10(fraction)
	return w.text(units[unit], "n", w.number(math.Floor(value*scale)/scale, fraction))
}

// alternatives joins words to a list that ends in "or".
func (w *words) alternatives(list []string) string {
	if len(list) < 2 {
		return strings.Join(list, "")
	}
	last := len(list) - 1
	items := make([]string, last)
	for i, item := range list[:last] {
		items[i] = w.apart(item)
	}
	return w.text("page.list.or", "list", strings.Join(items, w.text("page.list.separator")), "last", list[last])
}

// typeNames names a profile's types: "PNG, JPEG or WebP".
func (w *words) typeNames(types []string) string {
	names := make([]string, 0, len(types))
	for _, t := range types {
		if name := w.typeName(t); !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return w.alternatives(names)
}

// knownTypes are the names people use where they differ from the extension.
var knownTypes = map[string]string{
	"image/jpeg": "JPEG", "image/webp": "WebP", "image/svg+xml": "SVG", "image/tiff": "TIFF", "image/x-icon": "ICO",
	"video/quicktime": "MOV", "video/mpeg": "MPEG", "video/webm": "WebM", "audio/webm": "WebM", "audio/mpeg": "MP3",
	"audio/mp4": "M4A", "audio/ogg": "OGG", "text/plain": "TXT", "text/html": "HTML", "application/json": "JSON",
	"application/msword": "Word", "application/vnd.openxmlformats-officedocument.wordprocessingml.document": "Word",
	"application/vnd.ms-excel": "Excel", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": "Excel",
	"application/vnd.ms-powerpoint":                                             "PowerPoint",
	"application/vnd.openxmlformats-officedocument.presentationml.presentation": "PowerPoint",
}

// typeName names a content type or a family of them.
func (w *words) typeName(contentType string) string {
	if contentType == "*/*" {
		return w.text("page.type.any")
	}
	family, sub, _ := strings.Cut(contentType, "/")
	if sub == "*" {
		if _, ok := w.lookup("page.type." + family); ok {
			return w.text("page.type." + family)
		}
		return family
	}
	if contentType == profile.OctetStream {
		return w.text("page.type.any")
	}
	if name, ok := knownTypes[contentType]; ok {
		return name
	}
	if known := mimetype.Lookup(contentType); known != nil && len(known.Extension()) > 1 {
		return strings.ToUpper(known.Extension()[1:])
	}
	return sub
}

// kind names the type of one file; one that nobody knows goes by its own name.
func (w *words) kind(contentType string) string {
	if contentType == profile.OctetStream {
		return contentType
	}
	return w.typeName(contentType)
}

// rules say what a form takes: "PNG, JPEG or WebP, up to 10 MB".
func (w *words) rules(types []string, minSize, maxSize int64) string {
	key := "page.rules.max"
	if minSize > 1 {
		key = "page.rules.range"
	}
	return capital(w.text(key, "types", w.typeNames(types), "min", w.size(minSize), "max", w.size(maxSize)))
}

// capital writes the first letter large, where the script has such a thing.
func capital(text string) string {
	first, n := utf8.DecodeRuneInString(text)
	if first == utf8.RuneError {
		return text
	}
	return string(unicode.ToUpper(first)) + text[n:]
}

// firstStrongIsolate and popIsolate are the signs of UAX 9 around a text whose direction is its own
// affair.
const firstStrongIsolate, popIsolate = "\u2068", "\u2069"

// apart keeps a value that runs the other way from reordering the words around it. One that has
// such parts kept apart already is a part of the sentence.
func (w *words) apart(value string) string {
	if strings.Contains(value, firstStrongIsolate) || !strings.ContainsFunc(value, w.against) {
		return value
	}
	return firstStrongIsolate + value + popIsolate
}

// against reports whether a letter runs against the language.
func (w *words) against(r rune) bool {
	toLeft := unicode.In(r, unicode.Arabic, unicode.Hebrew, unicode.Syriac, unicode.Thaana, unicode.Nko, unicode.Adlam)
	return unicode.IsLetter(r) && toLeft != (w.dir == "rtl")
}
