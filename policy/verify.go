package policy

import (
	"errors"
	"strconv"
	"time"

	"github.com/postern-dev/postern/policy/sigv4"
)

// MaxSkew is how far in the future the signing time of a form may lie, for clocks that differ.
const MaxSkew = 15 * time.Minute

// Verify reads the signed policy of a form. It checks the signature first, over the policy's text
// as received and in constant time; only then does it read the text, and check who signed it and
// whether it has expired. fields may have any order, and other fields among them.
//
// Errors are ErrSignature, *ScopeError for a form of another key, day, region, service or session,
// *SyntaxError for a signed text that isn't a policy, and *ExpiredError. With an error, the
// document is empty.
func Verify(fields []Field, s *sigv4.Signer, now time.Time) (Document, error) {
	if s == nil {
		return Document{}, errors.New("policy: signer is missing")
	}
	v := formVerifier{fields: fields, dialect: s.Dialect(), now: now}
	signed, err := v.signingTime()
	if err != nil {
		return Document{}, err
	}
	v.key = s.VerificationKey(signed)
	policy := v.value("policy")
	if v.key.Verify([]byte(policy), v.value(v.dialect.SignatureField())) != nil {
		return Document{}, ErrSignature
	}
	d, err := Parse(policy)
	if err != nil {
		return Document{}, err
	}
	if err := v.checkScope(d, signed, string(s.SessionToken())); err != nil {
		return Document{}, err
	}
	if !now.Before(d.Expiration) {
		return Document{}, &ExpiredError{Expiration: d.Expiration, Now: now}
	}
	return d, nil
}

type formVerifier struct {
	fields  []Field
	dialect *sigv4.Dialect
	key     *sigv4.SigningKey
	now     time.Time
}

// value returns the value of a field, empty if the field is missing or repeated.
func (v *formVerifier) value(name string) (value string) {
	found := false
	for _, field := range v.fields {
		if field.Is(name) {
			if found {
				return ""
			}
			found, value = true, field.Value
		}
	}
	return value
}

// signingTime reads the date field. It isn't to be trusted yet: it only selects the key, and the
// signature shows whether that was the right one.
func (v *formVerifier) signingTime() (time.Time, error) {
	const layout = "20060102T150405Z"
	text := v.value(v.dialect.DateField())
	at, err := time.Parse(layout, text)
	if err != nil || len(text) != len(layout) {
		return time.Time{}, &ScopeError{v.dialect.DateField(), "one time such as " + layout, strconv.Quote(text)}
	}
	return at, nil
}

// checkScope compares who signed, by the form and by the policy, with the key.
func (v *formVerifier) checkScope(d Document, signed time.Time, token string) error {
	if signed.After(v.now.Add(MaxSkew)) {
		return &ScopeError{v.dialect.DateField(), "a time that isn't in the future", strconv.Quote(formatInstant(signed))}
	}
	for _, wanted := range []Field{
		{v.dialect.AlgorithmField(), v.dialect.Algorithm()},
		{v.dialect.CredentialField(), v.key.Credential()},
		{v.dialect.DateField(), string(sigv4.AppendTimestamp(nil, signed))},
	} {
		if got := v.value(wanted.Name); got != wanted.Value {
			return &ScopeError{wanted.Name, strconv.Quote(wanted.Value), strconv.Quote(got)}
		}
		if !demands(d, wanted) {
			return &ScopeError{wanted.Name, "an exact condition on " + strconv.Quote(wanted.Value), "none"}
		}
	}
	name := v.dialect.SecurityTokenField()
	if v.value(name) != token || token != "" && !demands(d, Field{name, token}) {
		return &ScopeError{name, "the session token of the credentials", "another"}
	}
	return nil
}

// demands reports whether the document has conditions on the field, and all of them want its value.
func demands(d Document, wanted Field) bool {
	found := false
	for i := range d.Conditions {
		if c := &d.Conditions[i]; c.Covers(wanted.Name) {
			if c.operator != OpEqual || c.value != wanted.Value {
				return false
			}
			found = true
		}
	}
	return found
}
