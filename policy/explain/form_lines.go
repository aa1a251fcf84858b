package explain

import (
	"regexp"
	"strings"

	"github.com/postern-dev/postern/policy"
)

// fieldLine is a line with a name and a value: as the browser's tools show a form, as YAML, as code
// prints the entries of a FormData.
var fieldLine = regexp.MustCompile(`^\s*(?:- )?["'\[]*\$?([A-Za-z][\w-]{0,100})["'\]]*(?::|\s*=>|\s*=|,|\t+|\s{2,}| (?:is|->))\s*(.*?)[,;]?\s*$`)

// readLines reads a form that is written line by line.
func (e *evidence) readLines(text string) bool {
	if !hasFold(text, "policy") || len(text) > maxWrappedBytes {
		return false
	}
	f, hasPolicy := &form{controls: &controls{method: "post", enctype: multipartType}}, false
	last := -1 // index of the field whose value the next line may go on
	for line := range strings.Lines(text) {
		line = strings.TrimRight(line, "\r\n")
		m := fieldLine.FindStringSubmatch(line)
		if trimmed := strings.TrimSpace(line); last >= 0 && (m == nil || !strings.ContainsAny(trimmed, ":, \t") && len(trimmed) > 60) && isBase64(trimmed) {
			f.fields[last].Value += trimmed
			continue
		}
		last = -1
		if m == nil {
			continue
		}
		name, value := m[1], strings.TrimSpace(m[2])
		if literal := newLiteralReader(value); literal.quote() != "" {
			value = literal.string()
		}
		switch {
		case strings.Contains(value, "(binary)") || strings.HasPrefix(value, "[object File]") || strings.HasPrefix(value, "File {") || strings.HasPrefix(value, "File("):
			f.addFile(name)
		case isAddressName(name) && strings.Contains(value, "://"):
			f.address = value
		case value != "":
			if len(f.controls.files) == 0 && !f.isFull() {
				last = len(f.fields)
			}
			f.addField(policy.Field{Name: name, Value: strings.Trim(value, "|>-")})
			hasPolicy = hasPolicy || strings.EqualFold(name, "policy") && (isBase64(value) || strings.Trim(value, "|>- ") == "")
		}
	}
	if !hasPolicy || len(f.fields) < 2 {
		return false
	}
	if f.incomplete = f.isFull(); len(f.controls.files) == 0 {
		f.controls = nil // the lines needn't show the file
	}
	e.kind, e.form = KindForm, f
	e.madeBy = makerOf(f.fields, text)
	return true
}

func isBase64(text string) bool {
	return len(text) >= 16 && strings.Trim(text, base64Runes) == "" && !strings.Contains(text, " ")
}

func isAddressName(name string) bool {
	switch strings.ToLower(name) {
	case "url", "action", "endpoint", "uri", "posturl", "post_url", "uploadurl", "upload_url":
		return true
	}
	return false
}
