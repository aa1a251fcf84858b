package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"path/filepath"
	"strings"
	"testing"

	"github.com/postern-dev/postern/cmd/postern/testserver"
)

func TestWhichHostsAreOurs(t *testing.T) {
	t.Parallel()
	public, err := url.Parse("https://Uploads.Example.com/up")
	if err != nil {
		t.Fatal(err)
	}
	o := newOwnHosts(public, []string{"uploads.internal", "bücher.example", "postern_web"}, quiet())
	for isOurs, hosts := range map[bool][]string{
		true: {
			"uploads.example.com", "uploads.example.com:443", "uploads.example.com:8080", "UPLOADS.EXAMPLE.COM", "uploads.example.com.", "uploads.example.com.:443",
			"uploads.internal", "uploads.internal:1", "xn--bcher-kva.example", "XN--BCHER-KVA.example", "bücher.example", "BÜCHER.example", "postern_web:8080",
			"localhost", "localhost:8080", "LocalHost", "localhost.", "localhost:",
			"127.0.0.1", "127.0.0.1:8080", "10.1.2.3", "203.0.113.7:443", "0.0.0.0:80", "127.0.0.1.", "127.0.0.1:",
			"[::1]", "[::1]:8080", "[2001:db8::1]:443", "[::ffff:127.0.0.1]", "[fe80::1%25eth0]:80", "[::1]:",
		},
		false: {
			"", ":8080", "evil.test", "evil.test:8080", "example.com", "a.uploads.example.com", "uploads.example.com.evil.test", "uploads-example.com",
			"xuploads.example.com", "uploads.example.com..", ".uploads.example.com", "uploads.example.com:port", "uploads.example.com:80:80", "uploads.example.com:-1", "uploads.example.com:99999",
			"uploads.example.com, evil.test", "uploads.example.com evil.test", "uploads.example.com/evil.test", "uploads.example.com@evil.test", "evil.test@uploads.example.com", "uploads.example.com#", "uploads.example.com%00",
			"bucher.example", "xn--bcher-kva.evil.test", "xn--", "localhost.evil.test", "foo.localhost", "localhost.localdomain", "localhost:8080@evil.test",
			"127.0.0.1.evil.test", "127.0.0.1.nip.io", "127.1", "2130706433", "0x7f000001", "0177.0.0.1", "127.0.0.1:x", "127.0.0.256",
			"::1", "::1:8080", "[::1", "::1]", "[::1]evil.test", "[::1]:x", "[evil.test]", "[127.0.0.1]", "[uploads.example.com]", "[]", "*", "*.example.com", strings.Repeat("a", 300),
		},
	} {
		for _, host := range hosts {
			if o.includes(host) != isOurs {
				t.Errorf("%q: ours %v, wanted %v", host, !isOurs, isOurs)
			}
		}
	}
}

