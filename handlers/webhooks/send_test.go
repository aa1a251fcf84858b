package webhooks_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/postern-dev/postern/handlers/webhooks"
	"github.com/postern-dev/postern/policy/sigv4"
)

// bomb is 16 MiB of zeros, compressed.
var bomb = func() string {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	_, _ = io.CopyN(w, zeros{}, 16<<20)
	_ = w.Close()
	return b.String()
}()

type zeros struct{}

func (zeros) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}

// write writes a text, and repeats the last one each pause until the connection is gone.
func write(c net.Conn, pause time.Duration, text string, again ...string) {
	if _, err := io.WriteString(c, text); err != nil {
		return
	}
	for _, more := range again {
		for {
			time.Sleep(pause)
			if _, err := io.WriteString(c, more); err != nil {
				return
			}
		}
	}
}

// Each case is one attempt at a receiver that answers as it says. Whatever it does, there is one
// request, and the attempt ends in time.
func TestWhatReceiversAnswer(t *testing.T) {
	t.Parallel()
	plain := func(answer string) func(net.Conn) { return func(c net.Conn) { write(c, 0, answer) } }
	for _, c := range []struct {
		name    string
		answer  func(net.Conn)
		failure webhooks.Failure
		status  int
		longest time.Duration // 0: at once
		asked   time.Duration
	}{
		{name: "200", answer: plain("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"), status: 200},
		{name: "204", answer: plain("HTTP/1.1 204 No Content\r\n\r\n"), status: 204},
		{name: "299", answer: plain("HTTP/1.1 299 Odd\r\nContent-Length: 0\r\n\r\n"), status: 299},
		{name: "301 to metadata", answer: plain("HTTP/1.1 301 Moved\r\nLocation: http://169.254.169.254/latest\r\nContent-Length: 0\r\n\r\n"), failure: webhooks.Redirect, status: 301},
		{name: "307 to itself", answer: plain("HTTP/1.1 307 Moved\r\nLocation: /\r\nContent-Length: 0\r\n\r\n"), failure: webhooks.Redirect, status: 307},
		{name: "304", answer: plain("HTTP/1.1 304 Not Modified\r\n\r\n"), failure: webhooks.Redirect, status: 304},
		{name: "401", answer: plain("HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n"), failure: webhooks.BadStatus, status: 401},
		{name: "404", answer: plain("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"), failure: webhooks.BadStatus, status: 404},
		{name: "410", answer: plain("HTTP/1.1 410 Gone\r\nContent-Length: 0\r\n\r\n"), failure: webhooks.Gone, status: 410},
		{name: "500", answer: plain("HTTP/1.1 500 Oops\r\nContent-Length: 0\r\n\r\n"), failure: webhooks.BadStatus, status: 500},
		{name: "another protocol", answer: plain("HTTP/1.1 101 Switching Protocols\r\nUpgrade: evil\r\nConnection: Upgrade\r\n\r\n"), failure: webhooks.BadStatus, status: 101},
		{name: "429 and seconds", answer: plain("HTTP/1.1 429 Slow Down\r\nRetry-After: 120\r\nContent-Length: 0\r\n\r\n"), failure: webhooks.BadStatus, status: 429, asked: 2 * time.Minute},
		{name: "503 and a date", answer: plain("HTTP/1.1 503 Busy\r\nRetry-After: Sat, 01 Jan 2000 00:10:00 GMT\r\nContent-Length: 0\r\n\r\n"), failure: webhooks.BadStatus, status: 503, asked: 10 * time.Minute},
		{name: "503 and a date that is over", answer: plain("HTTP/1.1 503 Busy\r\nRetry-After: Fri, 31 Dec 1999 00:00:00 GMT\r\nContent-Length: 0\r\n\r\n"), failure: webhooks.BadStatus, status: 503},
		{name: "503 and years", answer: plain("HTTP/1.1 503 Busy\r\nRetry-After: 2000000000\r\nContent-Length: 0\r\n\r\n"), failure: webhooks.BadStatus, status: 503, asked: 24 * time.Hour},
		{name: "503 and nonsense", answer: plain("HTTP/1.1 503 Busy\r\nRetry-After: -1e99\r\nContent-Length: 0\r\n\r\n"), failure: webhooks.BadStatus, status: 503},
		{name: "closes", answer: func(c net.Conn) { _ = c.Close() }, failure: webhooks.NoAnswer},
		{name: "closes within the header", answer: func(c net.Conn) { write(c, 0, "HTTP/1.1 200 OK\r\nContent-"); _ = c.Close() }, failure: webhooks.NoAnswer},
		{name: "closes within the body", answer: func(c net.Conn) { write(c, 0, "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nok"); _ = c.Close() }, status: 200},
		{name: "no HTTP", answer: plain("SSH-2.0-OpenSSH_9.2\r\n\r\n\r\n"), failure: webhooks.NoAnswer},
		{name: "hangs", answer: func(c net.Conn) { _, _ = io.Copy(io.Discard, c) }, failure: webhooks.TimedOut, longest: webhooks.Timeout},
		{name: "a header of a byte a second", answer: func(c net.Conn) { write(c, time.Second, "HTTP/1.1 200 OK\r\nX: ", "x") }, failure: webhooks.TimedOut, longest: webhooks.Timeout},
		{name: "a header without end", answer: func(c net.Conn) { write(c, 0, "HTTP/1.1 200 OK\r\n", "X: "+strings.Repeat("x", 1000)+"\r\n") }, failure: webhooks.NoAnswer},
		{name: "interim answers without end", answer: func(c net.Conn) {
			write(c, 0, "HTTP/1.1 103 Early Hints\r\nX: 1\r\n\r\n", "HTTP/1.1 103 Early Hints\r\nX: 1\r\n\r\n")
		}, failure: webhooks.NoAnswer},
		{name: "a body of a byte a second", answer: func(c net.Conn) { write(c, time.Second, "HTTP/1.1 200 OK\r\nContent-Length: 4096\r\n\r\n", "x") }, status: 200, longest: time.Second},
		{name: "a body that hangs after 500", answer: func(c net.Conn) { write(c, time.Hour, "HTTP/1.1 500 Oops\r\nContent-Length: 4096\r\n\r\n", "x") }, failure: webhooks.BadStatus, status: 500, longest: time.Second},
		{name: "a body without end", answer: func(c net.Conn) { write(c, 0, "HTTP/1.1 200 OK\r\n\r\n", strings.Repeat("x", 4096)) }, status: 200},
		{name: "chunks without end", answer: func(c net.Conn) {
			write(c, 0, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", "5\r\nhello\r\n")
		}, status: 200},
		{name: "16 MiB compressed", answer: plain("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: " + fmt.Sprint(len(bomb)) + "\r\n\r\n" + bomb), status: 200},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				n := newMemoryNetwork(t, "10.0.0.1")
				requests := serveRaw(t, n, c.answer)
				a := privateEndpoint(t, n, nil).Send(t.Context(), message(t))
				if a.Failure != c.failure || a.Status != c.status || a.RetryAfter != c.asked {
					t.Errorf("got %+v, wanted failure %q, status %d, Retry-After %s", a, c.failure, c.status, c.asked)
				}
				if a.Took != c.longest {
					t.Errorf("took %s, wanted %s", a.Took, c.longest)
				}
				if requests.value() != 1 || n.dials() != 1 {
					t.Errorf("got %d requests by %d connections, wanted one", requests.value(), n.dials())
				}
				if read := n.bytesRead(); read > 32<<10 {
					t.Errorf("%d bytes of the answer were read, wanted 32 KiB at most", read)
				}
			})
		})
	}
}

