package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestTheReadmesProgramCompiles builds what the README tells people to type.
func TestTheReadmesProgramCompiles(t *testing.T) {
	t.Parallel()
	readme, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, found := strings.Cut(string(readme), "```go\n")
	program, _, closed := strings.Cut(rest, "```")
	if !found || !closed {
		t.Fatal("wanted a Go program in README.md")
	}
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
