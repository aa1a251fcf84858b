package explain

import (
	"flag"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"
)

const (
	findingsDoc  = "../../static/docs/findings.md"
	findingsHead = "# Findings of explain\n\n" +
		"`postern explain` and the page `/explain` name each cause by a code that stays. An error is why the store refuses the upload; a\n" +
		"warning refuses at some stores or allows more than it seems to; an info refuses nothing. A finding that follows from another stands\n" +
		"below it. What a code means and what to change is the program's own text, written here by `go test ./policy/explain -run\n" +
		"Documented -update`; how it comes about is written in this file.\n"
	originLabel = "How it comes about: "
)

// origins reads from the page how each code comes about.
func origins(page string) map[string]string {
	all, code := map[string]string{}, ""
	for line := range strings.Lines(page) {
		line = strings.TrimSpace(line)
		if name, ok := strings.CutPrefix(line, "## "); ok {
			code = name
		}
		if origin, ok := strings.CutPrefix(line, originLabel); ok {
			all[code] = origin
		}
	}
	return all
}

// paragraph is what the page says of a code: how grave it is, what it means, how it comes about,
// and what to change.
func paragraph(code, origin string) string {
	info := codes[code]
	severity := string(info.severity)
	meaning := strings.ToUpper(severity[:1]) + severity[1:] + ": " + info.summary
	if unseen, ok := unseenValues[code]; ok && unseen.summary != info.summary {
		meaning += " In a store's error: " + unseen.summary
	}
	fix := strings.NewReplacer("{field}", "the field", "{wanted}", "what is wanted", "{got}", "what was sent").Replace(info.fix)
	return meaning + "\n" + originLabel + origin + "\nTo correct it: " + strings.TrimSuffix(fix, ".") + ".\n"
}

// TestEveryFindingIsDocumentedUnderItsCode compares the page with the tables of this package. With
// -update it writes them into the page and leaves alone how codes come about.
func TestEveryFindingIsDocumentedUnderItsCode(t *testing.T) {
	got, err := os.ReadFile(findingsDoc)
	if err != nil {
		t.Fatal(err)
	}
	written := origins(string(got))
	var want strings.Builder
	want.WriteString(findingsHead)
	for _, code := range slices.Sorted(maps.Keys(codes)) {
		if written[code] == "" {
			t.Errorf("%s: say in %s how %s comes about, on a line that begins with %q", code, findingsDoc, code, originLabel)
		}
		want.WriteString("\n## " + code + "\n\n" + paragraph(code, written[code]))
	}
	if text := want.String(); text != string(got) {
		if flag.Lookup("update").Value.String() != "true" {
			t.Errorf("%s differs from the tables of this package: run go test ./policy/explain -run Documented -update", findingsDoc)
		} else if err := os.WriteFile(findingsDoc, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for code := range written {
		if _, ok := codes[code]; !ok {
			t.Errorf("%s has %s, which no finding has", findingsDoc, code)
		}
	}
}
