package e2e

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// patience bounds every wait of these tests: far more than a loaded machine needs, far less than a hung test takes.
const patience = time.Minute

// pollEvery is how often a page is asked whether it has come so far.
const pollEvery = 50 * time.Millisecond

// ready matches the one line that the server prints to stdout.
var ready = regexp.MustCompile(`^postern: ready at (http://\S+) \(store (http://\S+)\)$`)

// signed matches what nobody may read in a log: tokens, tickets, policies and signatures.
var signed = regexp.MustCompile(`eyJ[A-Za-z0-9_-]{20,}|[Ss]ignature=[0-9a-f]+|\b[0-9a-f]{64}\b`)

// postern is one `postern dev` with a data folder of its own.
type postern struct {
	t     *testing.T
	URL   string // base of the pages and the JSON routes
	Store string // base of the embedded store
	Data  string // the folder given as --data
	Log   *logbook

	args []string
	cmd  *exec.Cmd
	gone chan struct{}
	exit error
}

// dev starts `postern dev` on free ports and stops it when the test ends. The arguments follow those of the harness.
func dev(t *testing.T, args ...string) *postern {
	t.Helper()
	p := &postern{t: t, Data: filepath.Join(t.TempDir(), "data"), Log: &logbook{}, args: args}
	p.launch("127.0.0.1:0", "127.0.0.1:0")
	t.Cleanup(p.close)
	return p
}

// again starts a stopped or killed server once more: the same ports, the same data.
func (p *postern) again() {
	p.t.Helper()
	p.launch(hostOf(p.t, p.URL), hostOf(p.t, p.Store))
}

func (p *postern) launch(listen, store string) {
	p.t.Helper()
	args := append([]string{"dev", "--listen", listen, "--s3-listen", store, "--data", p.Data}, p.args...)
	p.cmd = exec.Command(program, args...)
	p.cmd.Env = environment()
	p.cmd.Stderr = p.Log
	stdout, err := p.cmd.StdoutPipe()
	must(p.t, err)
	must(p.t, p.cmd.Start())
	lines := make(chan string, 16)
	p.gone = make(chan struct{})
	go p.follow(stdout, lines)
	p.await(lines)
}

// follow hands out the lines of stdout and notes the exit.
func (p *postern) follow(stdout io.Reader, lines chan<- string) {
	for scanner := bufio.NewScanner(stdout); scanner.Scan(); {
		lines <- scanner.Text()
	}
	p.exit = p.cmd.Wait()
	close(p.gone)
}

func (p *postern) await(lines <-chan string) {
	p.t.Helper()
	select {
	case line := <-lines:
		found := ready.FindStringSubmatch(line)
		if found == nil {
			p.t.Fatalf("first line on stdout: got %q, wanted the ready line", line)
		}
		p.URL, p.Store = found[1], found[2]
	case <-p.gone:
		p.t.Fatalf("postern dev ended before it was ready: %v\n%s", p.exit, p.Log)
	case <-time.After(patience):
		p.t.Fatalf("postern dev was not ready within %v\n%s", patience, p.Log)
	}
}

// stop asks the server to end and requires that it drains and exits 0.
func (p *postern) stop() {
	p.t.Helper()
	must(p.t, p.cmd.Process.Signal(syscall.SIGTERM))
	p.wait()
	if p.exit != nil {
		p.t.Fatalf("exit after SIGTERM: got %v, wanted 0\n%s", p.exit, p.Log)
	}
}

// kill ends the server without a warning.
func (p *postern) kill() {
	p.t.Helper()
	must(p.t, p.cmd.Process.Kill())
	p.wait()
}

func (p *postern) wait() {
	p.t.Helper()
	select {
	case <-p.gone:
	case <-time.After(patience):
		p.t.Fatalf("postern dev still runs %v after it was told to end\n%s", patience, p.Log)
	}
}

// close ends whatever still runs, quietly: the test is over.
func (p *postern) close() {
	if err := p.cmd.Process.Kill(); err != nil && !errors.Is(err, os.ErrProcessDone) {
		p.t.Errorf("kill: %v", err)
	}
	<-p.gone
	p.searchLog()
	if p.t.Failed() {
		p.t.Logf("log of postern dev:\n%s", p.Log)
	}
}

// searchLog requires that the log holds none of the keys in the data folder, no token and no signature.
func (p *postern) searchLog() {
	log := p.Log.String()
	for _, name := range []string{"token.key", "ticket.key", "store.key"} {
		key, err := os.ReadFile(filepath.Join(p.Data, name))
		if err != nil || len(key) < 32 {
			p.t.Errorf("key %s: %d bytes, %v", name, len(key), err)
		} else if strings.Contains(log, strings.TrimSpace(string(key))) {
			p.t.Errorf("the log holds %s", name)
		}
	}
	if secret := signed.FindString(log); secret != "" {
		p.t.Errorf("the log holds %q", secret)
	}
}

// environment is ours without what would lead the SDK to other credentials or stores.
func environment() []string {
	var kept []string
	for _, pair := range os.Environ() {
		if !strings.HasPrefix(pair, "AWS_") && !strings.HasPrefix(pair, "POSTERN_") {
			kept = append(kept, pair)
		}
	}
	return append(kept, "AWS_EC2_METADATA_DISABLED=true")
}

// logbook collects what a process writes, safe for reading meanwhile.
type logbook struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (l *logbook) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.Write(p)
}

func (l *logbook) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.String()
}

func hostOf(t *testing.T, raw string) string {
	t.Helper()
	u, err := url.Parse(raw)
	must(t, err)
	return u.Host
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
