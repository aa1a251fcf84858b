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
		if m, ok := codes[code]; !ok || m.summary == "" || m.fix == "" || m.severity == "" {
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
	for reason, code := range reasonCodes {
		known(code, string(reason))
	}
	for _, table := range append(storeTables, anyStoreTable) {
		for name, code := range table.codes {
			known(code, table.store+": "+name)
		}
		for _, sentence := range table.sentences {
			known(sentence.code, table.store+": "+sentence.text)
		}
	}
	for _, c := range consequences {
		known(c.cause, "the cause of "+c.effect)
		known(c.effect, "the effect of "+c.cause)
	}
	for reason, code := range refusedCodes {
		known(code, string(reason))
	}
	if found < 60 {
		t.Errorf("only %d codes found in the source", found)
	}
}

func TestNoCodeIsInTwoTables(t *testing.T) {
	t.Parallel()
	total := 0
	for _, table := range codeTables {
		total += len(table)
	}
	if total != len(codes) {
		t.Errorf("%d codes in all tables, %d different ones", total, len(codes))
	}
}
