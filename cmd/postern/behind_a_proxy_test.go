package main

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"net/http"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/postern-dev/postern/cmd/postern/testclient"
	"github.com/postern-dev/postern/cmd/postern/testserver"
	"github.com/postern-dev/postern/cmd/postern/testtools"
	"github.com/postern-dev/postern/handlers/uploads"
)

// proxied is a proxy program in front of a serve.
type proxied struct {
	address string // of the proxy
	roots   *x509.CertPool
}

// client returns a browser's client from a source address of this machine: every name leads to the
// proxy.
func (p proxied) client(source string, http2 bool) *http.Client {
	dialer := &net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(source)}, Timeout: testserver.Timeout}
	transport := &http.Transport{
		TLSClientConfig:   &tls.Config{RootCAs: p.roots},
		ForceAttemptHTTP2: http2,
		DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
			return dialer.DialContext(ctx, network, p.address)
		},
	}
	if !http2 {
		transport.TLSNextProto = map[string]func(string, *tls.Conn) http.RoundTripper{}
	}
	return &http.Client{Transport: transport, Timeout: testserver.Timeout, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
}

// selfSigned writes a certificate for the names of the documentation, and its key.
func selfSigned(t *testing.T) (certificate, key string, roots *x509.CertPool) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "postern tests"}, NotBefore: time.Now().Add(-time.Hour),
		NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true, DNSNames: []string{"uploads.example.com", "example.com"}}
	made, err := x509.CreateCertificate(rand.Reader, template, template, private.Public(), private)
	if err != nil {
		t.Fatal(err)
	}
	encoded, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	certificate, key, roots = filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem"), x509.NewCertPool()
	text := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: made})
	write(t, certificate, string(text))
	write(t, key, string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: encoded})))
	roots.AppendCertsFromPEM(text)
	return certificate, key, roots
}

// freeAddress is an address that was free a moment ago: these programs can't tell which one they
// got.
func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", testserver.AnyPort)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	return l.Addr().String()
}

// debianProgram returns where Debian puts a program of servers: its folder isn't on everybody's
// path.
func debianProgram(t *testing.T, name string) string {
	t.Helper()
	if _, err := exec.LookPath(name); err != nil {
		if _, err := os.Stat("/usr/sbin/" + name); err == nil {
			return "/usr/sbin/" + name
		}
	}
	testtools.Want(t, name)
	return name
}

// runProxy runs a program until the test ends, and waits until it takes connections.
func runProxy(t *testing.T, dir, address, program string, args ...string) {
	t.Helper()
	cmd := exec.Command(debianProgram(t, program), args...)
	var log testserver.LogBuffer
	cmd.Dir, cmd.Stdout, cmd.Stderr = dir, &log, &log
	cmd.Env = append(os.Environ(), "HOME="+dir, "XDG_DATA_HOME="+dir, "XDG_CONFIG_HOME="+dir)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() { _ = cmd.Wait(); close(ended) }()
	t.Cleanup(func() {
		_ = cmd.Process.Signal(syscall.SIGTERM)
		<-ended
		if t.Failed() {
			t.Logf("%s: %s", program, log.String())
		}
	})
	waitUntil(t, program+" takes connections", func() bool {
		select {
		case <-ended:
			t.Fatalf("%s ended: %s", program, log.String())
		default:
		}
		c, err := net.Dial("tcp", address)
		if err == nil {
			_ = c.Close()
		}
		return err == nil
	})
}

// startNginx runs Debian's nginx with a server block.
func startNginx(t *testing.T, block, backend string) proxied {
	t.Helper()
	certificate, key, roots := selfSigned(t)
	address, dir := freeAddress(t), t.TempDir()
	block = replaceOnce(t, block, "listen 443 ssl http2;", "listen "+address+" ssl http2;")
	block = replaceOnce(t, block, "/etc/ssl/certs/uploads.example.com.pem", certificate)
	block = replaceOnce(t, block, "/etc/ssl/private/uploads.example.com.key", key)
	block = replaceOnce(t, block, "http://127.0.0.1:8080", backend)
	me, err := user.Current()
	if err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(dir, "nginx.conf"), "daemon off;\nuser "+me.Username+";\nworker_processes 1;\npid nginx.pid;\nerror_log stderr;\nevents {}\n"+
		"http {\naccess_log off;\nclient_body_temp_path body;\nproxy_temp_path proxy;\nfastcgi_temp_path fastcgi;\nuwsgi_temp_path uwsgi;\nscgi_temp_path scgi;\n"+block+"\n}\n")
	runProxy(t, dir, address, "nginx", "-p", dir, "-c", filepath.Join(dir, "nginx.conf"), "-e", "stderr")
	return proxied{address, roots}
}

