package e2e

import (
	"fmt"
	"net/http"
	"net/http/httputil"
	"net/url"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/postern-dev/postern/cmd/postern/testserver"
)

// apart is a `postern serve` of its own in front of the store of a `postern dev`, as in production:
// browsers find it at uploads, and its end isn't the store's.
type apart struct {
	*testserver.Server
	t    *testing.T
	wire *wire
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
	secret := strings.TrimSpace(string(readFile(t, filepath.Join(p.Data, "store.key"))))
	config := fileWith(t, "postern.yaml", fmt.Appendf(nil, apartConfig, p.Store, lifetime))
	a := &apart{t: t, wire: w, Server: testserver.Start(t, testserver.Options{
		Path: program, Args: []string{"serve", "--config", config},
		Env: []string{"TOKEN_KEY=a key for the tokens of a server apart", "AWS_ACCESS_KEY_ID=postern-dev", "AWS_SECRET_ACCESS_KEY=" + secret},
	})}
	a.lead()
	return a
}

// start may follow kill: the new server knows nothing of what the old one did.
func (a *apart) start() {
	a.Again()
	a.lead()
}

// kill ends the server without a warning.
func (a *apart) kill() { a.Kill() }

// lead has the wire lead to where the server is by now.
func (a *apart) lead() {
	base, err := url.Parse(a.URL)
	must(a.t, err)
	proxy := &httputil.ReverseProxy{
		Rewrite:      func(r *httputil.ProxyRequest) { r.SetURL(base); r.Out.Host = r.In.Host },
		ErrorHandler: func(http.ResponseWriter, *http.Request, error) { panic(http.ErrAbortHandler) },
	}
	a.wire.host(strings.TrimPrefix(uploads, "http://"), proxy)
}
