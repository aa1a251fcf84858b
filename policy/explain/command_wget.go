package explain

import (
	"regexp"
	"strings"

	"github.com/postern-dev/postern/policy"
)

// readWget reads the options of wget.
func (r *request) readWget(words *shellReader) {
	for word, ok := words.word(); ok; word, ok = words.word() {
		name, value, assigned := strings.Cut(word, "=")
		switch name {
		case "--method", "--header", "--body-file", "--body-data", "--post-file", "--post-data", "--user", "--output-document":
			if !assigned {
				value, _ = words.word()
			}
		case "-O", "-o", "-U":
			words.word()
			continue
		}
		switch name {
		case "--method":
			r.method = value
		case "--header":
			r.addHeader(value)
		case "--user":
			r.addHeader("Authorization: --user")
		case "--body-file", "--body-data", "--post-file", "--post-data": // wget sends all of them with the type of an HTML form
			if r.body, r.bodyFrom = bodyURLEncoded, name; strings.HasPrefix(name, "--post") {
				r.method = "POST"
			}
		default:
			if r.address == "" && strings.Contains(word, "://") && !strings.HasPrefix(word, "-") {
				r.address = word
			}
		}
	}
}

// httpieItem is an item of a request in HTTPie: name, separator and value. The separators are those
// of a query, JSON, a file's field, a file's JSON, a field and a header.
var httpieItem = regexp.MustCompile(`^([\w-]*)(==|:=@|:=|=@|=|@|:)(?s:(.*))$`)

// readHTTPie reads the words of HTTPie and xh: options, method, address, then items.
func (r *request) readHTTPie(words *shellReader) {
	asForm, hasFields := false, false
	for word, ok := words.word(); ok; word, ok = words.word() {
		switch {
		case word == "-f" || word == "--form" || word == "--multipart":
			asForm = true
		case word == "-a" || word == "--auth":
			words.word()
			r.addHeader("Authorization: --auth")
		case strings.HasPrefix(word, "-"):
		case r.address == "" && strings.Contains(word, "://"):
			r.address = word
		case r.address == "":
			r.method = word
		default:
			hasFields = r.addHTTPieItem(word) || hasFields
		}
	}
	switch files := len(r.form.controls.files) > 0; {
	case asForm && files:
		r.body = bodyMultipart
	case asForm && hasFields:
		r.body = bodyURLEncoded
	case hasFields:
		r.body = bodyJSON
	case words.redirected("<"), files:
		r.body, r.bodyFrom = bodyFile, "<"
	}
}

// addHTTPieItem applies one item, and reports whether it is a field.
func (r *request) addHTTPieItem(word string) bool {
	m := httpieItem.FindStringSubmatch(word)
	if m == nil {
		return false
	}
	switch m[2] {
	case ":":
		r.addHeader(m[1] + ":" + m[3])
		return false
	case "@":
		r.form.addFile(m[1])
		return false
	case "==":
		return false
	}
	r.form.addField(policy.Field{Name: m[1], Value: m[3]})
	return true
}
