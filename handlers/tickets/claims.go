package tickets

import (
	"errors"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/golang-jwt/jwt/v5"
)

// lastInstant is the end of year 9999 in Unix seconds, the last that RFC 3339 can write.
const lastInstant = 253402300799

// claims is the payload of a ticket. Instants are Unix seconds, nil where the ticket has none.
type claims struct {
	Subject   string            `json:"sub"`
	Audience  jwt.ClaimStrings  `json:"aud"`
	Expires   *float64          `json:"exp,omitzero"`
	NotBefore *float64          `json:"nbf,omitzero"`
	IssuedAt  *float64          `json:"iat,omitzero"`
	Issuer    string            `json:"iss,omitzero"`
	ID        string            `json:"jti,omitzero"`
	Profiles  []string          `json:"profiles"`
	MaxSize   *int64            `json:"max_size,omitzero"`
	Metadata  map[string]string `json:"metadata,omitempty"`
	Claims    map[string]string `json:"claims,omitempty"`
	Origin    string            `json:"origin,omitzero"`
	Nonce     string            `json:"nonce,omitzero"`
	// Custom holds all other members.
	Custom map[string]jsontext.Value `json:",inline"`
}

// plainClaims has none of the methods of claims, which would call themselves otherwise.
type plainClaims claims

// withoutNull refuses null, which would otherwise count as a member that isn't there. Custom
// members may be anything.
var withoutNull = json.WithUnmarshalers(json.UnmarshalFromFunc(func(d *jsontext.Decoder, into any) error {
	if _, custom := into.(*jsontext.Value); !custom && d.PeekKind() == 'n' {
		return errors.New("null")
	}
	return json.SkipFunc
}))

// UnmarshalJSON decodes the payload. Unlike encoding/json it tells "Sub" from "sub", and refuses
// null, repeated members and broken Unicode. Errors say what is wrong without quoting it.
func (c *claims) UnmarshalJSON(payload []byte) error {
	if err := json.Unmarshal(payload, (*plainClaims)(c), withoutNull); err != nil {
		return payloadError(err)
	}
	return checkInstants(c.Expires, c.NotBefore, c.IssuedAt)
}

// payloadError says what is wrong with a payload without quoting it.
func payloadError(err error) error {
	var semantic *json.SemanticError
	switch {
	case errors.Is(err, json.ErrUnknownName):
		return refused(ErrClaim, "a member that such a token doesn't have")
	case errors.Is(err, jsontext.ErrDuplicateName):
		return refused(ErrClaim, "a member is there twice")
	case errors.As(err, &semantic):
		member := "payload"
		for member = range semantic.JSONPointer.Tokens() {
			break // the member of the payload, whatever is wrong inside
		}
		return refused(ErrClaim, member+" is of the wrong kind")
	}
	return refused(ErrMalformed, "payload isn't JSON in valid UTF-8")
}

// checkInstants refuses what aren't Unix seconds; nil is none.
func checkInstants(list ...*float64) error {
	for _, seconds := range list {
		if seconds != nil && !(*seconds > 0 && *seconds <= lastInstant) {
			return refused(ErrClaim, "exp, nbf and iat have to be seconds since 1970")
		}
	}
	return nil
}

// MarshalJSON encodes the payload.
func (c *claims) MarshalJSON() ([]byte, error) { return json.Marshal((*plainClaims)(c)) }

// The getters let the library check exp, nbf, iat, iss and aud.

func (c *claims) GetExpirationTime() (*jwt.NumericDate, error) { return date(c.Expires), nil }
func (c *claims) GetIssuedAt() (*jwt.NumericDate, error)       { return date(c.IssuedAt), nil }
func (c *claims) GetNotBefore() (*jwt.NumericDate, error)      { return date(c.NotBefore), nil }
func (c *claims) GetIssuer() (string, error)                   { return c.Issuer, nil }
func (c *claims) GetSubject() (string, error)                  { return c.Subject, nil }
func (c *claims) GetAudience() (jwt.ClaimStrings, error)       { return c.Audience, nil }

// date cuts off fractions of a second, which RFC 7519 section 2 allows.
func date(seconds *float64) *jwt.NumericDate {
	if seconds == nil {
		return nil
	}
	return &jwt.NumericDate{Time: time.Unix(int64(*seconds), 0).UTC()}
}
