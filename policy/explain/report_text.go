package explain

import (
	"fmt"
	"strings"
	"unicode"
)

// Verdict is the report in one sentence.
func (r Report) Verdict() string {
	errors := 0
	for _, f := range r.Findings {
		if f.Severity == Error {
			errors++
		}
	}
	switch {
	case errors > 0 && r.Kind == KindError:
		return "the store refused the upload: " + formatCount(errors, "reason")
	case errors > 0:
		return "an upload would be refused: " + formatCount(errors, "reason")
	case r.Simulated:
		return "accepted: nothing found that refuses this upload"
	}
	return "explained: nothing found that refuses an upload by itself"
}

// Text is the whole report for people: the verdict, the findings with their fixes, then what was
// read.
func (r Report) Text() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %s\n", r.Kind, r.Verdict())
	for _, f := range r.Findings {
		f.write(&b)
	}
	writeTitle(&b, "Facts", len(r.Facts))
	for _, f := range r.Facts {
		fmt.Fprintf(&b, "  %s: %s\n", f.Term, printable(f.Value))
	}
	writeTitle(&b, "Conditions", len(r.Conditions))
	for _, c := range r.Conditions {
		fmt.Fprintf(&b, "  %s\n      %s\n", printable(c.Source), printable(c.Words))
	}
	writeTitle(&b, "Fields", len(r.Fields))
	for _, f := range r.Fields {
		fmt.Fprintf(&b, "  %s = %s\n      %s\n", printable(f.Name), printable(f.Value), printable(f.stateInWords()))
	}
	return b.String()
}

func writeTitle(b *strings.Builder, title string, n int) {
	if n > 0 {
		fmt.Fprintf(b, "\n%s\n", title)
	}
}

func (f Finding) write(b *strings.Builder) {
	fmt.Fprintf(b, "\n%s %s", f.Severity, f.Code)
	if f.Field != "" {
		fmt.Fprintf(b, " (%s)", printable(f.Field))
	}
	fmt.Fprintf(b, "\n  %s\n", f.Summary())
	for _, line := range []struct{ label, text string }{
		{"condition", f.Condition}, {"wanted", f.Wanted}, {"got", f.Got}, {"fix", f.Fix},
	} {
		if line.text != "" {
			fmt.Fprintf(b, "  %-9s  %s\n", line.label, printable(line.text))
		}
	}
}

func (f Field) stateInWords() string {
	switch f.State {
	case "covered":
		return "covered by " + f.Condition
	case "exempt":
		return "needs no condition"
	}
	return "no condition covers it"
}

// printable replaces control characters, which could move a terminal's cursor or turn its text
// around.
func printable(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}
		return '\ufffd'
	}, text)
}
