package testserver

import (
	"bufio"
	"cmp"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

// Timeout bounds every wait: far more than a busy machine needs, far less than the limit of go
// test.
const Timeout = time.Minute

// AnyPort is the address on which the system chooses a free port.
const AnyPort = "127.0.0.1:0"

// Ready matches the line that a server prints to standard output once requests are served. Its
// groups are the URLs of the pages and of the store.
var Ready = regexp.MustCompile(`^postern: ready at (http://\S+) \(store (https?://\S+)\)\n?$`)

// Build compiles a program of this module, such as "postern", into a folder and returns its path.
func Build(dir, name string) (string, error) {
	program := filepath.Join(dir, name)
	out, err := exec.Command("go", "build", "-o", program, "github.com/postern-dev/postern/cmd/"+name).CombinedOutput()
	if err != nil {
		return "", errors.Join(err, errors.New(string(out)))
	}
	return program, nil
}

// DevArgs returns the arguments of `postern dev` on free ports with its own data folder, and more
// flags.
func DevArgs(data string, more ...string) []string {
	return append([]string{"dev", "--listen", AnyPort, "--s3-listen", AnyPort, "--data", data}, more...)
}

// Options say what to run. Path and Args are required.
type Options struct {
	Path string // of the program
	Args []string
	// Env is added to the environment of this process, from which everything is removed that leads
	// to other credentials or stores.
	Env []string
	// Ready matches the ready line of a program other than postern; its groups are Server.URL and
	// Server.Store. nil: Ready of this package.
	Ready *regexp.Regexp
	// Stderr gets the log; nil means Server.Log. An *os.File is handed to the process itself.
	Stderr io.Writer
}

// Server is a process that serves Postern.
type Server struct {
	// URL is the base of the pages and the JSON routes, Store that of the store, both from the
	// ready line.
	URL, Store string
	Log        *LogBuffer // standard error, unless Options.Stderr is set

	t       testing.TB
	options Options
	cmd     *exec.Cmd
	stdout  LogBuffer
	ended   chan struct{}
}

// Start runs a server until the test ends, and waits for its ready line. If the test failed, the
// log is shown.
func Start(t testing.TB, o Options) *Server {
	t.Helper()
	s := &Server{t: t, options: o, Log: &LogBuffer{}}
	s.launch()
	t.Cleanup(func() {
		s.Kill()
		if t.Failed() {
			t.Logf("log of postern %s:\n%s", o.Args[0], s.Log)
		}
	})
	return s
}

// launch starts the process and waits for its ready line; a failure ends the test.
func (s *Server) launch() {
	s.t.Helper()
	s.cmd = exec.Command(s.options.Path, s.options.Args...)
	s.cmd.Env = append(cleanEnvironment(), s.options.Env...)
	if s.cmd.Stderr = s.options.Stderr; s.cmd.Stderr == nil {
		s.cmd.Stderr = s.Log
	}
	stdout, err := s.cmd.StdoutPipe()
	if err == nil {
		err = s.cmd.Start()
	}
	if err != nil {
		s.t.Fatalf("start postern: %v", err)
	}
	first := make(chan string, 1)
	s.ended = make(chan struct{})
	go s.readOutput(bufio.NewReader(stdout), first, s.ended)
	s.awaitReady(first)
}

// readOutput sends the first line of standard output to a channel, keeps the rest and closes ended
// once the process has ended.
func (s *Server) readOutput(stdout *bufio.Reader, first chan<- string, ended chan<- struct{}) {
	line, _ := stdout.ReadString('\n')
	first <- line
	_, _ = io.Copy(&s.stdout, stdout)
	_ = s.cmd.Wait()
	close(ended)
}

func (s *Server) awaitReady(first <-chan string) {
	s.t.Helper()
	line := "nothing"
	select {
	case line = <-first:
	case <-time.After(Timeout):
	}
	found := cmp.Or(s.options.Ready, Ready).FindStringSubmatch(line)
	if found == nil {
		s.Kill() // after which the log is complete
		s.t.Fatalf("first line on standard output: wanted the ready line within %v, got %q\n%s", Timeout, line, s.Log)
	}
	s.URL, s.Store = found[1], found[2]
}

// Restart starts a dev server that has ended again, on the same ports and with the same data.
func (s *Server) Restart() {
	s.t.Helper()
	args := slices.Clone(s.options.Args)
	for flag, url := range map[string]string{"--listen": s.URL, "--s3-listen": s.Store} {
		if at := slices.Index(args, flag); at >= 0 {
			args[at+1] = strings.TrimPrefix(url, "http://")
		}
	}
	s.options.Args = args
	s.launch()
}

// PID returns the process ID.
func (s *Server) PID() int { return s.cmd.Process.Pid }

// Signal sends a signal; a process that has ended ignores it.
func (s *Server) Signal(signal os.Signal) {
	s.t.Helper()
	if err := s.cmd.Process.Signal(signal); err != nil && !errors.Is(err, os.ErrProcessDone) {
		s.t.Fatal(err)
	}
}

// Ended returns a channel that is closed once the process has ended.
func (s *Server) Ended() <-chan struct{} { return s.ended }

// Wait waits for the process to end. It returns the exit code, -1 after a kill, and everything that
// was printed to standard output after the ready line.
func (s *Server) Wait() (code int, rest string) {
	s.t.Helper()
	select {
	case <-s.ended:
	case <-time.After(Timeout):
		s.t.Fatalf("postern still runs after %v\n%s", Timeout, s.Log)
	}
	return s.cmd.ProcessState.ExitCode(), s.stdout.String()
}

// Stop sends SIGTERM and requires exit code 0 and no further output.
func (s *Server) Stop() {
	s.t.Helper()
	s.Signal(syscall.SIGTERM)
	if code, rest := s.Wait(); code != 0 || rest != "" {
		s.t.Fatalf("after SIGTERM: wanted exit code 0 and no more output, got %d and %q\n%s", code, rest, s.Log)
	}
}

// Kill ends the process with SIGKILL and waits for its end.
func (s *Server) Kill() {
	s.t.Helper()
	s.Signal(syscall.SIGKILL)
	s.Wait()
}

// cleanEnvironment returns the environment of this process without the variables that lead the SDK
// to other credentials or stores.
func cleanEnvironment() []string {
	kept := slices.DeleteFunc(os.Environ(), func(pair string) bool {
		return strings.HasPrefix(pair, "AWS_") || strings.HasPrefix(pair, "POSTERN_")
	})
	return append(kept, "AWS_EC2_METADATA_DISABLED=true")
}
