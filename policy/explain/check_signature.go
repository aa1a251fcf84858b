package explain

import (
	"regexp"
	"strings"
	"time"

	"github.com/postern-dev/postern/policy/sigv4"
)

const (
	maxSkew     = 15 * time.Minute   // between the clocks of the signer and the store
	maxLifetime = 7 * 24 * time.Hour // of a signature
)

// checkFormSignature checks everything about a form's signature that needs no secret, and the
// signature itself where the secret is known.
func (x *explainer) checkFormSignature() {
	s := x.form.signature
	if x.kind != KindPolicy {
		x.checkSignatureFields(s)
	}
	x.checkSignature(s, x.form.address)
	if s.signedAt.IsZero() {
		return
	}
	now, end := x.options.Now, x.document.Expiration
	if lifetime := end.Sub(s.signedAt); lifetime > maxLifetime {
		x.add(Finding{Code: "lifetime_too_long", Field: "expiration", Wanted: "at most 7 days after signing", Got: lifetime.String()})
	}
	if age := now.Sub(s.signedAt); age > time.Hour && age <= maxLifetime && now.Before(end) {
		x.add(Finding{Code: "signed_long_ago", Field: s.dialect.DateField(), Wanted: "within the hour", Got: formatInstant(s.signedAt)})
	}
	text := fieldValue(x.form.fields, "policy")
	if signer := x.signer(s); signer != nil && text != "" {
		if signer.VerificationKey(s.signedAt).Verify([]byte(text), s.value) == nil {
			x.addFact("signature", "matches the credentials of this environment")
		} else {
			x.add(Finding{Code: "signature_mismatch", Field: s.dialect.SignatureField(), Wanted: "the signature of this policy with this key"})
		}
	}
}

// checkSignatureFields finds missing fields of the signature, and signatures of older versions.
func (x *explainer) checkSignatureFields(s *signature) {
	d, fields := s.dialect, x.form.fields
	if old := oldSignatureOf(fields); old != nil && s.algorithm == "" {
		x.checkOldSignature(old)
		return
	}
	for _, name := range []string{d.AlgorithmField(), d.CredentialField(), d.DateField(), d.SignatureField()} {
		if !x.form.incomplete && !hasField(fields, name) && !hasField(x.form.afterFile, name) {
			x.add(Finding{Code: "signature_field_missing", Field: name, Wanted: "a field " + name})
		}
	}
	x.checkAlgorithm(s)
}

func (x *explainer) checkAlgorithm(s *signature) {
	if _, err := sigv4.DialectOf(s.algorithm); s.algorithm != "" && err != nil {
		x.add(Finding{Code: "algorithm_unknown", Field: s.dialect.AlgorithmField(), Wanted: s.dialect.Algorithm(), Got: s.algorithm})
	}
}

var hexSignature = regexp.MustCompile(`^[0-9a-f]{64}$`)

// checkSignature checks date, credential, token and the form of the signature, of forms and URLs
// alike.
func (x *explainer) checkSignature(s *signature, address string) {
	if s.date != "" {
		x.checkDate(s)
	}
	if s.value != "" && s.dialect != sigv4.GCSRSA && !hexSignature.MatchString(s.value) {
		x.add(Finding{Code: "signature_malformed", Wanted: "64 lower-case hex digits", Got: formatCount(len(s.value), "character")})
	}
	if s.credential != "" {
		x.checkCredential(s, address)
	}
}

// checkDate reports a date that can't be read, lies in the future, or is older than 7 days.
func (x *explainer) checkDate(s *signature) {
	f := Finding{Field: s.dialect.DateField(), Got: formatInstant(s.signedAt)}
	now := x.options.Now
	if s.signedAt.IsZero() {
		f.Code, f.Wanted, f.Got = "date_malformed", "a time such as 20261121T120000Z", s.date
		x.add(f)
		return
	}
	x.addFact("signed", formatInstant(s.signedAt)+" ("+formatDistance(s.signedAt, now)+")")
	switch age := now.Sub(s.signedAt); {
	case age < -maxSkew:
		f.Code, f.Wanted = "clock_skew", "at most 15 minutes after "+formatInstant(now)
		x.add(f)
	case age > maxLifetime:
		f.Code, f.Wanted = "date_too_old", "at most 7 days before "+formatInstant(now)
		x.add(f)
	}
}

// checkCredential checks the credential and its scope against the date, the dialect, the session
// token and the region of the address.
func (x *explainer) checkCredential(s *signature, address string) {
	d, field := s.dialect, s.dialect.CredentialField()
	if s.accessKeyID == "" {
		x.add(Finding{Code: "credential_malformed", Field: field, Wanted: "key/date/region/service/" + d.Terminator(), Got: s.credential})
		return
	}
	x.addFact("access key ID", s.accessKeyID)
	x.addFact("credential scope", s.scope.String())
	if !s.signedAt.IsZero() && s.scope.Date != s.date[:8] {
		x.add(Finding{Code: "scope_date", Field: field, Wanted: s.date[:8], Got: s.scope.Date})
	}
	wanted, got := d.Service()+"/"+d.Terminator(), s.scope.Service+"/"+s.scope.Terminator
	if wanted != got {
		x.add(Finding{Code: "scope_service", Field: field, Wanted: wanted, Got: got})
	}
	if strings.HasPrefix(s.accessKeyID, "ASIA") && s.token == "" {
		x.add(Finding{Code: "token_missing", Field: d.SecurityTokenField(), Wanted: "the session token"})
	}
	if s.token != "" {
		x.add(Finding{Code: "token_used", Field: d.SecurityTokenField()})
	}
	if _, region := awsNames(address); region != "" && region != s.scope.Region && d == sigv4.AWS {
		x.add(Finding{Code: "wrong_region", Field: field, Wanted: region, Got: s.scope.Region})
	}
}
