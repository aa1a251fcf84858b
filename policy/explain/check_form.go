package explain

import (
	"cmp"
	"net/url"
	"strings"

	"github.com/postern-dev/postern/policy"
)

// checkControls checks what a page or command says about the form: method, encoding, the place and
// number of its files.
func (x *explainer) checkControls() {
	c := x.form.controls
	if c == nil {
		return
	}
	if len(c.unnamed) > 0 {
		x.add(Finding{Code: "control_unnamed", Field: strings.Join(c.unnamed, ", "), Wanted: "the attribute name"})
	}
	if !strings.EqualFold(c.method, "post") {
		x.add(Finding{Code: "form_method", Field: "method", Wanted: "post", Got: c.method})
	}
	if !strings.EqualFold(c.enctype, multipartType) {
		x.add(Finding{Code: "form_enctype", Field: "enctype", Wanted: multipartType, Got: c.enctype})
	}
	switch {
	case len(c.files) == 0 && x.form.incomplete:
	case len(c.files) == 0:
		x.add(Finding{Code: "file_missing", Field: "file", Wanted: `a file in the field "file"`})
	case len(c.files) > 1 || c.multiple:
		x.add(Finding{Code: "file_repeated", Field: "file", Wanted: "one file", Got: strings.Join(c.files, ", ")})
	case !strings.EqualFold(c.files[0], "file"):
		x.add(Finding{Code: "file_misnamed", Field: c.files[0], Wanted: "file", Got: c.files[0]})
	}
	if hasField(x.form.afterFile, "policy") || x.form.fileFirst {
		x.add(Finding{Code: "file_first", Field: "file", Wanted: "the file after every field"})
	}
	for _, f := range x.form.afterFile {
		if old := x.oldSignature(); old != nil && !old.covers && c.buttons[policy.LowerName(f.Name)] {
			continue // as in OSS's own example
		}
		if x.isIgnoredButton(f.Name) {
			x.add(Finding{Code: "button_after_file", Field: f.Name, Wanted: "a button without a name"})
			continue
		}
		x.add(Finding{Code: "field_after_file", Field: f.Name, Wanted: "before the file", Got: redact(f.Name, f.Value)})
	}
}

// isIgnoredButton reports whether a field is that of a submit button behind the file of a form for
// AWS, which ignores it.
func (x *explainer) isIgnoredButton(name string) bool {
	u, err := url.Parse(x.form.address)
	c := x.form.controls
	return err == nil && awsHost.MatchString(strings.ToLower(u.Hostname())) && c != nil && c.buttons[policy.LowerName(name)] && hasField(x.form.afterFile, name)
}

// checkPolicyField checks that the form has one policy.
func (x *explainer) checkPolicyField() {
	switch {
	case x.form.otherPolicy:
		x.add(Finding{Code: "policy_altered", Field: "policy", Wanted: "the policy that was signed", Got: "another text"})
	case x.form.incomplete && x.document == nil && len(x.faults) == 0 && x.request == nil:
		x.add(Finding{Code: "input_cut_short", Wanted: "the whole form"})
	case x.form.incomplete:
		x.add(Finding{Code: "form_incomplete", Wanted: "the whole form"})
	case x.form.templated && !hasField(x.form.fields, "policy"):
		x.add(Finding{Code: "template_unfilled", Field: "policy", Wanted: "the fields as the browser has them", Got: "a template"})
	case x.kind != KindPolicy && !hasField(x.form.fields, "policy") && !hasField(x.form.afterFile, "policy"):
		x.add(Finding{Code: "policy_missing", Field: "policy", Wanted: "a signed policy"})
	}
}

// checkFields checks the form's fields and the file's size against the policy's conditions.
func (x *explainer) checkFields() {
	for _, v := range policy.Check(*x.document, x.form.fields, x.fileSize(), x.options.Now) {
		if !x.isKnown(v) {
			x.add(x.violationFinding(v))
		}
	}
}

// fileSize is the simulated size, or one that every range allows.
func (x *explainer) fileSize() (size int64) {
	if x.options.Size != nil {
		return *x.options.Size
	}
	for _, c := range x.document.Conditions {
		if isRange(c) {
			least, _ := c.Range()
			size = max(size, least)
		}
	}
	return size
}

