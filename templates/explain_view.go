package templates

// ExplainView is the page that reads a policy, a form, a presigned URL or a store's error and says
// what it means. The form posts to Action with the fields "text" (a textarea), "form" (one
// name=value per line) and "size" (bytes).
type ExplainView struct {
	Page
	Heading, Intro                  string
	Action                          string // where the form posts to; never a GET, so that nothing pasted gets into a URL
	TextLabel, FormLabel, SizeLabel string
	FormHint, SizeHint, SubmitLabel string
	Text, Form, Size                string // what was sent, to be shown again
	Asked                           bool   // whether there is a result below
	Verdict                         string // one sentence; its kind is VerdictState
	VerdictState                    string // "ok", "refused", "explained" or "unreadable"
	SummaryLabel                    string
	Summary                         []Detail // expiry, scope, signature, …
	ConditionsLabel, FieldsLabel    string
	Conditions                      []ExplainCondition
	Fields                          []ExplainField
	FindingsLabel                   string
	Findings                        []ExplainFinding
	FieldHead, ValueHead, CoveredBy string // heads of the table of fields
	WantedLabel, GotLabel, FixLabel string
	Note                            string // that nothing is kept
}

// ExplainCondition is one condition as JSON, and in words.
type ExplainCondition struct {
	Source, Words string
}

// ExplainField is one form field beside the condition that covers it; State is "covered",
// "uncovered" or "exempt".
type ExplainField struct {
	Name, Value, Condition, State string
}

// ExplainFinding is one reason. Severity is "error", "warning" or "info"; Mark is its word.
type ExplainFinding struct {
	Severity, Mark, Code, Title string
	Wanted, Got, Fix            string
}
