package uploads

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"hash"
	"sync"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/postern-dev/postern/handlers/problem"
	"github.com/postern-dev/postern/policy/sigv4"
)

// HeaderUploadToken carries the upload token on every route after issuing.
const HeaderUploadToken = "Upload-Token"

// tokenAudience keeps upload tokens apart from every other JWT: a ticket can't pass for one,
// whatever its key.
const tokenAudience = "postern-upload"

const (
	minTokenKey = 32      // bytes: the output of the hash, as RFC 7518, 3.2 asks
	maxToken    = 8 << 10 // bytes of a token that are read at most
)

var (
	errInvalidToken = &problem.Error{Code: problem.Unauthorized, Field: HeaderUploadToken, Detail: "the upload token is not valid"}
	errMissingToken = &problem.Error{Code: problem.Unauthorized, Field: HeaderUploadToken, Detail: "the upload token is missing"}
	errExpiredToken = &problem.Error{Code: problem.UploadExpired, Field: HeaderUploadToken, Detail: "the upload token has expired"}
)

// tokens mints and verifies upload tokens: JWTs with HS256. It is safe for concurrent use.
type tokens struct {
	keys   map[string][]byte // by key ID
	header []byte            // base64url of the first key's header, with the dot
	macs   sync.Pool         // of hash.Hash under the first key
	parser *jwt.Parser
}

// newTokens prepares signing with the first key and verifying with all. It refuses short keys.
func newTokens(keys []sigv4.Secret, now func() time.Time) (*tokens, error) {
	if len(keys) == 0 {
		return nil, errors.New("uploads: TokenKeys: wanted at least one")
	}
	t := &tokens{keys: make(map[string][]byte, len(keys))}
	for i, key := range keys {
		if len(key) < minTokenKey {
			return nil, fmt.Errorf("uploads: TokenKeys[%d]: wanted at least %d bytes, got %d", i, minTokenKey, len(key))
		}
		t.keys[keyID(key)] = []byte(key)
	}
	first := []byte(keys[0])
	t.macs.New = func() any { return hmac.New(sha256.New, first) }
	header := `{"alg":"HS256","kid":"` + keyID(keys[0]) + `","typ":"JWT"}`
	t.header = append(base64.RawURLEncoding.AppendEncode(nil, []byte(header)), '.')
	t.parser = jwt.NewParser(jwt.WithValidMethods([]string{"HS256"}), jwt.WithAudience(tokenAudience),
		jwt.WithExpirationRequired(), jwt.WithTimeFunc(now), jwt.WithStrictDecoding())
	return t, nil
}

// keyID names a key without telling anything about it.
func keyID(key sigv4.Secret) string {
	mac := hmac.New(sha256.New, []byte(key))
	mac.Write([]byte("postern key id"))
	return base64.RawURLEncoding.EncodeToString(mac.Sum(nil)[:6])
}

// tokenBuffers hold the claims and the token while one is made.
var tokenBuffers = sync.Pool{New: func() any { return new(tokenBuffer) }}

type tokenBuffer struct {
	claims, token []byte
	sum           [sha256.Size]byte
}

// mint returns the token of an upload behind a prefix, such as the URL that it becomes part of.
func (t *tokens) mint(prefix string, u Upload) string {
	b := tokenBuffers.Get().(*tokenBuffer)
	defer tokenBuffers.Put(b)
	b.claims = appendClaims(b.claims[:0], u)
	b.token = append(append(b.token[:0], prefix...), t.header...)
	b.token = base64.RawURLEncoding.AppendEncode(b.token, b.claims)
	mac := t.macs.Get().(hash.Hash)
	defer t.macs.Put(mac)
	mac.Reset()
	mac.Write(b.token[len(prefix):])
	b.token = base64.RawURLEncoding.AppendEncode(append(b.token, '.'), mac.Sum(b.sum[:0]))
	return string(b.token)
}

// verify returns the upload that a token stands for: errMissingToken for an empty one,
// errExpiredToken when its time has ended, errInvalidToken for anything else.
func (t *tokens) verify(token string) (Upload, error) {
	switch {
	case token == "":
		return Upload{}, errMissingToken
	case len(token) > maxToken:
		return Upload{}, errInvalidToken
	}
	var claims uploadClaims
	_, err := t.parser.ParseWithClaims(token, &claims, t.key)
	switch {
	case err == nil:
		return claims.upload()
	case errors.Is(err, jwt.ErrTokenExpired) && !errors.Is(err, jwt.ErrTokenInvalidAudience):
		return Upload{}, errExpiredToken
	}
	return Upload{}, errInvalidToken
}

func (t *tokens) key(token *jwt.Token) (any, error) {
	id, _ := token.Header["kid"].(string)
	key, ok := t.keys[id]
	if !ok {
		return nil, errInvalidToken
	}
	return key, nil
}
