package main

import (
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/postern-dev/postern/cmd/postern/testserver"
)

// serverProxy passes requests on to a server, whose address it gets later, and does to them what a
// test asks for.
type serverProxy struct {
	*httptest.Server
	mu     sync.Mutex // guards the rest
	target *url.URL
	around func(pass http.Handler) http.Handler
}

func newServerProxy(t *testing.T) *serverProxy {
	t.Helper()
	p := &serverProxy{}
	pass := &httputil.ReverseProxy{ErrorLog: log.New(io.Discard, "", 0), Rewrite: func(r *httputil.ProxyRequest) {
		p.mu.Lock()
		defer p.mu.Unlock()
		r.SetURL(p.target)
		r.Out.Host = r.In.Host
	}}
	p.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		p.mu.Lock()
		handler := http.Handler(pass)
		if p.around != nil {
			handler = p.around(pass)
		}
		p.mu.Unlock()
		handler.ServeHTTP(w, r)
	}))
	t.Cleanup(p.Close)
	return p
}

func (p *serverProxy) set(around func(http.Handler) http.Handler) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.around = around
}

// rewrite changes requests before they are passed on.
func rewrite(change func(*http.Request)) func(http.Handler) http.Handler {
	return func(pass http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			change(r)
			pass.ServeHTTP(w, r)
		})
	}
}

// answerInstead answers requests itself where refuses says so.
func answerInstead(status int, refuses func(*http.Request) bool) func(http.Handler) http.Handler {
	return func(pass http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if refuses(r) {
				w.Header().Set("Server", "seeded")
				w.Header().Set("Location", "/elsewhere")
				w.WriteHeader(status)
				return
			}
			pass.ServeHTTP(w, r)
		})
	}
}

// answerBroken writes the beginning of an answer and closes the connection.
func answerBroken(begin string) func(http.Handler) http.Handler {
	return func(http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			connection, _, err := w.(http.Hijacker).Hijack()
			if err != nil {
				return
			}
			_, _ = io.WriteString(connection, begin)
			_ = connection.Close()
		})
	}
}

func TestDoctorNamesWhatAProxyDoesToRequests(t *testing.T) {
	store, _ := startFaultyStore(t)
	proxy := newServerProxy(t)
	name := filepath.Join(t.TempDir(), "postern.yaml")
	config := strings.NewReplacer("LISTEN", testserver.AnyPort, "STORE", store.URL(), "http://127.0.0.1:1", proxy.URL+"/up", `, origins: ["https://app.example.com"]`, "").Replace(soundConfig)
	write(t, name, config)
	if applied := invoke(t, doctorEnvironment, "setup", "--config", name, "--apply"); applied.code != exitDone {
		t.Fatalf("setup: %+v", applied)
	}
	env := []string{"AWS_ACCESS_KEY_ID=operator", "AWS_SECRET_ACCESS_KEY=" + serveSecret}
	for key, value := range doctorEnvironment {
		env = append(env, key+"="+value)
	}
	s := start(t, env, "serve", "--config", name)
	target, err := url.Parse(s.URL)
	if err != nil {
		t.Fatal(err)
	}
	proxy.mu.Lock()
	proxy.target = target
	proxy.mu.Unlock()
	for _, c := range []struct {
		name         string
		around       func(http.Handler) http.Handler
		code, remedy string // "" where nothing is wrong
	}{
		{"passes everything on", nil, "", ""},
		{"takes the path of the public URL off", rewrite(func(r *http.Request) { r.URL.Path = strings.TrimPrefix(r.URL.Path, "/up") }), "", ""},
		{"takes more of the path off", rewrite(func(r *http.Request) { r.URL.Path = r.URL.Path[strings.LastIndex(r.URL.Path, "/"):] }), "server_path", "proxy_pass"},
		{"changes the path", rewrite(func(r *http.Request) { r.URL.Path = "/other" + r.URL.Path }), "server_path", "without a path behind the address, in location /up"},
		{"changes Host", rewrite(func(r *http.Request) { r.Host = "backend.internal" }), "server_host", "proxy_set_header Host $host"},
		{"limits bodies", answerInstead(413, func(r *http.Request) bool { return r.ContentLength > 64<<10 }), "server_body_limit", "client_max_body_size"},
		{"limits headers", answerInstead(431, func(r *http.Request) bool { return len(r.Header.Get("Cookie")) > 8<<10 }), "server_header_limit", "large_client_header_buffers"},
		{"redirects", answerInstead(301, func(*http.Request) bool { return true }), "server_redirects", "public_url:"},
		{"answers itself", answerInstead(200, func(*http.Request) bool { return true }), "server_other", "passes requests to"},
		{"doesn't reach the server", answerInstead(502, func(*http.Request) bool { return true }), "server_not_reached", "proxy_pass http://"},
		{"doesn't reach the server by POST", answerInstead(504, func(r *http.Request) bool { return r.Method == "POST" }), "server_not_reached", "postern serve --config"},
		{"closes the connection", answerBroken(""), "server_broken", "the proxy in front of Postern"},
		{"cuts answers", answerBroken("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\no"), "server_broken", "the proxy in front of Postern"},
		{"answers pages itself", answerInstead(404, func(r *http.Request) bool { return strings.Contains(r.URL.Path, "/forms/") }), "server_other", "every path"},
		{"answers POST itself", answerInstead(403, func(r *http.Request) bool { return r.Method == "POST" }), "server_other", "every method"},
	} {
		t.Run(c.name, func(t *testing.T) {
			proxy.set(c.around)
			result, got := examine(t, config)
			if c.code == "" {
				if len(faults(result.Findings)) > 0 {
					t.Errorf("%+v", faults(result.Findings))
				}
				return
			}
			if got.code != exitFailed || len(faults(result.Findings)) != 1 || result.Findings[0].Code != c.code || !strings.Contains(result.Findings[0].Remedy, c.remedy) {
				t.Errorf("wanted %s with %q alone, got exit code %d and %+v", c.code, c.remedy, got.code, result.Findings)
			}
		})
	}
	t.Run("leads to a server with other keys", func(t *testing.T) {
		proxy.set(nil)
		other := strings.Replace(config, `tokens: ["env:TOKEN_KEY"]`, `tokens: ["env:TICKET_KEY"]`, 1)
		other = strings.Replace(other, `tickets: {secret: "env:TICKET_KEY"}`, `tickets: {secret: "env:TOKEN_KEY"}`, 1)
		result, _ := examine(t, other)
		if len(result.Findings) == 0 || result.Findings[0].Code != "server_differs" || !strings.Contains(result.Findings[0].Remedy, "restart the server: postern serve --config") {
			t.Errorf("got %+v", result.Findings)
		}
	})
}

// TestDoctorTellsACertificateThatIsntValid: the public URL has TLS of an authority that nobody
// knows.
func TestDoctorTellsACertificateThatIsntValid(t *testing.T) {
	store, _ := startFaultyStore(t)
	site := httptest.NewUnstartedServer(http.NotFoundHandler())
	site.Config.ErrorLog = log.New(io.Discard, "", 0)
	site.StartTLS()
	defer site.Close()
	config := strings.NewReplacer("LISTEN", testserver.AnyPort, "STORE", store.URL(), "http://127.0.0.1:1", site.URL).Replace(soundConfig)
	result, _ := examine(t, config)
	for _, f := range result.Findings {
		if f.Code == "server_tls" && strings.Contains(f.Evidence, "certificate") {
			return
		}
	}
	t.Errorf("got %+v", result.Findings)
}
