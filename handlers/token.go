package handlers

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

	"github.com/postern-dev/postern/policy/profile"
	"github.com/postern-dev/postern/policy/sigv4"
)

// tokenAudience keeps upload tokens apart from every other JWT: a ticket can't pass for one,
// whatever its key.
const tokenAudience = "postern-upload"

// minTokenKey is the shortest key taken, in bytes: the output of the hash, as RFC 7518, 3.2 asks.
const minTokenKey = 32

// upload is what the issuing step decided and every later step relies on: the claims of the upload
// token.
type upload struct {
	id, subject, profile string
	bucket, key          string
	method               profile.Method
	uploadID             string // the store's, for a multipart upload
	contentType          string // "" for a form
	minSize, maxSize     int64
	partSize             int64
	checksum             string
	metadata             string // digest of the user metadata
	lang                 string // that a form's visitor chose; the store's redirect keeps no query
	issued, expires      time.Time
}

// plan is the part of the plan that later steps calculate with.
func (u upload) plan() profile.Plan {
	p := profile.Plan{ID: u.id, Profile: u.profile, Subject: u.subject, Bucket: u.bucket, Key: u.key,
		Method: u.method, Type: u.contentType, MinSize: u.minSize, MaxSize: u.maxSize,
		PartSize: u.partSize, Checksum: u.checksum, UploadExpiration: u.expires}
	if u.partSize > 0 {
		p.PartCount = int((u.maxSize + u.partSize - 1) / u.partSize)
	}
	return p
}

func uploadOf(p profile.Plan, uploadID string, now time.Time) upload {
	return upload{id: p.ID, subject: p.Subject, profile: p.Profile, bucket: p.Bucket, key: p.Key,
		method: p.Method, uploadID: uploadID, contentType: p.Type, minSize: p.MinSize, maxSize: p.MaxSize,
		partSize: p.PartSize, checksum: p.Checksum, metadata: digestFields(p.Metadata),
		issued: now.UTC().Truncate(time.Second), expires: p.UploadExpiration.UTC().Truncate(time.Second)}
}

// tokens mints and verifies upload tokens: JWTs with HS256. It is safe for concurrent use.
type tokens struct {
	keys   map[string][]byte // by key ID
	header []byte            // base64url of the first key's header, with the dot
	macs   sync.Pool         // of hash.Hash under the first key
	parser *jwt.Parser
}

func newTokens(keys []sigv4.Secret, now func() time.Time) (*tokens, error) {
	if len(keys) == 0 {
		return nil, errors.New("handlers: token keys: wanted at least one")
	}
	t := &tokens{keys: make(map[string][]byte, len(keys))}
	for i, key := range keys {
		if len(key) < minTokenKey {
			return nil, fmt.Errorf("handlers: token keys[%d]: wanted at least %d bytes, got %d", i, minTokenKey, len(key))
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

// mintBuffer is room for one token; a longer one is given its own.
type mintBuffer struct {
	claims [1024]byte
	token  [2048]byte
}

var mintBuffers = sync.Pool{New: func() any { return new(mintBuffer) }}

// mint returns the token of an upload.
func (t *tokens) mint(u upload) string { return t.mintAfter("", u) }

// mintAfter returns the token behind a prefix, such as the address it becomes part of.
func (t *tokens) mintAfter(prefix string, u upload) string {
	buffer := mintBuffers.Get().(*mintBuffer)
	defer mintBuffers.Put(buffer)
	claims := appendClaims(buffer.claims[:0], u)
	out := append(append(buffer.token[:0], prefix...), t.header...)
	out = base64.RawURLEncoding.AppendEncode(out, claims)
	mac := t.macs.Get().(hash.Hash)
	defer t.macs.Put(mac)
	mac.Reset()
	mac.Write(out[len(prefix):])
	sum := mac.Sum(claims[:0])
	return string(base64.RawURLEncoding.AppendEncode(append(out, '.'), sum))
}

// verify returns the upload that a token stands for, errExpiredToken when its time is over,
// errBadToken for anything else.
func (t *tokens) verify(token string) (upload, error) {
	var claims tokenClaims
	_, err := t.parser.ParseWithClaims(token, &claims, t.key)
	switch {
	case err == nil:
		return claims.upload()
	case errors.Is(err, jwt.ErrTokenExpired) && !errors.Is(err, jwt.ErrTokenInvalidAudience):
		return upload{}, errExpiredToken
	}
	return upload{}, errBadToken
}

func (t *tokens) key(token *jwt.Token) (any, error) {
	id, _ := token.Header["kid"].(string)
	key, ok := t.keys[id]
	if !ok {
		return nil, errBadToken
	}
	return key, nil
}

var (
	errBadToken     = &Error{Code: CodeUnauthorized, Field: "Upload-Token", Detail: "the upload token is not valid"}
	errExpiredToken = &Error{Code: CodeUploadExpired, Field: "Upload-Token", Detail: "the upload token is over"}
)
