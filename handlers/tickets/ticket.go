package tickets

import (
	"cmp"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"errors"
	"fmt"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/postern-dev/postern/policy/profile"
	"github.com/postern-dev/postern/policy/sigv4"
)

// DefaultLifetime is how long a minted ticket is valid unless it says otherwise.
const DefaultLifetime = 15 * time.Minute

// A Ticket is what to mint.
type Ticket struct {
	Subject  string            // who uploads; required
	Profiles []string          // profile names, or profile.AllProfiles; required
	Lifetime time.Duration     // 0: 15 min
	MaxSize  int64             // bytes; 0: the profile's own largest size
	Metadata map[string]string // stored with every object
	Claims   map[string]string // for {claim:NAME} in key templates
	Origin   string            // of the page that embeds the widget; empty: any the profile lists
	Nonce    string            // binds uploads and their receipts to a session of the host; empty: to none
	Issuer   string            // iss; empty: left out
	Audience string            // aud; empty: "postern"
	ID       string            // jti; empty: left out
}

// Mint signs a ticket with a shared secret of at least 32 bytes (HS256).
func Mint(t Ticket, secret sigv4.Secret, now time.Time) (string, error) {
	if len(secret) < minSecret {
		return "", fmt.Errorf("tickets: secret has %d bytes, wanted at least %d", len(secret), minSecret)
	}
	return t.sign(jwt.SigningMethodHS256, []byte(secret), "", now)
}

// MintWithKey signs a ticket with a private key whose public half is in the key set under keyID:
// *rsa.PrivateKey (RS256), *ecdsa.PrivateKey on P-256 (ES256) or ed25519.PrivateKey (EdDSA).
func MintWithKey(t Ticket, key crypto.Signer, keyID string, now time.Time) (string, error) {
	switch key.(type) {
	case *rsa.PrivateKey:
		return t.sign(jwt.SigningMethodRS256, key, keyID, now)
	case *ecdsa.PrivateKey:
		return t.sign(jwt.SigningMethodES256, key, keyID, now)
	case ed25519.PrivateKey:
		return t.sign(jwt.SigningMethodEdDSA, key, keyID, now)
	}
	return "", fmt.Errorf("tickets: key of type %T, wanted RSA, ECDSA or Ed25519", key)
}

func (t Ticket) sign(method jwt.SigningMethod, key any, keyID string, now time.Time) (string, error) {
	if err := t.check(); err != nil {
		return "", err
	}
	token := jwt.NewWithClaims(method, t.claims(now))
	if keyID != "" {
		token.Header["kid"] = keyID
	}
	signed, err := token.SignedString(key)
	if err != nil {
		return "", fmt.Errorf("tickets: signing: %w", err)
	}
	return signed, nil
}

// check refuses what a Verifier would refuse later, where it is harder to see.
func (t Ticket) check() error {
	var errs []error
	if err := checkSubject(t.Subject); err != nil {
		errs = append(errs, err)
	}
	if len(t.Profiles) == 0 || len(t.Profiles) > maxEntries {
		errs = append(errs, fmt.Errorf("tickets: %d profiles, wanted 1 to %d names, or %q", len(t.Profiles), maxEntries, profile.AllProfiles))
	}
	if t.Lifetime < 0 || t.MaxSize < 0 {
		errs = append(errs, errors.New("tickets: lifetime and largest size can't be negative"))
	}
	if t.Origin != "" && !profile.IsOrigin(t.Origin) {
		errs = append(errs, fmt.Errorf("tickets: origin %q, wanted scheme://host[:port]", t.Origin))
	}
	return errors.Join(errs...)
}

func (t Ticket) claims(now time.Time) *claims {
	issued, expires := float64(now.Unix()), float64(now.Add(cmp.Or(t.Lifetime, DefaultLifetime)).Unix())
	c := &claims{
		Subject: t.Subject, Audience: jwt.ClaimStrings{cmp.Or(t.Audience, Audience)}, Profiles: t.Profiles,
		IssuedAt: &issued, Expires: &expires, Issuer: t.Issuer, ID: t.ID,
		Metadata: t.Metadata, Claims: t.Claims, Origin: t.Origin, Nonce: t.Nonce,
	}
	if t.MaxSize != 0 {
		c.MaxSize = &t.MaxSize
	}
	return c
}
