package stores

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/postern-dev/postern/handlers/uploads"
)

var update = flag.Bool("update", false, "write the matrix into the documentation")

// providersPage is absolute, as the gateway of another test changes the working directory.
var providersPage = func() string {
	path, err := filepath.Abs("../../../static/docs/providers.md")
	if err != nil {
		panic(err)
	}
	return path
}()

const (
	matrixBegin = "<!-- made from handlers/uploads/provider_records.go by: go test ./cmd/postern/stores -run Matrix -update -->\n"
	matrixEnd   = "<!-- end of what is made -->\n"
)

func TestTheMatrixInTheDocumentationIsThatOfTheRecords(t *testing.T) {
	page, err := os.ReadFile(providersPage)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, ok := strings.Cut(string(page), matrixBegin)
	found, after, okEnd := strings.Cut(rest, matrixEnd)
	if !ok || !okEnd {
		t.Fatalf("%s has no place for the matrix", providersPage)
	}
	if wanted := Matrix(); found != wanted {
		if !*update {
			t.Fatalf("%s differs from the records; run this test with -update", providersPage)
		}
		if err := os.WriteFile(providersPage, []byte(before+matrixBegin+wanted+matrixEnd+after), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range uploads.ProviderNames() {
		if !strings.Contains(string(page), "\n### "+name+"\n") {
			t.Errorf("%s: no section says how to set %s up", providersPage, name)
		}
	}
}

// TestWhatTheMatrixCallsTestedIsTested: each ability that a record calls tested is one that the tests
// of this folder show with a double, or that of the real versitygw.
func TestWhatTheMatrixCallsTestedIsTested(t *testing.T) {
	t.Parallel()
	for _, name := range uploads.ProviderNames() {
		shown := shownAbilities(name)
		for _, ability := range uploads.Abilities() {
			evidence := uploads.EvidenceOf(name, ability)
			if evidence != uploads.EvidenceNo && (evidence == uploads.EvidenceTested) != shown[ability.Name] {
				t.Errorf("%s: %s: the record says %s, the tests show it: %v", name, ability.Name, evidence, shown[ability.Name])
			}
		}
	}
}

// shownAbilities are those that a test here would fail without: the rows of the table of settings,
// the forms of the table, the guards, and the flipped bit.
func shownAbilities(name string) map[string]bool {
	shown := map[string]bool{"post_policy": true, "conditional_put": true, "conditional_complete": true}
	for _, setting := range settings {
		shown[setting.ability] = true
	}
	if name == "versity" { // the real one: cmd/postern/attacks, versity_test.go
		shown["refuses_unsigned"], shown["versions"], shown["covers_fields"] = true, true, true
	}
	return shown
}
