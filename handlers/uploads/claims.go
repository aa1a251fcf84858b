package uploads

import (
	"strconv"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/golang-jwt/jwt/v5"

	"github.com/postern-dev/postern/policy/profile"
)

// uploadClaims is an Upload as the upload token carries it. Names are short: the token is part of a
// URL and of a policy.
type uploadClaims struct {
	jwt.RegisteredClaims
	Profile        string           `json:"prf"`
	Bucket         string           `json:"bkt"`
	Key            string           `json:"key"`
	Method         profile.Method   `json:"mth"`
	StoreUploadID  string           `json:"uid"`
	Type           string           `json:"typ"`
	MinSize        int64            `json:"min"`
	MaxSize        int64            `json:"max"`
	PartSize       int64            `json:"pts"`
	Checksum       profile.Checksum `json:"sum"`
	MetadataDigest string           `json:"met"`
	Language       string           `json:"lng"`
	Filename       string           `json:"fnm"`
	Nonce          string           `json:"non"`
	ReturnPath     string           `json:"pth"`
	ReturnField    string           `json:"fld"`
	Process        string           `json:"prc"`
	Way            Way              `json:"way"`
}

// appendClaims appends the claims of u as JSON. It writes them by itself since a token is part of
// every form page: reflecting on uploadClaims takes more than twice as long.
func appendClaims(b []byte, u Upload) []byte {
	b = append(b, `{"aud":"`+tokenAudience+`"`...)
	for _, claim := range [...]struct{ name, value string }{
		{"jti", u.ID}, {"sub", u.Subject}, {"prf", u.Profile}, {"bkt", u.Bucket}, {"key", u.Key}, {"mth", string(u.Method)},
		{"uid", u.StoreUploadID}, {"typ", u.Type}, {"sum", string(u.Checksum)}, {"met", u.MetadataDigest}, {"lng", u.Language},
		{"fnm", u.Filename}, {"non", u.Nonce}, {"prc", u.Process}, {"way", string(u.Way)}, {"pth", u.Return.Path}, {"fld", u.Return.Field},
	} {
		if claim.value != "" {
			b = appendName(b, claim.name)
			b, _ = jsontext.AppendQuote(b, claim.value) // the error is about invalid UTF-8, which is replaced
		}
	}
	for _, claim := range [...]struct {
		name  string
		value int64
	}{
		{"iat", u.Issued.Unix()}, {"exp", u.UploadExpiration.Unix()},
		{"min", u.MinSize}, {"max", u.MaxSize}, {"pts", u.PartSize},
	} {
		if claim.value != 0 {
			b = strconv.AppendInt(appendName(b, claim.name), claim.value, 10)
		}
	}
	return append(b, '}')
}

func appendName(b []byte, name string) []byte {
	b = append(b, ',', '"')
	b = append(b, name...)
	return append(b, '"', ':')
}

// upload checks what a signature can't: that the claims are complete. A token of an older release
// may lack some.
func (c *uploadClaims) upload() (Upload, error) {
	if c.ID == "" || c.Subject == "" || c.Profile == "" || c.Bucket == "" || c.Key == "" || c.IssuedAt == nil ||
		c.MinSize < 0 || c.MaxSize < c.MinSize || (c.Method == profile.MethodMultipart) != (c.PartSize > 0) {
		return Upload{}, errInvalidToken
	}
	u := Upload{
		Plan: profile.Plan{
			ID: c.ID, Subject: c.Subject, Profile: c.Profile, Bucket: c.Bucket, Key: c.Key, Method: c.Method,
			Type: c.Type, MinSize: c.MinSize, MaxSize: c.MaxSize, PartSize: c.PartSize, Checksum: c.Checksum,
			UploadExpiration: c.ExpiresAt.UTC(), Filename: c.Filename, Nonce: c.Nonce,
		},
		StoreUploadID: c.StoreUploadID, MetadataDigest: c.MetadataDigest, Language: c.Language,
		Return: Return{Path: c.ReturnPath, Field: c.ReturnField},
		Issued: c.IssuedAt.UTC(), Process: c.Process, Way: c.Way,
	}
	if c.PartSize > 0 {
		u.PartCount = int((c.MaxSize + c.PartSize - 1) / c.PartSize)
	}
	return u, nil
}
