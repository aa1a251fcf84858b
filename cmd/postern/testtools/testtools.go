// Package testtools looks for the programs that tests run.
package testtools

import (
	"os/exec"
	"testing"
)

// Want ends a test where a program isn't installed: it fails, as .ci/test installs every program
// that a test needs. With -short, which needs only Go, the test is left out.
func Want(t *testing.T, program string) {
	t.Helper()
	_, err := exec.LookPath(program)
	switch {
	case err != nil && testing.Short():
		t.Skip("left out in short mode, which needs only Go: ", err)
	case err != nil:
		t.Fatal("bash .ci/test installs it: ", err)
	}
}