func TestAnAttemptEndsInTimeAtEachStep(t *testing.T) {
	t.Parallel()
	silent := func(n *memoryNetwork) { // connects and neither reads nor answers
		c, err := n.Accept()
		if err == nil {
			<-n.done
			_ = c.Close()
		}
	}
	for _, c := range []struct {
		name   string
		change func(*webhooks.EndpointConfig)
	}{
		{"looking up", func(c *webhooks.EndpointConfig) {
			c.Network.Resolve = func(ctx context.Context, _ string) ([]netip.Addr, error) {
				<-ctx.Done()
				return nil, ctx.Err()
			}
		}},
		{"connecting", func(c *webhooks.EndpointConfig) {
			c.Network.Dial = func(ctx context.Context, _ netip.AddrPort) (net.Conn, error) {
				<-ctx.Done()
				return nil, ctx.Err()
			}
		}},
		{"sending", func(*webhooks.EndpointConfig) {}},
		{"shaking hands", func(c *webhooks.EndpointConfig) { c.URL = "https://hooks.internal/" }},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				n := newMemoryNetwork(t, "10.0.0.1")
				go silent(n)
				a := privateEndpoint(t, n, c.change).Send(t.Context(), message(t))
				if a.Failure != webhooks.TimedOut || a.Took != webhooks.Timeout {
					t.Errorf("got %q after %s (%s), wanted %q after %s", a.Failure, a.Took, a.Detail, webhooks.TimedOut, webhooks.Timeout)
				}
				_ = n.Close()
			})
		})
	}
}

