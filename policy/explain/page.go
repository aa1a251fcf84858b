package explain

import (
	"strings"

	"github.com/postern-dev/postern/policy"
)

// pageForm is a form as its page writes it.
type pageForm struct {
	form
	method, enctype string
	files           []string // names of file inputs
	multiple        bool
}

// readPage explains the first form of a page that has a policy, or else a file input.
func (s *session) readPage() {
	forms := pageForms(tags(s.text))
	best := (*pageForm)(nil)
	for i := range forms {
		f := &forms[i]
		if best == nil || has(f.fields, "policy") && !has(best.fields, "policy") {
			best = f
		}
	}
	if best == nil {
		s.find(Finding{Code: "form_unreadable", Wanted: "a form with fields"})
		return
	}
	s.readWrittenForm(best)
}

// readWrittenForm explains a form with the place of its file.
func (s *session) readWrittenForm(f *pageForm) {
	s.checkPage(f)
	for _, late := range f.late {
		s.find(Finding{Code: "field_after_file", Field: late.Name, Wanted: "before the file", Got: shown(late.Name, late.Value)})
	}
	if has(f.fields, "policy") {
		f.fields = append(f.fields, f.late...) // each was named; what they'd do in their place is worth knowing
	}
	s.readForm(&f.form)
}

func (s *session) checkPage(f *pageForm) {
	if !strings.EqualFold(f.method, "post") {
		s.find(Finding{Code: "form_method", Field: "method", Wanted: "post", Got: f.method})
	}
	if !strings.EqualFold(f.enctype, "multipart/form-data") {
		s.find(Finding{Code: "form_enctype", Field: "enctype", Wanted: "multipart/form-data", Got: f.enctype})
	}
	switch {
	case len(f.files) == 0:
		s.find(Finding{Code: "file_missing", Field: "file", Wanted: `a file in the field "file"`})
	case len(f.files) > 1 || f.multiple:
		s.find(Finding{Code: "file_repeated", Field: "file", Wanted: "one file", Got: strings.Join(f.files, ", ")})
	case !strings.EqualFold(f.files[0], "file"):
		s.find(Finding{Code: "file_misnamed", Field: f.files[0], Wanted: "file", Got: f.files[0]})
	}
}

// pageForms collects the forms of a page; controls outside of any form make one of their own.
func pageForms(list []tag) (forms []pageForm) {
	inside := false
	for _, t := range list {
		switch t.name {
		case "form":
			if !inside {
				forms = append(forms, newPageForm(t))
			}
			inside = true
		case "/form":
			inside = false
		case "input", "textarea", "button", "select":
			if len(forms) == 0 {
				forms = append(forms, pageForm{method: "post", enctype: "multipart/form-data"})
			}
			forms[len(forms)-1].add(t)
		}
	}
	return forms
}

func newPageForm(t tag) pageForm {
	f := pageForm{method: t.attrs["method"], enctype: t.attrs["enctype"]}
	f.url = t.attrs["action"]
	return f
}

// add takes a control as browsers would send it.
func (f *pageForm) add(t tag) {
	name, kind := t.attrs["name"], strings.ToLower(t.attrs["type"])
	_, disabled := t.attr("disabled")
	_, checked := t.attr("checked")
	switch {
	case disabled:
		return
	case t.name == "input" && kind == "file":
		_, multiple := t.attr("multiple")
		f.multiple = f.multiple || multiple
		f.files = append(f.files, name)
		return
	case name == "" || kind == "reset" || kind == "button" || (kind == "checkbox" || kind == "radio") && !checked:
		return
	case kind == "submit" || t.name == "button":
		f.buttons = append(f.buttons, name)
	}
	f.addField(t, policy.Field{Name: name, Value: controlValue(t, kind)})
}

func (f *pageForm) addField(t tag, field policy.Field) {
	kind := strings.ToLower(t.attrs["type"])
	typed := t.name == "textarea" || t.name == "select" || t.name == "input" && (kind == "" || kind == "text")
	if typed && field.Value == "" {
		f.open = append(f.open, field.Name)
	}
	if len(f.files) > 0 {
		f.late = append(f.late, field)
		return
	}
	f.fields = append(f.fields, field)
}

func controlValue(t tag, kind string) string {
	if t.name == "textarea" {
		return t.text
	}
	text, ok := t.attr("value")
	if !ok && (kind == "checkbox" || kind == "radio") {
		return "on"
	}
	return text
}
