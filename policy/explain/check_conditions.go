package explain

import (
	"errors"
	"slices"
	"strings"

	"github.com/postern-dev/postern/policy"
)

// checkConditions checks the document by itself: conditions that no form can satisfy, and
// conditions that allow more than they seem to. It runs after describe.
func (x *explainer) checkConditions() {
	const most = 8 // of one field that are compared with later ones
	conditions := x.document.Conditions
	earlier := map[string][]int{} // their indexes by the field's name in lower case; of size ranges ""
	for i, c := range conditions {
		x.checkCondition(c)
		name := policy.LowerName(c.Field())
		for _, j := range earlier[name] {
			if x.report.Conditions[i].Source != x.report.Conditions[j].Source {
				x.checkPair(conditions[j], c)
			}
		}
		if len(earlier[name]) < most {
			earlier[name] = append(earlier[name], i)
		}
	}
	if old := x.oldSignature(); !slices.ContainsFunc(conditions, func(c policy.Condition) bool { return c.Covers("key") }) && (old == nil || old.covers) {
		x.add(Finding{Code: "key_unconditional", Field: "key", Wanted: "a condition on the key"})
	}
	if !slices.ContainsFunc(conditions, isRange) {
		x.add(Finding{Code: "size_unbounded", Field: string(policy.OpRange), Wanted: "a size range"})
	}
}

func isRange(c policy.Condition) bool { return c.Operator() == policy.OpRange }

// refusedCodes are the codes for conditions that Sign refuses. Stores accept what isn't listed.
var refusedCodes = map[policy.Reason]string{
	policy.ReasonDollar:     "dollar_in_value",
	policy.ReasonKeyTooLong: "key_too_long",
	policy.ReasonKeySegment: "key_segment",
	policy.ReasonRedirect:   "redirect_invalid",
	policy.ReasonRange:      "range_invalid",
	policy.ReasonOperator:   "operator_unusual",
	policy.ReasonControl:    "control_in_value",
	policy.ReasonField:      "field_name_invalid",
}

// checkCondition adds the gravest finding about one condition.
func (x *explainer) checkCondition(c policy.Condition) {
	f := Finding{Field: c.Field(), Condition: conditionSource(c)}
	if isRange(c) {
		f.Field = string(policy.OpRange)
	}
	var refused *policy.ConditionError
	if errors.As(c.Err(), &refused) && !isSignatureField(c.Field()) {
		f.Wanted, f.Got = refused.Wanted, refused.Got
	}
	switch field := strings.ToLower(c.Field()); {
	case strings.Contains(c.Value(), "${filename}"):
		f.Code, f.Got = "filename_in_condition", c.Value()
	case field == "key" && c.Operator() == policy.OpStartsWith && c.Value() == "":
		f.Code, f.Wanted, f.Got = "key_open", "a prefix ending in /", c.Value()
	case field == "key" && c.Operator() == policy.OpStartsWith && !strings.HasSuffix(c.Value(), "/"):
		f.Code, f.Wanted, f.Got = "prefix_without_slash", "a prefix ending in /", c.Value()
	case field == "acl" && c.Operator() == policy.OpEqual:
		f.Code = "acl_used"
	case field == "content-type" && c.Operator() == policy.OpStartsWith:
		f.Code, f.Wanted = "type_family", "one exact content type"
	case field == "success_action_status" && refused != nil:
		f.Code, f.Wanted, f.Got = "status_invalid", "200, 201 or 204", c.Value()
	case strings.HasSuffix(field, "action_redirect") && refused == nil && strings.Contains(c.Value(), "?"):
		f.Code, f.Wanted, f.Got = "redirect_query", "a URL without a query", c.Value()
	case refused != nil:
		f.Code = refusedCodes[refused.Reason]
	}
	if f.Code != "" {
		x.add(f)
	}
}

// checkPair adds a finding about two conditions on one field. S3 wants both to hold, other stores
// only the last, and often they are the mark of a policy that a value rewrote.
func (x *explainer) checkPair(a, b policy.Condition) {
	f := Finding{Code: "condition_repeated", Field: b.Field()}
	switch {
	case isRange(a) && isRange(b):
		f.Field = string(policy.OpRange)
		leastA, mostA := a.Range()
		leastB, mostB := b.Range()
		if leastA > mostB || leastB > mostA {
			f.Code = "conditions_contradict"
		}
	case allowsAnything(a) || allowsAnything(b):
		f.Code = "condition_widened"
	case contradict(a, b):
		f.Code = "conditions_contradict"
	}
	f.Wanted, f.Got = conditionSource(a), conditionSource(b)
	f.Condition = f.Got
	x.add(f)
}

func allowsAnything(c policy.Condition) bool {
	return c.Operator() == policy.OpStartsWith && c.Value() == ""
}

// contradict reports whether no value satisfies both conditions.
func contradict(a, b policy.Condition) bool { return !allows(a, b.Value()) && !allows(b, a.Value()) }

func allows(c policy.Condition, value string) bool {
	if c.Operator() == policy.OpEqual {
		return value == c.Value()
	}
	return strings.HasPrefix(value, c.Value())
}
