package e2e

import (
	"bytes"

	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync"
	"testing"
	"testing/iotest"
	"time"
)

// recordedRequest is what the proxy has noted about one request.
type recordedRequest struct {
	Method, Host, Path, Query string
	ContentType               string // of the request
	BodyRead                  int64  // bytes of the request's body that were read from the browser
	BodyStart                 []byte // the first of those bytes, up to bodyStartLimit
	Received                  int64  // bytes that arrived on the connection for it, including unread ones
	Status                    int    // of the response; 0 before there is one
	Started, Answered         time.Time
	Done                      bool // whether the request is over
	Broken                    bool // whether it ended because its connection broke
}

// bodyStartLimit, in bytes, is larger than any JSON body.
const bodyStartLimit = 64 << 10

// proxy is a forward proxy between a browser and all servers. It records requests and can delay
// them, answer them itself and break connections. The browser still uses the real origins, so
// cross-origin rules apply as usual.
type proxy struct {
	server   *httptest.Server
	listener *proxyListener
	forward  *httputil.ReverseProxy

	mu          sync.Mutex
	delay       time.Duration
	interceptor interceptor
	hosts       map[string]http.Handler
	tunnels     map[string]string // addresses of servers with TLS, by host and port
	tickets     map[string]string // by host
	recorded    []*recordedRequest
	active      map[string]int // requests under way, by method and host
	peak        map[string]int // the largest values of active
	reporting   bool           // whether pages report what goes wrong in them
	problems    []string       // what they have reported
	before      string         // statements that run in them before their own scripts
}

// interceptor may answer a request in place of its server. It returns false to let the request
// pass. A panic with http.ErrAbortHandler breaks the connection.
type interceptor func(http.ResponseWriter, *http.Request) bool

// newProxy starts a proxy without delay or faults.
func newProxy(t *testing.T) *proxy {
	t.Helper()
	p := &proxy{tickets: map[string]string{}, active: map[string]int{}, peak: map[string]int{}, hosts: map[string]http.Handler{}, tunnels: map[string]string{}}
	p.forward = &httputil.ReverseProxy{
		Rewrite:       func(r *httputil.ProxyRequest) { r.Out.Host = r.In.Host },
		Transport:     &http.Transport{DisableCompression: true, MaxIdleConnsPerHost: 32, DialContext: dialWithSmallBuffer},
		FlushInterval: -1,
		ErrorHandler:  func(http.ResponseWriter, *http.Request, error) { panic(http.ErrAbortHandler) },
		ErrorLog:      log.New(io.Discard, "", 0),
	}
	p.server = httptest.NewUnstartedServer(p)
	p.server.Config.ErrorLog = p.forward.ErrorLog
	p.listener = &proxyListener{Listener: p.server.Listener, proxy: p, conns: map[*proxyConn]bool{}}
	p.server.Listener, p.server.Config.ConnContext = p.listener, withConn
	p.server.Start()
	t.Cleanup(p.server.Close)
	return p
}

// setDelay delays every request from now on.
func (p *proxy) setDelay(delay time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.delay = delay
}

// forget ends what a test has asked for and forgets all requests, so that another test can use the
// proxy.
func (p *proxy) forget() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.delay, p.interceptor, p.recorded, p.problems, p.before = 0, nil, nil, nil, ""
	p.listener.rate, p.listener.broken, p.listener.paused = 0, false, nil
	clear(p.hosts)
	clear(p.tickets)
	clear(p.peak)
}

// intercept calls the function for every request from now on; nil ends that.
func (p *proxy) intercept(by interceptor) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.interceptor = by
}

// hold stops requests before they reach their server, until release is called or the test ends.
func (p *proxy) hold(t *testing.T, which func(*http.Request) bool) (release func()) {
	t.Helper()
	released := make(chan struct{})
	release = sync.OnceFunc(func() { close(released) })
	t.Cleanup(release)
	p.intercept(func(_ http.ResponseWriter, r *http.Request) bool {
		if which(r) {
			<-released
		}
		return false
	})
	return release
}

