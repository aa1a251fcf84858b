package templates

// ExplainView is the page that reads a policy, a form, a presigned URL or a store's error and
// explains it. The form posts to Action with the fields "text" (a textarea), "form" (one name=value
// per line) and "size" (bytes).
type ExplainView struct {
	Page
	Heading, Intro                            string
	Action                                    string // where the form posts to; never a GET, so that no pasted text gets into a URL
	TextLabel, FormLabel, SizeLabel           string
	FormHint, SizeHint, SubmitLabel           string
	Text, Form, Size                          string // what was sent, shown again
	HasResult                                 bool   // whether the part below the form is shown
	Outcome                                   string // one sentence
	OutcomeState                              string // "ok", "refused", "explained" or "unreadable"
	SummaryLabel                              string
	Summary                                   []Detail // expiry, scope, signature, …
	ConditionsLabel, FieldsLabel              string
	Conditions                                []ExplainCondition
	Fields                                    []ExplainField
	FindingsLabel                             string
	Findings                                  []ExplainFinding
	FieldHeader, ValueHeader, CoveredByHeader string // of the table of fields
	WantedLabel, GotLabel, FixLabel           string
	Note                                      string // that nothing is kept
}

// ExplainCondition is one condition: Source is its JSON, Text says it in words.
type ExplainCondition struct {
	Source, Text string
}

// ExplainField is one form field and the condition that covers it. State is "covered", "uncovered"
// or "exempt".
type ExplainField struct {
	Name, Value, Condition, State string
}

// ExplainFinding is one reason for a refusal. Severity is "error", "warning" or "info", and
// SeverityLabel the word for it.
type ExplainFinding struct {
	Severity, SeverityLabel, Code, Title string
	Wanted, Got, Fix                     string
}
