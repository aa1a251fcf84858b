package explain

import "github.com/postern-dev/postern/policy"

// evidence is what was read from the input, before any rule looks at it. What the input doesn't
// hold is nil.
type evidence struct {
	kind       Kind
	document   *policy.Document
	form       *form // of a bare policy: the form that signing it would make
	url        *presignedURL
	request    *request // what sends the form, or to the URL
	storeError *storeError
	madeBy     sdk       // the library that signed or sent it, as far as notation, headers or parameters tell
	faults     []Finding // about parts that couldn't be read
}

// maxItems bounds conditions and fields. Stores read 20,480 bytes before the file: with the
// boundaries that browsers make, fewer than 250 fields.
const maxItems = 300

func (e *evidence) addFault(f Finding) { e.faults = append(e.faults, f) }

// completeForm applies the simulated fields, reads the form's policy and signature, and fills in
// the visitor's fields.
func (e *evidence) completeForm(simulated []policy.Field) {
	f := e.form
	f.fields = append(f.fields, f.afterFile...) // their place is one finding, their values may be others
	f.fields = f.fields[:min(len(f.fields), maxItems+1)]
	f.set(simulated)
	if f.unread["policy"] {
		e.addFault(Finding{Code: "template_unfilled", Field: "policy", Wanted: "the policy's base64", Got: "a variable"})
	} else if hasField(f.fields, "policy") && e.document == nil && !f.endsInPolicy() {
		e.readPolicy(fieldValue(f.fields, "policy"))
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
	f.signature = readSignature(func(name string) string { return fieldValue(f.fields, name) })
}
