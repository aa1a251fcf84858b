package e2e

import (
	"cmp"
	"fmt"
	"net/http"
	"net/http/httputil"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/postern-dev/postern/cmd/postern/testserver"
)

// separateServer is a `postern serve` in a process of its own in front of the store of a `postern
// dev`, as in production. Browsers reach it at uploadsOrigin. Its end isn't the end of the store.
type separateServer struct {
	*testserver.Server
	t     *testing.T
	proxy *proxy
}

// separateOptions says how a separate server is configured; the zero value is usable.
type separateOptions struct {
	store    string        // URL of the store; "": that of the dev server
	lifetime time.Duration // of forms and part URLs; 0: 15 minutes
	partSize string        // as a config file has it; "": by the size of the file
	checksum string        // of parts; "": none
	origin   string        // a page that may embed the widget; "": none
	settings string        // further lines of the profile
	// withoutReceipts leaves out the key that signs receipts.
	withoutReceipts bool
}

const separateServerConfig = `
listen: 127.0.0.1:0
public_url: ` + uploadsOrigin + `
keys: {tokens: ["env:TOKEN_KEY"]}
store: {provider: versity, region: us-east-1, endpoint: %q, path_style: true}
profiles:
  files:
    bucket: ` + bucket + `
    key: "users/{subject}/{id}{ext}"
    types: ["*/*"]
    size: 1..5TiB
    access: public
    lifetime: %s
`

// config returns the text of the config file.
func (o separateOptions) config(dev *devServer) []byte {
	text := fmt.Appendf(nil, separateServerConfig, cmp.Or(o.store, dev.Store), cmp.Or(o.lifetime, 15*time.Minute))
	if o.partSize != "" {
		text = fmt.Appendf(text, "    multipart: {part_size: %s}\n", o.partSize)
	}
	if o.checksum != "" {
		text = fmt.Appendf(text, "    checksum: %s\n", o.checksum)
	}
	if o.origin != "" {
		text = fmt.Appendf(text, "    origins: [%q]\n", o.origin)
	}
	for line := range strings.Lines(o.settings) {
		text = fmt.Appendf(text, "    %s", line)
	}
	if !o.withoutReceipts {
		text = append(text, "receipts: {secrets: [\"env:RECEIPT_KEY\"]}\n"...)
	}
	return text
}

// startSeparateServer starts the server. The dev server has to allow uploadsOrigin as an origin.
func startSeparateServer(t *testing.T, p *proxy, dev *devServer, options separateOptions) *separateServer {
	t.Helper()
	config := writeFile(t, "postern.yaml", options.config(dev))
	s := &separateServer{t: t, proxy: p, Server: testserver.Start(t, testserver.Options{
		Path: program, Args: []string{"serve", "--config", config},
		Env: []string{"TOKEN_KEY=the token key of a separate server", "RECEIPT_KEY=the receipt key of a separate server", "AWS_ACCESS_KEY_ID=postern-dev", "AWS_SECRET_ACCESS_KEY=" + dev.key("store.key")},
	})}
	s.route()
	return s
}

// Restart starts the server again after it was killed. The new process knows nothing of what the
// old one did.
func (s *separateServer) Restart() {
	s.t.Helper()
	s.Server.Restart()
	s.route()
}

// route sends the requests for uploadsOrigin to the server's present port.
func (s *separateServer) route() {
	s.t.Helper()
	s.proxy.serveHost(strings.TrimPrefix(uploadsOrigin, "http://"), forwardTo(s.t, s.URL))
}

// forwardTo passes requests on without a change: signatures cover the host that the client named.
func forwardTo(t *testing.T, target string) *httputil.ReverseProxy {
	t.Helper()
	base, err := url.Parse(target)
	must(t, err)
	return &httputil.ReverseProxy{
		Rewrite:      func(r *httputil.ProxyRequest) { r.SetURL(base); r.Out.Host = r.In.Host },
		ErrorHandler: func(http.ResponseWriter, *http.Request, error) { panic(http.ErrAbortHandler) },
	}
}
