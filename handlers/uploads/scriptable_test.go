package uploads

import (
	"strings"
	"testing"
	"unicode/utf16"
)

func wide(text string, bigEndian, mark bool) string {
	var out []byte
	if mark {
		text = "\ufeff" + text
	}
	for _, unit := range utf16.Encode([]rune(text)) {
		if bigEndian {
			out = append(out, byte(unit>>8), byte(unit))
		} else {
			out = append(out, byte(unit), byte(unit>>8))
		}
	}
	return string(out)
}

func TestBytesThatABrowserCouldRunAreRecognised(t *testing.T) {
	t.Parallel()
	html := []string{
		"<!DOCTYPE html><html>", "<!doctype HTML>", "<html>", "<HtMl >", "<head>", "<script>alert(1)</script>", "<iframe src=x>",
		"<h1>", "<div/onclick=x>", "<body/onload=alert(1)>", "<img src=x onerror=alert(1)>", "<a\thref=x>", "<style\n>",
		"<title>", "<b>", "<br/>", "<p>", "<!-- a comment --><script>", "<!-- a comment -->\n <!-- two --> <img src=x>", "<!-- open",
		strings.Repeat(" ", 4000) + "<script>", "\r\n\t\f <video>", "\xef\xbb\xbf<script>", "<plaintext>", "<details open ontoggle=x>",
		wide("<script>alert(1)</script>", true, true), wide("<script>alert(1)</script>", false, true),
		wide("<script>alert(1)</script>", true, false), wide(" <img src=x>", false, false), "<script", "<table",
	}
	for _, text := range html {
		if got := scriptable([]byte(text)); got != "text/html" {
			t.Errorf("%.40q: wanted text/html, got %q", text, got)
		}
	}
	for text, wanted := range map[string]string{
		"<svg/onload=alert(1)>":                    "image/svg+xml",
		`<svg xmlns="http://www.w3.org/2000/svg">`: "image/svg+xml",
		`<?xml version="1.0"?><svg>`:               "image/svg+xml",
		`<?xml version="1.0"?><a/>`:                "text/xml",
		"<!-- by hand --><svg>":                    "image/svg+xml",
		"Dear Sir or Madam":                        "",
		"":                                         "",
		"<":                                        "",
		"<alice@example.com> wrote:":               "",
		"<3 this picture":                          "",
		"a < b and b > c":                          "",
		"{\"html\":\"<script>\"}":                  "",
		"GIF89a<script>":                           "",
		"\x89PNG\r\n\x1a\n<script>":                "",
		"%PDF-1.7":                                 "",
		"<unheard-of>":                             "",
		strings.Repeat("\n", 4096):                 "",
		"\x00\x01\x02\x03":                         "",
		"# Title\n\n<script>alert(1)</script>":     "",
		"\x00\x00\x00\x18ftypmp42\x00\x00\x00\x00<script": "",
	} {
		if got := scriptable([]byte(text)); got != wanted {
			t.Errorf("%.40q: wanted %q, got %q", text, wanted, got)
		}
	}
}
