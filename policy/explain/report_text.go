package explain

import (
	"fmt"
	"strings"
	"unicode"
)

// Verdict is the report in one sentence.
func (r Report) Verdict() string {
	causes := r.causes()
	switch {
	case causes > 0 && r.Kind == KindError:
		return "the store refused the upload: " + formatCount(causes, "reason")
	case causes > 0:
		return "an upload would be refused: " + formatCount(causes, "reason")
	case r.Simulated:
		return "accepted: nothing found that refuses this upload"
	}
	return "explained: nothing found that refuses an upload by itself"
}

// causes counts the errors that follow from no other finding.
func (r Report) causes() (n int) {
	for _, f := range r.Findings {
		if f.Severity == Error && f.Follows == "" {
			n++
		}
	}
	return n
}

// headline is the verdict with the first cause and what to change, in one line that can stand
// alone.
func (r Report) headline() string {
	if r.Accepted || len(r.Findings) == 0 {
		return r.Verdict()
	}
	first := r.Findings[0]
	text := "refused (" + first.Code
	if first.Field != "" {
		text += ", " + first.Field
	}
	text += "): " + first.Summary() + " To correct it: " + first.Fix
	if others := r.causes() - 1; others > 0 {
		text += "; " + formatCount(others, "other reason") + " below"
	}
	return text
}

// Text is the whole report for people: the cause and its fix in one line, all findings with those
// that follow from them indented, then what was read.
func (r Report) Text() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %s\n", r.Kind, printable(r.headline()))
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

// write writes the finding; one that follows from another is indented below it.
func (f Finding) write(b *strings.Builder) {
	indent := ""
	if f.Follows != "" {
		indent = "    "
	}
	fmt.Fprintf(b, "\n%s%s %s", indent, f.Severity, f.Code)
	if f.Field != "" {
		fmt.Fprintf(b, " (%s)", printable(f.Field))
	}
	if f.Follows != "" {
		fmt.Fprintf(b, ", follows from %s", f.Follows)
	}
	fmt.Fprintf(b, "\n%s  %s\n", indent, f.Summary())
	for _, line := range []struct{ label, text string }{
		{"condition", f.Condition}, {"wanted", f.Wanted}, {"got", f.Got}, {"fix", f.Fix},
	} {
		if line.text != "" {
			fmt.Fprintf(b, "%s  %-9s  %s\n", indent, line.label, printable(line.text))
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
