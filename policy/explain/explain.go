package explain

import (
	"cmp"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/postern-dev/postern/policy"
	"github.com/postern-dev/postern/policy/sigv4"
)

// MaxInput is the largest text that is read, in bytes: 10 MiB, for pages with pictures in them.
const MaxInput = 10 << 20

// Errors for input that holds nothing to explain.
var (
	ErrTooLarge     = fmt.Errorf("explain: input: wanted at most %d bytes", MaxInput)
	ErrUnrecognised = errors.New("explain: input: wanted a policy, a form, a curl command, a presigned URL or a store's error")
)

// Options say what to check the input against.
type Options struct {
	// Form is the simulated upload. Its fields replace those of the same name in the input. With a
	// bare policy it is the whole form, apart from the fields that signing adds. Nil takes the
	// input's own form. At most 300 are looked at: no store takes more.
	Form []policy.Field
	// Size is the file's size in bytes; nil checks no size.
	Size *int64
	// Now is the time on the store's clock.
	Now time.Time
	// Secret returns the secret access key of an access key ID, to check signatures with; nil
	// checks no signature.
	Secret func(accessKeyID string) (sigv4.Secret, bool)
}

// explainer is one call of Explain: it reads the evidence, then applies the rules, which write the
// report.
type explainer struct {
	evidence
	options Options
	report  Report
	seen    map[Finding]bool // those of the report, before finish
	found   map[cause]bool   // the same by code and field
}

// cause is the code of a finding and its field in lower case.
type cause struct{ code, field string }

// Explain reads text and reports on it. It fails with ErrTooLarge or ErrUnrecognised and no report.
func Explain(text string, o Options) (Report, error) {
	if len(text) > MaxInput {
		return Report{}, ErrTooLarge
	}
	o.Form = o.Form[:min(len(o.Form), maxItems)]
	x := &explainer{options: o, seen: map[Finding]bool{}, found: map[cause]bool{}}
	if !x.read(strings.TrimSpace(strings.TrimPrefix(withoutUTF16(text), "\ufeff")), o.Form) {
		return Report{}, ErrUnrecognised
	}
	x.report = Report{
		Kind: x.kind, Simulated: x.form != nil && (o.Form != nil || o.Size != nil || x.kind != KindPolicy),
		Findings: []Finding{}, // so that JSON has a list
	}
	x.applyRules()
	x.report.finish(cmp.Or(x.madeBy, sdkOfText(text)))
	return x.report, nil
}

// applyRules runs the rules for what was read. Findings of one severity keep the order of the
// rules.
func (x *explainer) applyRules() {
	if x.form != nil {
		x.checkControls()
		x.checkPolicyField()
	}
	for _, fault := range x.faults {
		x.add(fault)
	}
	if x.document != nil {
		x.describe()
		x.checkConditions()
	}
	if x.form != nil {
		x.checkAddress()
	}
	if x.document != nil {
		x.checkFormSignature()
		x.checkFields()
	}
	if x.request != nil {
		x.checkRequest()
	}
	if x.url != nil {
		x.checkURL()
	}
	if x.storeError != nil {
		x.checkStoreError()
	}
}
