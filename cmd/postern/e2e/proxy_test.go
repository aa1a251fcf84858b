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

// record is one request that went over a wire.
type recordedRequest struct {
	Method, Host, Path, Query string
	ContentType               string // Content-Type of the request
	BodyRead                  int64  // bytes of the request's body that were read from the browser
	BodyStart                 []byte // the first of those bytes, up to bodyStartLimit
	Received                  int64  // bytes that arrived for it, those nobody read included
	Status                    int    // 0 while unanswered
	Started, Answered         time.Time
	Done, Broken              bool // sampled; over because its connection broke
}

// bodyStartLimit is enough to keep every JSON body whole.
const bodyStartLimit = 64 << 10

// proxy is the line between a browser and everything else: a forward proxy that counts, delays and
// cuts. The browser still sees the real origins, so nothing about cross-origin rules changes.
type proxy struct {
	server   *httptest.Server
	listener *proxyListener
	forward  *httputil.ReverseProxy

	mu          sync.Mutex
	delay       time.Duration
	interceptor func(http.ResponseWriter, *http.Request) bool
	hosts       map[string]http.Handler
	recorded    []*recordedRequest
	active      map[string]int
	peak        map[string]int
}

// newProxy opens a line without delay or fault.
func newProxy(t *testing.T) *proxy {
	t.Helper()
	w := &proxy{active: map[string]int{}, peak: map[string]int{}, hosts: map[string]http.Handler{}}
	w.forward = &httputil.ReverseProxy{
		Rewrite:       func(r *httputil.ProxyRequest) { r.Out.Host = r.In.Host },
		Transport:     &http.Transport{DisableCompression: true, MaxIdleConnsPerHost: 32, DialContext: dialWithSmallBuffer},
		FlushInterval: -1,
		ErrorHandler:  func(http.ResponseWriter, *http.Request, error) { panic(http.ErrAbortHandler) },
		ErrorLog:      log.New(io.Discard, "", 0),
	}
	w.server = httptest.NewUnstartedServer(w)
	w.server.Config.ErrorLog = w.forward.ErrorLog
	w.listener = &proxyListener{Listener: w.server.Listener, proxy: w, conns: map[*proxyConn]bool{}}
	w.server.Listener, w.server.Config.ConnContext = w.listener, withConn
	w.server.Start()
	t.Cleanup(w.server.Close)
	return w
}

// setDelay delays every request from now on, as a line with that latency would.
func (w *proxy) setDelay(delay time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.delay = delay
}

// intercept lets the function answer requests in place of the far end; it returns false to let one pass.
// A panic with http.ErrAbortHandler cuts the connection.
func (w *proxy) intercept(fault func(http.ResponseWriter, *http.Request) bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.interceptor = fault
}

// serveHost lets the line lead to a handler whenever the browser asks for that host, so that pages of
// any origin can be had.
func (w *proxy) serveHost(name string, handler http.Handler) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.hosts[name] = handler
}

func (w *proxy) ServeHTTP(rw http.ResponseWriter, r *http.Request) {
	if !r.URL.IsAbs() {
		http.Error(rw, "loopback only", http.StatusBadGateway)
		return
	}
	x, delay, fault := w.recordStart(r)
	whole := false
	defer func() { w.recordEnd(r, x, whole) }()
	r.Body = &bodyRecorder{ReadCloser: r.Body, proxy: w, record: x}
	time.Sleep(delay)
	answer := &statusRecorder{ResponseWriter: rw, proxy: w, record: x}
	switch host := w.handlerFor(r); {
	case fault != nil && fault(answer, r):
	case host != nil:
		host.ServeHTTP(answer, r)
	default:
		w.forward.ServeHTTP(answer, r)
	}
	whole = true
}

func (w *proxy) handlerFor(r *http.Request) http.Handler {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.hosts[r.URL.Host]
}

func (w *proxy) recordStart(r *http.Request) (*recordedRequest, time.Duration, func(http.ResponseWriter, *http.Request) bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	x := &recordedRequest{
		Method: r.Method, Host: r.URL.Host, Path: r.URL.Path, Query: r.URL.RawQuery, ContentType: r.Header.Get("Content-Type"), Started: time.Now(),
	}
	connOf(r).current = x
	w.recorded = append(w.recorded, x)
	kind := r.Method + " " + r.URL.Host
	w.active[kind]++
	w.peak[kind] = max(w.peak[kind], w.active[kind])
	return x, w.delay, w.interceptor
}

func (w *proxy) recordEnd(r *http.Request, x *recordedRequest, whole bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.active[r.Method+" "+r.URL.Host]--
	x.Done, x.Broken = true, !whole
}

// requests returns copies of what went to the host so far, oldest first; an empty method stands
// for all.
func (w *proxy) requests(host, method string) []recordedRequest {
	w.mu.Lock()
	defer w.mu.Unlock()
	var found []recordedRequest
	for _, x := range w.recorded {
		if x.Host == host && (method == "" || x.Method == method) {
			found = append(found, *x)
		}
	}
	return found
}

// maxConcurrent returns how many requests of the method to the host were under way at once.
func (w *proxy) maxConcurrent(method, host string) int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.peak[method+" "+host]
}

// bodyRecorder notes the bytes of a request's body as they pass.
type bodyRecorder struct {
	io.ReadCloser
	proxy  *proxy
	record *recordedRequest
}

func (c *bodyRecorder) Read(p []byte) (int, error) {
	n, err := c.ReadCloser.Read(p)
	c.proxy.mu.Lock()
	defer c.proxy.mu.Unlock()
	c.record.BodyRead += int64(n)
	if room := bodyStartLimit - len(c.record.BodyStart); room > 0 {
		c.record.BodyStart = append(bytes.Clone(c.record.BodyStart), p[:min(n, room)]...)
	}
	return n, err
}

// statusRecorder notes the status of an answer.
type statusRecorder struct {
	http.ResponseWriter
	proxy  *proxy
	record *recordedRequest
}

func (n *statusRecorder) WriteHeader(status int) {
	n.proxy.mu.Lock()
	n.record.Status, n.record.Answered = status, time.Now()
	n.proxy.mu.Unlock()
	n.ResponseWriter.WriteHeader(status)
}

// Unwrap lets the proxy flush.
func (n *statusRecorder) Unwrap() http.ResponseWriter { return n.ResponseWriter }
