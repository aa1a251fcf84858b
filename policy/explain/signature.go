package explain

import (
	"errors"
	"regexp"
	"strings"
	"time"

	"github.com/postern-dev/postern/policy"
	"github.com/postern-dev/postern/policy/sigv4"
)

const (
	maxSkew = 15 * time.Minute
	maxLife = 7 * 24 * time.Hour
)

// signed is what a form or URL says about its signature.
type signed struct {
	dialect    *sigv4.Dialect
	credential string
	date       string
	token      bool
	signature  string
	accessKey  string
	scope      sigv4.Scope
	at         time.Time // zero when date can't be read
}

// checkSignature looks at everything about a form's signature that needs no secret, and at the
// signature itself where there is one.
func (s *session) checkSignature(d policy.Document, f *form) {
	dialect := dialectOf(f.fields)
	credential, _ := value(f.fields, dialect.CredentialField())
	date, _ := value(f.fields, dialect.DateField())
	signature, _ := value(f.fields, dialect.SignatureField())
	sg := signed{dialect: dialect, credential: credential, date: date, signature: signature}
	sg.token = has(f.fields, dialect.SecurityTokenField())
	if s.report.Kind != KindPolicy {
		s.checkPresent(dialect, f)
	}
	s.checkScope(&sg, f.url, dialect.CredentialField(), dialect.DateField())
	if sg.at.IsZero() {
		return
	}
	if over := d.Expiration.Sub(sg.at); over > maxLife {
		s.find(Finding{Code: "lifetime_too_long", Field: "expiration", Wanted: "at most 7 days after signing", Got: over.String()})
	}
	if age := s.options.Now.Sub(sg.at); age > time.Hour && age <= maxLife && s.options.Now.Before(d.Expiration) {
		s.find(Finding{Code: "signed_long_ago", Field: dialect.DateField(), Wanted: "within the hour", Got: instant(sg.at)})
	}
	s.verify(&sg, f)
}

// dialectOf recognises a store family by the field that names the algorithm.
func dialectOf(fields []policy.Field) *sigv4.Dialect {
	for _, d := range []*sigv4.Dialect{sigv4.OSS, sigv4.GCS} {
		if name, ok := value(fields, d.AlgorithmField()); ok {
			if known, err := sigv4.DialectOf(name); err == nil {
				return known
			}
			return d
		}
	}
	return sigv4.AWS
}

// checkPresent names the signature fields that every form needs.
func (s *session) checkPresent(d *sigv4.Dialect, f *form) {
	algorithm, _ := value(f.fields, d.AlgorithmField())
	if has(f.fields, "AWSAccessKeyId") && algorithm == "" {
		s.find(Finding{Code: "signature_v2", Field: "AWSAccessKeyId", Wanted: d.AlgorithmField() + " and " + d.CredentialField()})
		return
	}
	for _, name := range []string{d.AlgorithmField(), d.CredentialField(), d.DateField(), d.SignatureField()} {
		if !has(f.fields, name) && !has(f.late, name) {
			s.find(Finding{Code: "signature_field_missing", Field: name, Wanted: "a field " + name})
		}
	}
	if _, err := sigv4.DialectOf(algorithm); algorithm != "" && err != nil {
		s.find(Finding{Code: "algorithm_unknown", Field: d.AlgorithmField(), Wanted: d.Algorithm(), Got: algorithm})
	}
}

var hexSignature = regexp.MustCompile(`^[0-9a-f]{64}$`)

