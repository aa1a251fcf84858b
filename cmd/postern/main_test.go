package main

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/postern-dev/postern/cmd/postern/testserver"
)

// asProgram in the environment makes the test binary behave as the program, so that tests can start
// servers and send them signals.
const asProgram = "POSTERN_TEST_AS_PROGRAM"

func TestMain(m *testing.M) {
	if os.Getenv(asProgram) != "" {
		main()
	}
	if store := os.Getenv(asAWS); store != "" {
		os.Exit(runAWSDouble(store, os.Args[1:]))
	}
	if store := os.Getenv(asMinIO); store != "" {
		os.Exit(runMinIODouble(store, os.Args[1:]))
	}
	if os.Getenv(withPanic) != "" {
		os.Exit(runWithPanic())
	}
	os.Exit(m.Run())
}

// outcome is the result of a command.
type outcome struct {
	code           int
	stdout, stderr string
}

// invoke runs a command in this process until it ends by itself.
func invoke(t *testing.T, environment map[string]string, args ...string) outcome {
	t.Helper()
	var stdout, stderr bytes.Buffer
	getenv := func(name string) string { return environment[name] }
	code := run(t.Context(), args, getenv, &stdout, &stderr)
	return outcome{code, stdout.String(), stderr.String()}
}

// start runs a server as a process of its own until the test ends, with env added to its
// environment.
func start(t *testing.T, env []string, args ...string) *testserver.Server {
	t.Helper()
	return testserver.Start(t, testserver.Options{Path: os.Args[0], Args: args, Env: append(env, asProgram+"=1")})
}

// startDev runs postern dev with a new data folder.
func startDev(t *testing.T, flags ...string) *testserver.Server {
	t.Helper()
	return start(t, nil, testserver.DevArgs(filepath.Join(t.TempDir(), "data"), flags...)...)
}

// waitUntil waits for a condition, which what describes.
func waitUntil(t *testing.T, what string, condition func() bool) {
	t.Helper()
	for end := time.Now().Add(testserver.Timeout); !condition(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("%s: waited %v", what, testserver.Timeout)
		}
	}
}
