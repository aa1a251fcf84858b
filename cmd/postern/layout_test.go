package main_test

import (
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/postern-dev/postern"

// topLevel lists what may be at the root of the repository, apart from names that begin with a dot.
var topLevel = []string{
	"cmd", "policy", "handlers", "templates", "static",
	"go.mod", "go.sum", "README.md", "LICENSE", "CHANGELOG.md",
}

// layers says which packages of this module a package may import; "x/..." means x and everything
// below it. The order is that of the layout, from the bottom up.
var layers = []struct {
	folder  string
	imports []string
}{
	{"policy/sigv4", nil},
	{"policy", []string{"policy/sigv4"}},
	{"policy/profile", []string{"policy", "policy/sigv4"}},
	{"policy/explain", []string{"policy", "policy/sigv4"}},
	{"templates", nil},
	{"static", nil},
	{"handlers/problem", nil},
	{"handlers/language", []string{"policy/profile", "static"}},
	{"handlers/tickets", []string{"policy", "policy/profile", "policy/sigv4"}},
	{"handlers/awscreds", []string{"policy", "policy/sigv4"}},
	{"handlers/receipts", []string{"policy/sigv4"}},
	{"handlers/webhooks", []string{"policy/sigv4", "handlers/receipts"}},
	{"handlers/uploads", []string{"policy", "policy/sigv4", "policy/profile", "handlers/problem", "handlers/awscreds", "handlers/receipts"}},
	{"handlers/quota", []string{"policy/profile", "handlers/problem", "handlers/uploads"}},
	{"handlers/scoped", []string{"policy", "policy/profile", "policy/sigv4", "handlers/problem", "handlers/uploads"}},
	{"handlers/ledger", []string{"handlers/uploads"}},
	{"handlers", []string{"policy/...", "templates", "static", "handlers/problem", "handlers/language", "handlers/tickets", "handlers/awscreds",
		"handlers/receipts", "handlers/uploads", "handlers/quota", "handlers/scoped"}}, // not handlers/ledger, which needs databases
	{"cmd/example", []string{"policy/...", "handlers/...", "cmd/postern/gateway"}},
	{"cmd/postern/...", []string{"policy/...", "templates", "static", "handlers/...", "cmd/postern/..."}},
}

// heavy lists modules that a program which imports the library must not have to compile.
var heavy = []string{
	"github.com/versity/", "github.com/gofiber/", "github.com/valyala/fasthttp", "github.com/chromedp/", "github.com/alecthomas/kong",
	"modernc.org/", "github.com/jackc/", "github.com/riverqueue/", "github.com/minio/", "github.com/Shopify/",
}

func TestTheTopLevelIsFixed(t *testing.T) {
	t.Parallel()
	for line := range strings.Lines(commandOutput(t, "git", "ls-files")) {
		name, _, _ := strings.Cut(strings.TrimSpace(line), "/")
		if !strings.HasPrefix(name, ".") && !slices.Contains(topLevel, name) {
			t.Errorf("%s is at the top level, where only %s may be", name, strings.Join(topLevel, ", "))
		}
	}
}

func TestImportsRunInOneDirection(t *testing.T) {
	t.Parallel()
	list := commandOutput(t, "go", "list", "-f", `{{.ImportPath}}{{range .Imports}} {{.}}{{end}}`, module+"/...")
	for line := range strings.Lines(list) {
		names := strings.Fields(line)
		for _, imported := range names[1:] {
			if isOurs(imported) && !allowed(folder(names[0]), folder(imported)) {
				t.Errorf("%s imports %s, which the layers do not allow", folder(names[0]), folder(imported))
			}
		}
	}
}

// TestPolicyNeedsTheStandardLibraryAlone allows two packages below policy one library each.
func TestPolicyNeedsTheStandardLibraryAlone(t *testing.T) {
	t.Parallel()
	for pattern, library := range map[string]string{
		"./policy": "", "./policy/sigv4": "",
		"./policy/explain": "golang.org/x/net/html",
		"./policy/profile": "golang.org/x/text/",
	} {
		for _, name := range deps(t, pattern) {
			if !strings.HasPrefix(name, module+"/policy") && (library == "" || !strings.HasPrefix(name, library)) {
				t.Errorf("%s needs %s, which is outside the standard library", pattern, name)
			}
		}
	}
}

func TestTheServiceNeedsNeitherEchoNorTempl(t *testing.T) {
	t.Parallel()
	for _, name := range deps(t, "./handlers/uploads", "./handlers/problem", "./handlers/quota", "./handlers/language", "./handlers/tickets", "./handlers/receipts", "./handlers/webhooks",
		"./handlers/ledger") {
		if strings.HasPrefix(name, "github.com/labstack/") || strings.HasPrefix(name, "github.com/a-h/templ") {
			t.Errorf("a package that has to work under any router needs %s", name)
		}
	}
}

func TestTemplatesNeedTemplOnlyAndStaticNothing(t *testing.T) {
	t.Parallel()
	for _, name := range deps(t, "./templates/...", "./static/...") {
		if !isOurs(name) && !strings.HasPrefix(name, "github.com/a-h/templ") {
			t.Errorf("templates or static need %s; beside the standard library templates may need only templ", name)
		}
	}
	for _, name := range deps(t, "./static/...") {
		if !isOurs(name) {
			t.Errorf("static needs %s, which is outside the standard library", name)
		}
	}
}

func TestTheLibraryNeedsNoHeavyModule(t *testing.T) {
	t.Parallel()
	for _, name := range deps(t, "./policy/...", "./templates/...", "./static/...", "./handlers", "./handlers/quota", "./handlers/scoped") {
		for _, prefix := range heavy {
			if strings.HasPrefix(name, prefix) {
				t.Errorf("the library needs %s, which only the binary may need", name)
			}
		}
	}
}

// deps lists the packages outside the standard library that the named ones need to compile.
func deps(t *testing.T, patterns ...string) []string {
	t.Helper()
	args := append([]string{"list", "-deps", "-f", `{{if not .Standard}}{{.ImportPath}}{{end}}`}, patterns...)
	return strings.Fields(commandOutput(t, "go", args...))
}

// allowed reports whether the layers allow one folder to import another.
func allowed(from, to string) bool {
	for _, layer := range layers {
		if within(from, layer.folder) {
			return slices.ContainsFunc(layer.imports, func(pattern string) bool { return within(to, pattern) })
		}
	}
	return false
}

// within reports whether a folder is the one of a pattern, or below one that ends in "/...".
func within(folder, pattern string) bool {
	tree, below := strings.CutSuffix(pattern, "/...")
	return folder == tree || below && strings.HasPrefix(folder, tree+"/")
}

func isOurs(name string) bool { return name == module || strings.HasPrefix(name, module+"/") }

func folder(name string) string { return strings.TrimPrefix(strings.TrimPrefix(name, module), "/") }

// commandOutput runs a command at the root of the repository and returns its standard output.
func commandOutput(t *testing.T, name string, args ...string) string {
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
