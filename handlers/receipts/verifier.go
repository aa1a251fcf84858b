package receipts

import (
	"crypto/subtle"
	"errors"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/postern-dev/postern/policy/sigv4"
)

// Reason says why a receipt was refused.
type Reason string

// The reasons.
const (
	ReasonMalformed Reason = "malformed" // no receipt, or of another type, audience or form
	ReasonSignature Reason = "signature" // no key of ours has signed it
	ReasonIssuer    Reason = "issuer"    // of another server
	ReasonExpired   Reason = "expired"   // its time has ended, or it is older than MaxAge
	ReasonEarly     Reason = "early"     // from the future
	ReasonWithdrawn Reason = "withdrawn" // minted before VerifierConfig.NotBefore
	ReasonProfile   Reason = "profile"   // of another profile
	ReasonSubject   Reason = "subject"   // of another visitor
	ReasonNonce     Reason = "nonce"     // of another session
)

// Error says why a receipt was refused. It holds nothing of the receipt.
type Error struct{ Reason Reason }

// Error implements error.
func (e *Error) Error() string { return "receipts: receipt refused: " + string(e.Reason) }

// Is reports whether target is an *Error with the same reason.
func (e *Error) Is(target error) bool {
	other, ok := target.(*Error)
	return ok && other.Reason == e.Reason
}

func refused(reason Reason) error { return &Error{reason} }

// VerifierConfig is what NewVerifier needs: Issuer, and Secrets or KeySet.
type VerifierConfig struct {
	// Issuer has to be the receipt's: the public URL of the Postern server.
	Issuer string
	// Secrets verify HS256 receipts, at least 32 bytes each.
	Secrets []sigv4.Secret
	// KeySet is the JSON Web Key Set that the server publishes at /receipts/keys, for EdDSA and
	// ES256 receipts.
	KeySet []byte
	// MaxAge is how old a receipt may be, whatever end it names. 0: its own end alone.
	MaxAge time.Duration
	// NotBefore refuses every receipt that was minted before it, such as when a key was stolen.
	// Zero: none.
	NotBefore time.Time
	// Now is the clock. nil: time.Now.
	Now func() time.Time
}

// leeway is how much the clocks of two servers may differ.
const leeway = 30 * time.Second

// Verifier accepts or refuses receipts. It is immutable and safe for concurrent use.
type Verifier struct {
	issuer    string
	keys      []key
	parser    *jwt.Parser
	maxAge    time.Duration
	notBefore time.Time
	now       func() time.Time
}

// NewVerifier checks c and returns its Verifier.
func NewVerifier(c VerifierConfig) (*Verifier, error) {
	keys, err := secretKeys(c.Secrets)
	if err != nil {
		return nil, err
	}
	if len(c.KeySet) > 0 {
		public, err := keysOfSet(c.KeySet)
		if err != nil {
			return nil, err
		}
		keys = append(keys, public...)
	}
	return newVerifier(c, keys)
}

func newVerifier(c VerifierConfig, keys []key) (*Verifier, error) {
	switch {
	case c.Issuer == "":
		return nil, errors.New("receipts: Issuer is missing")
	case len(keys) == 0:
		return nil, errors.New("receipts: wanted at least one secret or key")
	case c.MaxAge < 0:
		return nil, errors.New("receipts: MaxAge: wanted 0 or more")
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	parser := jwt.NewParser(jwt.WithStrictDecoding(), jwt.WithoutClaimsValidation())
	return &Verifier{c.Issuer, keys, parser, c.MaxAge, c.NotBefore, c.Now}, checkDistinct(keys)
}

// Verify returns what a receipt says if it is genuine, of this server, of its time and as expected.
// The error is an *Error, or another where Expected is incomplete. It says nothing about whether
// the object is still there, nor whether the receipt was used before: store its ID to take each
// upload once.
func (v *Verifier) Verify(receipt string, want Expected) (Receipt, error) {
	if want.Profile == "" || want.Subject == "" {
		return Receipt{}, errors.New("receipts: Expected: wanted Profile and Subject")
	}
	c, err := v.read(receipt)
	if err != nil {
		return Receipt{}, err
	}
	r := c.receipt()
	switch {
	case r.Profile != want.Profile:
		return Receipt{}, refused(ReasonProfile)
	case r.Subject != want.Subject:
		return Receipt{}, refused(ReasonSubject)
	case subtle.ConstantTimeCompare([]byte(r.Nonce), []byte(want.Nonce)) != 1:
		return Receipt{}, refused(ReasonNonce)
	}
	return r, nil
}

// read checks all that is the same for every reader: form, signature, issuer and times.
func (v *Verifier) read(receipt string) (*claims, error) {
	// Go's base64 skips line ends: without this, one receipt would have many spellings.
	if len(receipt) > MaxBytes || strings.ContainsAny(receipt, "\r\n") || strings.HasSuffix(receipt, ".") {
		return nil, refused(ReasonMalformed)
	}
	var c claims
	if _, err := v.parser.ParseWithClaims(receipt, &c, v.keyOf); err != nil {
		known := !errors.Is(err, errPayload) && !errors.Is(err, jwt.ErrTokenMalformed)
		if known && (errors.Is(err, jwt.ErrTokenSignatureInvalid) || errors.Is(err, jwt.ErrTokenUnverifiable)) {
			return nil, refused(ReasonSignature)
		}
		return nil, refused(ReasonMalformed)
	}
	if c.Audience != Audience || !c.receipt().complete() {
		return nil, refused(ReasonMalformed)
	}
	if c.Issuer != v.issuer {
		return nil, refused(ReasonIssuer)
	}
	return &c, v.checkTimes(c.receipt())
}

// checkTimes compares the receipt's times with the clock, and with the oldest that is accepted.
func (v *Verifier) checkTimes(r Receipt) error {
	now := v.now()
	end := r.Expires
	if v.maxAge > 0 && r.Issued.Add(v.maxAge).Before(end) {
		end = r.Issued.Add(v.maxAge)
	}
	switch {
	case r.Issued.After(now.Add(leeway)):
		return refused(ReasonEarly)
	case !now.Add(-leeway).Before(end):
		return refused(ReasonExpired)
	case r.Issued.Before(v.notBefore):
		return refused(ReasonWithdrawn)
	}
	return nil
}

var errUnknownKey = errors.New("receipts: unknown key")

// keyOf finds the key that a receipt names, among ours alone. The algorithm has to be the key's: a
// public key never serves as a secret. A receipt names its key, so that nothing is tried out.
func (v *Verifier) keyOf(t *jwt.Token) (any, error) {
	if typ, _ := t.Header["typ"].(string); typ != Type {
		return nil, errPayload
	}
	if _, critical := t.Header["crit"]; critical { // RFC 7515, 4.1.11: we understand no extension
		return nil, errPayload
	}
	id, _ := t.Header["kid"].(string)
	for _, k := range v.keys {
		if k.id == id && k.method.Alg() == t.Method.Alg() {
			return k.verify, nil
		}
	}
	return nil, errUnknownKey
}