// isKnown reports whether a violation only follows from an earlier finding.
func (x *explainer) isKnown(v policy.Violation) bool {
	if x.form.unread[policy.LowerName(v.Field)] || x.form.incomplete && (v.Reason == policy.ReasonMissing || v.Reason == policy.ReasonKeyMissing) {
		return true // it isn't in the input, but may well be in the form
	}
	if v.Reason == policy.ReasonExtra && x.isIgnoredButton(v.Field) {
		return true
	}
	if v.Field == "key" && v.Reason != policy.ReasonKeyMissing && v.Got == "" {
		return true // Check reports the missing key as well
	}
	if old := oldSignatureOf(x.form.fields); old != nil && x.form.signature.isEmpty() {
		return old.allows(v)
	}
	field := policy.LowerName(v.Field)
	return v.Condition.Operator() != "" && (x.found[cause{"conditions_contradict", field}] || x.found[cause{"filename_in_condition", field}])
}

// reasonCodes are the codes for the reasons of policy.Check.
var reasonCodes = map[policy.Reason]string{
	policy.ReasonExpired: "policy_expired", policy.ReasonMissing: "field_missing", policy.ReasonMismatch: "value_mismatch",
	policy.ReasonPrefix: "prefix_mismatch", policy.ReasonList: "type_list", policy.ReasonVariable: "filename_variable",
	policy.ReasonExtra: "field_uncovered", policy.ReasonRepeated: "field_repeated", policy.ReasonAfterFile: "field_after_file",
	policy.ReasonTooLarge: "size_too_large", policy.ReasonTooSmall: "size_too_small", policy.ReasonFormTooLarge: "form_too_large",
	policy.ReasonKeyMissing: "key_missing", policy.ReasonKeyTooLong: "key_too_long", policy.ReasonEncoding: "not_utf8",
	policy.ReasonUnconditional: "bucket_unconditional", policy.ReasonMetadataTooLarge: "metadata_too_large",
}

// violationFinding turns a violation into a finding, with a more exact cause where one is likely.
func (x *explainer) violationFinding(v policy.Violation) Finding {
	f := Finding{Code: cmp.Or(reasonCodes[v.Reason], "condition_failed"), Field: v.Field, Condition: conditionSource(v.Condition), Wanted: v.Wanted, Got: redact(v.Field, v.Got)}
	if isSecretField(v.Field) && v.Wanted != "a condition" {
		f.Wanted = "the value that was signed"
	}
	switch v.Reason {
	case policy.ReasonTooLarge, policy.ReasonTooSmall:
		f.Field = "file"
	case policy.ReasonMismatch, policy.ReasonPrefix:
		f.Code = mismatchCode(f.Code, v)
	case policy.ReasonExtra:
		f.Code = uncoveredCode(v.Field, x.form.controls)
	case policy.ReasonMissing:
		switch policy.LowerName(v.Field) {
		case "content-type":
			f.Code = "content_type_missing"
		case "content-length":
			f.Code = "length_condition"
		}
	}
	return f
}

// mismatchCode looks for the likely cause of a wrong value or prefix; code is the general one.
func mismatchCode(code string, v policy.Violation) string {
	wanted, got := v.Wanted, v.Got
	exact, contentType := v.Reason == policy.ReasonMismatch, strings.EqualFold(v.Field, "Content-Type")
	decoded := unescape(got)
	switch {
	case isSignatureField(v.Field):
		return "signature_field_changed"
	case got == "":
		return "value_empty"
	case contentType && exact && strings.HasSuffix(wanted, "/*"):
		return "type_wildcard"
	case exact && strings.EqualFold(wanted, got), !exact && hasPrefixFold(got, wanted):
		return "case_differs"
	case exact && strings.TrimSpace(wanted) == strings.TrimSpace(got):
		return "space_differs"
	case decoded != got && (decoded == wanted || !exact && strings.HasPrefix(decoded, wanted)):
		return "value_encoded"
	case v.Field == "key" && strings.HasPrefix(got, "/") != strings.HasPrefix(wanted, "/"):
		return "leading_slash"
	case contentType && strings.HasPrefix(got, wanted+";"):
		return "type_parameter"
	}
	return code
}

func hasPrefixFold(text, prefix string) bool {
	return len(text) >= len(prefix) && strings.EqualFold(text[:len(prefix)], prefix)
}

// uncoveredCode tells apart where an uncovered field comes from. c may be nil.
func uncoveredCode(name string, c *controls) string {
	name = policy.LowerName(name)
	switch {
	case c != nil && c.buttons[name]:
		return "button_named"
	case strings.HasSuffix(name, "-security-token"):
		return "token_uncovered"
	case name == "awsaccesskeyid" || name == "signature":
		return "signature_v2"
	case strings.Contains(name, "csrf") || name == "authenticity_token" || name == "utf8" || name == "_method":
		return "framework_field"
	}
	return "field_uncovered"
}
