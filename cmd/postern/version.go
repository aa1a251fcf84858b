package main

import (
	"fmt"
	"io"
	"runtime"
	"runtime/debug"
)

// version is set by release builds: -ldflags "-X main.version=v1.2.3".
var version = ""

type versionCommand struct{}

// Run prints one line: version, commit where the build knows it, Go version and platform.
func (versionCommand) Run(c *console) error {
	return printVersion(c.stdout)
}

func printVersion(w io.Writer) error {
	_, err := fmt.Fprintf(w, "postern %s %s %s/%s\n", currentVersion(), runtime.Version(), runtime.GOOS, runtime.GOARCH)
	return err
}

func currentVersion() string {
	if version != "" {
		return version
	}
	info, ok := debug.ReadBuildInfo()
	if !ok || info.Main.Version == "" {
		return "(devel)"
	}
	return info.Main.Version
}
