package policy

import (
	"errors"
	"strconv"
	"strings"
	"time"

	"github.com/postern-dev/postern/policy/sigv4"
)

// MaxSkew is how far in the future a signing time may lie.
const MaxSkew = 15 * time.Minute

// Verify reads the signed policy of a form. The signature is checked first, over the policy's text
// as received and in constant time; only then is the text read, and the scope and the expiration
// are looked at. fields may be in any order and hold other fields, too.
//
// Errors are ErrSignature, *ScopeError for a form of another key, day, region, service or session,
// *SyntaxError for a signed text that isn't a policy, and *ExpiredError. The document is empty with
// any error.
func Verify(fields []Field, s *sigv4.Signer, now time.Time) (Document, error) {
	if s == nil {
		return Document{}, errors.New("policy: signer is missing")
	}
	v := verifier{fields: fields, dialect: s.Dialect(), now: now}
	signed, err := v.signingTime()
	if err != nil {
		return Document{}, err
	}
	v.key = s.KeyAt(signed)
	policy := v.value("policy")
	if v.key.Verify([]byte(policy), v.value(v.dialect.SignatureField())) != nil {
		return Document{}, ErrSignature
	}
	d, err := Parse(policy)
	if err != nil {
		return Document{}, err
	}
	if err := v.checkScope(d, string(s.SessionToken())); err != nil {
		return Document{}, err
	}
	if !now.Before(d.Expiration) {
		return Document{}, &ExpiredError{Expiration: d.Expiration, Now: now}
	}
	return d, nil
}

type verifier struct {
	fields  []Field
	dialect *sigv4.Dialect
	key     *sigv4.SigningKey
	now     time.Time
}

// value returns the one value of a field, empty if it is missing or repeated.
func (v *verifier) value(name string) (value string) {
	found := false
	for i := range v.fields {
		if strings.EqualFold(v.fields[i].Name, name) {
			if found {
				return ""
			}
			found, value = true, v.fields[i].Value
		}
	}
	return value
}

// signingTime reads the date field. Nothing vouches for it yet: it only chooses the key, and the
// signature decides whether that was the right one.
func (v *verifier) signingTime() (time.Time, error) {
	text := v.value(v.dialect.DateField())
	at, err := time.Parse("20060102T150405Z", text)
	if err != nil || len(text) != len("20060102T150405Z") {
		return time.Time{}, &ScopeError{v.dialect.DateField(), "one time such as 20060102T150405Z", strconv.Quote(text)}
	}
	return at, nil
}

// checkScope compares what the policy and the form say about who signed.
func (v *verifier) checkScope(d Document, token string) error {
	at, err := v.signingTime()
	if err != nil {
		return err
	}
	if at.After(v.now.Add(MaxSkew)) {
		return &ScopeError{v.dialect.DateField(), "a time that isn't in the future", strconv.Quote(at.Format(time.RFC3339))}
	}
	wanted := []Field{
		{v.dialect.AlgorithmField(), v.dialect.Algorithm()},
		{v.dialect.CredentialField(), v.key.Credential()},
		{v.dialect.DateField(), string(sigv4.AppendTimestamp(nil, at))},
	}
	for _, w := range wanted {
		if err := v.checkSigned(d, w); err != nil {
			return err
		}
	}
	return v.checkToken(d, token)
}

// checkSigned demands that a field and its condition have the value wanted.
func (v *verifier) checkSigned(d Document, wanted Field) error {
	if got := v.value(wanted.Name); got != wanted.Value {
		return &ScopeError{wanted.Name, strconv.Quote(wanted.Value), strconv.Quote(got)}
	}
	if !demands(d, wanted) {
		return &ScopeError{wanted.Name, "an exact condition on " + strconv.Quote(wanted.Value), "none"}
	}
	return nil
}

// checkToken is checkSigned without naming the token.
func (v *verifier) checkToken(d Document, token string) error {
	name := v.dialect.SecurityTokenField()
	if v.value(name) != token || token != "" && !demands(d, Field{name, token}) {
		return &ScopeError{name, "the session token of the credentials", "another"}
	}
	return nil
}

// demands says whether every condition on the field wants the value, and at least one does.
func demands(d Document, wanted Field) bool {
	found := false
	for i := range d.Conditions {
		if c := &d.Conditions[i]; c.Covers(wanted.Name) {
			if c.op != opEqual || c.value != wanted.Value {
				return false
			}
			found = true
		}
	}
	return found
}
