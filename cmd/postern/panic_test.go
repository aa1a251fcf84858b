package main

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/postern-dev/postern/cmd/postern/testserver"
)

// withPanic in the environment makes the test binary run the command line in its arguments with a
// standard output that panics.
const withPanic = "POSTERN_TEST_WITH_PANIC"

// panicWriter panics on the first write: every command writes to standard output.
type panicWriter struct{}

func (panicWriter) Write([]byte) (int, error) { panic("injected by a test") }

func runWithPanic() int {
	return run(context.Background(), os.Args[1:], os.Getenv, panicWriter{}, os.Stderr)
}

func TestAPanicInAnyCommandPrintsTheStackAndExitsTwo(t *testing.T) {
	dir := t.TempDir()
	config, data := filepath.Join(dir, "postern.yaml"), filepath.Join(dir, "data")
	write(t, config, serveConfig("http://127.0.0.1:1", testserver.AnyPort))
	for name, args := range map[string][]string{
		"dev":     testserver.DevArgs(data),
		"serve":   {"serve", "--config", config},
		"sign":    goodSign("--key", "a"),
		"explain": {"explain", "https://media.example/a?X-Amz-Signature=00"},
		"ticket":  {"ticket", "--config", config, "--profile", "inbox", "--subject", "alice"},
		"version": {"version"},
		"help":    {"--help"},
	} {
		t.Run(name, func(t *testing.T) {
			var stderr strings.Builder
			cmd := exec.Command(os.Args[0], args...)
			cmd.Stderr = &stderr
			cmd.Env = append(os.Environ(), withPanic+"=1", "TOKEN_KEY="+serveTokenKey, "TICKET_KEY="+serveTicketKey,
				"AWS_ACCESS_KEY_ID="+sampleKey, "AWS_SECRET_ACCESS_KEY="+sampleSecret, "AWS_REGION=eu-central-1")
			var exit *exec.ExitError
			if err := cmd.Run(); !errors.As(err, &exit) || exit.ExitCode() != 2 {
				t.Errorf("wanted exit code 2, got %v", err)
			}
			for _, wanted := range []string{"panic: injected by a test", "goroutine 1 [running]:", "panicWriter.Write"} {
				if !strings.Contains(stderr.String(), wanted) {
					t.Errorf("standard error: wanted %q in\n%s", wanted, &stderr)
				}
			}
		})
	}
}
