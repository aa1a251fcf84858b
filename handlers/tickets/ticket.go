package tickets

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"errors"
	"fmt"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/postern-dev/postern/policy/sigv4"
)

// DefaultLifetime is how long a minted ticket lives unless it says otherwise.
const DefaultLifetime = 15 * time.Minute

// A Ticket is what to mint.
type Ticket struct {
	Subject  string            // who uploads; required
	Profiles []string          // profile names, or "*" for every one; required
	Lifetime time.Duration     // 0: 15 min
	MaxSize  int64             // bytes; 0: the profile's own largest size
	Metadata map[string]string // stored with every object
	Claims   map[string]string // for {claim:NAME} in key templates
	Origin   string            // of the page that embeds the widget; empty: any the profile lists
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
	token := jwt.NewWithClaims(method, t.payload(now))
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
	if len(t.Profiles) == 0 || len(t.Profiles) > maxList {
		errs = append(errs, fmt.Errorf("tickets: %d profiles, wanted 1 to %d names, or %q", len(t.Profiles), maxList, "*"))
	}
	if t.Lifetime < 0 || t.MaxSize < 0 {
		errs = append(errs, errors.New("tickets: lifetime and largest size can't be negative"))
	}
	if t.Origin != "" && !isOrigin(t.Origin) {
		errs = append(errs, fmt.Errorf("tickets: origin %q, wanted scheme://host[:port]", t.Origin))
	}
	return errors.Join(errs...)
}

func (t Ticket) payload(now time.Time) jwt.MapClaims {
	lifetime, audience := t.Lifetime, t.Audience
	if lifetime == 0 {
		lifetime = DefaultLifetime
	}
	if audience == "" {
		audience = Audience
	}
	payload := jwt.MapClaims{
		"sub": t.Subject, "aud": audience, "profiles": t.Profiles,
		"iat": now.Unix(), "exp": now.Add(lifetime).Unix(),
	}
	t.addOptional(payload)
	return payload
}

func (t Ticket) addOptional(payload jwt.MapClaims) {
	if t.MaxSize != 0 {
		payload["max_size"] = t.MaxSize
	}
	if len(t.Metadata) > 0 {
		payload["metadata"] = t.Metadata
	}
	if len(t.Claims) > 0 {
		payload["claims"] = t.Claims
	}
	for name, value := range map[string]string{"origin": t.Origin, "iss": t.Issuer, "jti": t.ID} {
		if value != "" {
			payload[name] = value
		}
	}
}
