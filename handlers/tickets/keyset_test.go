package tickets_test

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/postern-dev/postern/handlers/tickets"
)

func TestEachAlgorithmOfAKeySetVerifies(t *testing.T) {
	t.Parallel()
	i := newIssuer(t, public("r", rsaKey), public("e", ecKey), public("d", edKey))
	v := verifier(t, tickets.Config{JWKS: i.URL})
	for kid, key := range map[string]crypto.Signer{"r": rsaKey, "e": ecKey, "d": edKey} {
		for _, named := range []string{kid, ""} {
			id, err := v.Verify(context.Background(), minted(t, named, key, noon))
			if err != nil || id.Subject != "alice" {
				t.Errorf("key %q named %q: %v", kid, named, err)
			}
		}
	}
	if n := i.fetches.Load(); n != 1 {
		t.Errorf("key set fetched %d times, wanted once", n)
	}
}

func TestPublicKeyIsNoSecret(t *testing.T) {
	t.Parallel()
	i := newIssuer(t, public("r", rsaKey))
	der := must(x509.MarshalPKIXPublicKey(rsaKey.Public()))
	forms := map[string][]byte{
		"DER":     der,
		"PEM":     pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}),
		"PKCS #1": x509.MarshalPKCS1PublicKey(&rsaKey.PublicKey),
		"JWK":     must(public("r", rsaKey).MarshalJSON()),
	}
	for form, key := range forms {
		ticket := pack(`{"alg":"HS256","kid":"r"}`, asJSON(good()), key)
		_, err := verifier(t, tickets.Config{JWKS: i.URL}).Verify(context.Background(), ticket)
		if !errors.Is(err, tickets.ErrAlgorithm) {
			t.Errorf("%s without a secret: error %v, wanted %v", form, err, tickets.ErrAlgorithm)
		}
		_, err = verifier(t, tickets.Config{JWKS: i.URL, Secrets: secrets()}).Verify(context.Background(), ticket)
		if !errors.Is(err, tickets.ErrSignature) {
			t.Errorf("%s beside a secret: error %v, wanted %v", form, err, tickets.ErrSignature)
		}
	}
}

func TestUnfitKeysVerifyNoTicket(t *testing.T) {
	t.Parallel()
	small := must(rsa.GenerateKey(rand.Reader, 1024))
	other := must(ecdsa.GenerateKey(elliptic.P256(), rand.Reader))
	for name, c := range map[string]struct {
		published jose.JSONWebKey
		signer    crypto.Signer
		want      error
	}{
		"an RSA key of 1,024 bits":    {public("k", small), small, tickets.ErrKey},
		"a key meant for encryption":  {jose.JSONWebKey{KeyID: "k", Use: "enc", Key: rsaKey.Public()}, rsaKey, tickets.ErrKey},
		"a key for another algorithm": {jose.JSONWebKey{KeyID: "k", Algorithm: "PS256", Key: rsaKey.Public()}, rsaKey, tickets.ErrKey},
		"a curve ES256 doesn't use":   {public("k", ec384Key), ecKey, tickets.ErrKey},
		"a key of another kind":       {public("k", edKey), ecKey, tickets.ErrKey},
		"a key of another name":       {public("other", ecKey), ecKey, tickets.ErrKey},
		"a private key that got out":  {jose.JSONWebKey{KeyID: "k", Key: ecKey}, ecKey, tickets.ErrKey},
		"a symmetric key":             {jose.JSONWebKey{KeyID: "k", Key: []byte(secret)}, ecKey, tickets.ErrKey},
		"the right name, another key": {public("k", other), ecKey, tickets.ErrSignature},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			v := verifier(t, tickets.Config{JWKS: newIssuer(t, c.published).URL})
			ticket := minted(t, "k", c.signer, noon)
			_, err := v.Verify(context.Background(), ticket)
			if !errors.Is(err, c.want) {
				t.Errorf("error %v, wanted %v", err, c.want)
			}
			checkRefusal(t, err, ticket)
		})
	}
}

