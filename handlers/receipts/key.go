package receipts

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/go-jose/go-jose/v4"
	"github.com/golang-jwt/jwt/v5"

	"github.com/postern-dev/postern/policy/sigv4"
)

// minSecret is the output of the hash, as RFC 7518, 3.2 asks.
const minSecret = 32 // bytes

// key is one key and the one algorithm that it is used with.
type key struct {
	id     string
	method jwt.SigningMethod
	sign   any // nil for a public key alone
	verify any
}

// secretKeys are the HS256 keys of secrets.
func secretKeys(secrets []sigv4.Secret) ([]key, error) {
	keys := make([]key, 0, len(secrets))
	for i, secret := range secrets {
		if len(secret) < minSecret {
			return nil, fmt.Errorf("receipts: secret %d has %d bytes, wanted at least %d", i+1, len(secret), minSecret)
		}
		mac := hmac.New(sha256.New, []byte(secret))
		mac.Write([]byte("postern receipt key id")) // names the secret without telling anything about it
		id := base64.RawURLEncoding.EncodeToString(mac.Sum(nil)[:6])
		keys = append(keys, key{id, jwt.SigningMethodHS256, []byte(secret), []byte(secret)})
	}
	return keys, nil
}

// pairKeys are the keys of key pairs: ed25519.PrivateKey (EdDSA) or *ecdsa.PrivateKey on P-256
// (ES256). Their IDs are thumbprints (RFC 7638).
func pairKeys(pairs []crypto.Signer) ([]key, error) {
	keys := make([]key, 0, len(pairs))
	for i, pair := range pairs {
		k, err := publicKey(pair.Public(), "")
		if err != nil {
			return nil, fmt.Errorf("receipts: key %d: %w", i+1, err)
		}
		k.sign = pair
		keys = append(keys, k)
	}
	return keys, nil
}

// publicKey is a key that verifies; id "" takes the thumbprint.
func publicKey(public crypto.PublicKey, id string) (key, error) {
	var method jwt.SigningMethod
	switch p := public.(type) {
	case ed25519.PublicKey:
		method = jwt.SigningMethodEdDSA
	case *ecdsa.PublicKey:
		if p.Curve != elliptic.P256() {
			return key{}, fmt.Errorf("curve %s, wanted P-256", p.Curve.Params().Name)
		}
		method = jwt.SigningMethodES256
	default:
		return key{}, fmt.Errorf("%T, wanted Ed25519 or ECDSA on P-256", public)
	}
	if id == "" {
		thumbprint, err := (&jose.JSONWebKey{Key: public}).Thumbprint(crypto.SHA256)
		if err != nil {
			return key{}, err
		}
		id = base64.RawURLEncoding.EncodeToString(thumbprint)
	}
	return key{id, method, nil, public}, nil
}

// keysOfSet are the keys of a JSON Web Key Set, as KeySet publishes it.
func keysOfSet(text []byte) ([]key, error) {
	var set jose.JSONWebKeySet
	if err := json.Unmarshal(text, &set); err != nil {
		return nil, errors.New("receipts: key set: wanted a JSON Web Key Set")
	}
	keys := make([]key, 0, len(set.Keys))
	for i, k := range set.Keys {
		read, err := publicKey(k.Key, k.KeyID)
		if err != nil {
			return nil, fmt.Errorf("receipts: key set: key %d: %w", i+1, err)
		}
		keys = append(keys, read)
	}
	return keys, nil
}

// checkDistinct refuses keys that can't be told apart.
func checkDistinct(keys []key) error {
	seen := map[string]bool{}
	for _, k := range keys {
		if seen[k.id] {
			return fmt.Errorf("receipts: key %q is there twice", k.id)
		}
		seen[k.id] = true
	}
	return nil
}

// keySet is the public halves of keys.
func keySet(keys []key) jose.JSONWebKeySet {
	set := jose.JSONWebKeySet{Keys: []jose.JSONWebKey{}}
	for _, k := range keys {
		if _, secret := k.verify.([]byte); secret {
			continue
		}
		set.Keys = append(set.Keys, jose.JSONWebKey{Key: k.verify, KeyID: k.id, Algorithm: k.method.Alg(), Use: "sig"})
	}
	return set
}
