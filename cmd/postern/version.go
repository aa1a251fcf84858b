package main

import (
	"cmp"
	"fmt"
	"runtime"
	"runtime/debug"
)

// version is set by release builds: -ldflags "-X main.version=v1.2.3". In other builds the Go
// command knows a version; it names the commit.
var version = ""

type versionCommand struct{}

// Run prints one line: version, Go version and platform.
func (versionCommand) Run(c *console) error {
	name := version
	if info, ok := debug.ReadBuildInfo(); ok {
		name = cmp.Or(name, info.Main.Version)
	}
	_, err := fmt.Fprintf(c.stdout, "postern %s %s %s/%s\n", cmp.Or(name, "(devel)"), runtime.Version(), runtime.GOOS, runtime.GOARCH)
	return err
}
