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

// ErrSignature is returned when a signature isn't the one wanted.
var ErrSignature = errors.New("sigv4: signature does not match")

// SigningKey signs on one day. It is low-level: it signs what it is given. A Key is safe for
// concurrent use and doesn't change.
type SigningKey struct {
	day        int64
	scope      Scope
	scopeText  string // scope, joined by slashes
	credential string
	derived    []byte
	private    crypto.Signer
	macs       sync.Pool // of *mac, each holding the key's HMAC state
}

type mac struct {
	hash.Hash
	sum [sha256.Size]byte
}

// SigningKey returns the signing key for the UTC day of now.
func (s *Signer) SigningKey(now time.Time) *SigningKey {
	day := dayOf(now.Unix())
	place := &s.keys[day&1]
	if k := place.Load(); k != nil && k.day == day {
		return k
	}
	k := s.derive(now.Unix())
	place.Store(k)
	return k
}

// VerificationKey is Key for the signing times of others: it finds a key that is kept, but a key derived for
// another day isn't kept in its stead.
func (s *Signer) VerificationKey(signed time.Time) *SigningKey {
	day := dayOf(signed.Unix())
	if k := s.keys[day&1].Load(); k != nil && k.day == day {
		return k
	}
	return s.derive(signed.Unix())
}

func (s *Signer) derive(unix int64) *SigningKey {
	scope := Scope{string(appendDate(nil, unix)), s.region, s.dialect.service, s.dialect.terminator}
	k := &SigningKey{day: dayOf(unix), scope: scope, scopeText: scope.String()}
	k.credential = s.credentials.AccessKeyID + "/" + k.scopeText
	if s.dialect.rsa {
		k.private = s.credentials.PrivateKey
		return k
	}
	derived := []byte(s.dialect.secretHead + string(s.credentials.SecretAccessKey))
	for _, part := range []string{scope.Date, scope.Region, scope.Service, scope.Terminator} {
		h := hmac.New(sha256.New, derived)
		_, _ = io.WriteString(h, part)
		derived = h.Sum(nil)
	}
	k.derived = derived
	k.macs.New = func() any { return &mac{Hash: hmac.New(sha256.New, k.derived)} }
	return k
}

// Scope returns what the key is good for.
func (k *SigningKey) Scope() Scope { return k.scope }

// AppendTimestamp appends now in UTC as 20060102T150405Z. It is a shorter way than the function of
// that name on the key's own day.
func (k *SigningKey) AppendTimestamp(dst []byte, now time.Time) []byte {
	unix := now.Unix()
	if dayOf(unix) != k.day {
		return AppendTimestamp(dst, now)
	}
	return appendClock(append(append(dst, k.scope.Date...), 'T'), unix)
}

// Credential returns the access key ID and the scope, joined by a slash.
func (k *SigningKey) Credential() string { return k.credential }

// Format writes the credential; the key itself stays out of sight.
func (k *SigningKey) Format(f fmt.State, _ rune) {
	_, _ = io.WriteString(f, "signing key of "+k.credential)
}

// AppendSignature appends the signature of text in lower-case hex. The error is always nil except
// with GCSRSA, where it is the private key's.
func (k *SigningKey) AppendSignature(dst, text []byte) ([]byte, error) {
	if k.private != nil {
		return k.appendRSA(dst, text)
	}
	m := k.macs.Get().(*mac)
	m.Reset()
	_, _ = m.Write(text)
	dst = hex.AppendEncode(dst, m.Sum(m.sum[:0]))
	k.macs.Put(m)
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

// Verify returns ErrSignature unless signature, in lower-case hex, is the one of text. It takes the
// same time wherever the two differ.
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