// startCaddy runs Debian's Caddy with a site block, a certificate of ours and without its own
// ports.
func startCaddy(t *testing.T, block, backend string) proxied {
	t.Helper()
	certificate, key, roots := selfSigned(t)
	address, dir := freeAddress(t), t.TempDir()
	_, port, _ := net.SplitHostPort(address)
	block = replaceOnce(t, block, "example.com {\n", "example.com {\n\ttls "+certificate+" "+key+"\n")
	block = replaceOnce(t, block, "127.0.0.1:8080", strings.TrimPrefix(backend, "http://"))
	write(t, filepath.Join(dir, "Caddyfile"), "{\n\tadmin off\n\tauto_https disable_redirects\n\thttps_port "+port+"\n\tdefault_bind 127.0.0.1\n\tservers {\n\t\tprotocols h1 h2\n\t}\n}\n"+block)
	runProxy(t, dir, address, "caddy", "run", "--adapter", "caddyfile", "--config", filepath.Join(dir, "Caddyfile"))
	return proxied{address, roots}
}

func replaceOnce(t *testing.T, text, old, with string) string {
	t.Helper()
	if strings.Count(text, old) != 1 {
		t.Fatalf("wanted %q once in\n%s", old, text)
	}
	return strings.Replace(text, old, with, 1)
}

// behindNginx is a server block of the documentation with the location of a label in it.
func behindNginx(t *testing.T, label string) string {
	t.Helper()
	host := docBlockLabelled(t, "behind-a-proxy.md", "nginx: host")
	if label == "host" {
		return host
	}
	own := regexp.MustCompile(`(?s)    location / \{.*?\n    \}\n`).FindString(host)
	host = replaceOnce(t, host, own, docBlockLabelled(t, "behind-a-proxy.md", "nginx: "+label))
	return replaceOnce(t, host, "server_name uploads.example.com;", "server_name example.com;")
}

func TestProxiesOfTheDocumentation(t *testing.T) {
	store := startStore(t)
	said := docBlocks(t, "behind-a-proxy.md")[0] // the lines for the server's own config
	if said.language != "yaml" {
		t.Fatalf("first block: got %+v", said)
	}
	for _, c := range []struct{ program, label, publicURL string }{
		{"nginx", "host", "https://uploads.example.com"},
		{"nginx", "kept", "https://example.com/up"},
		{"nginx", "stripped", "https://example.com/up"},
		{"caddy", "host", "https://uploads.example.com"},
		{"caddy", "kept", "https://example.com/up"},
		{"caddy", "stripped", "https://example.com/up"},
	} {
		t.Run(c.program+" "+c.label, func(t *testing.T) {
			lines := replaceOnce(t, said.text, "https://uploads.example.com", c.publicURL)
			s, _ := startServe(t, store.URL(), "public_url: http://127.0.0.1:8080\n", lines, "10MiB}", "10MiB, access: public}",
				"\nlisten:", "\nlimits: {issues: 2/1h}\nlisten:")
			var p proxied
			if c.program == "nginx" {
				p = startNginx(t, behindNginx(t, c.label), s.URL)
			} else {
				p = startCaddy(t, docBlockLabelled(t, "behind-a-proxy.md", "caddy: "+c.label), s.URL)
			}
			requireUploadsThrough(t, p, c.publicURL)
			requireLongHeadersThrough(t, p, c.publicURL)
			requireOwnAddressesThrough(t, p, c.publicURL)
		})
	}
}

