package e2e

import (
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/postern-dev/postern/cmd/postern/testserver"
)

// patience limits every wait of these tests. A busy machine needs far less; a test that hangs would
// take far longer.
const patience = testserver.Timeout

// pollInterval is how often a condition is checked.
const pollInterval = 50 * time.Millisecond

// signedText matches what must not appear in a log: tokens, tickets, policies and signatures.
var signedText = regexp.MustCompile(`eyJ[A-Za-z0-9_-]{20,}|[Ss]ignature=[0-9a-f]+|\b[0-9a-f]{64}\b`)

// devServer is a `postern dev` with its own data folder.
type devServer struct {
	*testserver.Server
	t    *testing.T
	Data string // the folder given as --data
}

// startDev starts `postern dev` on free ports with more arguments, and kills it when the test ends.
func startDev(t *testing.T, args ...string) *devServer {
	t.Helper()
	p := &devServer{t: t, Data: filepath.Join(t.TempDir(), "data")}
	t.Cleanup(p.requireNoSecretsInLog)
	p.Server = testserver.Start(t, testserver.Options{Path: program, Args: testserver.DevArgs(p.Data, args...)})
	return p
}

// key returns a key from the data folder.
func (p *devServer) key(name string) string {
	p.t.Helper()
	return strings.TrimSpace(string(readFile(p.t, filepath.Join(p.Data, name))))
}

// requireNoSecretsInLog requires that the log contains no key of the data folder, no token and no
// signature.
func (p *devServer) requireNoSecretsInLog() {
	if p.Server == nil {
		return // the server never started
	}
	log := p.Log.String()
	for _, name := range []string{"token.key", "ticket.key", "store.key"} {
		key, err := os.ReadFile(filepath.Join(p.Data, name))
		if err != nil || len(key) < 32 {
			p.t.Errorf("key %s: wanted at least 32 bytes, got %d, %v", name, len(key), err)
		} else if strings.Contains(log, strings.TrimSpace(string(key))) {
			p.t.Errorf("the log contains %s", name)
		}
	}
	if secret := signedText.FindString(log); secret != "" {
		p.t.Errorf("the log contains %q", secret)
	}
}

// waitFor waits until a condition outside the page holds; condition describes it in words. It may
// be called from any goroutine.
func waitFor(t *testing.T, condition string, holds func() bool) {
	t.Helper()
	for deadline := time.Now().Add(patience); !holds(); time.Sleep(pollInterval) {
		if time.Now().After(deadline) {
			t.Errorf("waiting until %s: gave up after %v", condition, patience)
			return
		}
	}
}

// waitForClose waits until a channel is closed.
func waitForClose(t *testing.T, condition string, done <-chan struct{}) {
	t.Helper()
	select {
	case <-done:
	case <-time.After(patience):
		t.Fatalf("waiting until %s: gave up after %v", condition, patience)
	}
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
