package main

import (
	"bytes"
	"context"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/postern-dev/postern/cmd/postern/testserver"
)

// patience bounds every wait.
const patience = testserver.Timeout

// asProgram in the environment makes the test binary behave as the program, so that tests can send
// it real signals.
const asProgram = "POSTERN_TEST_AS_PROGRAM"

func TestMain(m *testing.M) {
	if os.Getenv(asProgram) != "" {
		main()
	}
	os.Exit(m.Run())
}

// outcome is a command that has ended.
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

// running is a server in this process.
type running struct {
	t              *testing.T
	URL, Store     string
	stdout, stderr *testserver.LogBuffer
	cancel         context.CancelFunc
	code           chan int
}

// begin runs a server in this process until the test ends, and waits for its ready line.
func begin(t *testing.T, environment map[string]string, args ...string) *running {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	r := &running{t: t, stdout: &testserver.LogBuffer{}, stderr: &testserver.LogBuffer{}, cancel: cancel, code: make(chan int, 1)}
	go func() {
		r.code <- run(ctx, args, func(name string) string { return environment[name] }, r.stdout, r.stderr)
	}()
	t.Cleanup(func() { r.end() })
	until(t, "the ready line", func() bool { return strings.Contains(r.stdout.String(), "\n") || len(r.code) > 0 })
	found := testserver.Ready.FindStringSubmatch(r.stdout.String())
	if found == nil {
		t.Fatalf("standard output: want the ready line, got %q\n%s", r.stdout, r.stderr)
	}
	r.URL, r.Store = found[1], found[2]
	return r
}

// end stops the server as a signal would and returns its exit code.
func (r *running) end() int {
	r.t.Helper()
	r.cancel()
	select {
	case code := <-r.code:
		r.code <- code
		return code
	case <-time.After(patience):
		r.t.Fatalf("the server didn't end\n%s", r.stderr)
		return -1
	}
}

// launch runs a server as a process of its own, with what env adds to its environment.
func launch(t *testing.T, env []string, args ...string) *testserver.Server {
	t.Helper()
	return testserver.Start(t, testserver.Options{Path: os.Args[0], Args: args, Env: append(env, asProgram+"=1")})
}

func until(t *testing.T, what string, done func() bool) {
	t.Helper()
	for end := time.Now().Add(patience); !done(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("%s: waited %v", what, patience)
		}
	}
}