// exchange sends one request as it is and returns the response, with its body read.
func exchange(t *testing.T, base, request string) (*http.Response, string) {
	t.Helper()
	c, err := net.Dial("tcp", strings.TrimPrefix(base, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if _, err := io.WriteString(c, request); err != nil {
		t.Fatal(err)
	}
	response, err := http.ReadResponse(bufio.NewReader(c), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response, string(body)
}

// requestFor is a request with a Host; extra lines end with a line break.
func requestFor(method, target, host, extra string) string {
	return fmt.Sprintf("%s %s HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n%s\r\n", method, target, host, extra)
}

func TestForeignHostsAreRefusedBeforeAnythingElse(t *testing.T) {
	store := startStore(t)
	s, _ := startServe(t, store.URL(), "http://127.0.0.1:8080", "https://uploads.example.com/up",
		"\nlisten:", "\nexplain: true\nhosts: [uploads.internal]\nmetrics: {listen: \"127.0.0.1:0\"}\nlisten:", "10MiB}", "10MiB, access: public}")
	const issue = "Content-Type: application/json\r\nContent-Length: 55\r\n"
	const body = `{"profile":"inbox","filename":"a","type":"","size":"4"}`
	cases := []struct {
		name, request string
		status        int
	}{
		{"the form page by the public name", requestFor("GET", "/up/forms/inbox", "uploads.example.com", ""), 200},
		{"the form page by a further name", requestFor("GET", "/up/forms/inbox", "UPLOADS.internal.:99", ""), 200},
		{"the form page by address", requestFor("GET", "/up/forms/inbox", "192.0.2.1", ""), 200},
		{"the form page by an IPv6 address", requestFor("GET", "/up/forms/inbox", "[::1]:8080", ""), 200},
		{"the form page by localhost", requestFor("GET", "/up/forms/inbox", "localhost:1", ""), 200},
		{"the form page, foreign", requestFor("GET", "/up/forms/inbox", "evil.test", ""), 421},
		{"the form page, foreign, with our name in other headers", requestFor("GET", "/up/forms/inbox", "evil.test", "X-Forwarded-Host: uploads.example.com\r\nForwarded: host=localhost\r\n"), 421},
		{"issuing, foreign", requestFor("POST", "/up/uploads", "evil.test", issue) + body, 421},
		{"issuing from the page that was rebound", requestFor("POST", "/up/uploads", "evil.test", issue+"Origin: http://evil.test\r\nSec-Fetch-Site: same-origin\r\n") + body, 421},
		{"a preflight, foreign", requestFor("OPTIONS", "/up/uploads", "evil.test", "Origin: http://evil.test\r\nAccess-Control-Request-Method: POST\r\n"), 421},
		{"the widget, foreign", requestFor("GET", "/up/widget/inbox", "evil.test", ""), 421},
		{"the script, foreign", requestFor("GET", "/up/embed.js", "evil.test", ""), 421},
		{"an asset, foreign", requestFor("GET", "/up/assets/x/postern.css", "evil.test", ""), 421},
		{"the page that explains, foreign", requestFor("GET", "/up/explain", "evil.test", ""), 421},
		{"the icon, foreign", requestFor("GET", "/favicon.ico", "evil.test", ""), 421},
		{"where metrics used to be, foreign", requestFor("GET", "/metrics", "evil.test", ""), 421},
		{"no such page, foreign", requestFor("GET", "/", "evil.test", ""), 421},
		{"an absolute target with our name, a foreign header", requestFor("GET", "http://uploads.example.com/up/forms/inbox", "evil.test", ""), 200},
		{"an absolute target with a foreign name, our header", requestFor("GET", "http://evil.test/up/forms/inbox", "uploads.example.com", ""), 421},
		{"HTTP/1.0 without a host", "GET /up/forms/inbox HTTP/1.0\r\n\r\n", 421},
		{"HTTP/1.1 with an empty host", requestFor("GET", "/up/forms/inbox", "", ""), 421},
		{"two hosts", requestFor("GET", "/up/forms/inbox", "uploads.example.com", "Host: evil.test\r\n"), 400},
		{"health, foreign", requestFor("GET", "/up/healthz", "evil.test", ""), 200},
		{"health, HTTP/1.0 without a host", "GET /up/healthz HTTP/1.0\r\n\r\n", 200},
		{"readiness, foreign", requestFor("GET", "/up/readyz", "evil.test", ""), 200},
		{"health with a slash more, foreign", requestFor("GET", "/up/healthz/", "evil.test", ""), 421},
		{"health where a proxy takes the path off, foreign", requestFor("GET", "/healthz", "evil.test", ""), 200},
		{"the form page where a proxy takes the path off, foreign", requestFor("GET", "/forms/inbox", "evil.test", ""), 421},
		{"health elsewhere, foreign", requestFor("GET", "/other/healthz", "evil.test", ""), 421},
		{"a form that climbs from health, foreign", requestFor("GET", "/up/healthz/../forms/inbox", "evil.test", ""), 421},
	}
	for _, c := range cases {
		if response, body := exchange(t, s.URL, c.request); response.StatusCode != c.status {
			t.Errorf("%s: want status %d, got %d %s", c.name, c.status, response.StatusCode, body)
		}
	}
}

func TestARefusedHostIsToldAsAProblemOrAPageAndLogged(t *testing.T) {
	store := startStore(t)
	s, _ := startServe(t, store.URL())
	for _, accept := range []string{"", "Accept: application/json\r\n", "Accept: */*\r\n"} {
		response, body := exchange(t, s.URL, requestFor("POST", "/uploads", "evil.test:8080", accept))
		var told struct{ Code, RequestID string }
		if err := json.Unmarshal([]byte(body), &told); err != nil || response.Header.Get("Content-Type") != "application/problem+json" ||
			told.Code != "misdirected_request" || told.RequestID == "" || response.Header.Get("Cache-Control") != "no-store" {
			t.Errorf("%q: want a problem, got %v %s", accept, response.Header, body)
		}
	}
	response, body := exchange(t, s.URL, requestFor("GET", "/forms/inbox", "evil.test", "Accept: text/html\r\nAccept-Language: de\r\n"))
	if !strings.Contains(body, `lang="de"`) || !strings.Contains(body, "misdirected_request") || !strings.Contains(response.Header.Get("Content-Security-Policy"), "frame-ancestors 'none'") {
		t.Errorf("want a page in German, got %v %s", response.Header, body)
	}
	secret := "eyJhbGciOiJIUzI1NiJ9.eyJhIjoxfQ.c2lnbmF0"
	exchange(t, s.URL, requestFor("GET", "http://"+secret+"/", "x", ""))
	exchange(t, s.URL, requestFor("GET", "/", strings.Repeat("long.", 2000), ""))
	exchange(t, s.URL, requestFor("GET", "http://two%0alines%E2%80%AE/", "x", ""))
	log := s.Log.String()
	for _, want := range []string{`"host":"evil.test:8080"`, "add it to hosts in the config file", `"status":421`} {
		if !strings.Contains(log, want) {
			t.Errorf("the log doesn't hold %s:\n%s", want, log)
		}
	}
	if strings.Contains(log, secret) || strings.Contains(log, strings.Repeat("long.", 60)) || strings.Contains(log, "\u202e") || strings.Contains(log, "two\nlines") {
		t.Errorf("the log holds a host as it came:\n%s", log)
	}
}

func TestDevRefusesForeignHostsToo(t *testing.T) {
	d := startDev(t)
	port := d.URL[strings.LastIndexByte(d.URL, ':'):]
	for host, want := range map[string]int{
		"127.0.0.1" + port: 200, "localhost" + port: 200, "[::1]" + port: 200, "localhost": 200,
		"evil.test" + port: 421, "postern.localhost" + port: 421, "": 421,
	} {
		for _, path := range []string{"/", "/forms/files", "/demo/site", "/explain"} {
			if response, body := exchange(t, d.URL, requestFor("GET", path, host, "Accept: text/html\r\n")); response.StatusCode != want {
				t.Errorf("%s at %q: want status %d, got %d %s", path, host, want, response.StatusCode, body)
			}
		}
	}
	if response, _ := exchange(t, d.URL, requestFor("GET", "/healthz", "evil.test", "")); response.StatusCode != 200 {
		t.Errorf("health at a foreign host: want status 200, got %d", response.StatusCode)
	}
}

func TestDevListensForOtherLoopbackNames(t *testing.T) {
	d := start(t, nil, "dev", "--listen", "localhost:0", "--s3-listen", testserver.AnyPort, "--data", filepath.Join(t.TempDir(), "data"))
	for host, want := range map[string]int{"localhost": 200, "127.0.0.1": 200, "evil.test": 421} {
		if response, body := exchange(t, strings.Replace(d.URL, "localhost", "127.0.0.1", 1), requestFor("GET", "/", host, "")); response.StatusCode != want {
			t.Errorf("%s: want status %d, got %d %s", host, want, response.StatusCode, body)
		}
	}
}
