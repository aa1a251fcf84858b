package handlers

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/golang-jwt/jwt/v5"

	"github.com/postern-dev/postern/policy"
	"github.com/postern-dev/postern/policy/profile"
)

// tokenClaims are the claims as they travel. Names are short: the token is part of a URL and of a
// policy.
type tokenClaims struct {
	jwt.RegisteredClaims
	Profile  string         `json:"prf"`
	Bucket   string         `json:"bkt"`
	Key      string         `json:"key"`
	Method   profile.Method `json:"mth"`
	UploadID string         `json:"uid"`
	Type     string         `json:"typ"`
	MinSize  int64          `json:"min"`
	MaxSize  int64          `json:"max"`
	PartSize int64          `json:"pts"`
	Checksum string         `json:"sum"`
	Metadata string         `json:"met"`
	Lang     string         `json:"lng"`
}

// upload checks what a signature can't: that the claims are whole. A token minted by an older
// release may lack some.
func (c *tokenClaims) upload() (upload, error) {
	if c.ID == "" || c.Subject == "" || c.Profile == "" || c.Bucket == "" || c.Key == "" || c.IssuedAt == nil ||
		c.MinSize < 0 || c.MaxSize < c.MinSize || (c.Method == profile.MethodMultipart) != (c.PartSize > 0) {
		return upload{}, errBadToken
	}
	return upload{id: c.ID, subject: c.Subject, profile: c.Profile, bucket: c.Bucket, key: c.Key,
		method: c.Method, uploadID: c.UploadID, contentType: c.Type, minSize: c.MinSize, maxSize: c.MaxSize,
		partSize: c.PartSize, checksum: c.Checksum, metadata: c.Metadata, lang: c.Lang,
		issued: c.IssuedAt.UTC(), expires: c.ExpiresAt.UTC()}, nil
}

// appendClaims writes the claims of u as JSON; what is empty is left out.
func appendClaims(b []byte, u upload) []byte {
	b = append(b, `{"aud":"`+tokenAudience+`","iat":`...)
	b = strconv.AppendInt(b, u.issued.Unix(), 10)
	b = append(b, `,"exp":`...)
	b = strconv.AppendInt(b, u.expires.Unix(), 10)
	b = appendMember(b, "jti", u.id)
	b = appendMember(b, "sub", u.subject)
	b = appendMember(b, "prf", u.profile)
	b = appendMember(b, "bkt", u.bucket)
	b = appendMember(b, "key", u.key)
	b = appendMember(b, "mth", string(u.method))
	b = appendMember(b, "uid", u.uploadID)
	b = appendMember(b, "typ", u.contentType)
	b = appendNumber(b, "min", u.minSize)
	b = appendNumber(b, "max", u.maxSize)
	b = appendNumber(b, "pts", u.partSize)
	b = appendMember(b, "sum", u.checksum)
	b = appendMember(b, "met", u.metadata)
	b = appendMember(b, "lng", u.lang)
	return append(b, '}')
}

func appendName(b []byte, name string) []byte {
	b = append(b, ',', '"')
	b = append(b, name...)
	return append(b, '"', ':')
}

func appendNumber(b []byte, name string, value int64) []byte {
	if value == 0 {
		return b
	}
	return strconv.AppendInt(appendName(b, name), value, 10)
}

func appendMember(b []byte, name, value string) []byte {
	if value == "" {
		return b
	}
	return appendString(appendName(b, name), value)
}

// appendString writes a JSON string: as it is where nothing needs an escape, else as encoding/json
// does.
func appendString(b []byte, text string) []byte {
	if !plainJSON(text) {
		quoted, err := json.Marshal(text)
		if err != nil { // strings always encode
			panic("handlers: encoding a string: " + err.Error())
		}
		return append(b, quoted...)
	}
	b = append(b, '"')
	b = append(b, text...)
	return append(b, '"')
}

func plainJSON(text string) bool {
	for i := range len(text) {
		if c := text[i]; c < ' ' || c == '"' || c == '\\' || c >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// digestFields is a short digest of user metadata, so that a later step can tell whether the object
// carries what was planned. Encoded words are decoded first: S3 writes them in its own way. No
// metadata has no digest.
func digestFields(fields []policy.Field) string {
	if len(fields) == 0 {
		return ""
	}
	sum := sha256.New()
	for _, f := range fields {
		for _, text := range []string{f.Name, decodeWord(strings.TrimSpace(f.Value))} {
			sum.Write(strconv.AppendInt(nil, int64(len(text)), 10))
			sum.Write([]byte{' '})
			sum.Write([]byte(text))
		}
	}
	return base64.RawURLEncoding.EncodeToString(sum.Sum(nil)[:16])
}

// since is when the upload was issued, less what clocks may differ by.
func (u upload) since() time.Time { return u.issued.Add(-clockSkew) }

// clockSkew is how far the store's clock may lag behind ours.
const clockSkew = 5 * time.Minute
