package doctor

import (
	"cmp"
	"flag"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write the findings into the documentation")

const (
	pageFile  = "../../../static/docs/doctor.md"
	pageBegin = "<!-- made from cmd/postern/doctor/codes.go by: go test ./cmd/postern/doctor -update -->\n"
	pageEnd   = "<!-- end of what is made -->\n"
)

// findingsText is a heading and a paragraph for each finding, faults first.
func findingsText() string {
	var text strings.Builder
	sorted := slices.SortedFunc(maps.Keys(codes), func(a, b code) int {
		return cmp.Or(cmp.Compare(codes[a].severity, codes[b].severity), cmp.Compare(a, b))
	})
	for _, c := range sorted {
		fmt.Fprintf(&text, "\n### %s\n\n%s: %s\n", c, strings.ToUpper(string(codes[c].severity[:1]))+string(codes[c].severity[1:]), codes[c].about)
	}
	return text.String()
}

func TestThePageNamesEachFinding(t *testing.T) {
	page, err := os.ReadFile(pageFile)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, ok := strings.Cut(string(page), pageBegin)
	found, after, okEnd := strings.Cut(rest, pageEnd)
	if !ok || !okEnd {
		t.Fatalf("%s has no place for the findings", pageFile)
	}
	if wanted := findingsText(); found != wanted {
		if !*update {
			t.Fatalf("%s differs from codes; run this test with -update", pageFile)
		}
		if err := os.WriteFile(pageFile, []byte(before+pageBegin+wanted+pageEnd+after), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// TestEachCodeIsExplained reads the constants of type code from the source: one without an entry in
// codes would be a finding without a severity.
func TestEachCodeIsExplained(t *testing.T) {
	file, err := parser.ParseFile(token.NewFileSet(), "codes.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	names := 0
	ast.Inspect(file, func(n ast.Node) bool {
		spec, ok := n.(*ast.ValueSpec)
		if !ok || len(spec.Values) != 1 {
			return true
		}
		literal, ok := spec.Values[0].(*ast.BasicLit)
		if !ok {
			return true
		}
		names++
		name := code(strings.Trim(literal.Value, `"`))
		if about := codes[name]; about.severity == "" || about.about == "" {
			t.Errorf("%s (%s) has no severity or paragraph", spec.Names[0].Name, name)
		}
		return true
	})
	if names < 40 {
		t.Errorf("%d codes found", names)
	}
}
