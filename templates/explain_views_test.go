package templates_test

import "github.com/postern-dev/postern/templates"

func emptyExplain() templates.ExplainView {
	return templates.ExplainView{
		Page:        page("Why was it refused?"),
		Heading:     "Why was it refused?",
		Intro:       "Paste a policy, a form, a presigned URL or the store’s error.",
		Action:      "/explain",
		TextLabel:   "What you have",
		FormLabel:   "Form fields to try",
		FormHint:    "One name=value per line.",
		SizeLabel:   "File size",
		SizeHint:    "In bytes.",
		SubmitLabel: "Explain",
		Note:        "Nothing that you paste is kept.",
	}
}

func explainWithResult() templates.ExplainView {
	view := emptyExplain()
	view.Text, view.Form, view.Size = `{"expiration":"2026-03-01T12:00:00.000Z","conditions":[]}`, "key=a\nacl=private", "10"
	view.HasResult = true
	view.Outcome, view.OutcomeState = "The store would refuse this upload.", "refused"
	view.SummaryLabel = "What it is"
	view.Summary = []templates.Detail{{Term: "Expires", Value: "1 March 2026, 12:00 UTC"}}
	view.ConditionsLabel, view.FieldsLabel, view.FindingsLabel = "Conditions", "Fields", "Reasons"
	view.Conditions = []templates.ExplainCondition{{Source: `["eq","$key","a"]`, Text: "the key is exactly “a”"}}
	view.FieldHeader, view.ValueHeader, view.CoveredByHeader = "Field", "Value", "Covered by"
	view.Fields = []templates.ExplainField{
		{Name: "key", Value: "a", Condition: "the key is exactly “a”", State: "covered"},
		{Name: "acl", Value: "private", Condition: "nothing", State: "uncovered"},
	}
	view.WantedLabel, view.GotLabel, view.FixLabel = "Wanted", "Got", "Mend it"
	view.Findings = []templates.ExplainFinding{{
		Severity: "error", SeverityLabel: "Error", Code: "extra_field", Title: "The field acl has no condition.",
		Wanted: "a condition on acl", Got: "none", Fix: "Add a condition for acl, or leave the field out.",
	}}
	return view
}
