package explain

import (
	"encoding/base64"
	"html"
	"net/url"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

const (
	// maxWrappers bounds what is undone around an input, one within the other.
	maxWrappers = 6
	// maxWrappedBytes bounds an input that is unwrapped: what people copy out of something else is
	// small. Larger inputs are pages and bodies with files in them.
	maxWrappedBytes = 1 << 20
)

// wrappers undo what an input can be wrapped in; they return "" where there is nothing to undo.
var wrappers = []func(string) string{withoutColours, fenced, withoutMargin, unquoted, plainQuotes, namedPolicy, unescapedHTML, unescapedPercent, decoded}

// unwrap undoes one wrapper of a text. It returns false where there is none.
func unwrap(text string) (string, bool) {
	if len(text) > maxWrappedBytes {
		return text, false
	}
	for _, wrapper := range wrappers {
		if inner := strings.TrimSpace(wrapper(text)); inner != "" && inner != text {
			return inner, true
		}
	}
	return text, false
}

// escapeSigns turn the ways in which programs write the escape character into the character.
var escapeSigns = strings.NewReplacer(`\u001b[`, "\x1b[", `\x1b[`, "\x1b[", `\x1B[`, "\x1b[", `\033[`, "\x1b[", `\e[`, "\x1b[", "␛[", "\x1b[")

// withoutColours removes what programs send to terminals: colours, and moves of the cursor.
func withoutColours(text string) string {
	if strings.Contains(text, `\u001b[`) || strings.Contains(text, `\x1b[`) || strings.Contains(text, `\x1B[`) || strings.Contains(text, `\033[`) || strings.Contains(text, "␛[") {
		text = escapeSigns.Replace(text)
	}
	if !strings.Contains(text, "\x1b[") {
		return ""
	}
	var b strings.Builder
	b.Grow(len(text))
	for {
		before, code, found := strings.Cut(text, "\x1b[")
		b.WriteString(before)
		if !found {
			return b.String()
		}
		n := 0
		for n < len(code) && strings.IndexByte("0123456789;?", code[n]) >= 0 {
			n++
		}
		text = code[min(n+1, len(code)):]
	}
}

// fence matches a block of code in Markdown.
var fence = regexp.MustCompile("(?s)(?:^|\n)[ \t]*(?:```|~~~)[a-zA-Z0-9+-]*[ \t]*\r?\n(.*?)\r?\n?[ \t]*(?:```|~~~)")

func fenced(text string) string {
	if !strings.Contains(text, "```") && !strings.Contains(text, "~~~") {
		return ""
	}
	m := fence.FindStringSubmatch(text)
	if m == nil {
		return ""
	}
	return m[1]
}

// margins match what terminals, editors, logs and mail put before each line: numbers, the signs of
// a quotation, the marks of an XML viewer, names of containers.
var margins = []*regexp.Regexp{
	regexp.MustCompile(`^\s*\d+\s*[|:│]? `),
	regexp.MustCompile(`^\s*\d+(?:[|:│\t]|$)`),
	regexp.MustCompile(`^(?:> ?|\| |# |// |\.\.\. |- |\+ |\s*[-+▼▶▾▸] ?<| *$)`),
	regexp.MustCompile(`^[\w.-]+\s+\| `),
	regexp.MustCompile(`^\[?\d{4}-\d\d-\d\d[T ][\d:.,]+(?:Z|[+-]\d\d:?\d\d)?\]?:?\s+`),
}

// withoutMargin removes what is before each line, if it is before all of them.
func withoutMargin(text string) string {
	if !strings.Contains(text, "\n") {
		return ""
	}
	for _, margin := range margins {
		var b strings.Builder
		b.Grow(len(text))
		matches := true
		for line := range strings.Lines(text) {
			m := margin.FindString(line[:min(len(line), maxNameBytes)])
			if matches = m != "" || strings.TrimSpace(line) == ""; !matches {
				break
			}
			m = strings.TrimSuffix(m, "<")
			b.WriteString(line[len(m):])
			if !strings.HasSuffix(line[len(m):], "\n") {
				b.WriteByte('\n')
			}
		}
		if matches {
			return b.String()
		}
	}
	return ""
}

// unquoted reads a text that is one string of a programming language, or one between quotes.
func unquoted(text string) string {
	r := newLiteralReader(strings.TrimRight(text, ",;"))
	quote := r.quote()
	if quote == "" || !strings.HasSuffix(r.text, closingQuote(quote)) {
		return ""
	}
	inner := r.string()
	if r.at != len(r.text) || r.incomplete {
		return ""
	}
	return inner
}

// wordQuotes turns the quotes of word processors into those of programs.
var wordQuotes = strings.NewReplacer("“", `"`, "”", `"`, "„", `"`, "‘", "'", "’", "'", "«", `"`, "»", `"`)

func plainQuotes(text string) string {
	if !strings.ContainsAny(text, "“”‘’") {
		return ""
	}
	return wordQuotes.Replace(text)
}

// policyMember matches a policy alone with its name: policy=eyJ…, "policy": "eyJ…",
var policyMember = regexp.MustCompile(`^["']?(?i:policy)["']?\s*[:=]\s*["']?(e[\w+/=%-]+)["']?[,;]?$`)

func namedPolicy(text string) string {
	if m := policyMember.FindStringSubmatch(text); m != nil {
		return m[1]
	}
	return ""
}

// unescapedHTML undoes entities in a text that has no tags of its own.
func unescapedHTML(text string) string {
	lower := strings.ToLower(text[:min(len(text), maxURLBytes)])
	if !strings.Contains(lower, "&lt;") && !strings.Contains(lower, "&quot;") && !strings.Contains(lower, "&#") {
		return ""
	}
	return html.UnescapeString(text)
}

// unescapedPercent undoes percent-encoding of a text that begins with it, or that has none but
// encoded brackets.
func unescapedPercent(text string) string {
	if !strings.HasPrefix(text, "%") && !strings.Contains(text, "%3CError") && !strings.Contains(text, "http%3A") && !strings.Contains(text, "https%3A") ||
		strings.ContainsAny(text, " \n") {
		return ""
	}
	inner, err := url.QueryUnescape(text)
	if err != nil {
		return ""
	}
	return inner
}

// decoded undoes base64 of a text.
func decoded(text string) string {
	if len(text) < 16 || strings.Trim(text, base64Runes) != "" {
		return ""
	}
	inner, err := base64.RawStdEncoding.DecodeString(plainBase64.Replace(text))
	if err != nil || !isText(string(inner)) {
		return ""
	}
	return string(inner)
}

// plainBase64 turns all ways to write base64 into one alphabet without padding.
var plainBase64 = strings.NewReplacer("-", "+", "_", "/", " ", "", "\r", "", "\n", "", "\t", "", "=", "")

// isText reports whether decoded bytes are a text.
func isText(text string) bool {
	return utf8.ValidString(text) && !strings.ContainsFunc(text, func(r rune) bool { return unicode.IsControl(r) && !unicode.IsSpace(r) && r != 0x1b })
}