// The first address never answers, the second does.
func TestTheNextAddressIsTriedWithinOneAttempt(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		n := newMemoryNetwork(t, "")
		serve(t, n, http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
		e := privateEndpoint(t, n, func(c *webhooks.EndpointConfig) {
			connect := c.Network.Dial
			c.Network.Resolve = func(context.Context, string) ([]netip.Addr, error) {
				return []netip.Addr{netip.MustParseAddr("10.0.0.1"), netip.MustParseAddr("10.0.0.2")}, nil
			}
			c.Network.Dial = func(ctx context.Context, a netip.AddrPort) (net.Conn, error) {
				if a.Addr() == netip.MustParseAddr("10.0.0.1") {
					<-ctx.Done()
					return nil, ctx.Err()
				}
				return connect(ctx, a)
			}
		})
		if a := e.Send(t.Context(), message(t)); a.Failure != "" || a.Took > webhooks.Timeout*2/3 {
			t.Errorf("got %q after %s (%s), wanted it delivered by the second address", a.Failure, a.Took, a.Detail)
		}
	})
}

func TestWhatIsSent(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		n := newMemoryNetwork(t, "93.184.216.34")
		var got *http.Request
		var body string
		authorities := serveTLS(t, n, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			text, _ := io.ReadAll(r.Body)
			got, body = r, string(text)
		}), nil)
		e := endpoint(t, func(c *webhooks.EndpointConfig) {
			c.URL, c.RootCAs, c.Network = "https://example.com/hooks?team=1", authorities, n.network()
		})
		m := message(t)
		if a := e.Send(t.Context(), m); a.Failure != "" || a.Status != 200 {
			t.Fatalf("got %+v", a)
		}
		if got.Method != "POST" || got.RequestURI != "/hooks?team=1" || got.Host != "example.com" || got.ProtoMajor != 1 || body != string(m.Body) {
			t.Errorf("got %s %s of %s by HTTP/%d: %s", got.Method, got.RequestURI, got.Host, got.ProtoMajor, body)
		}
		for name, wanted := range map[string]string{
			"Content-Type": "application/json", "Webhook-Id": m.ID, "Webhook-Timestamp": fmt.Sprint(time.Now().Unix()),
			"Accept-Encoding": "", "Cookie": "", "Authorization": "", "Referer": "",
		} {
			if got.Header.Get(name) != wanted {
				t.Errorf("%s: got %q, wanted %q", name, got.Header.Get(name), wanted)
			}
		}
	})
}

