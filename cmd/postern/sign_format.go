package main

import (
	"encoding/json"
	"fmt"
	"html/template"
	"io"
	"strings"
	"time"

	"github.com/postern-dev/postern/policy"
)

// signedForm is a form with the prefixes of the fields that its user fills in.
type signedForm struct {
	policy.Form
	Prefixes []policy.Field
}

func newSignedForm(f policy.Form, conditions []policy.Condition) signedForm {
	form := signedForm{Form: f}
	for _, c := range conditions {
		if c.Operator() == policy.OpStartsWith {
			form.Prefixes = append(form.Prefixes, policy.Field{Name: c.Field(), Value: c.Value()})
		}
	}
	return form
}

// print writes the form in one of the formats of the flag --format.
func (f signedForm) print(w io.Writer, format string) error {
	switch format {
	case "json":
		return printJSON(w, f.json())
	case "curl":
		_, err := io.WriteString(w, f.curlCommand())
		return err
	}
	return formPage.Execute(w, f)
}

// jsonForm is a form as JSON: the members of "post" in the JSON API, and more about the policy.
type jsonForm struct {
	URL        string         `json:"url"`
	Fields     []policy.Field `json:"fields"`
	Open       []string       `json:"open"` // names of the fields that the user fills in
	Policy     string         `json:"policy"`
	Expiration string         `json:"expiration"`
}

func (f signedForm) json() jsonForm {
	return jsonForm{
		URL: f.URL, Fields: f.Fields, Open: append([]string{}, f.VisitorFields...),
		Policy: f.Policy, Expiration: f.Expiration.Format(time.RFC3339),
	}
}

// printJSON writes indented JSON in which HTML isn't escaped.
func printJSON(w io.Writer, value any) error {
	encoder := json.NewEncoder(w)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	return encoder.Encode(value)
}

// formPage is a page that uploads without script. Fields that the user fills in are visible.
var formPage = template.Must(template.New("form").Parse(`<!doctype html>
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

// curlCommand returns a command for a shell. Words in capital letters have to be replaced.
func (f signedForm) curlCommand() string {
	var b strings.Builder
	fmt.Fprintf(&b, "curl --fail-with-body %s", shellQuote(f.URL))
	for _, field := range f.Fields {
		fmt.Fprintf(&b, " \\\n  --form-string %s", shellQuote(field.Name+"="+field.Value))
	}
	for _, prefix := range f.Prefixes {
		fmt.Fprintf(&b, " \\\n  --form-string %s", shellQuote(prefix.Name+"="+prefix.Value+strings.ToUpper(prefix.Name)))
	}
	b.WriteString(" \\\n  --form 'file=@FILE'\n")
	return b.String()
}

func shellQuote(text string) string {
	return "'" + strings.ReplaceAll(text, "'", `'\''`) + "'"
}
