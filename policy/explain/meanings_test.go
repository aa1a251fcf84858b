package explain

import (
	"os"
	"path/filepath"
	"regexp"
	"testing"
)

var codeInSource = regexp.MustCompile(`(?:Code: |Code = |code = |return |code := )"([a-z]+(?:_[a-z0-9]+)+)"`)

func TestEveryCodeHasAMeaning(t *testing.T) {
	t.Parallel()
	known := func(code, where string) {
		if m, ok := meanings[code]; !ok || m.summary == "" || m.fix == "" || m.severity == "" {
			t.Errorf("%s: %q has no meaning", where, code)
		}
	}
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	found := 0
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range codeInSource.FindAllSubmatch(text, -1) {
			known(string(m[1]), file)
			found++
		}
	}
	for _, code := range codes {
		known(code, "rules")
	}
	for name, code := range storeCodes {
		known(code, name)
	}
	for _, d := range denials {
		known(d.code, d.text)
	}
	for reason, code := range refusalCodes {
		known(code, string(reason))
	}
	if found < 60 {
		t.Errorf("only %d codes found in the source", found)
	}
}

func TestMeaningsAreNotNamedTwice(t *testing.T) {
	t.Parallel()
	total := len(policyMeanings) + len(formMeanings) + len(signatureMeanings) + len(storeMeanings)
	if total != len(meanings) {
		t.Errorf("%d meanings in four tables, %d codes", total, len(meanings))
	}
}
