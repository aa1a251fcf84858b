package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/postern-dev/postern/cmd/postern/testclient"
	"github.com/postern-dev/postern/handlers/tickets"
)

var smallRequest = testclient.Request{Profile: "inbox", Filename: "a", Size: 4}

// requireIssueStatus asks for one small upload and requires a status.
func requireIssueStatus(t *testing.T, what string, v testclient.Client, want int) {
	t.Helper()
	_, answer, err := v.Issue(t.Context(), smallRequest)
	if err != nil || answer.Status != want {
		t.Errorf("%s: want status %d, got %v, %v", what, want, answer, err)
	}
}

func TestServeVerifiesTicketsWithAKeySet(t *testing.T) {
	store := startStore(t)
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	set := jose.JSONWebKeySet{Keys: []jose.JSONWebKey{{Key: key.Public(), KeyID: "first", Algorithm: "ES256", Use: "sig"}}}
	provider := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		json.NewEncoder(w).Encode(set)
	}))
	defer provider.Close()
	s, _ := startServe(t, store.URL(), `{secret: "env:TICKET_KEY"}`, fmt.Sprintf(`{jwks: "%s", issuer: shop, audience: uploads}`, provider.URL))
	cases := []struct {
		name, issuer, audience string
		status                 int
	}{
		{"a ticket for us", "shop", "uploads", http.StatusCreated},
		{"a ticket from another issuer", "mall", "uploads", http.StatusUnauthorized},
		{"a ticket for another audience", "shop", "parcels", http.StatusUnauthorized},
	}
	for _, c := range cases {
		ticket, err := tickets.MintWithKey(tickets.Ticket{
			Subject: "alice", Profiles: []string{"inbox"}, Issuer: c.issuer, Audience: c.audience,
		}, key, "first", time.Now())
		if err != nil {
			t.Fatal(err)
		}
		requireIssueStatus(t, c.name, testclient.Client{Base: s.URL, Ticket: ticket}, c.status)
	}
}

func TestOnlyTrustedProxiesNameTheVisitor(t *testing.T) {
	store := startStore(t)
	for _, c := range []struct {
		name, proxies string
		status        int
	}{
		{"from the proxy", "127.0.0.1", http.StatusCreated},
		{"from elsewhere", "192.0.2.1", http.StatusUnauthorized},
	} {
		s, _ := startServe(t, store.URL(), "\nlisten:", "\ntrusted_proxies: ["+c.proxies+"]\ninsecure_proxy_subject: {header: X-User, profiles: [inbox]}\nlisten:")
		header := http.Header{"X-User": {"alice"}, "Content-Type": {"application/json"}}
		answer, err := testclient.Client{Base: s.URL}.Raw(t.Context(), http.MethodPost, "/uploads", header,
			[]byte(`{"profile":"inbox","filename":"a","type":"","size":4}`))
		if err != nil || answer.Status != c.status {
			t.Errorf("%s: want status %d, got %v, %v", c.name, c.status, answer, err)
		}
	}
}

func TestAReloadKeepsWhatAnAddressHasUsedUp(t *testing.T) {
	store := startStore(t)
	s, config := startServe(t, store.URL(), "\nlisten:", "\nlimits: {issues: 2/1h}\nlisten:")
	v := testclient.Client{Base: s.URL, Ticket: mint(t, config)}
	requireIssueStatus(t, "first", v, http.StatusCreated)
	requireIssueStatus(t, "second", v, http.StatusCreated)
	reload(t, s, "config reloaded", 1)
	requireIssueStatus(t, "third, after the reload", v, http.StatusTooManyRequests)
}

func TestBrokenRequestsDoNotAffectOtherVisitors(t *testing.T) {
	store := startStore(t)
	s, config := startServe(t, store.URL())
	openSlowConnections(t, s.URL, 50)
	v := testclient.Client{Base: s.URL, Ticket: mint(t, config)}
	header := http.Header{"Content-Type": {"application/json"}}
	cases := []struct{ name, body string }{
		{"ten megabytes of JSON", `{"profile":"` + strings.Repeat("x", 10<<20) + `"}`},
		{"deep nesting", strings.Repeat(`{"metadata":`, 10_000) + strings.Repeat("}", 10_000)},
		{"deep lists", strings.Repeat("[", 100_000)},
		{"invalid UTF-8", "{\"profile\":\"inbox\xff\",\"filename\":\"a\",\"type\":\"\",\"size\":4}"},
		{"half an object", `{"profile":"inbox","filename":`},
		{"two objects", `{"profile":"inbox","filename":"a","type":"","size":4}{}`},
		{"nothing", ``},
		{"a float", `{"profile":"inbox","filename":"a","type":"","size":4.5}`},
		{"an exponent", `{"profile":"inbox","filename":"a","type":"","size":4e0}`},
		{"a number over int64", `{"profile":"inbox","filename":"a","type":"","size":92233720368547758070}`},
	}
	for _, c := range cases {
		begun := time.Now()
		answer, err := v.Raw(t.Context(), http.MethodPost, "/uploads", header, []byte(c.body))
		// A refusal while the body is still being sent may arrive as a reset.
		if err == nil && (answer.Status < 400 || answer.Status >= 500) {
			t.Errorf("%s: want a refusal, got %v", c.name, answer)
		}
		if took := time.Since(begun); took > readTimeout {
			t.Errorf("%s: refused after %v, when the request timed out", c.name, took)
		}
		requireIssueStatus(t, "after "+c.name, v, http.StatusCreated)
	}
}

// openSlowConnections opens n connections that send half a header or half a body, and then nothing.
func openSlowConnections(t *testing.T, url string, n int) {
	t.Helper()
	for i := range n {
		c, err := net.Dial("tcp", strings.TrimPrefix(url, "http://"))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { c.Close() })
		text := "GET / HTTP/1.1\r\nHost: x\r\nX-Slow:"
		if i%2 == 0 {
			text = "POST /uploads HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n{"
		}
		if _, err := io.WriteString(c, text); err != nil {
			t.Fatal(err)
		}
	}
}
