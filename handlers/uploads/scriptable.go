package uploads

import (
	"bytes"
	"strings"
)

// scriptable returns the content type as which a browser could run an object's first bytes:
// "text/html", "image/svg+xml", "text/xml", or "" for none. It follows the rules for identifying an
// unknown type in the MIME Sniffing Standard (section 7.1, https://mimesniff.spec.whatwg.org/) and
// is stricter: any HTML element counts, in UTF-16 and behind any blanks too.
func scriptable(first []byte) string {
	text := trimBlanks(narrow(first))
	for {
		after, ok := bytes.CutPrefix(text, []byte("<!--"))
		if !ok {
			break
		}
		_, rest, closed := bytes.Cut(after, []byte("-->"))
		if !closed {
			return "text/html" // the standard takes a comment for HTML
		}
		text = trimBlanks(rest)
	}
	return markupType(strings.ToLower(string(text[:min(len(text), 32)])), text)
}

// markupType is the type of a text that begins with begin, which is in lower case.
func markupType(begin string, text []byte) string {
	switch {
	case strings.HasPrefix(begin, "<?xml"):
		if bytes.Contains(bytes.ToLower(text), []byte("<svg")) {
			return "image/svg+xml"
		}
		return "text/xml"
	case strings.HasPrefix(begin, "<!doctype html"):
		return "text/html"
	case !strings.HasPrefix(begin, "<"):
		return ""
	}
	name := begin[1:]
	if end := strings.IndexAny(name, " \t\n\r\f/>"); end >= 0 {
		name = name[:end]
	}
	switch {
	case name == "svg":
		return "image/svg+xml"
	case htmlElements[name]:
		return "text/html"
	}
	return ""
}

// narrow returns text in UTF-16 or UTF-32, which browsers recognise by its byte order mark, as if
// it were ASCII, and leaves out the byte order mark of UTF-8. Bytes that are zero stand for nothing
// else in markup.
func narrow(first []byte) []byte {
	if after, ok := bytes.CutPrefix(first, []byte("\xef\xbb\xbf")); ok {
		return after
	}
	for _, mark := range []string{"\xfe\xff", "\xff\xfe", "\x00\x00\xfe\xff"} {
		if after, ok := bytes.CutPrefix(first, []byte(mark)); ok {
			return bytes.ReplaceAll(after, []byte{0}, nil)
		}
	}
	// Without a mark: the beginning "<\x00" or "\x00<".
	if blank := bytes.Trim(first[:min(len(first), 64)], "\x00 \t\r\n\f"); len(blank) > 0 && blank[0] == '<' && bytes.IndexByte(first[:min(len(first), 64)], 0) >= 0 {
		return bytes.ReplaceAll(first, []byte{0}, nil)
	}
	return first
}

func trimBlanks(text []byte) []byte { return bytes.TrimLeft(text, " \t\r\n\f") }

// isBlank reports whether text has nothing but blanks, so that what follows decides its type.
func isBlank(text []byte) bool { return len(trimBlanks(narrow(text))) == 0 }

// htmlElements are the elements of HTML, current and obsolete, with SVG's and MathML's roots apart
// from svg.
var htmlElements = func() map[string]bool {
	set := map[string]bool{}
	for name := range strings.FieldsSeq(`a abbr acronym address applet area article aside audio b base basefont bdi bdo bgsound
		big blink blockquote body br button canvas caption center cite code col colgroup data datalist dd del details dfn dialog
		dir div dl dt em embed fieldset figcaption figure font footer form frame frameset h1 h2 h3 h4 h5 h6 head header hgroup hr
		html i iframe image img input ins isindex kbd keygen label legend li link listing main map mark marquee math menu menuitem
		meta meter nav nobr noembed noframes noscript object ol optgroup option output p param picture plaintext pre progress q rb
		rp rt rtc ruby s samp script search section select slot small source spacer span strike strong style sub summary sup table
		tbody td template textarea tfoot th thead time title tr track tt u ul var video wbr xmp`) {
		set[name] = true
	}
	return set
}()
