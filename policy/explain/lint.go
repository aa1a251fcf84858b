package explain

import (
	"errors"
	"strings"

	"github.com/postern-dev/postern/policy"
)

// lint looks at a document by itself: what no form can satisfy, and what lets in more than it
// seems.
func (s *session) lint(d policy.Document) {
	for i, c := range d.Conditions {
		s.lintCondition(c)
		for _, other := range d.Conditions[:i] {
			s.lintPair(other, c)
		}
	}
	if !covered(d, "key") {
		s.find(Finding{Code: "key_unconditional", Field: "key", Wanted: "a condition on the key"})
	}
	if !ranged(d) {
		s.find(Finding{Code: "size_unbounded", Field: "content-length-range", Wanted: "a size range"})
	}
}

func covered(d policy.Document, name string) bool {
	for _, c := range d.Conditions {
		if c.Covers(name) {
			return true
		}
	}
	return false
}

func ranged(d policy.Document) bool {
	for _, c := range d.Conditions {
		if c.Operator() == policy.OpRange {
			return true
		}
	}
	return false
}

// refusalCodes are the codes for why Sign refuses a condition, where stores mind as well.
var refusalCodes = map[policy.Reason]string{
	policy.ReasonDollar:     "dollar_in_value",
	policy.ReasonKeyTooLong: "key_too_long",
	policy.ReasonKeySegment: "key_segment",
	policy.ReasonRedirect:   "redirect_invalid",
	policy.ReasonRange:      "range_invalid",
	policy.ReasonOperator:   "operator_unusual",
	policy.ReasonControl:    "control_in_value",
	policy.ReasonField:      "field_name_invalid",
}

func (s *session) lintCondition(c policy.Condition) {
	finding := Finding{Field: c.Field(), Condition: source(c)}
	if c.Operator() == policy.OpRange {
		finding.Field = string(policy.OpRange)
	}
	var fault *policy.ConditionError
	if errors.As(c.Err(), &fault) && !signatureField(c.Field()) {
		finding.Wanted, finding.Got = fault.Wanted, fault.Got
	}
	switch field := strings.ToLower(c.Field()); {
	case strings.Contains(c.Value(), "${filename}"):
		finding.Code, finding.Got = "filename_in_condition", c.Value()
	case field == "key" && c.Operator() == policy.OpStartsWith && !strings.HasSuffix(c.Value(), "/"):
		finding.Code, finding.Wanted, finding.Got = prefixCode(c.Value()), "a prefix ending in /", c.Value()
	case field == "acl" && c.Operator() == policy.OpEqual:
		finding.Code = "acl_used"
	case field == "content-type" && c.Operator() == policy.OpStartsWith:
		finding.Code, finding.Wanted = "type_family", "one exact content type"
	case field == "success_action_status" && fault != nil:
		finding.Code, finding.Wanted, finding.Got = "status_invalid", "200, 201 or 204", c.Value()
	case strings.HasSuffix(field, "action_redirect") && fault == nil && strings.Contains(c.Value(), "?"):
		finding.Code, finding.Wanted, finding.Got = "redirect_query", "a URL without a query", c.Value()
	case fault != nil:
		finding.Code = refusalCodes[fault.Reason]
	}
	if finding.Code != "" {
		s.find(finding)
	}
}

func prefixCode(prefix string) string {
	if prefix == "" {
		return "key_open"
	}
	return "prefix_without_slash"
}

// lintPair finds two conditions on one field: ANDed by S3, read differently elsewhere, and often
// the mark of a policy that was rewritten.
func (s *session) lintPair(a, b policy.Condition) {
	if a.Operator() == policy.OpRange && b.Operator() == policy.OpRange {
		s.lintRanges(a, b)
		return
	}
	if a.Operator() == policy.OpRange || b.Operator() == policy.OpRange || !a.Covers(b.Field()) || source(a) == source(b) {
		return
	}
	finding := Finding{Code: "condition_repeated", Field: b.Field(), Condition: source(b), Wanted: source(a), Got: source(b)}
	switch {
	case isWide(a) || isWide(b):
		finding.Code = "condition_widened"
	case contradict(a, b):
		finding.Code = "conditions_contradict"
	}
	s.find(finding)
}

func (s *session) lintRanges(a, b policy.Condition) {
	leastA, mostA := a.Range()
	leastB, mostB := b.Range()
	finding := Finding{Code: "condition_repeated", Field: "content-length-range", Condition: source(b), Wanted: source(a), Got: source(b)}
	if leastA > mostB || leastB > mostA {
		finding.Code = "conditions_contradict"
	}
	s.find(finding)
}

// isWide is how a policy rewritten by a quote in a value lets anything in.
func isWide(c policy.Condition) bool {
	return c.Operator() == policy.OpStartsWith && c.Value() == ""
}

func contradict(a, b policy.Condition) bool {
	switch {
	case a.Operator() == policy.OpEqual && b.Operator() == policy.OpEqual:
		return a.Value() != b.Value()
	case a.Operator() == policy.OpEqual:
		return !strings.HasPrefix(a.Value(), b.Value())
	case b.Operator() == policy.OpEqual:
		return !strings.HasPrefix(b.Value(), a.Value())
	}
	return !strings.HasPrefix(a.Value(), b.Value()) && !strings.HasPrefix(b.Value(), a.Value())
}
