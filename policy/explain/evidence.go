package explain

import (
	"slices"
	"strings"

	"github.com/postern-dev/postern/policy"
)

// evidence is what was read from the input, before any rule looks at it. What the input doesn't
// hold is nil.
type evidence struct {
	kind       Kind
	document   *policy.Document
	form       *form // of a bare policy: the form that signing it would make
	url        *presignedURL
	storeError *storeError
	faults     []Finding // what couldn't be read as it should be
}

// form is what the input sends, however it was written.
type form struct {
	address       string
	fields        []policy.Field // before the file
	afterFile     []policy.Field
	visitorFields []string // names of the fields that the visitor fills in
	controls      *controls
	signature     *signature
	otherPolicy   bool // the input holds a second policy, beside the form's
}

// controls are what a page or a command says about the form, and JSON doesn't.
type controls struct {
	method, enctype string
	files           []string // names of the fields with files
	multiple        bool     // one of them takes several files
	buttons         []string // names of the submit buttons, which browsers send as fields
}

// maxItems bounds conditions and fields; stores read 20,480 bytes before the file, which is fewer.
const maxItems = 300

// read recognises the input and reads it. simulated is Options.Form. It returns false for text of
// no known kind.
func (e *evidence) read(text string, simulated []policy.Field) bool {
	if url := answerURL(text); url != "" {
		text = url
	}
	e.kind = recognise(text)
	switch e.kind {
	case KindPolicy:
		if e.readPolicy(text); e.document != nil {
			e.form = deriveForm(e.document, simulated == nil)
		}
	case KindForm:
		e.readFormJSON(text)
	case KindPage:
		e.readPage(text)
	case KindCommand:
		e.readCommand(text)
	case KindURL:
		e.readURL(text)
	case KindError:
		e.readStoreError(text)
	default:
		return false
	}
	if e.form != nil {
		e.completeForm(simulated)
	}
	return true
}

func (e *evidence) addFault(f Finding) { e.faults = append(e.faults, f) }

// completeForm applies the simulated fields, reads the form's policy, and fills in what the visitor
// has to fill in.
func (e *evidence) completeForm(simulated []policy.Field) {
	f := e.form
	if hasField(f.fields, "policy") {
		f.fields = append(f.fields, f.afterFile...) // reported as such; what else is wrong with them is worth knowing
	}
	f.fields = f.fields[:min(len(f.fields), maxItems+1)]
	for _, field := range simulated {
		f.set(field)
	}
	if text, ok := fieldValue(f.fields, "policy"); ok && e.document == nil {
		e.readPolicy(text)
	}
	if e.document == nil {
		return
	}
	d := e.document
	if len(d.Conditions) > maxItems || len(f.fields) > maxItems {
		e.addFault(Finding{Code: "form_too_large", Wanted: "at most 20480 bytes before the file"})
	}
	d.Conditions, f.fields = d.Conditions[:min(len(d.Conditions), maxItems)], f.fields[:min(len(f.fields), maxItems)]
	f.fillVisitorFields(d)
	f.signature = readSignature(func(name string) string {
		text, _ := fieldValue(f.fields, name)
		return text
	})
}

// isFull reports whether the form has more than maxItems fields and files; no more are added then.
func (f *form) isFull() bool { return len(f.fields)+len(f.afterFile)+len(f.controls.files) > maxItems }

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

func (f *form) addFile(name string) {
	if !f.isFull() {
		f.controls.files = append(f.controls.files, name)
	}
}

// set replaces the field of that name, or adds one.
func (f *form) set(field policy.Field) {
	i := slices.IndexFunc(f.fields, func(other policy.Field) bool { return other.Is(field.Name) })
	if i < 0 {
		f.fields = append(f.fields, field)
		return
	}
	f.fields[i].Value = field.Value
}

// fillVisitorFields gives each empty field that the visitor fills in a value that satisfies its
// prefix condition.
func (f *form) fillVisitorFields(d *policy.Document) {
	for _, name := range f.visitorFields[:min(len(f.visitorFields), maxItems)] {
		for _, c := range d.Conditions {
			if !c.Covers(name) || c.Operator() != policy.OpStartsWith {
				continue
			}
			if text, _ := fieldValue(f.fields, name); text == "" {
				f.set(policy.Field{Name: name, Value: sampleField(c).Value})
			}
		}
	}
}

// deriveForm returns the fields that signing the document adds, as far as its conditions tell, and
// with whole the others, each with a value that satisfies its condition.
func deriveForm(d *policy.Document, whole bool) *form {
	f := &form{}
	d.Conditions = d.Conditions[:min(len(d.Conditions), maxItems+1)]
	for _, signing := range []bool{true, false} {
		for _, c := range d.Conditions {
			belongs := isSignatureField(c.Field()) && c.Operator() == policy.OpEqual
			if !signing {
				belongs = whole && c.Operator() != policy.OpRange && !c.Covers("bucket")
			}
			if belongs && !hasField(f.fields, c.Field()) {
				f.fields = append(f.fields, sampleField(c))
			}
		}
	}
	return f
}

// sampleField is a field that satisfies a condition.
func sampleField(c policy.Condition) policy.Field {
	if c.Operator() == policy.OpStartsWith && c.Value() == "" {
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

func hasField(fields []policy.Field, name string) bool {
	_, ok := fieldValue(fields, name)
	return ok
}

// fieldValue returns the value of the first field of that name, whatever its case.
func fieldValue(fields []policy.Field, name string) (string, bool) {
	for _, f := range fields {
		if f.Is(name) {
			return f.Value, true
		}
	}
	return "", false
}
