package main

import (
	"bufio"
	"bytes"
	"context"
	"io"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// patience bounds every wait: more than a loaded machine needs, less than a
// hung test takes.
const patience = time.Minute

// asProgram in the environment makes the test binary behave as the program, so
// that tests can send it real signals.
const asProgram = "POSTERN_TEST_AS_PROGRAM"

func TestMain(m *testing.M) {
	if os.Getenv(asProgram) != "" {
		main()
	}
	os.Exit(m.Run())
}

var readyLine = regexp.MustCompile(`^postern: ready at (http://\S+) \(store (http\S+)\)\n$`)

// buffer collects output, safe for reading meanwhile.
type buffer struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (b *buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(p)
}

func (b *buffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.String()
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
	stdout, stderr *buffer
	cancel         context.CancelFunc
	code           chan int
}

// begin runs a server in this process until the test ends, and waits for its
// ready line.
func begin(t *testing.T, environment map[string]string, args ...string) *running {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	r := &running{t: t, stdout: &buffer{}, stderr: &buffer{}, cancel: cancel, code: make(chan int, 1)}
	go func() {
		r.code <- run(ctx, args, func(name string) string { return environment[name] }, r.stdout, r.stderr)
	}()
	t.Cleanup(func() { r.end() })
	until(t, "the ready line", func() bool { return strings.Contains(r.stdout.String(), "\n") || len(r.code) > 0 })
	found := readyLine.FindStringSubmatch(r.stdout.String())
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

// program is a server in a process of its own.
type program struct {
	t          *testing.T
	cmd        *exec.Cmd
	URL, Store string
	stdout     *bufio.Reader
	stderr     *buffer
}

func launch(t *testing.T, args ...string) *program {
	t.Helper()
	p := &program{t: t, cmd: exec.Command(os.Args[0], args...), stderr: &buffer{}}
	p.cmd.Env = append(os.Environ(), asProgram+"=1", "AWS_EC2_METADATA_DISABLED=true")
	p.cmd.Stderr = p.stderr
	pipe, err := p.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { p.cmd.Process.Kill(); p.cmd.Wait() })
	p.stdout = bufio.NewReader(pipe)
	line, _ := p.stdout.ReadString('\n')
	found := readyLine.FindStringSubmatch(line)
	if found == nil {
		t.Fatalf("standard output: want the ready line, got %q\n%s", line, p.stderr)
	}
	p.URL, p.Store = found[1], found[2]
	return p
}

// signal sends a signal and returns the exit code with the rest of standard
// output; -1 for a process that was killed.
func (p *program) signal(s syscall.Signal) (code int, rest string) {
	p.t.Helper()
	if err := p.cmd.Process.Signal(s); err != nil {
		p.t.Fatal(err)
	}
	timer := time.AfterFunc(patience, func() { p.cmd.Process.Kill() })
	defer timer.Stop()
	text, err := io.ReadAll(p.stdout)
	if err != nil {
		p.t.Fatal(err)
	}
	p.cmd.Wait()
	return p.cmd.ProcessState.ExitCode(), string(text)
}

func until(t *testing.T, what string, done func() bool) {
	t.Helper()
	for end := time.Now().Add(patience); !done(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("%s: waited %v", what, patience)
		}
	}
}
