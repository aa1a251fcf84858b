package main_test

import (
	"os"
	"os/exec"
	"path"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/postern-dev/postern"

// topLevel is everything that may lie at the root of the repository, folders and files whose names
// begin with a dot aside.
var topLevel = []string{
	"cmd", "policy", "handlers", "templates", "static",
	"go.mod", "go.sum", "README.md", "LICENSE", "CHANGELOG.md",
}

// layers says which of our own packages each part of the tree may import. "x/*" stands for x and
// all below it; the longest folder that matches the importer decides.
var layers = map[string][]string{
	"policy/sigv4":    {},
	"policy":          {"policy/sigv4"},
	"policy/profile":  {"policy", "policy/sigv4"},
	"policy/explain":  {"policy", "policy/sigv4"},
	"templates":       {},
	"static":          {},
	"handlers":        {"policy", "policy/sigv4", "policy/profile", "policy/explain", "templates", "static", "handlers/*"},
	"handlers/ledger": {},
	"cmd/postern":     {"policy/*", "templates", "static", "handlers/*", "cmd/postern/*"},
}

// heavy are modules that whoever imports the library must not have to compile.
var heavy = []string{
	"github.com/versity/", "github.com/gofiber/", "github.com/valyala/fasthttp", "github.com/chromedp/", "github.com/alecthomas/kong",
	"modernc.org/", "github.com/jackc/", "github.com/riverqueue/", "github.com/minio/", "github.com/Shopify/",
}

func TestTheTopLevelIsFixed(t *testing.T) {
	t.Parallel()
	for line := range strings.Lines(tool(t, "git", "ls-files")) {
		name, _, _ := strings.Cut(strings.TrimSpace(line), "/")
		if !strings.HasPrefix(name, ".") && !slices.Contains(topLevel, name) {
			t.Errorf("%s lies at the top level, which holds %s alone", name, strings.Join(topLevel, ", "))
		}
	}
}

func TestImportsRunOneWay(t *testing.T) {
	t.Parallel()
	list := tool(t, "go", "list", "-f", `{{.ImportPath}}{{range .Imports}} {{.}}{{end}}`, module+"/...")
	for line := range strings.Lines(list) {
		names := strings.Fields(line)
		for _, imported := range names[1:] {
			if inside(imported) && !allowed(folder(names[0]), folder(imported)) {
				t.Errorf("%s imports %s, which lies above it", folder(names[0]), folder(imported))
			}
		}
	}
}

func TestPolicyNeedsTheStandardLibraryAlone(t *testing.T) {
	t.Parallel()
	for _, name := range deps(t, "./policy/...") {
		if !strings.HasPrefix(name, module+"/policy") {
			t.Errorf("policy reaches %s, which is outside the standard library", name)
		}
	}
}

func TestPagesNeedTemplAloneAndScriptsNothing(t *testing.T) {
	t.Parallel()
	for _, name := range deps(t, "./templates/...", "./static/...") {
		if !inside(name) && !strings.HasPrefix(name, "github.com/a-h/templ") {
			t.Errorf("templates or static reach %s; beside the standard library templates need templ alone", name)
		}
	}
	for _, name := range deps(t, "./static/...") {
		if !inside(name) {
			t.Errorf("static reaches %s, which is outside the standard library", name)
		}
	}
}

func TestTheLibraryIsLight(t *testing.T) {
	t.Parallel()
	for _, name := range deps(t, "./policy/...", "./templates/...", "./static/...", "./handlers") {
		for _, prefix := range heavy {
			if strings.HasPrefix(name, prefix) {
				t.Errorf("the library reaches %s, which only the binary may", name)
			}
		}
	}
}

// deps lists everything outside the standard library that the packages need to compile.
func deps(t *testing.T, patterns ...string) []string {
	t.Helper()
	args := append([]string{"list", "-deps", "-f", `{{if not .Standard}}{{.ImportPath}}{{end}}`}, patterns...)
	return strings.Fields(tool(t, "go", args...))
}

// allowed tells whether the layers let one folder of the tree import another.
func allowed(from, to string) bool {
	for dir := from; dir != "."; dir = path.Dir(dir) {
		if below, known := layers[dir]; known {
			return slices.ContainsFunc(below, func(rule string) bool {
				tree, whole := strings.CutSuffix(rule, "/*")
				return to == tree || whole && strings.HasPrefix(to, tree+"/")
			})
		}
	}
	return false
}

func inside(name string) bool { return name == module || strings.HasPrefix(name, module+"/") }

func folder(name string) string { return strings.TrimPrefix(strings.TrimPrefix(name, module), "/") }

// tool runs a command at the root of the repository and returns what it prints.
func tool(t *testing.T, name string, args ...string) string {
	t.Helper()
	cmd := exec.Command(name, args...)
	cmd.Dir = "../.."
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%s %s: %v", name, strings.Join(args, " "), err)
	}
	return string(out)
}
