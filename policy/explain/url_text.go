package explain

import (
	"regexp"
	"strings"
)

// storeParameter is how the parameters of a signature begin, in any store's spelling.
const storeParameter = `[Xx]-(?:[Aa]mz|[Gg]oog|[Oo]ss)-`

var (
	// encodedSeparator matches a separator of the query that is percent-encoded, and the parameter
	// behind it.
	encodedSeparator = regexp.MustCompile(`%(3[Ff]|26)(` + storeParameter + `)`)
	// encodedEquals matches a parameter whose equals sign is percent-encoded.
	encodedEquals = regexp.MustCompile(`([?&]` + storeParameter + `[A-Za-z-]{1,20})%3[Dd]`)
)

// separators are those of a query by their hex digits.
var separators = map[string]string{"3F": "?", "26": "&"}

// mendedURL returns a URL without what surrounds it in a text and without the escapes that spoil
// its query. It says which escapes there were.
func (e *evidence) mendedURL(text string) string {
	if strings.Contains(text, `\u0026`) {
		e.addFault(Finding{Code: "url_escaped_json", Wanted: "&", Got: `\u0026`})
		text = strings.ReplaceAll(text, `\u0026`, "&")
	}
	if strings.Contains(text, "&amp;") {
		e.addFault(Finding{Code: "url_escaped", Wanted: "&", Got: "&amp;"})
		text = strings.ReplaceAll(text, "&amp;", "&")
	}
	text = withoutPunctuation(text)
	mended := encodedSeparator.ReplaceAllStringFunc(text, func(match string) string {
		return separators[strings.ToUpper(match[1:3])] + match[3:]
	})
	if mended = encodedEquals.ReplaceAllString(mended, "${1}="); mended != text {
		e.addFault(Finding{Code: "url_encoded", Wanted: "?, & and = of the query as they are", Got: "%3F, %26 or %3D"})
	}
	return mended
}

// withoutPunctuation returns a URL without what follows it in a text: a quote, a backslash, or the
// signs at the end of a sentence. No URL has the former, and no signature ends in the latter.
func withoutPunctuation(text string) string {
	if i := strings.IndexAny(text, "\"'`<>\\"); i > 0 {
		text = text[:i]
	}
	if !strings.Contains(text, "?") {
		return text
	}
	return strings.TrimRight(text, ".,;:!?)]}")
}
