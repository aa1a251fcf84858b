package e2e

import (
	"bytes"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"sync"
	"testing"
	"time"
)

// exchange is one request that went over a wire.
type exchange struct {
	Method, Host, Path, Query string
	Type                      string // Content-Type of the request
	Sent                      int64  // bytes of the request's body that were read from the browser
	Head                      []byte // the first of those bytes, up to headLimit
	Line                      int64  // bytes that arrived for it, those nobody read included
	Status                    int    // 0 while unanswered
	Began, Answered           time.Time
	Done, Cut                 bool // over; over because its connection broke
}

// headLimit is enough to keep every JSON body whole.
const headLimit = 64 << 10

// wire is the line between a browser and everything else: a forward proxy that counts, delays and
// cuts. The browser still sees the real origins, so nothing about cross-origin rules changes.
type wire struct {
	server *httptest.Server
	lines  *lines
	proxy  *httputil.ReverseProxy

	mu     sync.Mutex
	delay  time.Duration
	fault  func(http.ResponseWriter, *http.Request) bool
	hosts  map[string]http.Handler
	seen   []*exchange
	active map[string]int
	peak   map[string]int
}

// newWire opens a line without delay or fault.
func newWire(t *testing.T) *wire {
	t.Helper()
	w := &wire{active: map[string]int{}, peak: map[string]int{}, hosts: map[string]http.Handler{}}
	w.proxy = &httputil.ReverseProxy{
		Rewrite:       func(r *httputil.ProxyRequest) { r.Out.Host = r.In.Host },
		Transport:     &http.Transport{DisableCompression: true, MaxIdleConnsPerHost: 32, DialContext: dialNarrow},
		FlushInterval: -1,
		ErrorHandler:  func(http.ResponseWriter, *http.Request, error) { panic(http.ErrAbortHandler) },
		ErrorLog:      log.New(io.Discard, "", 0),
	}
	w.server = httptest.NewUnstartedServer(w)
	w.server.Config.ErrorLog = w.proxy.ErrorLog
	w.lines = &lines{Listener: w.server.Listener, wire: w, open: map[*line]bool{}}
	w.server.Listener, w.server.Config.ConnContext = w.lines, remember
	w.server.Start()
	t.Cleanup(w.server.Close)
	return w
}

// slow delays every request from now on, as a line with that latency would.
func (w *wire) slow(delay time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.delay = delay
}

// fail lets the function answer requests in place of the far end; it returns false to let one pass.
// A panic with http.ErrAbortHandler cuts the connection.
func (w *wire) fail(fault func(http.ResponseWriter, *http.Request) bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.fault = fault
}

// host lets the line lead to a handler whenever the browser asks for that host, so that pages of
// any origin can be had.
func (w *wire) host(name string, handler http.Handler) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.hosts[name] = handler
}

func (w *wire) ServeHTTP(rw http.ResponseWriter, r *http.Request) {
	if !r.URL.IsAbs() {
		http.Error(rw, "loopback only", http.StatusBadGateway)
		return
	}
	x, delay, fault := w.begin(r)
	whole := false
	defer func() { w.end(r, x, whole) }()
	r.Body = &counted{ReadCloser: r.Body, wire: w, exchange: x}
	time.Sleep(delay)
	answer := &noted{ResponseWriter: rw, wire: w, exchange: x}
	switch host := w.hostOf(r); {
	case fault != nil && fault(answer, r):
	case host != nil:
		host.ServeHTTP(answer, r)
	default:
		w.proxy.ServeHTTP(answer, r)
	}
	whole = true
}

func (w *wire) hostOf(r *http.Request) http.Handler {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.hosts[r.URL.Host]
}

func (w *wire) begin(r *http.Request) (*exchange, time.Duration, func(http.ResponseWriter, *http.Request) bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	x := &exchange{
		Method: r.Method, Host: r.URL.Host, Path: r.URL.Path, Query: r.URL.RawQuery, Type: r.Header.Get("Content-Type"), Began: time.Now(),
	}
	lineOf(r).now = x
	w.seen = append(w.seen, x)
	kind := r.Method + " " + r.URL.Host
	w.active[kind]++
	w.peak[kind] = max(w.peak[kind], w.active[kind])
	return x, w.delay, w.fault
}

func (w *wire) end(r *http.Request, x *exchange, whole bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.active[r.Method+" "+r.URL.Host]--
	x.Done, x.Cut = true, !whole
}

// exchanges returns copies of what went to the host so far, oldest first; an empty method stands
// for all.
func (w *wire) exchanges(host, method string) []exchange {
	w.mu.Lock()
	defer w.mu.Unlock()
	var found []exchange
	for _, x := range w.seen {
		if x.Host == host && (method == "" || x.Method == method) {
			found = append(found, *x)
		}
	}
	return found
}

// most returns how many requests of the method to the host were under way at once.
func (w *wire) most(method, host string) int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.peak[method+" "+host]
}

// counted notes the bytes of a request's body as they pass.
type counted struct {
	io.ReadCloser
	wire     *wire
	exchange *exchange
}

func (c *counted) Read(p []byte) (int, error) {
	n, err := c.ReadCloser.Read(p)
	c.wire.mu.Lock()
	defer c.wire.mu.Unlock()
	c.exchange.Sent += int64(n)
	if room := headLimit - len(c.exchange.Head); room > 0 {
		c.exchange.Head = append(bytes.Clone(c.exchange.Head), p[:min(n, room)]...)
	}
	return n, err
}

// noted notes the status of an answer.
type noted struct {
	http.ResponseWriter
	wire     *wire
	exchange *exchange
}

func (n *noted) WriteHeader(status int) {
	n.wire.mu.Lock()
	n.exchange.Status, n.exchange.Answered = status, time.Now()
	n.wire.mu.Unlock()
	n.ResponseWriter.WriteHeader(status)
}

// Unwrap lets the proxy flush.
func (n *noted) Unwrap() http.ResponseWriter { return n.ResponseWriter }
