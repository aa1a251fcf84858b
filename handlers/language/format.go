package language

import (
	"math"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/gabriel-vasile/mimetype"
	"golang.org/x/text/message"
	"golang.org/x/text/number"

	"github.com/postern-dev/postern/policy/profile"
)

// number writes value with at most so many decimals, in the digits that browsers use for a language
// without a region. A message.Printer serves one goroutine, so each call has its own.
func (t *Texts) number(value float64, decimals int) string {
	tag, err := t.tag.SetTypeForKey("nu", "latn")
	if err != nil {
		tag = t.tag
	}
	return message.NewPrinter(tag).Sprint(number.Decimal(value, number.MaxFractionDigits(decimals)))
}

var sizeUnits = []string{"page.unit.kilobyte", "page.unit.megabyte", "page.unit.gigabyte", "page.unit.terabyte"}

// Size writes bytes as people read them, in steps of 1,024 and with one decimal below ten: "1
// byte", "2.5 MB", "10 MB". It rounds to the nearest, as the script does in the rows of files.
func (t *Texts) Size(bytes int64) string { return t.size(bytes, math.Round) }

// size writes bytes, rounded in some way.
func (t *Texts) size(bytes int64, round func(float64) float64) string {
	if bytes < 1024 {
		return t.plural("page.unit.byte", bytes)
	}
	value, unit := float64(bytes)/1024, 0
	for value >= 1024 && unit < len(sizeUnits)-1 {
		value, unit = value/1024, unit+1
	}
	decimals := 0
	if value < 10 {
		decimals = 1
	}
	scale := math.Pow10(decimals)
	return t.Text(sizeUnits[unit], "n", t.number(round(value*scale)/scale, decimals))
}

// Rules writes what a form accepts: "PNG, JPEG or WebP, up to 10 MB". Sizes are bytes.
func (t *Texts) Rules(types []string, minSize, maxSize int64) string {
	key := "page.rules.max"
	if minSize > 1 {
		key = "page.rules.range"
	}
	return Capitalize(t.Text(key, t.Limits(types, minSize, maxSize)...))
}

// Limits are the placeholders of a sentence about limits, as arguments of Text: types, min and max.
// A largest size is never told larger than it is, nor a smallest one smaller.
func (t *Texts) Limits(types []string, minSize, maxSize int64) []string {
	return []string{"types", t.TypeNames(types), "min", t.size(minSize, math.Ceil), "max", t.size(maxSize, math.Floor)}
}

// TypeNames names content types and families in a list that ends in "or": "PNG, JPEG or WebP".
func (t *Texts) TypeNames(types []string) string {
	names := make([]string, 0, len(types))
	for _, contentType := range types {
		if name := t.TypeName(contentType); !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return t.alternatives(names)
}

// alternatives joins words to a list that ends in "or".
func (t *Texts) alternatives(list []string) string {
	if len(list) < 2 {
		return strings.Join(list, "")
	}
	last := len(list) - 1
	items := make([]string, last)
	for i, item := range list[:last] {
		items[i] = t.isolate(item)
	}
	return t.Text("page.list.or", "list", strings.Join(items, t.Text("page.list.separator")), "last", list[last])
}

// typeNames are the names that people use for a type where they differ from the file extension.
var typeNames = map[string]string{
	"image/jpeg": "JPEG", "image/webp": "WebP", "image/svg+xml": "SVG", "image/tiff": "TIFF", "image/x-icon": "ICO",
	"video/quicktime": "MOV", "video/mpeg": "MPEG", "video/webm": "WebM", "audio/webm": "WebM", "audio/mpeg": "MP3",
	"audio/mp4": "M4A", "audio/ogg": "OGG", "text/plain": "TXT", "text/html": "HTML", "application/json": "JSON",
	"application/msword": "Word", "application/vnd.openxmlformats-officedocument.wordprocessingml.document": "Word",
	"application/vnd.ms-excel": "Excel", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": "Excel",
	"application/vnd.ms-powerpoint":                                             "PowerPoint",
	"application/vnd.openxmlformats-officedocument.presentationml.presentation": "PowerPoint",
}

// TypeName names one content type or a family of them: "PNG", "images", "any file".
func (t *Texts) TypeName(contentType string) string {
	if contentType == "*/*" || contentType == profile.OctetStream {
		return t.Text("page.type.any")
	}
	family, subtype, _ := strings.Cut(contentType, "/")
	if subtype == "*" {
		if name, ok := t.lookup("page.type." + family); ok {
			return name
		}
		return family
	}
	if name, ok := typeNames[contentType]; ok {
		return name
	}
	if known := mimetype.Lookup(contentType); known != nil && len(known.Extension()) > 1 {
		return strings.ToUpper(known.Extension()[1:])
	}
	return subtype
}

// FileType names the type of one stored file; one that nobody knows goes by its own name.
func (t *Texts) FileType(contentType string) string {
	if contentType == profile.OctetStream {
		return contentType
	}
	return t.TypeName(contentType)
}

// Capitalize writes the first letter in upper case, where the script has such a thing.
func Capitalize(text string) string {
	first, size := utf8.DecodeRuneInString(text)
	if first == utf8.RuneError {
		return text
	}
	return string(unicode.ToUpper(first)) + text[size:]
}
