package tickets

import (
	"context"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	"net/http"
	"sync"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/golang-jwt/jwt/v5"
	"golang.org/x/sync/singleflight"
)

const (
	keysMaxAge   = 10 * time.Minute // after that, a removed key is forgotten
	keysMaxStale = time.Hour        // how long keys serve when the set can't be fetched
	fetchPause   = 10 * time.Second // between two fetches, whoever asks
	minRSABits   = 2048             // RFC 7518 section 3.3
)

// isUsable tells for each algorithm which keys it may be used with. An algorithm without an entry
// isn't accepted.
var isUsable = map[string]func(key any) bool{
	"RS256": func(key any) bool {
		k, ok := key.(*rsa.PublicKey)
		return ok && k.N.BitLen() >= minRSABits
	},
	"ES256": func(key any) bool {
		k, ok := key.(*ecdsa.PublicKey)
		return ok && k.Curve == elliptic.P256()
	},
	"EdDSA": func(key any) bool {
		_, ok := key.(ed25519.PublicKey)
		return ok
	},
}

// keySet caches a JSON Web Key Set. Keys are forgotten when the set no longer has them. Tickets
// with invented key IDs can't make it fetch more often than the pause allows.
type keySet struct {
	url    string
	client *http.Client
	now    func() time.Time
	flight singleflight.Group

	mu      sync.Mutex // guards the rest
	keys    []jose.JSONWebKey
	fetched time.Time // when keys were fetched
	tried   time.Time // when the last fetch ended, failed or not
	failure error     // of the last fetch
}

func newKeySet(url string, client *http.Client, now func() time.Time) *keySet {
	return &keySet{url: url, client: client, now: now}
}

// find returns the keys that a ticket with this algorithm and key ID may have been signed with.
func (s *keySet) find(ctx context.Context, alg, kid string) (jwt.VerificationKeySet, error) {
	cached, age := s.cached()
	found := match(cached, alg, kid)
	if len(found.Keys) > 0 && age < keysMaxAge {
		return found, nil
	}
	fresh, err := s.refresh(ctx)
	if err != nil {
		if len(found.Keys) > 0 && age < keysMaxStale {
			return found, nil
		}
		return jwt.VerificationKeySet{}, &KeysError{Err: err}
	}
	if found = match(fresh, alg, kid); len(found.Keys) == 0 {
		return found, refused(ErrKey, "")
	}
	return found, nil
}

// match picks the keys for an algorithm and key ID. A ticket without a key ID may be signed with
// any key of the right kind, since a set of one key often has no IDs.
func match(keys []jose.JSONWebKey, alg, kid string) jwt.VerificationKeySet {
	var found jwt.VerificationKeySet
	for _, key := range keys {
		if (kid == "" || key.KeyID == kid) && isFor(key, alg) {
			found.Keys = append(found.Keys, key.Key)
		}
	}
	return found
}

func isFor(key jose.JSONWebKey, alg string) bool {
	return (key.Algorithm == "" || key.Algorithm == alg) &&
		(key.Use == "" || key.Use == "sig") && isUsable[alg](key.Key)
}

func (s *keySet) cached() ([]jose.JSONWebKey, time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.keys, s.now().Sub(s.fetched)
}

// refresh returns the set as the last fetch found it, and fetches it if the pause is over. Callers
// share one fetch, which goes on when one of them leaves.
func (s *keySet) refresh(ctx context.Context) ([]jose.JSONWebKey, error) {
	done := s.flight.DoChan("", func() (any, error) { return s.fetchUnlessPaused() })
	select {
	case <-ctx.Done():
		return nil, ctx.Err()
	case result := <-done:
		keys, _ := result.Val.([]jose.JSONWebKey)
		return keys, result.Err
	}
}

func (s *keySet) fetchUnlessPaused() ([]jose.JSONWebKey, error) {
	if keys, failure, paused := s.paused(); paused {
		return keys, failure
	}
	keys, err := fetch(s.client, s.url)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.tried, s.failure = s.now(), err
	if err == nil {
		s.keys, s.fetched = keys, s.tried
	}
	return s.keys, err
}

// paused returns what the last fetch found, and whether it is too early for the next.
func (s *keySet) paused() ([]jose.JSONWebKey, error, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.keys, s.failure, !s.tried.IsZero() && s.now().Sub(s.tried) < fetchPause
}
