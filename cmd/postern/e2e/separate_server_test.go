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

// separateServer is a `postern serve` of its own in front of the store of a `postern dev`, as in
// production: browsers find it at uploads, and its end isn't the store's.
type separateServer struct {
	*testserver.Server
	t     *testing.T
	proxy *proxy
}

const separateServerConfig = `
listen: 127.0.0.1:0
public_url: ` + uploadsOrigin + `
keys: {tokens: ["env:TOKEN_KEY"]}
store: {provider: versity, region: us-east-1, endpoint: %q, path_style: true}
profiles:
  files: {bucket: ` + bucket + `, key: "users/{subject}/{id}{ext}", types: ["*/*"], size: 1..5TiB, access: public, lifetime: %s}
`

// startSeparateServer starts the server; p has to allow uploads as an origin. URLs are good for
// that long.
func startSeparateServer(t *testing.T, w *proxy, p *devServer, lifetime time.Duration) *separateServer {
	t.Helper()
	secret := strings.TrimSpace(string(readFile(t, filepath.Join(p.Data, "store.key"))))
	config := writeFile(t, "postern.yaml", fmt.Appendf(nil, separateServerConfig, p.Store, lifetime))
	a := &separateServer{t: t, proxy: w, Server: testserver.Start(t, testserver.Options{
		Path: program, Args: []string{"serve", "--config", config},
		Env: []string{"TOKEN_KEY=a key for the tokens of a server apart", "AWS_ACCESS_KEY_ID=postern-dev", "AWS_SECRET_ACCESS_KEY=" + secret},
	})}
	a.route()
	return a
}

// submitIfNeeded may follow kill: the new server knows nothing of what the old one did.
func (a *separateServer) restart() {
	a.Restart()
	a.route()
}

// kill ends the server without a warning.
func (a *separateServer) kill() { a.Kill() }

// route has the wire lead to where the server is by now.
func (a *separateServer) route() {
	base, err := url.Parse(a.URL)
	must(a.t, err)
	proxy := &httputil.ReverseProxy{
		Rewrite:      func(r *httputil.ProxyRequest) { r.SetURL(base); r.Out.Host = r.In.Host },
		ErrorHandler: func(http.ResponseWriter, *http.Request, error) { panic(http.ErrAbortHandler) },
	}
	a.proxy.serveHost(strings.TrimPrefix(uploadsOrigin, "http://"), proxy)
}
