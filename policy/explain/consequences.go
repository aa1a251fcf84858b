package explain

import (
	"slices"

	"github.com/postern-dev/postern/policy"
)

// consequence says that a finding of the code effect comes from one of the code cause, if a report
// has both; with sameField, only if both are about one field.
type consequence struct {
	cause, effect string
	sameField     bool
}

// consequencesOf makes one consequence for each effect.
func consequencesOf(cause string, sameField bool, effects ...string) (list []consequence) {
	for _, effect := range effects {
		list = append(list, consequence{cause, effect, sameField})
	}
	return list
}

// consequences lists the causes that mend others with them. No code is, over any number of steps,
// the consequence of itself.
var consequences = slices.Concat(
	consequencesOf("control_unnamed", false, "policy_missing", "key_missing", "signature_field_missing", "field_missing", "content_type_missing", "file_missing", "button_named", "signature_v2"),
	consequencesOf("file_first", false, "field_after_file", "policy_missing", "key_missing", "signature_field_missing", "field_missing", "content_type_missing"),
	consequencesOf("form_enctype", false, "file_missing", "file_misnamed", "policy_missing"),
	consequencesOf("policy_altered", false, "signature_mismatch"),
	consequencesOf("base64_line_ends", false, "signature_mismatch"),
	consequencesOf("base64_url_alphabet", false, "signature_mismatch"),
	consequencesOf("base64_unpadded", false, "signature_mismatch"),
	consequencesOf("base64_malformed", false, "signature_mismatch"),
	consequencesOf("signature_field_changed", false, "signature_mismatch"),
	consequencesOf("signature_malformed", false, "signature_mismatch"),
	consequencesOf("credential_malformed", false, "signature_mismatch"),
	consequencesOf("wrong_region", false, "signature_mismatch"),
	consequencesOf("scope_date", false, "signature_mismatch"),
	consequencesOf("scope_service", false, "signature_mismatch"),
	consequencesOf("url_escaped", false, "signature_mismatch", "parameter_missing", "url_unsigned"),
	consequencesOf("encoded_twice", false, "signature_mismatch"),
	consequencesOf("path_collapses", false, "signature_mismatch"),
	consequencesOf("signature_v2", false, "field_uncovered", "signature_field_missing", "signature_malformed"),
	consequencesOf("signature_oss_v1", false, "field_uncovered", "signature_field_missing", "signature_malformed"),
	consequencesOf("signature_gcs_v2", false, "field_uncovered", "signature_field_missing", "signature_malformed"),
	consequencesOf("clock_skew", false, "policy_expired", "url_expired"),
	consequencesOf("policy_expired", false, "signed_long_ago", "date_too_old"),
	consequencesOf("url_expired", false, "date_too_old", "token_used"),
	consequencesOf("token_missing", false, "token_uncovered"),
	consequencesOf("button_named", true, "field_after_file"),
	consequencesOf("condition_widened", true, "condition_repeated"),
	consequencesOf("filename_in_condition", true, "value_mismatch", "prefix_mismatch", "filename_variable"),
	consequencesOf("conditions_contradict", true, "value_mismatch", "prefix_mismatch"),
	consequencesOf("key_unconditional", true, "key_missing"),
	consequencesOf("key_missing", true, "value_mismatch", "prefix_mismatch", "value_empty", "field_missing"),
	consequencesOf("range_invalid", false, "size_too_small", "size_too_large"),
	consequencesOf("acl_switched_off", true, "acl_used"),
)

// foldConsequences gives each finding that follows from another the other's code, and puts it
// behind the one that it comes from in the end. Those that follow from none keep their order.
func foldConsequences(findings []Finding) []Finding {
	causeOf := make([]int, len(findings)) // indexes, -1 for none
	byCode := map[string][]int{}
	for i, f := range findings {
		byCode[f.Code] = append(byCode[f.Code], i)
	}
	causesOf := map[string][]consequence{}
	for _, c := range consequences {
		if len(byCode[c.cause]) > 0 {
			causesOf[c.effect] = append(causesOf[c.effect], c)
		}
	}
	for i, f := range findings {
		causeOf[i] = findCause(f, findings, byCode, causesOf[f.Code])
		if causeOf[i] >= 0 {
			findings[i].Follows = findings[causeOf[i]].Code
		}
	}
	followers := map[int][]Finding{} // by the index of the finding that they come from in the end
	for i := range findings {
		if root := rootOf(i, causeOf); root != i {
			followers[root] = append(followers[root], findings[i])
		}
	}
	ordered := make([]Finding, 0, len(findings))
	for i, f := range findings {
		if causeOf[i] < 0 {
			ordered = append(append(ordered, f), followers[i]...)
		}
	}
	return ordered
}

// findCause returns the index of the finding that f follows from, or -1. Of several with one code
// it is the first.
func findCause(f Finding, findings []Finding, byCode map[string][]int, candidates []consequence) int {
	for _, c := range candidates {
		for _, i := range byCode[c.cause][:min(len(byCode[c.cause]), 8)] {
			if !c.sameField || policy.LowerName(findings[i].Field) == policy.LowerName(f.Field) {
				return i
			}
		}
	}
	return -1
}

// rootOf follows causes to one that follows from none.
func rootOf(i int, causeOf []int) int {
	for causeOf[i] >= 0 {
		i = causeOf[i]
	}
	return i
}
