package explain

import (
	"cmp"
	"slices"
	"strings"

	"github.com/postern-dev/postern/policy"
)

// maxNestedTexts bounds literals within strings of literals: an answer with a body that is JSON.
const maxNestedTexts = 4

// foundForm is a form among literals.
type foundForm struct {
	address       string
	fields        []policy.Field
	visitorFields []string
	policy        string   // beside the fields
	unread        []string // names of fields whose values aren't there, in lower case
	tooMany       bool     // not all fields were read
	ordered       bool     // it is a list, so that its order is that of the fields
}

func (f *foundForm) hasPolicy() bool { return hasField(f.fields, "policy") }

// formSearch looks for a form in literals: the first one with a policy, or else the first list of
// fields under a name that says so.
type formSearch struct {
	found    *foundForm
	texts    int    // strings that were read as literals
	steps    int    // literals that were looked at
	address  string // the last one beside groups
	document string // a policy beside groups, and the names of the visitor's fields
	open     []string
}

// fieldsNames are members that hold a form's fields, in lower case.
var fieldsNames = []string{"fields", "values", "forminputs", "form_inputs", "inputs", "formdata", "form_data", "formfields", "form_fields", "params", "postfields"}

// visit looks at a literal and what is in it. name is that of the member.
func (s *formSearch) visit(v literal, depth int) {
	if s.steps++; s.steps > 2*maxLiterals || depth > maxLiteralDepth || s.found != nil && s.found.hasPolicy() {
		return
	}
	if v.kind != literalGroup {
		s.visitText(v, depth)
		return
	}
	before := *s
	s.address = cmp.Or(addressIn(v), s.address)
	s.document, s.open = policyBeside(v), openNames(v)
	if f := fieldsIn(v); f != nil && (f.hasPolicy() && !s.holdsForm(v) || s.found == nil && (slices.Contains(fieldsNames, strings.ToLower(v.name)) || looksSigned(f))) {
		f.address = cmp.Or(before.address, s.address)
		f.policy, f.visitorFields = before.document, before.open
		s.found = f
	}
	for _, item := range v.items {
		s.visit(item, depth+1)
	}
	s.address, s.document, s.open = before.address, before.document, before.open
}

// holdsForm reports whether a group beside a policy holds the fields: an answer repeats the policy.
func (s *formSearch) holdsForm(v literal) bool {
	return slices.ContainsFunc(v.items, func(item literal) bool {
		f := fieldsIn(item)
		return item.kind == literalGroup && f != nil && len(f.fields) > 1
	})
}

// visitText reads a string that holds literals: JSON in JSON.
func (s *formSearch) visitText(v literal, depth int) {
	text := strings.TrimSpace(v.text)
	if v.kind != literalString || s.texts >= maxNestedTexts || len(text) < 2 || strings.IndexByte("{[", text[0]) < 0 {
		return
	}
	s.texts++
	s.visit(newLiteralReader(text).value(0), depth+1)
}

// addressIn returns the address among a group's own members: by its name, else by how it begins.
func addressIn(v literal) string {
	first := ""
	for _, item := range v.items {
		name := strings.ToLower(item.name)
		if item.kind == literalGroup {
			for _, inner := range item.items {
				if strings.EqualFold(inner.name, "action") && first == "" {
					first = inner.text // the attributes of PHP's PostObjectV4
				}
			}
			continue
		}
		if !strings.Contains(item.text, "://") || strings.Contains(name, "redirect") {
			continue
		}
		switch name {
		case "url", "action", "endpoint", "posturl", "post_url", "uploadurl", "upload_url", "presignedurl", "presigned_url", "signedurl", "signed_url", "bucket_url":
			return item.text
		}
		if first == "" && (name == "" || strings.HasSuffix(name, "url") || strings.HasSuffix(name, "uri") || strings.HasSuffix(name, "host") || name == "server") {
			first = item.text
		}
	}
	return first
}

// policyBeside returns the policy of `postern sign --format json`, which stands beside the fields.
func policyBeside(v literal) string {
	for _, item := range v.items {
		if item.kind == literalString && item.name == "policy" {
			return item.text
		}
	}
	return ""
}

// openNames returns the names of the visitor's fields in an answer of the API.
func openNames(v literal) (names []string) {
	for _, list := range v.items {
		if list.name != "open" || list.kind != literalGroup {
			continue
		}
		for _, item := range list.items[:min(len(list.items), maxItems)] {
			if item.kind == literalString {
				names = append(names, item.text)
			}
		}
	}
	return names
}

// fieldsIn reads a group as fields: an object of names and values, a list of objects with name and
// value, or a list of pairs. It returns nil for a group without fields.
func fieldsIn(v literal) *foundForm {
	f := &foundForm{}
	for _, item := range v.items {
		field, known, ok := fieldOf(item)
		if !ok {
			continue
		}
		if len(f.fields) > maxItems {
			f.tooMany = true
			break
		}
		f.ordered = item.name == ""
		if f.fields = append(f.fields, field); !known {
			f.unread = append(f.unread, policy.LowerName(field.Name))
		}
	}
	if len(f.fields) == 0 {
		return nil
	}
	return f
}

// fieldOf reads a member as a field. known is false if its value is an expression.
func fieldOf(item literal) (field policy.Field, known, ok bool) {
	value := item
	switch {
	case item.name != "":
		field.Name = item.name
	case item.kind != literalGroup:
		return field, false, false
	case len(item.items) == 2 && item.items[0].kind == literalString && item.items[0].name == "" && item.items[1].name == "":
		field.Name, value = item.items[0].text, item.items[1]
	default:
		for _, member := range item.items {
			switch strings.ToLower(member.name) {
			case "name", "key", "field", "k":
				field.Name = member.text
			case "value", "val", "v":
				value = member
			}
		}
	}
	if value.kind == literalGroup && len(value.items) == 1 && value.call == "" {
		value = value.items[0] // a list of values with one in it
	}
	if field.Name == "" || value.kind == literalGroup {
		return field, false, false
	}
	field.Value, known = scalar(value)
	return field, known, true
}

// scalar returns the text that is sent for a literal. It returns false for an expression.
func scalar(v literal) (text string, known bool) {
	if v.kind == literalString {
		return v.text, true
	}
	switch v.text {
	case "null", "None", "nil", "NULL", "undefined":
		return "", true
	case "true", "false", "True", "False":
		return v.text, true
	}
	return v.text, strings.Trim(v.text, "0123456789.-") == ""
}

// looksSigned reports whether fields without a policy are those of a signed form.
func looksSigned(f *foundForm) bool {
	signing := 0
	for _, field := range f.fields {
		if isSignatureField(field.Name) {
			signing++
		}
	}
	return signing >= 2 && hasField(f.fields, "key")
}
