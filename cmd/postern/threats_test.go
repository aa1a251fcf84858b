package main_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// threatsPage lists, for each kind of attack, what holds and the tests that show it.
const threatsPage = "static/docs/threats.md"

// threatTest finds the name of a test in a cell of the page.
var threatTest = regexp.MustCompile("`((?:Test|Fuzz)[A-Z][A-Za-z0-9]+)`")

// threat is a row of the page.
type threat struct {
	attack, defence string
	tests           []string
}

func TestEveryThreatHasATest(t *testing.T) {
	t.Parallel()
	tests, seen := testsBelow(t, "../.."), map[string]bool{}
	listed := threats(t)
	if len(listed) < 30 {
		t.Errorf("%s: wanted at least 30 threats, got %d", threatsPage, len(listed))
	}
	for _, row := range listed {
		if seen[row.attack] || row.attack == "" || row.defence == "" {
			t.Errorf("%s: wanted each attack once, with what holds, got %q", threatsPage, row.attack)
		}
		seen[row.attack] = true
		if len(row.tests) == 0 {
			t.Errorf("%s: %s: wanted the name of a test, got none", threatsPage, row.attack)
		}
		for _, name := range row.tests {
			if !tests[name] {
				t.Errorf("%s: %s: there is no %s", threatsPage, row.attack, name)
			}
		}
	}
}

// threats reads the rows of the page's tables.
func threats(t *testing.T) (rows []threat) {
	t.Helper()
	for line := range strings.Lines(readGuide(t, threatsPage)) {
		cells := strings.Split(strings.TrimSpace(line), "|")
		if len(cells) < 2 || strings.HasPrefix(line, "|---") || strings.HasPrefix(line, "| attack |") {
			continue
		}
		if len(cells) != 5 {
			t.Errorf("%s: wanted three cells in a row, got %d: %.100q", threatsPage, len(cells)-2, line)
			continue
		}
		row := threat{attack: strings.TrimSpace(cells[1]), defence: strings.TrimSpace(cells[2])}
		for _, match := range threatTest.FindAllStringSubmatch(cells[3], -1) {
			row.tests = append(row.tests, match[1])
		}
		rows = append(rows, row)
	}
	return rows
}

// testsBelow lists the names of all tests and fuzz targets below a folder.
func testsBelow(t *testing.T, root string) map[string]bool {
	t.Helper()
	names := map[string]bool{}
	err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || !strings.HasSuffix(path, "_test.go") {
			return err
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		for _, declared := range file.Decls {
			if f, ok := declared.(*ast.FuncDecl); ok && f.Recv == nil {
				names[f.Name.Name] = true
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return names
}