// serveHost sends requests for a host to a handler, so that a test can have pages of any origin.
func (p *proxy) serveHost(name string, handler http.Handler) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.hosts[name] = handler
}

// serveTLS sends encrypted connections for a host and port to a handler, with a certificate of no
// authority.
func (p *proxy) serveTLS(t *testing.T, host string, handler http.Handler) {
	t.Helper()
	server := httptest.NewUnstartedServer(handler)
	server.Config.ErrorLog = discardLog
	server.StartTLS()
	t.Cleanup(server.Close)
	p.mu.Lock()
	defer p.mu.Unlock()
	p.tunnels[host] = server.Listener.Addr().String()
}

// tunnel passes on an encrypted connection to a host of serveTLS.
func (p *proxy) tunnel(w http.ResponseWriter, r *http.Request) {
	p.mu.Lock()
	address := p.tunnels[r.URL.Host]
	p.mu.Unlock()
	server, err := net.Dial("tcp", address)
	if address == "" || err != nil {
		http.Error(w, "only http, but for hosts of serveTLS", http.StatusBadGateway)
		return
	}
	defer server.Close()
	client, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		return
	}
	defer client.Close()
	_, _ = io.WriteString(client, "HTTP/1.1 200 Connection established\r\n\r\n")
	go func() {
		defer server.Close()
		_, _ = io.Copy(server, client)
	}()
	_, _ = io.Copy(client, server)
}

var discardLog = log.New(io.Discard, "", 0)

// logIn adds a ticket to every request for a host, as the cookies of a session would; "" logs out.
func (p *proxy) logIn(host, ticket string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.tickets[host] = ticket
}

// ServeHTTP records a request and passes it on.
func (p *proxy) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method == http.MethodConnect {
		p.tunnel(w, r)
		return
	}
	if !r.URL.IsAbs() {
		http.Error(w, "only http, and only by proxy", http.StatusBadGateway)
		return
	}
	if p.reporting {
		if r.URL.Path == problemsPath {
			p.keepProblem(r)
			return
		}
		w = p.reportProblems(w, r)
	}
	record, delay, intercept := p.recordStart(r)
	complete := false
	defer func() { p.recordEnd(r, record, complete) }()
	r.Body = &bodyRecorder{ReadCloser: r.Body, proxy: p, record: record}
	time.Sleep(delay)
	recorder := &statusRecorder{ResponseWriter: w, proxy: p, record: record}
	switch host := p.handlerFor(r); {
	case intercept != nil && intercept(recorder, r):
	case host != nil:
		host.ServeHTTP(recorder, r)
	default:
		p.forward.ServeHTTP(recorder, r)
	}
	complete = true
}

func (p *proxy) handlerFor(r *http.Request) http.Handler {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.hosts[r.URL.Host]
}

func (p *proxy) recordStart(r *http.Request) (*recordedRequest, time.Duration, interceptor) {
	p.mu.Lock()
	defer p.mu.Unlock()
	record := &recordedRequest{
		Method: r.Method, Host: r.URL.Host, Path: r.URL.Path, Query: r.URL.RawQuery, ContentType: r.Header.Get("Content-Type"), Started: time.Now(),
	}
	connOf(r).current = record
	if ticket := p.tickets[r.URL.Host]; ticket != "" && r.Header.Get("Authorization") == "" {
		r.Header.Set("Authorization", "Bearer "+ticket)
	}
	p.recorded = append(p.recorded, record)
	kind := r.Method + " " + r.URL.Host
	p.active[kind]++
	p.peak[kind] = max(p.peak[kind], p.active[kind])
	return record, p.delay, p.interceptor
}

func (p *proxy) recordEnd(r *http.Request, record *recordedRequest, complete bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.active[r.Method+" "+r.URL.Host]--
	record.Done, record.Broken = true, !complete
}

