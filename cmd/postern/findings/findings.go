// Package findings is what the commands that look at a bucket report: what is wrong, how that is
// known, and how to mend it. `postern setup`, `doctor`, `iam` and `sweep` print it as text or JSON,
// and their exit code follows from it.
package findings

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Severity says whether a finding has to be mended.
type Severity string

// The severities, gravest first.
const (
	Fault Severity = "fault" // uploads fail, or the operator's rules don't hold: mend it
	Note  Severity = "note"  // uploads work; what the store can't do, or what wasn't tried
)

// Finding is one thing that is wrong. As JSON it is a contract: members may be added.
type Finding struct {
	Code     string   `json:"code"` // a stable name in lower case, such as "cors_missing"
	Severity Severity `json:"severity"`
	Sentence string   `json:"sentence"`           // what is wrong, one sentence without its full stop
	Remedy   string   `json:"remedy"`             // what to do: a command, or a line of a file
	Evidence string   `json:"evidence,omitempty"` // what was seen: a status, a code, a header; no secret
	Bucket   string   `json:"bucket,omitempty"`
	Profile  string   `json:"profile,omitempty"`
	// Follows is the code of the finding of which this one is a consequence; mending that mends
	// this. "" for a cause.
	Follows string `json:"follows,omitempty"`
}

// Report is all that a command found. The zero value is a report without findings.
type Report struct {
	Findings []Finding `json:"findings"` // after Sort: causes first, faults before notes
}

// Add appends a finding unless the report has the same one.
func (r *Report) Add(found ...Finding) {
	for _, f := range found {
		if !slices.Contains(r.Findings, f) {
			r.Findings = append(r.Findings, f)
		}
	}
}

// Sort puts faults before notes and what follows from a finding behind it; findings of one kind
// keep their order.
func (r *Report) Sort() {
	rank := func(f Finding) int {
		if f.Severity == Note {
			return 2
		}
		if f.Follows != "" {
			return 1
		}
		return 0
	}
	slices.SortStableFunc(r.Findings, func(a, b Finding) int { return cmp.Compare(rank(a), rank(b)) })
	if r.Findings == nil {
		r.Findings = []Finding{} // so that JSON has a list
	}
}

// Faults counts the findings that have to be mended.
func (r *Report) Faults() (n int) {
	for _, f := range r.Findings {
		if f.Severity == Fault {
			n++
		}
	}
	return n
}

// Text is the report for people: for each cause its sentence and its remedy, and below it what
// follows from it. "" without findings.
func (r *Report) Text() string {
	var text strings.Builder
	for _, f := range r.Findings {
		if f.Follows != "" && r.has(f.Follows) {
			continue
		}
		f.write(&text)
		for _, other := range r.Findings {
			if other.Follows == f.Code {
				fmt.Fprintf(&text, "  so also: %s%s\n", other.Sentence, other.where())
			}
		}
	}
	return text.String()
}

func (r *Report) has(code string) bool {
	return slices.ContainsFunc(r.Findings, func(f Finding) bool { return f.Code == code })
}

func (f Finding) write(text *strings.Builder) {
	fmt.Fprintf(text, "%s: %s%s (%s)\n", f.Severity, f.Sentence, f.where(), f.Code)
	if f.Evidence != "" {
		fmt.Fprintf(text, "  seen: %s\n", f.Evidence)
	}
	for i, line := range strings.Split(strings.TrimRight(f.Remedy, "\n"), "\n") {
		fmt.Fprintf(text, "  %s%s\n", [...]string{"mend: ", "      "}[min(i, 1)], line)
	}
}

// where names the bucket and profile that a finding is about.
func (f Finding) where() string {
	var names []string
	if f.Bucket != "" {
		names = append(names, "bucket "+f.Bucket)
	}
	if f.Profile != "" {
		names = append(names, "profile "+f.Profile)
	}
	if len(names) == 0 {
		return ""
	}
	return " [" + strings.Join(names, ", ") + "]"
}
