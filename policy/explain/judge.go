package explain

import (
	"strings"

	"github.com/postern-dev/postern/policy"
)

// codes are the words for policy.Check's rules.
var codes = map[policy.Reason]string{
	policy.ReasonExpired: "policy_expired", policy.ReasonMissing: "field_missing", policy.ReasonMismatch: "value_mismatch",
	policy.ReasonPrefix: "prefix_mismatch", policy.ReasonList: "type_list", policy.ReasonVariable: "filename_variable",
	policy.ReasonExtra: "field_uncovered", policy.ReasonRepeated: "field_repeated", policy.ReasonAfterFile: "field_after_file",
	policy.ReasonTooLarge: "size_too_large", policy.ReasonTooSmall: "size_too_small", policy.ReasonFormTooLarge: "form_too_large",
	policy.ReasonKeyMissing: "key_missing", policy.ReasonKeyTooLong: "key_too_long", policy.ReasonEncoding: "not_utf8",
	policy.ReasonUnconditional: "bucket_unconditional", policy.ReasonMetadataTooLarge: "metadata_too_large",
}

// maxItems bounds conditions and fields; stores read 20,480 bytes before the file, which is fewer.
const maxItems = 300

// judge holds a form against a document and looks at both by themselves.
func (s *session) judge(d policy.Document, f *form) {
	if len(d.Conditions) > maxItems || len(f.fields) > maxItems {
		s.find(Finding{Code: "form_too_large", Wanted: "at most 20480 bytes before the file"})
		d.Conditions, f.fields = d.Conditions[:min(len(d.Conditions), maxItems)], f.fields[:min(len(f.fields), maxItems)]
	}
	s.describe(d, f)
	s.lint(d)
	s.checkAction(f, d)
	s.checkSignature(d, f)
	for _, v := range policy.Check(d, f.fields, s.size(d), s.options.Now) {
		s.violation(v, f)
	}
}

// size is the simulated size, or one that no range minds.
func (s *session) size(d policy.Document) (size int64) {
	if s.options.Size != nil {
		return *s.options.Size
	}
	for _, c := range d.Conditions {
		if c.Operator() == policy.OpRange {
			least, _ := c.Range()
			size = max(size, least)
		}
	}
	return size
}

// violation turns what Check says into a finding, with the nearest cause where one is known.
func (s *session) violation(v policy.Violation, f *form) {
	finding := Finding{Code: codes[v.Reason], Field: v.Field, Condition: source(v.Condition), Wanted: v.Wanted, Got: shown(v.Field, v.Got)}
	if finding.Code == "" {
		finding.Code = "condition_failed"
	}
	if secretField(v.Field) {
		finding.Wanted = "the value that was signed"
	}
	if v.Reason == policy.ReasonTooLarge || v.Reason == policy.ReasonTooSmall {
		finding.Field = "file"
	}
	if s.explained(v) {
		return
	}
	switch v.Reason {
	case policy.ReasonMismatch, policy.ReasonPrefix:
		finding.Code = nearMiss(finding.Code, v)
	case policy.ReasonExtra:
		finding.Code = uncoveredCode(v.Field, f)
	case policy.ReasonMissing:
		if strings.EqualFold(v.Field, "Content-Type") {
			finding.Code = "content_type_missing"
		}
	}
	s.find(finding)
}

// explained reports whether a violation only follows from what was found already.
func (s *session) explained(v policy.Violation) bool {
	if v.Field == "key" && v.Reason != policy.ReasonKeyMissing && v.Got == "" {
		return true // Check names the missing key as well
	}
	for _, f := range s.report.Findings {
		old := f.Code == "signature_v2" && v.Reason == policy.ReasonExtra && uncoveredCode(v.Field, &form{}) == "signature_v2"
		same := strings.EqualFold(f.Field, v.Field) && v.Condition.Operator() != ""
		if old || same && (f.Code == "conditions_contradict" || f.Code == "filename_in_condition") {
			return true
		}
	}
	return false
}

// nearMiss looks for what a mismatch usually comes from.
func nearMiss(code string, v policy.Violation) string {
	wanted, got := v.Wanted, v.Got
	decoded := unescape(got)
	switch {
	case signatureField(v.Field):
		return "signature_field_changed"
	case got == "":
		return "value_empty"
	case strings.EqualFold(v.Field, "Content-Type") && code == "value_mismatch" && strings.HasSuffix(wanted, "/*"):
		return "type_wildcard"
	case code == "value_mismatch" && strings.EqualFold(wanted, got), code == "prefix_mismatch" && hasPrefixFold(got, wanted):
		return "case_differs"
	case code == "value_mismatch" && strings.TrimSpace(wanted) == strings.TrimSpace(got):
		return "space_differs"
	case decoded != got && (decoded == wanted || code == "prefix_mismatch" && strings.HasPrefix(decoded, wanted)):
		return "value_encoded"
	case v.Field == "key" && (strings.HasPrefix(got, "/") != strings.HasPrefix(wanted, "/")):
		return "leading_slash"
	case strings.EqualFold(v.Field, "Content-Type") && strings.HasPrefix(got, wanted+";"):
		return "type_parameter"
	}
	return code
}

func hasPrefixFold(text, prefix string) bool {
	return len(text) >= len(prefix) && strings.EqualFold(text[:len(prefix)], prefix)
}

// uncoveredCode tells apart where an uncovered field comes from.
func uncoveredCode(name string, f *form) string {
	for _, button := range f.buttons {
		if strings.EqualFold(button, name) {
			return "button_named"
		}
	}
	lower := strings.ToLower(name)
	switch {
	case strings.HasSuffix(lower, "-security-token"):
		return "token_uncovered"
	case lower == "awsaccesskeyid" || lower == "signature":
		return "signature_v2"
	case strings.Contains(lower, "csrf") || lower == "authenticity_token" || lower == "utf8" || lower == "_method":
		return "framework_field"
	}
	return "field_uncovered"
}

// describe lists what the policy and the form say.
func (s *session) describe(d policy.Document, f *form) {
	s.fact("policy expires", instant(d.Expiration)+" ("+distance(d.Expiration, s.options.Now)+")")
	if f.url != "" {
		s.fact("form posts to", f.url)
	}
	for _, c := range d.Conditions {
		s.report.Conditions = append(s.report.Conditions, Condition{Source: source(c), Words: words(c)})
	}
	bare := s.report.Kind == KindPolicy && s.options.Form == nil
	for _, field := range f.fields {
		if !bare {
			s.report.Fields = append(s.report.Fields, beside(field, d))
		}
	}
}

// beside finds the condition that covers a field.
func beside(field policy.Field, d policy.Document) Field {
	out := Field{Name: field.Name, Value: shown(field.Name, field.Value), State: "uncovered"}
	lower := strings.ToLower(field.Name)
	if lower == "policy" || strings.HasSuffix(lower, "-signature") || lower == "file" || strings.HasPrefix(lower, "x-ignore-") {
		out.State = "exempt"
	}
	for _, c := range d.Conditions {
		if c.Covers(field.Name) {
			out.State, out.Condition = "covered", source(c)
		}
	}
	return out
}
