package sigv4

import (
	"crypto"
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"sync"
	"time"
)

// ErrSignature is returned by Verify if the signature is another one.
var ErrSignature = errors.New("sigv4: signature does not match")

// SigningKey signs for one day. It is low-level: it signs any text. It is safe for concurrent use.
type SigningKey struct {
	day        int64 // see dayOf
	scope      Scope
	scopeText  string // the scope, joined by slashes
	credential string
	secret     []byte        // what the HMAC is keyed with
	private    crypto.Signer // with GCSRSA, instead of secret
	hmacs      sync.Pool     // of *hmacState
}

// hmacState is an HMAC keyed with a signing key, and room for its sum.
type hmacState struct {
	hash.Hash
	sum [sha256.Size]byte
}

// SigningKey returns the key for the UTC day of now. It is derived once a day.
func (s *Signer) SigningKey(now time.Time) *SigningKey {
	day := dayOf(now)
	cached := &s.keys[day&1]
	if k := cached.Load(); k != nil && k.day == day {
		return k
	}
	k := s.deriveKey(now)
	cached.Store(k)
	return k
}

// VerificationKey returns the key for the UTC day of a time that somebody else claims to have
// signed at. It derives a key for days other than today, and leaves the cached keys as they are.
func (s *Signer) VerificationKey(signed time.Time) *SigningKey {
	day := dayOf(signed)
	if k := s.keys[day&1].Load(); k != nil && k.day == day {
		return k
	}
	return s.deriveKey(signed)
}

// deriveKey makes the key for a day ("Deriving the signing key" in the documentation of Signature
// Version 4).
func (s *Signer) deriveKey(at time.Time) *SigningKey {
	scope := Scope{at.UTC().Format("20060102"), s.region, s.dialect.service, s.dialect.terminator}
	k := &SigningKey{day: dayOf(at), scope: scope, scopeText: scope.String()}
	k.credential = s.credentials.AccessKeyID + "/" + k.scopeText
	if s.dialect.rsa {
		k.private = s.credentials.PrivateKey
		return k
	}
	k.secret = []byte(s.dialect.secretPrefix + string(s.credentials.SecretAccessKey))
	for _, part := range []string{scope.Date, scope.Region, scope.Service, scope.Terminator} {
		h := hmac.New(sha256.New, k.secret)
		_, _ = io.WriteString(h, part)
		k.secret = h.Sum(nil)
	}
	k.hmacs.New = func() any { return &hmacState{Hash: hmac.New(sha256.New, k.secret)} }
	return k
}

// Scope returns the day, region and service that the key is for.
func (k *SigningKey) Scope() Scope { return k.scope }

// Credential returns the access key ID and the scope, joined by a slash.
func (k *SigningKey) Credential() string { return k.credential }

// Format writes the credential and never the key itself.
func (k *SigningKey) Format(f fmt.State, _ rune) {
	_, _ = io.WriteString(f, "signing key of "+k.credential)
}

// AppendSignature appends the signature of text in lower-case hex. Only with GCSRSA there can be an
// error: the private key's.
func (k *SigningKey) AppendSignature(dst, text []byte) ([]byte, error) {
	if k.private != nil {
		return k.appendRSA(dst, text)
	}
	h := k.hmacs.Get().(*hmacState)
	h.Reset()
	_, _ = h.Write(text)
	dst = hex.AppendEncode(dst, h.Sum(h.sum[:0]))
	k.hmacs.Put(h)
	return dst, nil
}

func (k *SigningKey) appendRSA(dst, text []byte) ([]byte, error) {
	digest := sha256.Sum256(text)
	signature, err := k.private.Sign(rand.Reader, digest[:], crypto.SHA256)
	if err != nil {
		return nil, fmt.Errorf("sigv4: sign with private key: %w", err)
	}
	return hex.AppendEncode(dst, signature), nil
}

// Verify returns ErrSignature unless signature is that of text, in lower-case hex. It compares in
// constant time.
func (k *SigningKey) Verify(text []byte, signature string) error {
	if k.private != nil {
		return k.verifyRSA(text, signature)
	}
	wanted, _ := k.AppendSignature(make([]byte, 0, 2*sha256.Size), text)
	if subtle.ConstantTimeCompare(wanted, []byte(signature)) != 1 {
		return ErrSignature
	}
	return nil
}

func (k *SigningKey) verifyRSA(text []byte, signature string) error {
	raw, err := hex.DecodeString(signature)
	if err != nil || hex.EncodeToString(raw) != signature {
		return ErrSignature
	}
	digest := sha256.Sum256(text)
	public := k.private.Public().(*rsa.PublicKey)
	if rsa.VerifyPKCS1v15(public, crypto.SHA256, digest[:], raw) != nil {
		return ErrSignature
	}
	return nil
}