// requireUploadsThrough uploads without script through a proxy by HTTP/2, up to the landing page.
func requireUploadsThrough(t *testing.T, p proxied, publicURL string) {
	t.Helper()
	v := testclient.Client{Base: publicURL, HTTPClient: p.client("127.0.0.9", true)}
	page, err := v.Call(t.Context(), http.MethodGet, "/forms/inbox", "", nil)
	if err != nil || page.Status != http.StatusOK {
		t.Fatalf("form: %v, %v", page, err)
	}
	asset := regexp.MustCompile(`"(/[^"]*/assets/[^"]+\.css)"|"(/assets/[^"]+\.css)"`).FindSubmatch(page.Body)
	if asset == nil {
		t.Fatal("the page names no stylesheet")
	}
	origin := publicURL[:len("https://")+strings.IndexByte(publicURL[len("https://"):]+"/", '/')]
	response, err := v.HTTPClient.Get(origin + string(slices.Concat(asset[1], asset[2])))
	if err != nil {
		t.Fatal(err)
	}
	if _ = response.Body.Close(); response.StatusCode != http.StatusOK || response.ProtoMajor != 2 {
		t.Errorf("stylesheet: want 200 by HTTP/2, got %d by %s", response.StatusCode, response.Proto)
	}
	form, err := testclient.ParseForm(page.Body)
	if err != nil {
		t.Fatal(err)
	}
	sent, err := form.Send(t.Context(), "a.txt", []byte("text"))
	location := sent.Header.Get("Location")
	if err != nil || !strings.HasPrefix(location, publicURL+"/forms/inbox/done/") {
		t.Fatalf("send: %v, %v, %q", sent, err, location)
	}
	landed, err := v.Call(t.Context(), http.MethodGet, strings.TrimPrefix(location, publicURL), "", nil)
	if err != nil || landed.Status != http.StatusOK {
		t.Errorf("landing: %v, %v", landed, err)
	}
	issued, err := v.Raw(t.Context(), http.MethodPost, "/uploads", http.Header{"Content-Type": {"application/json"}, "Origin": {origin}},
		[]byte(`{"profile":"inbox","filename":"a.txt","type":"text/plain","size":4}`))
	if err != nil || issued.Status != http.StatusCreated {
		t.Errorf("issue from the server's own pages: %v, %v", issued, err)
	}
}

// requireLongHeadersThrough sends 16 kB of cookies by both versions of HTTP.
func requireLongHeadersThrough(t *testing.T, p proxied, publicURL string) {
	t.Helper()
	for _, http2 := range []bool{false, true} {
		request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, publicURL+"/healthz", nil)
		if err != nil {
			t.Fatal(err)
		}
		request.Header.Set("Cookie", "session="+strings.Repeat("x", 16<<10))
		response, err := p.client("127.0.0.9", http2).Do(request)
		if err != nil {
			t.Fatal(err)
		}
		if _ = response.Body.Close(); response.StatusCode != http.StatusOK || response.ProtoMajor != map[bool]int{false: 1, true: 2}[http2] {
			t.Errorf("16 kB of cookies: got %d by %s", response.StatusCode, response.Proto)
		}
	}
}

// requireOwnAddressesThrough uses up what one address may issue: another one still may, and a
// header of the visitor's own changes nothing.
func requireOwnAddressesThrough(t *testing.T, p proxied, publicURL string) {
	t.Helper()
	issue := func(source, forged string) int {
		header := http.Header{"Content-Type": {"application/json"}}
		if forged != "" {
			header.Set("X-Forwarded-For", forged)
		}
		v := testclient.Client{Base: publicURL, HTTPClient: p.client(source, true)}
		answer, err := v.Raw(t.Context(), http.MethodPost, "/uploads", header, []byte(`{"profile":"inbox","filename":"a.txt","type":"text/plain","size":4}`))
		if err != nil {
			t.Fatal(err)
		}
		return answer.Status
	}
	got := []int{issue("127.0.0.2", ""), issue("127.0.0.2", ""), issue("127.0.0.2", ""), issue("127.0.0.2", "192.0.2.7"), issue("127.0.0.3", "127.0.0.2")}
	if want := []int{201, 201, 429, 429, 201}; !slices.Equal(got, want) {
		t.Errorf("two uploads for each address: want %v, got %v", want, got)
	}
}

// A proxy that gives up earlier tells a visitor that an upload failed which the store completes.
func TestTheDocumentedProxyWaitsLongerThanTheServerForItsStore(t *testing.T) {
	t.Parallel()
	waits := 0
	for _, b := range docBlocks(t, "behind-a-proxy.md") {
		for _, m := range regexp.MustCompile(`proxy_read_timeout (\w+);`).FindAllStringSubmatch(b.text, -1) {
			waits++
			if d, err := time.ParseDuration(m[1]); err != nil || d <= (uploads.Store{}).LongCallTimeout() {
				t.Errorf("got %s, and the server waits %v", m[1], (uploads.Store{}).LongCallTimeout())
			}
		}
	}
	if waits != 3 {
		t.Errorf("wanted a timeout in three blocks, got %d", waits)
	}
}
