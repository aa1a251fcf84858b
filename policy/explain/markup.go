package explain

import (
	"html"
	"strings"
)

// tag is one start or end tag of an HTML page.
type tag struct {
	name  string // lower case; "/form" for an end tag
	attrs map[string]string
	text  string // of a textarea: what is inside
}

func (t tag) attr(name string) (string, bool) {
	value, ok := t.attrs[name]
	return value, ok
}

// tags reads the tags of a page as browsers do, as far as forms need it: comments and the text of
// scripts are skipped, the first of two equal attributes counts, character references are resolved.
func tags(page string) (list []tag) {
	for {
		_, rest, ok := strings.Cut(page, "<")
		if !ok {
			return list
		}
		if comment, isComment := strings.CutPrefix(rest, "!--"); isComment {
			_, page, _ = strings.Cut(comment, "-->")
			continue
		}
		t, after := readTag(rest)
		page = after
		if t.name != "" {
			page = t.rawText(after)
			list = append(list, t)
		}
	}
}

// readTag reads from behind the `<`; a name that is empty means that this was no tag.
func readTag(text string) (t tag, rest string) {
	name := strings.TrimPrefix(text, "/")
	if name == "" || !isLetter(name[0]) {
		return tag{}, text
	}
	end := strings.IndexFunc(name, func(r rune) bool { return isSpace(r) || r == '>' || r == '/' })
	if end < 0 {
		return tag{}, "" // the page ends inside
	}
	end += len(text) - len(name)
	t = tag{name: strings.ToLower(text[:end]), attrs: map[string]string{}}
	rest = text[end:]
	for {
		rest = strings.TrimLeftFunc(rest, func(r rune) bool { return isSpace(r) || r == '/' })
		if rest == "" || rest[0] == '>' {
			return t, strings.TrimPrefix(rest, ">")
		}
		rest = t.readAttr(rest)
	}
}

func (t *tag) readAttr(text string) (rest string) {
	end := strings.IndexFunc(text[1:], func(r rune) bool { return isSpace(r) || strings.ContainsRune("=>/", r) }) + 1
	if end == 0 {
		end = len(text)
	}
	name := strings.ToLower(text[:end])
	rest = strings.TrimLeftFunc(text[end:], isSpace)
	value := ""
	if after, ok := strings.CutPrefix(rest, "="); ok {
		value, rest = readValue(strings.TrimLeftFunc(after, isSpace))
	}
	if _, twice := t.attrs[name]; !twice {
		t.attrs[name] = html.UnescapeString(value)
	}
	return rest
}

func readValue(text string) (value, rest string) {
	if text != "" && (text[0] == '"' || text[0] == '\'') {
		value, rest, _ = strings.Cut(text[1:], text[:1])
		return value, rest
	}
	end := strings.IndexFunc(text, func(r rune) bool { return isSpace(r) || r == '>' })
	if end < 0 {
		return text, ""
	}
	return text[:end], text[end:]
}

// rawText skips what isn't markup inside some elements and keeps a textarea's text.
func (t *tag) rawText(after string) (rest string) {
	switch t.name {
	case "script", "style", "textarea", "title":
	default:
		return after
	}
	end := indexFold(after, "</"+t.name)
	if end < 0 {
		return ""
	}
	t.text = html.UnescapeString(strings.TrimPrefix(after[:end], "\n"))
	return after[end:]
}

// indexFold finds an ASCII text whatever its case.
func indexFold(text, sub string) int {
	for i := 0; ; i++ {
		next := strings.Index(text[i:], sub[:2])
		if next < 0 {
			return -1
		}
		i += next
		if len(text)-i >= len(sub) && strings.EqualFold(text[i:i+len(sub)], sub) {
			return i
		}
	}
}

func isSpace(r rune) bool { return r == ' ' || r == '\n' || r == '\r' || r == '\t' || r == '\f' }

func isLetter(b byte) bool { return 'a' <= b|0x20 && b|0x20 <= 'z' }
