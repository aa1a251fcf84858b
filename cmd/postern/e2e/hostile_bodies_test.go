package e2e

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"slices"
	"strings"
	"testing"
	"unicode/utf16"
)

// guessedTypes are those in whose place browsers or stores may put another one, and none.
var guessedTypes = []string{
	"", "application/octet-stream", "binary/octet-stream", "unknown/unknown", "application/unknown", "text/plain", "text/plain; charset=utf-16",
}

// otherTypes are one or more of each other class of the MIME Sniffing Standard (section 4.6 and the
// tables of section 6), and other spellings of types that browsers run.
var otherTypes = []string{
	// Images, audio, video, fonts, archives.
	"image/png", "image/gif", "image/bmp", "image/x-icon", "image/avif", "audio/mpeg", "audio/basic", "audio/midi", "video/mp4", "video/x-msvideo",
	"font/woff2", "application/vnd.ms-fontobject", "application/zip", "application/gzip", "application/x-rar-compressed",
	// Types made of ZIP, documents, JSON, other text, and types that nobody knows.
	"application/epub+zip", "application/vnd.openxmlformats-officedocument.wordprocessingml.document", "application/msword", "application/pdf",
	"application/postscript", "application/json", "text/json", "application/ld+json", "text/csv", "text/markdown", "text/vtt",
	"application/x-unheard-of", "x/y",
	// Other spellings, and types that are active by a part of their name.
	"text/html; charset=utf-7", "TEXT/HTML", "application/xhtml+xml", "image/svg+xml", "application/mathml+xml", "application/rss+xml",
	"multipart/x-mixed-replace", "multipart/related", "multipart/form-data",
}

// hostileTypes returns the content types that a visitor declares: guessed ones, others, and every
// one that package profile lists as active. They are read from its source, so that a type added
// there is tried here.
func hostileTypes(t *testing.T) []string {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), "../../../policy/profile/types.go", nil, parser.SkipObjectResolution)
	must(t, err)
	types := slices.Concat(guessedTypes, otherTypes)
	for node := range ast.Preorder(file) {
		list, ok := node.(*ast.ValueSpec)
		if !ok || list.Names[0].Name != "activeTypes" {
			continue
		}
		for value := range ast.Preorder(list) {
			if text, ok := value.(*ast.BasicLit); ok {
				types = append(types, strings.Trim(text.Value, `"`))
			}
		}
	}
	slices.Sort(types)
	types = slices.Compact(types)
	if !slices.Contains(types, "text/html") || len(types) < 60 {
		t.Fatalf("hostile types: wanted at least 60 with those that package profile lists as active, got %q", types)
	}
	return types
}

// hostileBody is the content of a file that runs script where a browser takes it for a document.
type hostileBody struct {
	name string
	// runsAs is a content type under which Chromium runs it; "" where no type makes it a document.
	runsAs string
	// content makes the file. The script has neither a double quote nor a character that HTML or
	// XML escapes.
	content func(script string) []byte
}

// hostileBodies are what visitors send to have script run in the origin of the store.
func hostileBodies() []hostileBody {
	return []hostileBody{
		{"a script", "text/html", text("<script>%s</script>")},
		{"a body with a slash", "text/html", text(`<body/onload="%s">`)},
		{"a drawing with a slash", "text/html", text(`<svg/onload="%s">`)},
		{"a broken picture", "text/html", text(`<img src=x onerror="%s">`)},
		{"HTML behind 4 KiB of blanks", "text/html", text(strings.Repeat(" \n\t\r", 1024) + "<script>%s</script>")},
		{"HTML behind a comment", "text/html", text("<!-- -- > x --><script>%s</script>")},
		{"HTML behind a byte order mark", "text/html", text("\ufeff<script>%s</script>")},
		{"UTF-16 LE", "text/html", inUTF16(false, "\ufeff<script>%s</script>")},
		{"UTF-16 BE", "text/html", inUTF16(true, "\ufeff<script>%s</script>")},
		{"UTF-16 LE without a mark", "text/html; charset=utf-16le", inUTF16(false, "<script>%s</script>")},
		{"UTF-16 BE without a mark", "text/html; charset=utf-16be", inUTF16(true, "<script>%s</script>")},
		{"XML with an element of HTML", "text/xml", text(`<?xml version="1.0"?><x xmlns:h="http://www.w3.org/1999/xhtml"><h:script>%s</h:script></x>`)},
		{"a drawing with a prefix", "image/svg+xml", text(`<d:svg xmlns:d="http://www.w3.org/2000/svg"><d:script>%s</d:script></d:svg>`)},
		{"HTML behind the beginning of a GIF", "text/html", text("GIF89a/*\x01\x00\x01\x00<script>%s</script>")},
		{"HTML behind the beginning of a PNG", "text/html", text("\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR<script>%s</script>")},
		{"HTML behind the beginning of a PDF", "text/html", text("%%PDF-1.7\n<script>%s</script>")},
		{"HTML behind a byte that is no text", "text/html", text("\x00\x01<script>%s</script>")},
		{"HTML behind a word", "text/html", text("hello <script>%s</script>")},
		{"an archive of pages", "", text("MIME-Version: 1.0\r\nContent-Type: multipart/related; boundary=b; type=\"text/html\"\r\n\r\n" +
			"--b\r\nContent-Type: text/html\r\nContent-Location: http://x.test/\r\n\r\n<script>%s</script>\r\n--b--\r\n")},
		{"parts that replace each other", "", text("--b\r\nContent-Type: text/html\r\n\r\n<script>%s</script>\r\n--b--\r\n")},
		{"JavaScript", "", text("%s")},
	}
}

func text(format string) func(script string) []byte {
	return func(script string) []byte { return fmt.Appendf(nil, format, script) }
}

// inUTF16 encodes a text in UTF-16, as it is: a byte order mark has to be in it.
func inUTF16(bigEndian bool, format string) func(script string) []byte {
	return func(script string) []byte {
		var encoded []byte
		for _, unit := range utf16.Encode([]rune(fmt.Sprintf(format, script))) {
			if low, high := byte(unit), byte(unit>>8); bigEndian {
				encoded = append(encoded, high, low)
			} else {
				encoded = append(encoded, low, high)
			}
		}
		return encoded
	}
}
