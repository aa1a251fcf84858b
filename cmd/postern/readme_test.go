package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/postern-dev/postern/cmd/postern/config"
)

// TestTheReadmesProgramCompiles builds what the README tells people to type.
func TestTheReadmesProgramCompiles(t *testing.T) {
	t.Parallel()
	program := readme(t, "go")
	dir, err := os.MkdirTemp(".", "_readme-") // inside the module, so that its imports resolve; "_" hides it from ./...
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	if err := os.WriteFile(filepath.Join(dir, "main.go"), []byte(program), 0o600); err != nil {
		t.Fatal(err)
	}
	vet := exec.Command("go", "vet", "./"+filepath.Base(dir))
	if out, err := vet.CombinedOutput(); err != nil {
		t.Errorf("%v:\n%s", err, out)
	}
}

// TestTheReadmesConfigLoads reads what the README tells operators to write.
func TestTheReadmesConfigLoads(t *testing.T) {
	t.Parallel()
	name := filepath.Join(t.TempDir(), "postern.yaml")
	if err := os.WriteFile(name, []byte(readme(t, "yaml")), 0o600); err != nil {
		t.Fatal(err)
	}
	secret := func(name string) string { return name + strings.Repeat("-", 32) }
	if _, err := config.Load(name, secret); err != nil {
		t.Error(err)
	}
}

// TestTheReadmesCommandsWork runs what the README tells people to type, with what it supposes: a
// refusal of the store.
func TestTheReadmesCommandsWork(t *testing.T) {
	text, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	t.Chdir(t.TempDir())
	write(t, "refusal.xml", `<Error><Code>AccessDenied</Code><Message>Invalid according to Policy: Policy Condition failed: ["eq", "$key", "users/1/photo.png"]</Message></Error>`)
	wanted := map[string]struct {
		code int
		text string
	}{
		"sign":    {exitDone, "--form-string 'key=users/1/photo.png'"},
		"explain": {exitFailed, "value_mismatch"},
	}
	for line := range strings.Lines(string(text)) {
		command, typed := strings.CutPrefix(strings.TrimSpace(line), "postern ")
		args := strings.Fields(command)
		if !typed || len(args) == 0 {
			continue
		}
		want, known := wanted[args[0]]
		if got := invoke(t, sampleEnvironment(), args...); !known || got.code != want.code || !strings.Contains(got.stdout, want.text) {
			t.Errorf("postern %s: want %d and %q, got %+v", command, want.code, want.text, got)
		}
		delete(wanted, args[0])
	}
	if len(wanted) > 0 {
		t.Errorf("wanted these in README.md as well: %v", wanted)
	}
}

var (
	readmeLink = regexp.MustCompile(`\]\(([^):]+)\)`)
	readmePath = regexp.MustCompile("(?m)^(?:\\| `|[^|`]*\\s\\./)((?:policy|handlers|templates|static|cmd)[a-z0-9/]*)")
)

// TestWhatTheReadmeNamesIsThere follows its links, and looks for the packages in its table and its
// commands.
func TestWhatTheReadmeNamesIsThere(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	found := append(readmeLink.FindAllSubmatch(text, -1), readmePath.FindAllSubmatch(text, -1)...)
	if len(found) < 10 {
		t.Fatalf("links and packages in README.md: wanted ten at least, got %d", len(found))
	}
	for _, m := range found {
		if _, err := os.Stat(filepath.Join("../..", string(m[1]))); err != nil {
			t.Errorf("README.md names %s: %v", m[1], err)
		}
	}
}

// readme returns the first block of the README in a language.
func readme(t *testing.T, language string) string {
	t.Helper()
	text, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, found := strings.Cut(string(text), "```"+language+"\n")
	block, _, closed := strings.Cut(rest, "```")
	if !found || !closed {
		t.Fatalf("wanted a block of %s in README.md", language)
	}
	return block
}
