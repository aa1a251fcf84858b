package uploads

import (
	"errors"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/postern-dev/postern/policy/sigv4"
)

// derivedTokens are JWTs of one kind, with keys of their own that are derived from the token keys:
// no other token verifies in their place, and they in no other's.
type derivedTokens struct {
	kind   string         // typ of the header
	keys   []sigv4.Secret // in the order of the token keys: the first signs, all verify
	parser *jwt.Parser
	now    func() time.Time
}

// newDerivedTokens derives the keys, see DeriveKeys.
func newDerivedTokens(kind, label string, keys []sigv4.Secret, now func() time.Time) (derivedTokens, error) {
	derived, err := DeriveKeys(keys, label)
	t := derivedTokens{kind: kind, keys: derived, now: now, parser: jwt.NewParser(jwt.WithValidMethods([]string{"HS256"}),
		jwt.WithExpirationRequired(), jwt.WithTimeFunc(now), jwt.WithStrictDecoding())}
	return t, err
}

// in is the time that is so much later than now, as claims have it.
func (t derivedTokens) in(lifetime time.Duration) jwt.RegisteredClaims {
	return jwt.RegisteredClaims{IssuedAt: jwt.NewNumericDate(t.now()), ExpiresAt: jwt.NewNumericDate(t.now().Add(lifetime))}
}

func (t derivedTokens) mint(claims jwt.Claims) (string, error) {
	token := jwt.NewWithClaims(jwt.SigningMethodHS256, claims)
	token.Header["typ"] = t.kind
	return token.SignedString([]byte(t.keys[0]))
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
		keys.Keys = append(keys.Keys, []byte(key))
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
