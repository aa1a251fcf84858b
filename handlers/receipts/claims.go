package receipts

import (
	"errors"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/golang-jwt/jwt/v5"
)

// claims is a Receipt as the token carries it.
type claims struct {
	Issuer   string            `json:"iss"`
	Audience string            `json:"aud"`
	ID       string            `json:"jti"`
	Subject  string            `json:"sub"`
	Profile  string            `json:"profile"`
	Bucket   string            `json:"bucket"`
	Key      string            `json:"key"`
	Version  string            `json:"version,omitzero"`
	Size     int64             `json:"size"`
	Type     string            `json:"type"`
	ETag     string            `json:"etag"`
	Filename string            `json:"filename,omitzero"`
	Checksum string            `json:"checksum,omitzero"`
	Metadata map[string]string `json:"metadata,omitempty"`
	Nonce    string            `json:"nonce,omitzero"`
	IssuedAt int64             `json:"iat"`
	Expires  int64             `json:"exp"`
}

func (r Receipt) claims(issuer string) *claims {
	return &claims{
		Issuer: issuer, Audience: Audience, ID: r.ID, Subject: r.Subject, Profile: r.Profile, Bucket: r.Bucket, Key: r.Key,
		Version: r.Version, Size: r.Size, Type: r.Type, ETag: r.ETag, Filename: r.Filename, Checksum: r.Checksum,
		Metadata: r.Metadata, Nonce: r.Nonce, IssuedAt: r.Issued.Unix(), Expires: r.Expires.Unix(),
	}
}

func (c *claims) receipt() Receipt {
	return Receipt{
		ID: c.ID, Subject: c.Subject, Profile: c.Profile, Bucket: c.Bucket, Key: c.Key,
		Version: c.Version, Size: c.Size, Type: c.Type, ETag: c.ETag, Filename: c.Filename, Checksum: c.Checksum,
		Metadata: c.Metadata, Nonce: c.Nonce, Issued: time.Unix(c.IssuedAt, 0).UTC(), Expires: time.Unix(c.Expires, 0).UTC(),
	}
}

// complete reports whether everything is there that a receipt always has.
func (r Receipt) complete() bool {
	return r.ID != "" && r.Subject != "" && r.Profile != "" && r.Bucket != "" && r.Key != "" && r.ETag != "" && r.Size >= 0
}

// plainClaims has none of the methods of claims, which would call themselves otherwise.
type plainClaims claims

var errPayload = errors.New("payload is no receipt")

// UnmarshalJSON decodes the payload: each member once, in its own spelling and of its kind, and no
// other members. An aud that is a list is refused: a receipt is for one audience.
func (c *claims) UnmarshalJSON(payload []byte) error {
	if err := json.Unmarshal(payload, (*plainClaims)(c), json.RejectUnknownMembers(true)); err != nil {
		return errPayload
	}
	return nil
}

// MarshalJSON encodes the payload.
func (c *claims) MarshalJSON() ([]byte, error) { return json.Marshal((*plainClaims)(c)) }

// The getters are for the library, which leaves the checks to Verify.

func (c *claims) GetExpirationTime() (*jwt.NumericDate, error) { return nil, nil }
func (c *claims) GetIssuedAt() (*jwt.NumericDate, error)       { return nil, nil }
func (c *claims) GetNotBefore() (*jwt.NumericDate, error)      { return nil, nil }
func (c *claims) GetIssuer() (string, error)                   { return c.Issuer, nil }
func (c *claims) GetSubject() (string, error)                  { return c.Subject, nil }
func (c *claims) GetAudience() (jwt.ClaimStrings, error)       { return jwt.ClaimStrings{c.Audience}, nil }