func TestEachAttemptIsSignedAnewByEverySecret(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		n := newMemoryNetwork(t, "10.0.0.1")
		var seen []http.Header
		var bodies [][]byte
		serve(t, n, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			text, _ := io.ReadAll(r.Body)
			seen, bodies = append(seen, r.Header), append(bodies, text)
		}))
		older := sigv4.Secret("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
		e := privateEndpoint(t, n, func(c *webhooks.EndpointConfig) { c.Secrets = []sigv4.Secret{hookSecret, older} })
		for range 2 {
			if a := e.Send(t.Context(), message(t)); a.Failure != "" {
				t.Fatalf("got %+v", a)
			}
			time.Sleep(time.Minute)
		}
		if seen[0].Get("Webhook-Id") != seen[1].Get("Webhook-Id") || !bytes.Equal(bodies[0], bodies[1]) {
			t.Error("wanted the same ID and body at both attempts")
		}
		if seen[0].Get("Webhook-Timestamp") == seen[1].Get("Webhook-Timestamp") || seen[0].Get("Webhook-Signature") == seen[1].Get("Webhook-Signature") {
			t.Error("wanted a timestamp and signatures of its own for each attempt")
		}
		for i, h := range seen {
			signatures := strings.Split(h.Get("Webhook-Signature"), " ")
			if len(signatures) != 2 {
				t.Fatalf("got %q, wanted two signatures", signatures)
			}
			for _, secret := range []sigv4.Secret{hookSecret, older} {
				key := []byte(secret)
				if encoded, ok := strings.CutPrefix(string(secret), "whsec_"); ok {
					key, _ = base64.StdEncoding.DecodeString(encoded)
				}
				mac := hmac.New(sha256.New, key)
				fmt.Fprintf(mac, "%s.%s.%s", h.Get("Webhook-Id"), h.Get("Webhook-Timestamp"), bodies[i])
				if wanted := "v1," + base64.StdEncoding.EncodeToString(mac.Sum(nil)); !slices.Contains(signatures, wanted) {
					t.Errorf("attempt %d: got %q, wanted %q among them", i+1, signatures, wanted)
				}
			}
		}
	})
}

func TestTLSHasToBeRecentAndTrusted(t *testing.T) {
	t.Parallel()
	answer := http.HandlerFunc(func(http.ResponseWriter, *http.Request) {})
	for _, c := range []struct {
		name   string
		server func(*httptest.Server)
		change func(*webhooks.EndpointConfig)
	}{
		{"a certificate of nobody we know", nil, func(c *webhooks.EndpointConfig) { c.RootCAs = x509.NewCertPool() }},
		{"a certificate for another name", nil, func(c *webhooks.EndpointConfig) { c.URL = "https://hooks.example.org/" }},
		{"TLS 1.1", func(s *httptest.Server) {
			s.TLS = &tls.Config{MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS11}
		}, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				n := newMemoryNetwork(t, "93.184.216.34")
				authorities := serveTLS(t, n, answer, c.server)
				e := endpoint(t, func(config *webhooks.EndpointConfig) {
					config.URL, config.RootCAs, config.Network = "https://example.com/", authorities, n.network()
					if c.change != nil {
						c.change(config)
					}
				})
				if a := e.Send(t.Context(), message(t)); a.Failure != webhooks.TLSFailed {
					t.Errorf("got %q (%s), wanted %q", a.Failure, a.Detail, webhooks.TLSFailed)
				}
			})
		})
	}
}

func TestConnectionsAreUsedAgainByOneEndpointAlone(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		n := newMemoryNetwork(t, "10.0.0.1")
		serve(t, n, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "thanks") }))
		one, other := privateEndpoint(t, n, nil), privateEndpoint(t, n, nil)
		for i, c := range []struct {
			pause time.Duration
			e     *webhooks.Endpoint
			dials int
		}{{0, one, 1}, {time.Second, one, 1}, {0, other, 2}, {time.Minute, one, 3}} {
			time.Sleep(c.pause)
			if a := c.e.Send(t.Context(), message(t)); a.Failure != "" || n.dials() != c.dials {
				t.Errorf("attempt %d: got %q and %d connections, wanted %d", i+1, a.Failure, n.dials(), c.dials)
			}
		}
	})
}

