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

// patience bounds every wait of these tests: far more than a loaded machine needs, far less than a
// hung test takes.
const patience = testserver.Timeout

// pollEvery is how often a page is asked whether it has come so far.
const pollEvery = 50 * time.Millisecond

// signed matches what nobody may read in a log: tokens, tickets, policies and signatures.
var signed = regexp.MustCompile(`eyJ[A-Za-z0-9_-]{20,}|[Ss]ignature=[0-9a-f]+|\b[0-9a-f]{64}\b`)

// devServer is one `postern dev` with a data folder of its own.
type devServer struct {
	*testserver.Server
	t    *testing.T
	Data string // the folder given as --data
}

// startDev starts `postern dev` on free ports and stops it when the test ends. The arguments follow
// those of the harness.
func startDev(t *testing.T, args ...string) *devServer {
	t.Helper()
	p := &devServer{t: t, Data: filepath.Join(t.TempDir(), "data")}
	t.Cleanup(p.requireNoSecretsInLog)
	p.Server = testserver.Start(t, testserver.Options{Path: program, Args: testserver.DevArgs(p.Data, args...)})
	return p
}

// again starts a stopped or killed server once more: the same ports, the same data.
func (p *devServer) again() {
	p.t.Helper()
	p.Restart()
}

// focusStop asks the server to end and requires that it drains and exits 0.
func (p *devServer) stop() {
	p.t.Helper()
	p.Stop()
}

// kill ends the server without a warning.
func (p *devServer) kill() {
	p.t.Helper()
	p.Kill()
}

// requireNoSecretsInLog requires that the log holds none of the keys in the data folder, no token and no
// signature.
func (p *devServer) requireNoSecretsInLog() {
	if p.Server == nil {
		return // it never ran
	}
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
