package explain

import (
	"regexp"
	"strings"

	"github.com/postern-dev/postern/policy"
)

// fieldLine is a line with a name and a value: as the browser's tools show a form, as YAML, as code
// prints the entries of a FormData.
var fieldLine = regexp.MustCompile(`^\s*(?:- )?["'\[]*\$?([A-Za-z][\w-]{0,100})["'\]]*(?::|\s*=>|\s*=|,|\t+|\s{2,}| (?:is|->))\s*(.*?)[,;]?\s*$`)

// spacedLine is one of those with a space alone, as console.log prints two values.
var spacedLine = regexp.MustCompile(`(?i)^\s*([\w]+(?:-[\w-]+|_action_\w+)|key|policy|acl|bucket|tagging|file|signature|awsaccesskeyid) (\S+|File .*)$`)

// linesReader reads a form that is written line by line.
type linesReader struct {
	form      form
	hasPolicy bool
	last      int      // index of the field that the next line may go on with, or -1
	more      []string // what the next lines go on with
	listed    string   // the name in a list of names and values
	lines     int
}

// maxLines bounds the lines that are read.
const maxLines = 8 * maxItems

// join adds what lines go on with to the value before them.
func (r *linesReader) join() {
	if r.last >= 0 && len(r.more) > 0 {
		r.form.fields[r.last].Value += strings.Join(r.more, "")
	}
	r.last, r.more = -1, nil
}

// readLines reads a form that is written line by line.
func (e *evidence) readLines(text string) bool {
	if !hasFold(text, "policy") || len(text) > maxWrappedBytes {
		return false
	}
	r := &linesReader{form: form{controls: &controls{method: "post", enctype: multipartType}}, last: -1}
	for line := range strings.Lines(text) {
		if r.lines++; r.lines > maxLines {
			r.form.incomplete = true
			break
		}
		r.line(strings.TrimRight(line, "\r\n"))
	}
	r.join()
	f := &r.form
	if !r.hasPolicy || len(f.fields) < 2 {
		return false
	}
	if f.incomplete = f.incomplete || f.isFull(); len(f.controls.files) == 0 {
		f.controls = nil // the lines needn't show the file
	}
	e.kind, e.form = KindForm, f
	e.madeBy = makerOf(f.fields, text)
	return true
}

// line reads one line: a field, or what goes on with the value of the last one.
func (r *linesReader) line(line string) {
	m := fieldLine.FindStringSubmatch(line)
	if m == nil {
		m = spacedLine.FindStringSubmatch(line)
	}
	if trimmed := strings.TrimSpace(line); r.last >= 0 && isBase64(trimmed) && (m == nil || len(trimmed) > 60 && !strings.Contains(strings.TrimRight(trimmed, "="), "=")) {
		r.more = append(r.more, trimmed)
		return
	}
	if r.join(); m == nil {
		return
	}
	name, value := m[1], strings.TrimSpace(m[2])
	if literal := newLiteralReader(value); literal.quote() != "" {
		value = literal.string()
	}
	switch lower := strings.ToLower(name); {
	case lower == "name":
		r.listed = value
	case lower == "value" && r.listed != "":
		r.field(r.listed, value)
		r.listed = ""
	default:
		r.field(name, value)
	}
}

// field adds a field, a file or the address.
func (r *linesReader) field(name, value string) {
	f := &r.form
	isFile := strings.Contains(value, "(binary)") || strings.HasPrefix(value, "[object File]") || strings.HasPrefix(value, "File")
	switch {
	case isFile:
		f.addFile(name)
	case isAddressName(name) && strings.Contains(value, "://"):
		f.address = value
	case value != "" && value != "{…}" && value != "Object" && !f.isFull():
		if len(f.controls.files) == 0 {
			r.last = len(f.fields)
		}
		f.addField(policy.Field{Name: name, Value: strings.Trim(value, "|>-")})
		r.hasPolicy = r.hasPolicy || strings.EqualFold(name, "policy") && (isBase64(value) || strings.Trim(value, "|>- ") == "")
	}
}

func isBase64(text string) bool {
	return len(text) >= 16 && strings.Trim(text, base64Runes) == "" && !strings.ContainsAny(text, " \t")
}

func isAddressName(name string) bool {
	switch strings.ToLower(name) {
	case "url", "action", "endpoint", "uri", "posturl", "post_url", "uploadurl", "upload_url":
		return true
	}
	return false
}