// checkScope looks at credential, date, token and the form of the signature, for forms and URLs
// alike.
func (s *session) checkScope(sg *signed, url, credentialField, dateField string) {
	var err error
	if sg.date != "" {
		if sg.at, err = time.Parse("20060102T150405Z", sg.date); err != nil {
			s.find(Finding{Code: "date_malformed", Field: dateField, Wanted: "a time such as 20261121T120000Z", Got: sg.date})
		} else {
			s.checkClock(sg, dateField)
		}
	}
	if sg.signature != "" && sg.dialect != sigv4.GCSRSA && !hexSignature.MatchString(sg.signature) {
		s.find(Finding{Code: "signature_malformed", Wanted: "64 lower-case hex digits", Got: count(len(sg.signature), "character")})
	}
	if sg.credential == "" {
		return
	}
	if sg.accessKey, sg.scope, err = sigv4.ParseCredential(sg.credential); err != nil {
		s.find(Finding{Code: "credential_malformed", Field: credentialField, Wanted: "key/date/region/service/" + sg.dialect.Terminator(), Got: sg.credential})
		return
	}
	s.fact("access key ID", sg.accessKey)
	s.fact("credential scope", sg.scope.String())
	s.checkParts(sg, credentialField)
	s.checkRegion(sg, url, credentialField)
}

func (s *session) checkClock(sg *signed, field string) {
	now := s.options.Now
	s.fact("signed", instant(sg.at)+" ("+distance(sg.at, now)+")")
	if sg.at.Sub(now) > maxSkew {
		s.find(Finding{Code: "clock_skew", Field: field, Wanted: "at most 15 minutes after " + instant(now), Got: instant(sg.at)})
	}
	if now.Sub(sg.at) > maxLife {
		s.find(Finding{Code: "date_too_old", Field: field, Wanted: "at most 7 days before " + instant(now), Got: instant(sg.at)})
	}
}

func (s *session) checkParts(sg *signed, field string) {
	if !sg.at.IsZero() && sg.scope.Date != sg.date[:8] {
		s.find(Finding{Code: "scope_date", Field: field, Wanted: sg.date[:8], Got: sg.scope.Date})
	}
	if sg.scope.Service != sg.dialect.Service() || sg.scope.Terminator != sg.dialect.Terminator() {
		wanted := sg.dialect.Service() + "/" + sg.dialect.Terminator()
		s.find(Finding{Code: "scope_service", Field: field, Wanted: wanted, Got: sg.scope.Service + "/" + sg.scope.Terminator})
	}
	if strings.HasPrefix(sg.accessKey, "ASIA") && !sg.token {
		s.find(Finding{Code: "token_missing", Field: sg.dialect.SecurityTokenField(), Wanted: "the session token"})
	}
	if sg.token {
		s.find(Finding{Code: "token_used", Field: sg.dialect.SecurityTokenField()})
	}
}

// checkRegion compares the scope's region with the one the address names.
func (s *session) checkRegion(sg *signed, url, field string) {
	region := regionOf(url)
	if region != "" && region != sg.scope.Region && sg.dialect == sigv4.AWS {
		s.find(Finding{Code: "wrong_region", Field: field, Wanted: region, Got: sg.scope.Region})
	}
}

// verify checks the signature where the secret is at hand.
func (s *session) verify(sg *signed, f *form) {
	text, ok := value(f.fields, "policy")
	if !ok || s.options.Secret == nil || sg.accessKey == "" || sg.signature == "" {
		return
	}
	secret, ok := s.options.Secret(sg.accessKey)
	if !ok {
		return
	}
	token, _ := value(f.fields, sg.dialect.SecurityTokenField())
	credentials := sigv4.Credentials{AccessKeyID: sg.accessKey, SecretAccessKey: secret, SessionToken: sigv4.Secret(token)}
	signer, err := sigv4.NewSigner(sg.dialect, sg.scope.Region, credentials)
	if err != nil || text == "" {
		return
	}
	if _, err := policy.Verify(f.fields, signer, s.options.Now); errors.Is(err, policy.ErrSignature) {
		s.find(Finding{Code: "signature_mismatch", Field: sg.dialect.SignatureField(), Wanted: "the signature of this policy with this key"})
	} else {
		s.fact("signature", "matches the credentials of this environment")
	}
}
