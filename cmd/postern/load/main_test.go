package load

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"runtime/pprof"
	"testing"
	"time"
)

// duration is how long each load lasts; the default is a smoke for every run of the tests.
var duration = flag.Duration("load", 3*time.Second, "how long each load lasts")

// pagesEnv makes the test binary a server of pages instead: see servePages. profileEnv names the
// file for that server's processor profile, if any.
const (
	pagesEnv   = "POSTERN_LOAD_PAGES"
	profileEnv = "POSTERN_LOAD_PROFILE"
)

func TestMain(m *testing.M) {
	if os.Getenv(pagesEnv) == "" {
		os.Exit(m.Run())
	}
	if err := withCPUProfile(func() error { return servePages(os.Stdin, os.Stdout) }); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

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