func TestKeysAreRotatedWithTheKeySet(t *testing.T) {
	t.Parallel()
	i := newIssuer(t, public("old", ecKey))
	clock := noon
	v := verifier(t, tickets.Config{JWKS: i.URL, Now: func() time.Time { return clock }})
	verify := func(kid string, key crypto.Signer) error {
		_, err := v.Verify(context.Background(), minted(t, kid, key, clock))
		return err
	}
	if err := verify("old", ecKey); err != nil {
		t.Fatal(err)
	}
	i.publish(public("new", rsaKey), public("old", ecKey))
	clock = clock.Add(10 * time.Second)
	if err := verify("new", rsaKey); err != nil {
		t.Errorf("new key: %v", err)
	}
	i.publish(public("new", rsaKey))
	if err := verify("old", ecKey); err != nil {
		t.Errorf("old key before the set is fetched again: %v", err)
	}
	clock = clock.Add(10 * time.Minute) // another ticket too: a new iat
	if err := verify("old", ecKey); !errors.Is(err, tickets.ErrKey) {
		t.Errorf("removed key: error %v, wanted %v", err, tickets.ErrKey)
	}
	if n := i.fetches.Load(); n != 3 {
		t.Errorf("key set fetched %d times, wanted 3", n)
	}
}

func TestInventedKeyIDsCauseOneFetch(t *testing.T) {
	t.Parallel()
	i := newIssuer(t, public("k", ecKey))
	v := verifier(t, tickets.Config{JWKS: i.URL})
	var wait sync.WaitGroup
	for n := range 50 {
		wait.Go(func() {
			_, err := v.Verify(context.Background(), minted(t, "invented"+strings.Repeat("x", n), ecKey, noon))
			if !errors.Is(err, tickets.ErrKey) {
				t.Errorf("error %v, wanted %v", err, tickets.ErrKey)
			}
		})
		wait.Go(func() {
			if _, err := v.Verify(context.Background(), minted(t, "k", ecKey, noon)); err != nil {
				t.Errorf("good ticket meanwhile: %v", err)
			}
		})
	}
	wait.Wait()
	if n := i.fetches.Load(); n != 1 {
		t.Errorf("key set fetched %d times, wanted once", n)
	}
}

func TestAKeySetThatCannotBeFetchedIsAnOutage(t *testing.T) {
	t.Parallel()
	big := []byte(`{"keys":[],"pad":"` + strings.Repeat("x", 256<<10) + `"}`)
	for name, c := range map[string]struct {
		status int
		body   []byte
	}{
		"server error":         {http.StatusInternalServerError, nil},
		"not found":            {http.StatusNotFound, []byte(`{"keys":[]}`)},
		"redirected elsewhere": {http.StatusFound, nil},
		"a page for people":    {http.StatusOK, []byte("<html>maintenance")},
		"no keys member":       {http.StatusOK, []byte("{}")},
		"too much":             {http.StatusOK, big},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			i := newIssuer(t)
			i.answer(c.status, c.body)
			v := verifier(t, tickets.Config{JWKS: i.URL})
			_, _, err := v.Identify(request("Bearer " + minted(t, "k", ecKey, noon)))
			var outage *tickets.KeysError
			if !errors.As(err, &outage) {
				t.Errorf("error %v, wanted an outage", err)
			}
			var refusal *tickets.RefusedError
			if errors.As(err, &refusal) {
				t.Errorf("outage %v blames the ticket", err)
			}
		})
	}
}

func TestFetchedKeysServeForAnHourOfOutage(t *testing.T) {
	t.Parallel()
	i := newIssuer(t, public("k", ecKey))
	clock := noon
	v := verifier(t, tickets.Config{JWKS: i.URL, Now: func() time.Time { return clock }})
	verify := func() error {
		_, err := v.Verify(context.Background(), minted(t, "k", ecKey, clock))
		return err
	}
	if err := verify(); err != nil {
		t.Fatal(err)
	}
	i.answer(http.StatusBadGateway, nil)
	clock = noon.Add(59 * time.Minute)
	if err := verify(); err != nil {
		t.Errorf("after 59 minutes: %v", err)
	}
	clock = noon.Add(61 * time.Minute)
	var outage *tickets.KeysError
	if err := verify(); !errors.As(err, &outage) {
		t.Errorf("after 61 minutes: error %v, wanted an outage", err)
	}
	i.publish(public("k", ecKey))
	clock = clock.Add(10 * time.Second)
	if err := verify(); err != nil {
		t.Errorf("when it is back: %v", err)
	}
}

func TestACanceledRequestDoesNotFailTheOthers(t *testing.T) {
	t.Parallel()
	i := newIssuer(t, public("k", ecKey))
	v := verifier(t, tickets.Config{JWKS: i.URL})
	gone, leave := context.WithCancel(context.Background())
	leave()
	ticket := minted(t, "k", ecKey, noon)
	_, _ = v.Verify(gone, ticket)
	if _, err := v.Verify(context.Background(), ticket); err != nil {
		t.Errorf("after another visitor left: %v", err)
	}
}
