package explain

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"

	"github.com/postern-dev/postern/policy"
)

// form is what the input sends, however it was written.
type form struct {
	url     string
	fields  []policy.Field
	late    []policy.Field // behind the file
	open    []string       // names the visitor fills in
	buttons []string       // names of submit buttons, which are fields as well
}

// formJSON is what `postern sign --format json` prints, an answer of the JSON API, or what common
// SDKs return: fields as a list or as an object, named fields or Values.
type formJSON struct {
	URL    string          `json:"url"`
	Fields json.RawMessage `json:"fields"`
	Values json.RawMessage `json:"values"`
	Open   []string        `json:"open"`
	Policy string          `json:"policy"`
	Post   *formJSON       `json:"post"`
}

func (s *session) readFormJSON() {
	var in formJSON
	if err := json.Unmarshal([]byte(s.text), &in); err != nil {
		s.find(Finding{Code: "form_unreadable", Wanted: "a JSON object with url and fields", Got: err.Error()})
		return
	}
	if in.Post != nil {
		in = *in.Post
	}
	f := &form{url: in.URL, fields: readFields(in.Fields, in.Values), open: in.Open}
	text, ok := value(f.fields, "policy")
	if ok && in.Policy != "" && in.Policy != text {
		s.find(Finding{Code: "policy_altered", Field: "policy", Wanted: "the policy that was signed", Got: "another text"})
	}
	if !ok && in.Policy != "" {
		f.fields = append(f.fields, policy.Field{Name: "policy", Value: in.Policy})
	}
	s.readForm(f)
}

// readFields reads a list of names and values, or an object; what it can't read it leaves out.
func readFields(texts ...json.RawMessage) (fields []policy.Field) {
	for _, text := range texts {
		var list []struct{ Name, Value string }
		if json.Unmarshal(text, &list) == nil {
			for _, f := range list {
				fields = append(fields, policy.Field{Name: f.Name, Value: f.Value})
			}
			continue
		}
		var object map[string]string
		if json.Unmarshal(text, &object) == nil {
			for _, name := range slices.Sorted(maps.Keys(object)) {
				fields = append(fields, policy.Field{Name: name, Value: object[name]})
			}
		}
	}
	return fields
}

// readForm explains a form that carries its policy.
func (s *session) readForm(f *form) {
	s.override(f)
	text, ok := value(f.fields, "policy")
	if !ok {
		if !has(f.late, "policy") {
			s.find(Finding{Code: "policy_missing", Field: "policy", Wanted: "a signed policy"})
		}
		s.checkAction(f, policy.Document{})
		return
	}
	d, ok := s.parse(text)
	if !ok {
		return
	}
	s.fill(f, d)
	s.judge(d, f)
}

// override puts the simulated fields in place of the form's own, or behind them.
func (s *session) override(f *form) {
	f.fields = f.fields[:min(len(f.fields), maxItems+1)]
	for _, field := range s.options.Form {
		same := func(other policy.Field) bool { return strings.EqualFold(other.Name, field.Name) }
		if i := slices.IndexFunc(f.fields, same); i >= 0 {
			f.fields[i].Value = field.Value
			continue
		}
		f.fields = append(f.fields, field)
	}
	whole := s.report.Kind == KindForm || s.report.Kind == KindPage || s.report.Kind == KindCommand
	s.report.Simulated = s.options.Form != nil || s.options.Size != nil || whole
}

// fill gives what the visitor has yet to fill in the least that will do.
func (s *session) fill(f *form, d policy.Document) {
	if len(f.open) > maxItems || len(d.Conditions) > maxItems {
		return
	}
	for _, name := range f.open {
		for _, c := range d.Conditions {
			text, there := value(f.fields, name)
			if !c.Covers(name) || c.Operator() != policy.OpStartsWith || there && text != "" {
				continue
			}
			f.fields = slices.DeleteFunc(f.fields, func(x policy.Field) bool { return strings.EqualFold(x.Name, name) })
			f.fields = append(f.fields, policy.Field{Name: name, Value: sample(c).Value})
		}
	}
}
