package uploads

import (
	"crypto/hkdf"
	"crypto/sha256"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/postern-dev/postern/policy/sigv4"
)

// derivedTokens are JWTs of one kind, with keys of their own that are derived from the token keys:
// no other token verifies in their place, and they in no other's.
type derivedTokens struct {
	kind   string   // typ of the header
	keys   [][]byte // in the order of the token keys: the first signs, all verify
	parser *jwt.Parser
	now    func() time.Time
}

// newDerivedTokens derives the keys. label is that of the derivation (HKDF, RFC 5869).
func newDerivedTokens(kind, label string, keys []sigv4.Secret, now func() time.Time) (derivedTokens, error) {
	t := derivedTokens{kind: kind, now: now, parser: jwt.NewParser(jwt.WithValidMethods([]string{"HS256"}),
		jwt.WithExpirationRequired(), jwt.WithTimeFunc(now), jwt.WithStrictDecoding())}
	for _, key := range keys {
		derived, err := hkdf.Key(sha256.New, []byte(key), nil, label, sha256.Size)
		if err != nil {
			return derivedTokens{}, fmt.Errorf("uploads: derive key %q: %w", label, err)
		}
		t.keys = append(t.keys, derived)
	}
	return t, nil
}

// in is the time that is so much later than now, as claims have it.
func (t derivedTokens) in(lifetime time.Duration) jwt.RegisteredClaims {
	return jwt.RegisteredClaims{IssuedAt: jwt.NewNumericDate(t.now()), ExpiresAt: jwt.NewNumericDate(t.now().Add(lifetime))}
}

func (t derivedTokens) mint(claims jwt.Claims) (string, error) {
	token := jwt.NewWithClaims(jwt.SigningMethodHS256, claims)
	token.Header["typ"] = t.kind
	return token.SignedString(t.keys[0])
}

var (
	errOtherKind = errors.New("uploads: a token of another kind")
	// errDerivedToken is what verify returns for everything but an end.
	errDerivedToken = errors.New("uploads: not a token of ours")
)

// verify reads a token into claims. The error is jwt.ErrTokenExpired where its time has ended,
// errDerivedToken where it isn't one of ours.
func (t derivedTokens) verify(token string, claims jwt.Claims) error {
	if len(token) > maxToken || strings.ContainsAny(token, "\r\n") { // Go's base64 skips line ends
		return errDerivedToken
	}
	var keys jwt.VerificationKeySet
	for _, key := range t.keys {
		keys.Keys = append(keys.Keys, key)
	}
	_, err := t.parser.ParseWithClaims(token, claims, func(parsed *jwt.Token) (any, error) {
		if parsed.Header["typ"] != t.kind {
			return nil, errOtherKind
		}
		return keys, nil
	})
	switch {
	case err == nil:
		return nil
	case errors.Is(err, jwt.ErrTokenExpired):
		return jwt.ErrTokenExpired
	}
	return errDerivedToken
}
