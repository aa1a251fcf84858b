package main

import (
	"fmt"
	"html/template"
	"io"
	"strings"
	"time"

	"github.com/postern-dev/postern/policy"
)

// signedForm is a form, and how the fields begin that are left open.
type signedForm struct {
	policy.Form
	Prefixes []policy.Field
}

func newSignedForm(f policy.Form, conditions []policy.Condition) signedForm {
	out := signedForm{Form: f}
	for _, c := range conditions {
		if c.Operator() == policy.OpStartsWith {
			out.Prefixes = append(out.Prefixes, policy.Field{Name: c.Field(), Value: c.Value()})
		}
	}
	return out
}

// print writes a signed form as whoever asked can use it.
func (f signedForm) print(w io.Writer, format string) error {
	switch format {
	case "json":
		return f.printJSON(w)
	case "curl":
		_, err := io.WriteString(w, f.curlLine())
		return err
	}
	return pageOfForm.Execute(w, f)
}

// jsonForm is a form as JSON: the shape of "post" in the JSON API, and what is left to fill in.
type jsonForm struct {
	URL        string         `json:"url"`
	Fields     []policy.Field `json:"fields"`
	Open       []string       `json:"open"`
	Policy     string         `json:"policy"`
	Expiration string         `json:"expiration"`
}

func (f signedForm) printJSON(w io.Writer) error {
	return printJSON(w, jsonForm{URL: f.URL, Fields: f.Fields, Open: append([]string{}, f.VisitorFields...),
		Policy: f.Policy, Expiration: f.Expiration.Format(time.RFC3339)})
}

// pageOfForm is a page that uploads without script. What is open is asked for in sight.
var pageOfForm = template.Must(template.New("form").Parse(`<!doctype html>
<meta charset="utf-8">
<title>Upload</title>
<form action="{{.URL}}" method="post" enctype="multipart/form-data" accept-charset="utf-8">
{{- range .Fields}}
  <input type="hidden" name="{{.Name}}" value="{{.Value}}">
{{- end}}
{{- range .Prefixes}}
  <label>{{.Name}} <input name="{{.Name}}" value="{{.Value}}" required></label>
{{- end}}
  <input type="file" name="file" required>
  <button>Upload</button>
</form>
`))

// curlLine is a command for a shell; what is in capitals has to be filled in.
func (f signedForm) curlLine() string {
	var b strings.Builder
	fmt.Fprintf(&b, "curl --fail-with-body %s", shellQuote(f.URL))
	for _, field := range f.Fields {
		fmt.Fprintf(&b, " \\\n  --form-string %s", shellQuote(field.Name+"="+field.Value))
	}
	for _, open := range f.Prefixes {
		fmt.Fprintf(&b, " \\\n  --form-string %s", shellQuote(open.Name+"="+open.Value+strings.ToUpper(open.Name)))
	}
	b.WriteString(" \\\n  --form 'file=@FILE'\n")
	return b.String()
}

func shellQuote(text string) string {
	return "'" + strings.ReplaceAll(text, "'", `'\''`) + "'"
}
