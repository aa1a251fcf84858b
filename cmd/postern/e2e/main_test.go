package e2e

import (
	"fmt"
	"os"
	"testing"

	"github.com/postern-dev/postern/cmd/postern/testserver"
)

// program is the path of the binary under test, built once for all tests of the package.
var program string

func TestMain(m *testing.M) {
	os.Exit(run(m))
}

func run(m *testing.M) int {
	dir, err := os.MkdirTemp("", "postern-e2e-")
	if err != nil {
		fmt.Fprintln(os.Stderr, "e2e:", err)
		return 1
	}
	defer func() { _ = os.RemoveAll(dir) }()
	if program, err = testserver.Build(dir); err != nil {
		fmt.Fprintln(os.Stderr, "e2e: build:", err)
		return 1
	}
	defer closeBrowser()
	return m.Run()
}
