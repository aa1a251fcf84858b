package problem_test

import (
	"fmt"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/postern-dev/postern/handlers/problem"
)

const (
	codesDoc  = "../../static/docs/codes.md"
	codesHead = "# Problem codes\n\n" +
		"Errors of the API are `application/problem+json`; `code` says for programs what is wrong, and each code has one HTTP status. The status and\n" +
		"the first sentence of each paragraph are those of the program, as a test checks.\n"
)

// TestEveryProblemCodeIsDocumentedUnderItsName requires a heading for each code and no other, and
// under it the status and title of the table, how it comes about and what to do.
func TestEveryProblemCodeIsDocumentedUnderItsName(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile(codesDoc)
	if err != nil {
		t.Fatal(err)
	}
	head, rest, _ := strings.Cut(string(page), "\n## ")
	if head != codesHead {
		t.Errorf("wanted the page to begin with %q, got %q", codesHead, head)
	}
	var names []problem.Code
	for section := range strings.SplitSeq(rest, "\n## ") {
		lines := strings.Split(strings.TrimRight(section, "\n"), "\n")
		code := problem.Code(lines[0])
		names = append(names, code)
		want := fmt.Sprintf("%d %s: %s", code.Status(), http.StatusText(code.Status()), code.Title())
		if len(lines) != 5 || lines[1] != "" || lines[2] != want || !strings.HasPrefix(lines[3], "How it comes about: ") || !strings.HasPrefix(lines[4], "What to do: ") {
			t.Errorf("%s: wanted %q, how it comes about and what to do, got %q", code, want, lines[1:])
		}
	}
	if !slices.Equal(names, problem.Codes()) {
		t.Errorf("wanted the codes %q, got %q", problem.Codes(), names)
	}
}
