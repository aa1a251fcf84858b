package tickets_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/postern-dev/postern/handlers/tickets"
	"github.com/postern-dev/postern/policy/sigv4"
)

func secrets() []sigv4.Secret { return []sigv4.Secret{secret} }

var (
	rsaKey      = must(rsa.GenerateKey(rand.Reader, 2048))
	ecKey       = must(ecdsa.GenerateKey(elliptic.P256(), rand.Reader))
	ec384Key    = must(ecdsa.GenerateKey(elliptic.P384(), rand.Reader))
	_, edKey, _ = ed25519.GenerateKey(rand.Reader)
)

func must[K any](key K, err error) K {
	if err != nil {
		panic(err)
	}
	return key
}

// issuer serves a key set that a test may change, or take down.
type issuer struct {
	*httptest.Server
	mu      sync.Mutex
	body    []byte
	status  int
	fetches atomic.Int64
}

func newIssuer(t *testing.T, keys ...jose.JSONWebKey) *issuer {
	i := &issuer{status: http.StatusOK}
	i.publish(keys...)
	i.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		i.fetches.Add(1)
		i.mu.Lock()
		defer i.mu.Unlock()
		w.Header().Set("Location", "/elsewhere")
		w.WriteHeader(i.status)
		_, _ = w.Write(i.body)
	}))
	t.Cleanup(i.Close)
	return i
}

func (i *issuer) publish(keys ...jose.JSONWebKey) {
	body, err := json.Marshal(jose.JSONWebKeySet{Keys: keys})
	if err != nil {
		panic(err)
	}
	i.answer(http.StatusOK, body)
}

func (i *issuer) answer(status int, body []byte) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.status, i.body = status, body
}

func public(kid string, key crypto.Signer) jose.JSONWebKey {
	return jose.JSONWebKey{KeyID: kid, Key: key.Public()}
}

func minted(t *testing.T, kid string, key crypto.Signer, now time.Time) string {
	t.Helper()
	ticket, err := tickets.MintWithKey(tickets.Ticket{Subject: "alice", Profiles: []string{"photos"}}, key, kid, now)
	if err != nil {
		t.Fatal(err)
	}
	return ticket
}