// requests returns copies of the requests to a host so far, oldest first. An empty method stands
// for all methods.
func (p *proxy) requests(host, method string) []recordedRequest {
	p.mu.Lock()
	defer p.mu.Unlock()
	var found []recordedRequest
	for _, record := range p.recorded {
		if record.Host == host && (method == "" || record.Method == method) {
			found = append(found, *record)
		}
	}
	return found
}

// maxConcurrent returns how many requests of the method to the host were under way at the same
// time.
func (p *proxy) maxConcurrent(method, host string) int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.peak[method+" "+host]
}

// bodyRecorder records the bytes of a request's body as they are read.
//
// It remembers the end of the body. A Transport reads once more after the last byte, perhaps when
// the response has already begun; net/http's server has closed the body by then, and an error from
// that read would make the Transport close the connection amid the response.
type bodyRecorder struct {
	io.ReadCloser
	proxy  *proxy
	record *recordedRequest
	ended  bool
}

func (b *bodyRecorder) Read(p []byte) (int, error) {
	if b.ended {
		return 0, io.EOF
	}
	n, err := b.ReadCloser.Read(p)
	b.ended = err == io.EOF
	b.proxy.mu.Lock()
	defer b.proxy.mu.Unlock()
	b.record.BodyRead += int64(n)
	if room := bodyStartLimit - len(b.record.BodyStart); room > 0 {
		b.record.BodyStart = append(bytes.Clone(b.record.BodyStart), p[:min(n, room)]...)
	}
	return n, err
}

// statusRecorder records the status of a response.
type statusRecorder struct {
	http.ResponseWriter
	proxy  *proxy
	record *recordedRequest
}

func (s *statusRecorder) WriteHeader(status int) {
	s.proxy.mu.Lock()
	s.record.Status, s.record.Answered = status, time.Now()
	s.proxy.mu.Unlock()
	s.ResponseWriter.WriteHeader(status)
}

// Unwrap lets httputil.ReverseProxy flush.
func (s *statusRecorder) Unwrap() http.ResponseWriter { return s.ResponseWriter }

// The proxy once cut responses short now and then: the browser then showed
// ERR_CONTENT_LENGTH_MISMATCH. bodyRecorder says why.
func TestTheProxyDeliversTheWholeResponseToALongRequest(t *testing.T) {
	t.Parallel()
	const length = 1 << 20
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		_, _ = w.Write(make([]byte, length))
	}))
	t.Cleanup(server.Close)
	p := newProxy(t)
	proxyURL, err := url.Parse(p.server.URL)
	must(t, err)
	client := &http.Client{Transport: &http.Transport{Proxy: func(*http.Request) (*url.URL, error) { return proxyURL, nil }}}
	t.Cleanup(client.CloseIdleConnections)
	for range 200 {
		response, err := client.Post(server.URL, "text/plain", strings.NewReader(strings.Repeat("x", 100_000)))
		must(t, err)
		body, err := io.ReadAll(response.Body)
		must(t, err)
		must(t, response.Body.Close())
		if len(body) != length {
			t.Fatalf("bytes of the response: wanted %d, got %d", length, len(body))
		}
	}
}

func TestTheProxyReadsNothingFromARequestBodyAfterItsEnd(t *testing.T) {
	t.Parallel()
	last := iotest.DataErrReader(strings.NewReader("last bytes"))
	body := &bodyRecorder{ReadCloser: io.NopCloser(io.MultiReader(last)), proxy: &proxy{}, record: &recordedRequest{}}
	_, err := io.ReadAll(body)
	must(t, err)
	body.ReadCloser = io.NopCloser(iotest.ErrReader(http.ErrBodyReadAfterClose))
	if n, err := body.Read(make([]byte, 1)); n != 0 || err != io.EOF {
		t.Errorf("after the end: wanted io.EOF, got %d bytes and %v", n, err)
	}
}
