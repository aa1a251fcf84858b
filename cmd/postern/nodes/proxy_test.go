package nodes

import (
	"bytes"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"sync"
	"testing"
)

// proxy is a load balancer in front of the servers of a site. It tries another server only where
// that is safe: where the first one took no connection, or the request changes nothing.
type proxy struct {
	*httptest.Server
	mu    sync.Mutex
	hosts []string // of the servers
	next  int
}

func startProxy(t *testing.T) *proxy {
	t.Helper()
	p := &proxy{}
	p.Server = httptest.NewServer(&httputil.ReverseProxy{Transport: p, ErrorHandler: unanswered, ErrorLog: log.New(io.Discard, "", 0), Rewrite: func(r *httputil.ProxyRequest) {
		r.SetURL(&url.URL{Scheme: "http", Host: "postern"})
		r.Out.Host = r.In.Host
	}})
	t.Cleanup(p.Close)
	return p
}

// unanswered is the answer where no server gave one.
func unanswered(w http.ResponseWriter, _ *http.Request, _ error) {
	w.WriteHeader(http.StatusBadGateway)
}

// use sends requests to a server from now on, in the place of the one with the same number.
func (p *proxy) use(number int, address string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	host := address[len("http://"):]
	if number == len(p.hosts) {
		p.hosts = append(p.hosts, host)
	}
	p.hosts[number] = host
}

// choices are the servers in the order in which they are tried.
func (p *proxy) choices() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.next++
	first := p.next % len(p.hosts)
	return append(append([]string(nil), p.hosts[first:]...), p.hosts[:first]...)
}

// RoundTrip implements http.RoundTripper.
func (p *proxy) RoundTrip(request *http.Request) (answer *http.Response, err error) {
	var body []byte
	if request.Body != nil {
		if body, err = io.ReadAll(request.Body); err != nil {
			return nil, err
		}
	}
	for _, host := range p.choices() {
		attempt := request.Clone(request.Context())
		attempt.URL.Host, attempt.Body = host, nil
		if len(body) > 0 {
			attempt.Body = io.NopCloser(bytes.NewReader(body))
		}
		answer, err = http.DefaultTransport.RoundTrip(attempt)
		var failed *net.OpError
		if err == nil || request.Method != http.MethodGet && !(errors.As(err, &failed) && failed.Op == "dial") {
			break
		}
	}
	return answer, err
}
