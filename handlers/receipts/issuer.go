package receipts

import (
	"cmp"
	"crypto"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/postern-dev/postern/policy/sigv4"
)

const (
	// DefaultLifetime is for how long a receipt is valid unless Config says otherwise.
	DefaultLifetime = 24 * time.Hour
	// URLLifetime is for how long a receipt in a URL is valid.
	URLLifetime = 5 * time.Minute
)

// Config is what New needs: Issuer, and either Secrets or Keys.
type Config struct {
	// Issuer is the public URL of this server.
	Issuer string
	// Secrets are shared with those who verify, at least 32 bytes each: the first signs (HS256),
	// all verify.
	Secrets []sigv4.Secret
	// Keys are key pairs, ed25519.PrivateKey (EdDSA) or *ecdsa.PrivateKey on P-256 (ES256): the
	// first signs, all verify.
	Keys []crypto.Signer
	// Lifetime is for how long a receipt is valid. 0: DefaultLifetime.
	Lifetime time.Duration
	// NotBefore is as in VerifierConfig.
	NotBefore time.Time
	// Now is the clock. nil: time.Now.
	Now func() time.Time
}

// Issuer mints receipts and verifies its own. It is immutable and safe for concurrent use.
type Issuer struct {
	*Verifier
	header   string // of every receipt, encoded: it names the first key
	lifetime time.Duration
}

// New checks c and returns its Issuer.
func New(c Config) (*Issuer, error) {
	if (len(c.Secrets) > 0) == (len(c.Keys) > 0) {
		return nil, errors.New("receipts: wanted either Secrets or Keys")
	}
	if c.Lifetime < 0 {
		return nil, fmt.Errorf("receipts: Lifetime %s: wanted 0 or more", c.Lifetime)
	}
	keys, err := secretKeys(c.Secrets)
	if len(c.Keys) > 0 {
		keys, err = pairKeys(c.Keys)
	}
	if err != nil {
		return nil, err
	}
	v, err := newVerifier(VerifierConfig{Issuer: c.Issuer, NotBefore: c.NotBefore, Now: c.Now}, keys)
	if err != nil {
		return nil, err
	}
	header, err := json.Marshal(map[string]string{"alg": keys[0].method.Alg(), "kid": keys[0].id, "typ": Type})
	if err != nil {
		return nil, err
	}
	return &Issuer{v, base64.RawURLEncoding.EncodeToString(header), cmp.Or(c.Lifetime, DefaultLifetime)}, nil
}

// Mint signs a receipt that is valid from now on for the Issuer's lifetime. Metadata that would
// make it longer than MaxBytes is left out. It returns an error for an incomplete receipt, for one
// that is too long even so, and where a key fails.
func (i *Issuer) Mint(r Receipt) (string, error) {
	r.Issued = i.now()
	return i.MintAgain(r)
}

// MintAgain signs a receipt that was verified before, and keeps when it was issued: it is valid for
// the Issuer's lifetime from then on, so that nobody prolongs a receipt. One that came in a URL gets
// the time that the upload's first receipt had. Everything else is as in Mint.
func (i *Issuer) MintAgain(r Receipt) (string, error) {
	signed, err := i.mint(r, i.lifetime)
	if errors.Is(err, errTooLong) && r.Metadata != nil {
		r.Metadata = nil
		return i.mint(r, i.lifetime)
	}
	return signed, err
}

// MintForURL signs a receipt that may be part of a URL, which ends up in histories and logs: it
// lives URLLifetime at most and holds no metadata.
func (i *Issuer) MintForURL(r Receipt) (string, error) {
	r.Issued, r.Metadata = i.now(), nil
	return i.mint(r, min(i.lifetime, URLLifetime))
}

var errTooLong = fmt.Errorf("receipts: wanted at most %d bytes", MaxBytes)

// mint signs with the first key a receipt that is valid for lifetime from r.Issued on. The receipt names the key, so that a verifier needn't try all.
func (i *Issuer) mint(r Receipt, lifetime time.Duration) (string, error) {
	if !r.complete() {
		return "", errors.New("receipts: wanted ID, Subject, Profile, Bucket, Key and ETag")
	}
	r.Expires = r.Issued.Add(lifetime)
	payload, err := r.claims(i.issuer).MarshalJSON()
	if err != nil {
		return "", fmt.Errorf("receipts: encode: %w", err)
	}
	k := i.keys[0]
	text := i.header + "." + base64.RawURLEncoding.EncodeToString(payload)
	signature, err := k.method.Sign(text, k.sign)
	if err != nil {
		return "", fmt.Errorf("receipts: sign: %w", err)
	}
	signed := text + "." + base64.RawURLEncoding.EncodeToString(signature)
	if len(signed) > MaxBytes {
		return "", errTooLong
	}
	return signed, nil
}

// KeySet is the public halves of the key pairs, for those who verify; it is empty with secrets.
func (i *Issuer) KeySet() jose.JSONWebKeySet { return keySet(i.keys) }
