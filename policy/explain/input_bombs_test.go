package explain_test

import (
	"strconv"
	"strings"
)

const part = "------X\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\nb\r\n"

// inputBombs are parse bombs for the readers of literals, commands, code and wrappers.
var inputBombs = []parseBomb{
	{"members of a dict", fill("{'url': 'https://a.example', 'fields': {", "'a': 'b', ", "}}")},
	{"tuples in tuples", fill("x = ", "(", "")},
	{"names and brackets", fill("", "a(b[c{", "")},
	{"empty groups", fill("fields = [", "{}[]()", "]")},
	{"groups side by side", fill("see ", "{a: b} ", "")},
	{"brackets that don't match", fill("x ", "{]", "")},
	{"names in brackets", fill("Array (", "[a] => b ", ")")},
	{"names in brackets without values", fill("Array (", "[a] => Array ( ", "")},
	{"names in brackets without ends", fill("Array (", "[a", "")},
	{"lengths of strings", fill("array(9) {", "[\"a\"]=>string(99999) \"b\" ", "}")},
	{"a map of Go", fill("map[", "a:b ", "]")},
	{"maps in maps of Go", fill("", "map[a:", "")},
	{"a long value of Go", fill("map[a:", "b ", "]")},
	{"strings that are joined", fill("x = [", `"a" + `, "]")},
	{"escapes", fill(`{"a": "`, `\u0041\x41\/`, `"}`)},
	{"backslashes", fill(`{"a": "`, `\\`, `"}`)},
	{"quotes of all kinds", fill("x = {a: ", "\"'`", "}")},
	{"apostrophes", fill("{a: it ", "don't ", "}")},
	{"comments", fill("{", "/* */ // a\n", "}")},
	{"comments without ends", fill("{", "/*", "")},
	{"equals signs and arrows", fill("{", "a => b = c : ", "}")},
	{"inspected objects", fill("", "#<A @b=", "")},
	{"JSON in JSON", nestedJSON},
	{"JSON in a list of strings", fill(`["a"`, `, "{\"a\": 1}"`, "]")},
	{"lines", fill("policy: "+emptyPolicy+"\n", "a: b\n", "")},
	{"lines of base64", fill("key: a\npolicy: "+emptyPolicy+"\n", strings.Repeat("A", 64)+"\n", "")},
	{"lines without separators", fill("policy\n", "a\n", "")},
	{"pairs", fill("policy="+emptyPolicy, "&a=b", "")},
	{"parts of a body", fill("", part, "------X--\r\n")},
	{"parts without boundaries", fill("", "Content-Disposition: form-data; name=a\n\nb\n", "")},
	{"parts without values", fill("------X\r\n", "Content-Disposition: form-data; name=a\r\n", "")},
	{"boundaries without parts", fill(part, "------X\r\n", "")},
	{"a file in a body", fill(part+"------X\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a\"\r\n\r\n", "\x00\x01\r\n", "\r\n------X--\r\n")},
	{"headers of a request", fill("POST / HTTP/1.1\nHost: a.example\n", "a: b\n", "")},
	{"first lines of requests", fill("", "GET / HTTP/1.1\n", "")},
	{"carets", fill(`curl ^"https://a.example^" -F ^"a=`, "^^", `^"`)},
	{"escapes of ANSI C", fill("curl https://a.example --data-raw $'", `\r\n`, "'")},
	{"a body in a command", fill("curl https://a.example --data-raw '", part, "'")},
	{"options of wget", fill("wget https://a.example ", "--header=a:b ", "")},
	{"items of HTTPie", fill("http --form POST https://a.example ", "a=b ", "")},
	{"options of PowerShell", fill("Invoke-WebRequest https://a.example ", "-a b ", "")},
	{"backticks", fill("Invoke-WebRequest https://a.example -Body \"", "`\"", "\"")},
	{"headers of PowerShell", fill("Invoke-WebRequest https://a.example -Headers @{", "a = b; ", "}")},
	{"calls", fill("", "fetch('https://a.example');\n", "")},
	{"calls in calls", fill("", "fetch(", "")},
	{"calls of append", fill("", "fd.append('a', 'b');\n", "fetch('https://a.example', {body: fd})")},
	{"parentheses", fill("a", "((((a", "")},
	{"assignments", fill("fetch(url, {body: a});", "a == b;", "")},
	{"colours", fill("", "\x1b[0m", "")},
	{"fences", fill("", "```\n", "")},
	{"quotations", fill("", "> ", "a")},
	{"quotations on lines", fill("", "> > > a\n", "")},
	{"line numbers", fill("", "1 | \n", "")},
	{"times of a log", fill("", "2026-11-27 02:00:00 \n", "")},
	{"text in quotes in quotes", quotedLayers},
	{"escaped brackets", fill("", "&lt;", "")},
	{"percent signs", fill("%7B", "%25", "")},
	{"quotes of word processors", fill("", "“a”", "")},
	{"exceptions", fill("", "An error occurred (A) when calling the ", "")},
	{"codes and messages", fill("", "AccessDenied: a\n", "")},
	{"answers without ends", fill("x ", "<Error>", "")},
	{"answers with attributes", fill("x ", "<Error a", "")},
	{"messages of a browser", fill("", "Access to fetch at 'a' from origin 'b' ", "")},
	{"addresses in a text", fill("see ", "http://a?b=c ", "")},
	{"words like commands", fill("see ", "curl a ", "")},
	{"a policy in a template", fill(`<input name=policy value="{{`, "a", `}}">`)},
}

// nestedJSON is an object whose member is the text of such an object, and so on.
func nestedJSON(size int) string {
	text := `{"fields": {"a": "b"}}`
	for len(text) < size/3 {
		text = `{"body": ` + strconv.Quote(text) + `}`
	}
	return text + strings.Repeat(" ", max(0, size-len(text)))
}

// quotedLayers quotes a text again and again.
func quotedLayers(size int) string {
	text := strings.Repeat("a", size/64)
	for len(text) < size/3 {
		text = strconv.Quote(text)
		text = strings.Repeat(`"`, 1) + text[1:]
		if len(text) > size/4 {
			break
		}
		text = strconv.Quote(text + strings.Repeat("b", len(text)))
	}
	return text
}