// The receiver reads each request, answers the first one and closes at the second, on a connection
// that was used before: HTTP clients repeat some such requests at once. That would be a second
// delivery.
func TestNothingIsSentTwiceInOneAttempt(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		n := newMemoryNetwork(t, "10.0.0.1")
		first := true
		requests := serveRaw(t, n, func(c net.Conn) {
			if first {
				first = false
				write(c, 0, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
				return
			}
			_ = c.Close()
		})
		e := privateEndpoint(t, n, nil)
		for i, wanted := range []webhooks.Failure{"", webhooks.NoAnswer} {
			if a := e.Send(t.Context(), message(t)); a.Failure != wanted || requests.value() != i+1 {
				t.Errorf("attempt %d: got %q and %d requests, wanted %q and %d", i+1, a.Failure, requests.value(), wanted, i+1)
			}
		}
	})
}

// It changes the environment, so nothing runs beside it.
func TestNoProxyOfTheEnvironmentIsUsed(t *testing.T) {
	for _, name := range []string{"HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy"} {
		t.Setenv(name, "http://93.184.216.99:3128")
	}
	r := &recorder{answers: [][]string{{"93.184.216.34"}}}
	endpoint(t, func(c *webhooks.EndpointConfig) { c.Network = r.network() }).Send(t.Context(), message(t))
	if got := strings.Join(r.dialled, " "); got != "93.184.216.34:443" {
		t.Errorf("dialled %q, wanted the receiver alone", got)
	}
}

// What a receiver answers is for nobody's eyes: a service inside a private network could be made to
// tell what it knows, by a greeting that is no HTTP as well.
func TestTheAnswerIsNotKept(t *testing.T) {
	t.Parallel()
	for _, answer := range []string{
		"HTTP/1.1 500 canary\r\nX-Canary: canary\r\nContent-Length: 6\r\n\r\ncanary",
		"HTTP/1.1 canary\r\n\r\n", "HTTP/canary 200 OK\r\n\r\n", "canary\r\n\r\n", "HTTP/1.1 200 OK\r\ncanary\r\n\r\n",
		"HTTP/1.1 200 OK\r\nContent-Length: canary\r\n\r\n", "HTTP/1.1 200 OK\r\nTransfer-Encoding: canary\r\n\r\n",
	} {
		synctest.Test(t, func(t *testing.T) {
			n := newMemoryNetwork(t, "10.0.0.1")
			serveRaw(t, n, func(c net.Conn) {
				write(c, 0, answer)
				_ = c.Close()
			})
			a := privateEndpoint(t, n, nil).Send(t.Context(), message(t))
			if text := fmt.Sprintf("%+v", a); strings.Contains(text, "canary") || a.Failure == "" {
				t.Errorf("%q: got %s, wanted a failure and nothing of the answer", answer, text)
			}
		})
	}
}

func TestTheDetailOfAFailureShowsNeitherQueryNorSecret(t *testing.T) {
	t.Parallel()
	r := &recorder{answers: [][]string{{"10.0.0.1"}, {"93.184.216.34"}}}
	e := endpoint(t, func(c *webhooks.EndpointConfig) {
		c.URL, c.Network = "https://hooks.example.com/?key=hunter2", r.network()
	})
	for range 2 {
		a := e.Send(t.Context(), message(t))
		if a.Detail == "" || strings.Contains(a.Detail, "hunter2") || strings.Contains(a.Detail, string(hookSecret)) {
			t.Errorf("got %q, wanted a reason without the query and the secret", a.Detail)
		}
	}
}
