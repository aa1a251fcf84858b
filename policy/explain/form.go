package explain

import (
	"slices"
	"strings"

	"github.com/postern-dev/postern/policy"
)

// form is what the input sends, however it was written.
type form struct {
	address       string
	fields        []policy.Field // before the file
	afterFile     []policy.Field
	visitorFields []string // names of the fields that the visitor fills in
	controls      *controls
	signature     *signature
	otherPolicy   bool            // the input holds a second policy, beside the form's
	fileFirst     bool            // fields that aren't in the input come after the file
	templated     bool            // a template fills in fields, or their names
	incomplete    bool            // not all of the form is in the input, or could be read
	unread        map[string]bool // names of fields whose values aren't in the input, in lower case
}

// controls are what a page or a command says about the form, and JSON doesn't.
type controls struct {
	method, enctype string
	ownAction       bool            // the page's form has no action, so it posts to the page itself
	files           []string        // names of the fields with files
	multiple        bool            // one of them takes several files
	buttons         map[string]bool // names of the submit buttons in lower case, which browsers send as fields
	unnamed         []string        // ids of the controls without a name that were meant to be fields
}

// isFull reports whether the form has more than maxItems fields and files; no more are added then.
func (f *form) isFull() bool {
	return len(f.fields)+len(f.afterFile)+len(f.controls.files) > maxItems
}

// addField adds a field behind those that are there.
func (f *form) addField(field policy.Field) {
	switch {
	case f.isFull():
	case len(f.controls.files) > 0:
		f.afterFile = append(f.afterFile, field)
	default:
		f.fields = append(f.fields, field)
	}
}

// endsInPolicy reports whether the input ends within the policy.
func (f *form) endsInPolicy() bool {
	if !f.incomplete || !f.fields[len(f.fields)-1].Is("policy") {
		return false
	}
	_, err := policy.Parse(f.fields[len(f.fields)-1].Value)
	return err != nil
}

// addUnread adds a field whose value isn't in the input, such as that of a variable.
func (f *form) addUnread(name string) {
	if f.unread == nil {
		f.unread = map[string]bool{}
	}
	if len(f.unread) <= maxItems {
		f.unread[policy.LowerName(name)] = true
	}
	f.addField(policy.Field{Name: name})
}

func (f *form) addFile(name string) {
	if !f.isFull() {
		f.controls.files = append(f.controls.files, name)
	}
}

// set replaces fields of the same name, or adds them.
func (f *form) set(fields []policy.Field) {
	index := indexFields(f.fields)
	for _, field := range fields {
		name := policy.LowerName(field.Name)
		if i, found := index[name]; found {
			f.fields[i].Value = field.Value
			continue
		}
		index[name] = len(f.fields)
		f.fields = append(f.fields, field)
	}
}

// indexFields returns the index of the first field of each name in lower case.
func indexFields(fields []policy.Field) map[string]int {
	index := make(map[string]int, len(fields))
	for i, field := range fields {
		if name := policy.LowerName(field.Name); !has(index, name) {
			index[name] = i
		}
	}
	return index
}

func has[V any](m map[string]V, name string) bool { _, ok := m[name]; return ok }

// fillVisitorFields gives each empty field that the visitor fills in a value that satisfies its
// prefix condition.
func (f *form) fillVisitorFields(d *policy.Document) {
	samples := map[string]string{} // by the field's name in lower case
	for _, c := range d.Conditions {
		if name := policy.LowerName(c.Field()); c.Operator() == policy.OpStartsWith && !has(samples, name) {
			samples[name] = sampleField(c).Value
		}
	}
	index := indexFields(f.fields)
	var filled []policy.Field
	for _, name := range f.visitorFields[:min(len(f.visitorFields), maxItems)] {
		lower := policy.LowerName(name)
		i, found := index[lower]
		if sample, ok := samples[lower]; ok && (!found || f.fields[i].Value == "") {
			filled = append(filled, policy.Field{Name: name, Value: sample})
		}
	}
	f.set(filled)
}

// deriveForm returns the fields that signing the document adds, as far as its conditions tell. With
// all it returns the other fields, too, each with a value that satisfies its condition.
func deriveForm(d *policy.Document, all bool) *form {
	f := &form{}
	d.Conditions = d.Conditions[:min(len(d.Conditions), maxItems+1)]
	seen := map[string]bool{}
	for _, c := range d.Conditions {
		signing := isSignatureField(c.Field()) && c.Operator() == policy.OpEqual
		other := all && !isRange(c) && !c.Covers("bucket")
		if name := policy.LowerName(c.Field()); (signing || other) && !seen[name] {
			seen[name] = true
			f.fields = append(f.fields, sampleField(c))
		}
	}
	return f
}

// sampleField is a field that satisfies a condition.
func sampleField(c policy.Condition) policy.Field {
	if allowsAnything(c) {
		return policy.Field{Name: c.Field(), Value: "x"}
	}
	return policy.Field{Name: c.Field(), Value: c.Value()}
}

// isSignatureField reports whether signing adds the field, in any store's spelling.
func isSignatureField(name string) bool {
	_, rest, _ := strings.Cut(strings.ToLower(name), "-")
	_, rest, _ = strings.Cut(rest, "-")
	switch rest {
	case "algorithm", "credential", "date", "security-token", "signature", "signature-version":
		return true
	}
	return false
}

// fieldIndex returns the index of the first field of that name, whatever its case, or -1.
func fieldIndex(fields []policy.Field, name string) int {
	return slices.IndexFunc(fields, func(f policy.Field) bool { return f.Is(name) })
}

func hasField(fields []policy.Field, name string) bool { return fieldIndex(fields, name) >= 0 }

// fieldValue returns the value of the first field of that name, "" if there is none.
func fieldValue(fields []policy.Field, name string) string {
	if i := fieldIndex(fields, name); i >= 0 {
		return fields[i].Value
	}
	return ""
}
