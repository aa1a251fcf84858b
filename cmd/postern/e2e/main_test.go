package e2e

import (
	"flag"
	"fmt"
	"os"
	"runtime"
	"strconv"
	"testing"

	"github.com/postern-dev/postern/cmd/postern/testserver"
)

// program is the path of the binary under test, which is built once for all tests of the package.
var program string

// long makes tests use the full file sizes and counts. By default they use small ones, so that
// every point is tested once on a small machine within a few minutes.
var long = os.Getenv("POSTERN_LONG") == "1"

// screenshots is the folder to which tests write screenshots; "" for none.
var screenshots = os.Getenv("POSTERN_SHOTS")

func TestMain(m *testing.M) {
	flag.Parse()
	if testing.Short() {
		fmt.Println("e2e: left out in short mode: these tests need browsers and npm")
		return
	}
	if err := useIdleProcessors(); err != nil {
		fmt.Fprintln(os.Stderr, "e2e:", err)
		os.Exit(1)
	}
	os.Exit(run(m))
}

// useIdleProcessors lets two tests more run at the same time than there are processors, unless the
// command line says how many: tests often wait for the browser.
func useIdleProcessors() error {
	const name = "test.parallel"
	given := false
	flag.Visit(func(f *flag.Flag) { given = given || f.Name == name })
	if given {
		return nil
	}
	return flag.Set(name, strconv.Itoa(runtime.GOMAXPROCS(0)+2))
}

// run builds the program and runs the tests. Chromium and the servers put their temporary files
// into the same folder as the tests; it is removed at the end.
func run(m *testing.M) (code int) {
	dir, err := os.MkdirTemp("", "postern-e2e-")
	if err != nil {
		fmt.Fprintln(os.Stderr, "e2e: make a temporary folder:", err)
		return 1
	}
	defer func() {
		if err := os.RemoveAll(dir); err != nil {
			fmt.Fprintln(os.Stderr, "e2e: remove the temporary folder:", err)
			code = 1
		}
	}()
	if err := os.Setenv("TMPDIR", dir); err != nil {
		fmt.Fprintln(os.Stderr, "e2e: set TMPDIR:", err)
		return 1
	}
	if program, err = testserver.Build(dir, "postern"); err != nil {
		fmt.Fprintln(os.Stderr, "e2e: build the program:", err)
		return 1
	}
	defer closeBrowser()
	return m.Run()
}
