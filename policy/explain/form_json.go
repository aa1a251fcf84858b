package explain

import (
	"bytes"
	"encoding/json"

	"github.com/postern-dev/postern/policy"
)

// formJSON is what `postern sign --format json` prints, an answer of the JSON API, or what common
// SDKs return: fields as a list or as an object, named fields or Values.
type formJSON struct {
	URL    string          `json:"url"`
	Fields json.RawMessage `json:"fields"`
	Values json.RawMessage `json:"values"`
	Open   json.RawMessage `json:"open"`
	Policy string          `json:"policy"`
	Post   *formJSON       `json:"post"`
}

// readFormJSON reads a form written as JSON: that of postern sign, of Postern's API, or a list or
// object of fields.
func (e *evidence) readFormJSON(text string) {
	var in formJSON
	if err := json.Unmarshal([]byte(text), &in); err != nil {
		e.addFault(Finding{Code: "form_unreadable", Wanted: "a JSON object with url and fields", Got: err.Error()})
		return
	}
	if in.Post != nil {
		in = *in.Post
	}
	e.form = &form{address: in.URL, fields: append(readFields(in.Fields), readFields(in.Values)...), visitorFields: readNames(in.Open)}
	if in.Policy != "" && !hasField(e.form.fields, "policy") {
		e.form.fields = append(e.form.fields, policy.Field{Name: "policy", Value: in.Policy})
	}
	e.form.otherPolicy = in.Policy != "" && in.Policy != fieldValue(e.form.fields, "policy")
}

// readNames reads a list of strings, at most maxItems of them.
func readNames(text json.RawMessage) (names []string) {
	d := json.NewDecoder(bytes.NewReader(text))
	if open, _ := d.Token(); open != json.Delim('[') {
		return nil
	}
	for len(names) < maxItems && d.More() {
		var name string
		if d.Decode(&name) != nil {
			return names
		}
		names = append(names, name)
	}
	return names
}

// readFields reads a list of names and values, or an object: of more than maxItems fields the first
// ones. It leaves out values that aren't strings.
func readFields(text json.RawMessage) (fields []policy.Field) {
	d := json.NewDecoder(bytes.NewReader(text))
	open, _ := d.Token()
	for read := 0; read <= maxItems && d.More(); read++ {
		var f policy.Field
		var err error
		switch open {
		case json.Delim('['):
			err = d.Decode(&f)
		case json.Delim('{'):
			name, _ := d.Token()
			f.Name, _ = name.(string)
			err = d.Decode(&f.Value)
		default:
			return nil
		}
		if err == nil {
			fields = append(fields, f)
		}
	}
	return fields
}
