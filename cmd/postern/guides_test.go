package main_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// guides are the pages for those who change the code.
var guides = []string{".github/CONTRIBUTING.md", "static/docs/architecture.md"}

var (
	guidePath = regexp.MustCompile("(?:`|\\./| )((?:cmd|policy|handlers|templates|static|\\.ci|\\.github)(?:/[A-Za-z0-9_.*-]+)+)")
	guideTest = regexp.MustCompile("`(Test[A-Za-z0-9]+)`")
)

func TestWhatTheGuidesNameIsThere(t *testing.T) {
	t.Parallel()
	tests := commandOutput(t, "git", "grep", "-hoE", "^func Test[A-Za-z0-9]+", "--", "*_test.go")
	for _, guide := range guides {
		text := readGuide(t, guide)
		paths, names := guidePath.FindAllStringSubmatch(text, -1), guideTest.FindAllStringSubmatch(text, -1)
		if len(paths) < 5 {
			t.Errorf("%s: %d paths found, wanted at least 5", guide, len(paths))
		}
		for _, m := range paths {
			name := strings.TrimRight(m[1], ".")
			if found, err := filepath.Glob("../../" + strings.TrimSuffix(name, "/...")); err != nil || len(found) == 0 {
				t.Errorf("%s names %s, which isn't there", guide, name)
			}
		}
		for _, m := range names {
			if !strings.Contains(tests, "func "+m[1]+"\n") {
				t.Errorf("%s names %s, which isn't there", guide, m[1])
			}
		}
	}
}

func TestTheArchitectureNamesEveryPackage(t *testing.T) {
	t.Parallel()
	text := readGuide(t, "static/docs/architecture.md")
	for _, name := range strings.Fields(commandOutput(t, "go", "list", module+"/...")) {
		name = strings.TrimPrefix(folder(name), "cmd/postern/")
		if !strings.Contains(text, "`"+name+"`") {
			t.Errorf("static/docs/architecture.md doesn't name %s", name)
		}
	}
}

func readGuide(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile("../../" + name)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
