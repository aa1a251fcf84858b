package main

import (
	"os"
	"os/exec"
	"path/filepath"
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
