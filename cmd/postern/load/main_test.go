package load

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"runtime/pprof"
	"testing"
)

// pagesEnv turns the test binary into a server of pages: see servePages. profileEnv names the file
// for a processor profile of that server; empty for none.
const (
	pagesEnv   = "POSTERN_LOAD_PAGES"
	profileEnv = "POSTERN_LOAD_PROFILE"
)

func TestMain(m *testing.M) {
	if os.Getenv(pagesEnv) == "" {
		flag.Parse()
		if testing.Short() {
			fmt.Println("load: left out in short mode: a load keeps every processor busy")
			return
		}
		os.Exit(m.Run())
	}
	if err := withCPUProfile(func() error { return servePages(os.Stdin, os.Stdout) }); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// withCPUProfile writes a processor profile of serve, if profileEnv names a file.
func withCPUProfile(serve func() error) error {
	name := os.Getenv(profileEnv)
	if name == "" {
		return serve()
	}
	file, err := os.Create(name)
	if err != nil {
		return err
	}
	if err := pprof.StartCPUProfile(file); err != nil {
		return err
	}
	err = serve()
	pprof.StopCPUProfile()
	return errors.Join(err, file.Close())
}
