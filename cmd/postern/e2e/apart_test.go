package e2e

import (
	"bufio"
	"fmt"
	"net/http"
	"net/http/httputil"
	"net/url"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// apart is a `postern serve` of its own in front of the store of a `postern dev`, as in production: browsers find it at uploads, and
// its end isn't the store's.
type apart struct {
	t      *testing.T
	wire   *wire
	config string
	secret string
	cmd    *exec.Cmd
	log    logbook
}

const apartConfig = `
listen: 127.0.0.1:0
public_url: ` + uploads + `
keys: {tokens: ["env:TOKEN_KEY"]}
store: {provider: versity, region: us-east-1, endpoint: %q, path_style: true}
profiles:
  files: {bucket: ` + bucket + `, key: "users/{subject}/{id}{ext}", types: ["*/*"], size: 1..5TiB, access: public, lifetime: %s}
`

// newApart starts the server; p has to allow uploads as an origin. URLs are good for that long.
func newApart(t *testing.T, w *wire, p *postern, lifetime time.Duration) *apart {
	t.Helper()
	a := &apart{t: t, wire: w, secret: strings.TrimSpace(string(readFile(t, filepath.Join(p.Data, "store.key"))))}
	a.config = fileWith(t, "postern.yaml", fmt.Appendf(nil, apartConfig, p.Store, lifetime))
	a.start()
	t.Cleanup(func() {
		a.kill()
		if t.Failed() {
			t.Logf("log of postern serve:\n%s", &a.log)
		}
	})
	return a
}

// start may follow kill: the new server knows nothing of what the old one did.
func (a *apart) start() {
	a.t.Helper()
	a.cmd = exec.Command(program, "serve", "--config", a.config)
	a.cmd.Env = append(environment(), "TOKEN_KEY=a key for the tokens of a server apart", "AWS_ACCESS_KEY_ID=postern-dev", "AWS_SECRET_ACCESS_KEY="+a.secret)
	a.cmd.Stderr = &a.log
	stdout, err := a.cmd.StdoutPipe()
	must(a.t, err)
	must(a.t, a.cmd.Start())
	said, err := bufio.NewReader(stdout).ReadString('\n')
	found := ready.FindStringSubmatch(strings.TrimSpace(said))
	if found == nil {
		a.t.Fatalf("postern serve said %q instead of being ready: %v\n%s", said, err, &a.log)
	}
	base, err := url.Parse(found[1])
	must(a.t, err)
	proxy := &httputil.ReverseProxy{
		Rewrite:      func(r *httputil.ProxyRequest) { r.SetURL(base); r.Out.Host = r.In.Host },
		ErrorHandler: func(http.ResponseWriter, *http.Request, error) { panic(http.ErrAbortHandler) },
	}
	a.wire.host(strings.TrimPrefix(uploads, "http://"), proxy)
}

// kill ends the server without a warning.
func (a *apart) kill() {
	_ = a.cmd.Process.Kill()
	_ = a.cmd.Wait()
}
