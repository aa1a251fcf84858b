package config

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"time"

	"github.com/postern-dev/postern/handlers/receipts"
	"github.com/postern-dev/postern/policy/sigv4"
)

// Receipts say how receipts are signed: with secrets that the application has too, or with key
// pairs whose public halves are at /receipts/keys. Both empty: no receipts are minted.
type Receipts struct {
	Secrets  []sigv4.Secret
	Keys     []crypto.Signer
	Lifetime time.Duration // 0: receipts.DefaultLifetime
}

// Issuer returns what mints the receipts of the server at publicURL; nil where none are minted.
func (r Receipts) Issuer(publicURL string) (*receipts.Issuer, error) {
	if len(r.Secrets) == 0 && len(r.Keys) == 0 {
		return nil, nil
	}
	return receipts.New(receipts.Config{Issuer: publicURL, Secrets: r.Secrets, Keys: r.Keys, Lifetime: r.Lifetime})
}

// receipts reads what signs receipts: secrets or key pairs, not both.
func (l *loader) receipts(d receiptsSection) Receipts {
	r := Receipts{Lifetime: l.duration("receipts.lifetime", d.Lifetime)}
	for i, reference := range d.Secrets {
		r.Secrets = append(r.Secrets, l.secret(fmt.Sprintf("receipts.secrets[%d]", i), reference))
	}
	for i, reference := range d.Keys {
		if key := l.keyPair(fmt.Sprintf("receipts.keys[%d]", i), reference); key != nil {
			r.Keys = append(r.Keys, key)
		}
	}
	switch {
	case len(d.Secrets) > 0 && len(d.Keys) > 0:
		l.fail("receipts", "wants secrets or keys, not both")
	case len(d.Secrets) == 0 && len(d.Keys) == 0 && d.Lifetime != "":
		l.fail("receipts", "wants secrets or keys: nothing signs the receipts")
	}
	return r
}

// keyPair returns the private key that a reference names; nil where there is a mistake.
func (l *loader) keyPair(path, reference string) crypto.Signer {
	text, ok := l.referred(path, reference, "a private key in PEM")
	if !ok {
		return nil
	}
	key, err := parseKeyPair(text)
	if err != nil {
		l.fail(path, "%v; make one with: openssl genpkey -algorithm ed25519", err)
	}
	return key
}

// parseKeyPair reads a private key in PEM: PKCS #8 with Ed25519 or P-256.
func parseKeyPair(text string) (crypto.Signer, error) {
	block, _ := pem.Decode([]byte(text))
	if block == nil {
		return nil, errors.New("wants a private key in PEM")
	}
	parsed, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		return nil, errors.New("wants a private key in PKCS #8, as openssl genpkey writes it")
	}
	switch key := parsed.(type) {
	case ed25519.PrivateKey:
		return key, nil
	case *ecdsa.PrivateKey:
		if key.Curve == elliptic.P256() {
			return key, nil
		}
	}
	return nil, errors.New("wants a key of Ed25519 or P-256")
}
