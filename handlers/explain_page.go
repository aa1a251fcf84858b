package handlers

import (
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/postern-dev/postern/handlers/language"
	"github.com/postern-dev/postern/policy/explain"
	"github.com/postern-dev/postern/policy/profile"
	"github.com/postern-dev/postern/templates"
)

// showExplain shows the empty page.
func (h *Handlers) showExplain(c echo.Context) error {
	return render(c, http.StatusOK, templates.Explain(h.layout.explainView()))
}

// answerExplain explains what was pasted. It comes in the body of a POST, so that neither addresses
// nor logs hold any of it, and only from our own page, so that no other site can put words onto it.
func (h *Handlers) answerExplain(c echo.Context) error {
	r := c.Request()
	if err := h.origins.check(r); err != nil {
		return err
	}
	if err := h.explainRates.allow(addressOf(r, c.Echo().IPExtractor), h.config.Now()); err != nil {
		return err
	}
	view := h.layout.explainView()
	view.HasResult = true
	p, err := readPasted(c)
	switch {
	case errors.Is(err, errTooMuchPasted):
		view.OutcomeState, view.Outcome = "unreadable", "That is more than can be read at once: at most 1 MiB."
		return render(c, http.StatusRequestEntityTooLarge, templates.Explain(view))
	case err != nil:
		return err
	}
	p.size = strings.TrimSpace(p.size)
	view.Text, view.Form, view.Size = repeated(p.text), repeated(p.form), repeated(p.size)
	explainInto(&view, p, h.config.Now())
	return render(c, http.StatusOK, templates.Explain(view))
}

// explainInto fills in what the pasted text comes to.
func explainInto(view *templates.ExplainView, p pasted, now time.Time) {
	options := explain.Options{Now: now, Form: pastedFields(p.form)}
	if p.size != "" {
		size, err := profile.ParseSize(p.size)
		if err != nil {
			view.OutcomeState, view.Outcome = "unreadable", "The file’s size should be a number of bytes, or a size such as 10MiB."
			return
		}
		options.Size = &size
	}
	report, err := explain.Explain(p.text, options)
	if err != nil {
		view.OutcomeState, view.Outcome = "unreadable", "That is no policy, form, curl command, presigned URL or store’s error."
		return
	}
	fillReport(view, report)
	if view.Text != p.text {
		view.Summary = append(view.Summary, templates.Detail{Term: view.TextLabel, Value: strconv.Itoa(len(p.text)) + " bytes, too long to be shown again"})
	}
}

// fillReport copies a report into the page's view, as sentences with capital letters.
func fillReport(view *templates.ExplainView, report explain.Report) {
	view.Outcome = language.Capitalize(report.Verdict()) + "."
	view.Summary = append(view.Summary, templates.Detail{Term: "Read as", Value: string(report.Kind)})
	view.OutcomeState = "explained"
	switch {
	case !report.Accepted:
		view.OutcomeState = "refused"
	case report.Simulated:
		view.OutcomeState = "ok"
	}
	for _, f := range report.Facts {
		view.Summary = append(view.Summary, templates.Detail{Term: language.Capitalize(f.Term), Value: f.Value})
	}
	for _, k := range report.Conditions {
		view.Conditions = append(view.Conditions, templates.ExplainCondition{Source: k.Source, Text: language.Capitalize(k.Words) + "."})
	}
	for _, f := range report.Fields {
		view.Fields = append(view.Fields, templates.ExplainField(f))
	}
	for _, f := range report.Findings {
		view.Findings = append(view.Findings, templates.ExplainFinding{
			Severity: string(f.Severity), SeverityLabel: marks[f.Severity], Code: f.Code, Title: findingTitle(f),
			Wanted: f.Wanted, Got: f.Got, Fix: language.Capitalize(f.Fix) + ".",
		})
	}
}

var marks = map[explain.Severity]string{explain.Error: "Refused", explain.Warning: "Risky", explain.Info: "Note"}

func findingTitle(f explain.Finding) string {
	if f.Field == "" {
		return f.Summary()
	}
	return f.Field + ": " + f.Summary()
}

// explainView is the page without an answer. It is in English only, as the stores' own messages and
// all findings are.
func (l *layout) explainView() templates.ExplainView {
	page := l.page(l.catalogue.ByTag("en"), "Why was it refused?")
	page.Languages = nil
	return templates.ExplainView{
		Page: page, Heading: "Why was it refused?", Action: l.base + "/explain",
		Intro:     "Paste a policy, a page with a form, a curl command, a presigned URL or the answer of a store. You will see what it means, whether an upload would be accepted, and what to mend.",
		TextLabel: "What you have", FormLabel: "Fields to try instead (optional)", SizeLabel: "Size of the file (optional)",
		FormHint: "One name=value per line.", SizeHint: "Bytes, or a size such as 10MiB.", SubmitLabel: "Explain",
		SummaryLabel: "At a glance", ConditionsLabel: "What the policy demands", FieldsLabel: "What the form sends",
		FindingsLabel: "What was found", FieldHeader: "Field", ValueHeader: "Value", CoveredByHeader: "Covered by",
		WantedLabel: "Wanted", GotLabel: "Got", FixLabel: "What to do",
		Note: "Nothing you paste here is stored or logged.",
	}
}
