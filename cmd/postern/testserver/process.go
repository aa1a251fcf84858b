package testserver

import (
	"bufio"
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

// Patience bounds every wait: far more than a loaded machine needs, far less than a hung test
// takes.
const Patience = time.Minute

// AnyPort is the address that has the system choose a free port.
const AnyPort = "127.0.0.1:0"

// Ready matches the one line that a server prints to standard output; it holds the addresses of the
// pages and of the store.
var Ready = regexp.MustCompile(`^postern: ready at (http://\S+) \(store (https?://\S+)\)\n?$`)

// Build makes the program in a folder and returns its path.
func Build(dir string) (string, error) {
	program := filepath.Join(dir, "postern")
	out, err := exec.Command("go", "build", "-o", program, "github.com/postern-dev/postern/cmd/postern").CombinedOutput()
	if err != nil {
		return "", errors.Join(err, errors.New(string(out)))
	}
	return program, nil
}

// Dev are the arguments of a dev server on free ports, with its data in a folder of its own.
func Dev(data string, more ...string) []string {
	return append([]string{"dev", "--listen", AnyPort, "--s3-listen", AnyPort, "--data", data}, more...)
}

// Options say what to run.
type Options struct {
	// Path of the program.
	Path string
	Args []string
	// Env is what the process gets beside our environment. Of that it gets nothing that leads to
	// other credentials or stores.
	Env []string
	// Stderr takes what is logged; nil stands for the Log of the process. An *os.File is handed
	// over as it is.
	Stderr io.Writer
}

// Server is one server.
type Server struct {
	// URL is the base of the pages and the JSON routes, Store that of the store, as the ready line
	// has them.
	URL, Store string
	Log        *Logbook

	t       testing.TB
	options Options
	cmd     *exec.Cmd
	stdout  Logbook
	ended   chan struct{}
}

// Start runs a server until the test ends, and waits for its ready line. The log of a test that
// failed is shown.
func Start(t testing.TB, o Options) *Server {
	t.Helper()
	p := &Server{t: t, options: o, Log: &Logbook{}}
	p.launch()
	t.Cleanup(func() {
		if err := p.cmd.Process.Kill(); err != nil && !errors.Is(err, os.ErrProcessDone) {
			t.Errorf("kill: %v", err)
		}
		<-p.ended
		if t.Failed() {
			t.Logf("log of postern %s:\n%s", o.Args[0], p.Log)
		}
	})
	return p
}

func (p *Server) launch() {
	p.t.Helper()
	p.cmd = exec.Command(p.options.Path, p.options.Args...)
	p.cmd.Env = append(environment(), p.options.Env...)
	if p.cmd.Stderr = p.options.Stderr; p.cmd.Stderr == nil {
		p.cmd.Stderr = p.Log
	}
	stdout, err := p.cmd.StdoutPipe()
	if err == nil {
		err = p.cmd.Start()
	}
	if err != nil {
		p.t.Fatalf("start postern: %v", err)
	}
	first := make(chan string, 1)
	p.ended = make(chan struct{})
	go p.follow(bufio.NewReader(stdout), first, p.ended)
	p.await(first)
}

// follow hands out the first line of standard output, keeps the rest and notes the end.
func (p *Server) follow(stdout *bufio.Reader, first chan<- string, ended chan<- struct{}) {
	line, _ := stdout.ReadString('\n')
	first <- line
	_, _ = io.Copy(&p.stdout, stdout)
	_ = p.cmd.Wait()
	close(ended)
}

func (p *Server) await(first <-chan string) {
	p.t.Helper()
	select {
	case line := <-first:
		found := Ready.FindStringSubmatch(line)
		if found == nil {
			_ = p.cmd.Process.Kill()
			<-p.ended // and with it the whole log
			p.t.Fatalf("first line on standard output: wanted the ready line, got %q\n%s", line, p.Log)
		}
		p.URL, p.Store = found[1], found[2]
	case <-time.After(Patience):
		p.t.Fatalf("postern was not ready within %v\n%s", Patience, p.Log)
	}
}

// Again starts a dev server that has ended once more: the same ports, the same data.
func (p *Server) Again() {
	p.t.Helper()
	args := slices.Clone(p.options.Args)
	for flag, url := range map[string]string{"--listen": p.URL, "--s3-listen": p.Store} {
		if at := slices.Index(args, flag); at >= 0 {
			args[at+1] = strings.TrimPrefix(url, "http://")
		}
	}
	p.options.Args = args
	p.launch()
}

// PID is the number of the process.
func (p *Server) PID() int { return p.cmd.Process.Pid }

// Signal sends a signal, if the process still runs, and goes on.
func (p *Server) Signal(s os.Signal) {
	p.t.Helper()
	if err := p.cmd.Process.Signal(s); err != nil && !errors.Is(err, os.ErrProcessDone) {
		p.t.Fatal(err)
	}
}

// Ended is closed once the process has ended.
func (p *Server) Ended() <-chan struct{} { return p.ended }

// Wait returns the exit code of a process that was told to end, -1 if it was killed, and what it
// printed behind the ready line.
func (p *Server) Wait() (code int, rest string) {
	p.t.Helper()
	select {
	case <-p.ended:
	case <-time.After(Patience):
		p.t.Fatalf("postern still runs %v after it was told to end\n%s", Patience, p.Log)
	}
	return p.cmd.ProcessState.ExitCode(), p.stdout.String()
}

// Stop asks the server to end, and requires that it does so well and without another word.
func (p *Server) Stop() {
	p.t.Helper()
	p.Signal(syscall.SIGTERM)
	if code, rest := p.Wait(); code != 0 || rest != "" {
		p.t.Fatalf("after SIGTERM: wanted exit code 0 and no more output, got %d and %q\n%s", code, rest, p.Log)
	}
}

// Kill ends the server without a warning.
func (p *Server) Kill() {
	p.t.Helper()
	p.Signal(syscall.SIGKILL)
	p.Wait()
}

// environment is ours without what would lead the SDK to other credentials or stores.
func environment() []string {
	kept := slices.DeleteFunc(os.Environ(), func(pair string) bool {
		return strings.HasPrefix(pair, "AWS_") || strings.HasPrefix(pair, "POSTERN_")
	})
	return append(kept, "AWS_EC2_METADATA_DISABLED=true")
}
