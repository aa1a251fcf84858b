package explain

import (
	"time"

	"github.com/postern-dev/postern/policy/sigv4"
)

// signature is what the fields of a form or the parameters of a URL say about how it was signed.
type signature struct {
	dialect                            *sigv4.Dialect
	algorithm, credential, date, value string // as written
	token                              sigv4.Secret
	accessKeyID                        string // empty if the credential can't be read
	scope                              sigv4.Scope
	signedAt                           time.Time // zero if the date can't be read
}

// readSignature reads a signature of any store. get returns a field or parameter by its name in
// lower case, "" if there is none. Without a signature the result is an empty one of AWS.
func readSignature(get func(name string) string) *signature {
	for _, d := range []*sigv4.Dialect{sigv4.AWS, sigv4.GCS, sigv4.OSS} {
		s := &signature{dialect: d, algorithm: get(d.AlgorithmField()), credential: get(d.CredentialField()), value: get(d.SignatureField())}
		if s.isEmpty() {
			continue
		}
		if known, err := sigv4.DialectOf(s.algorithm); err == nil && known.FieldPrefix() == d.FieldPrefix() {
			s.dialect = known
		}
		s.date, s.token = get(d.DateField()), sigv4.Secret(get(d.SecurityTokenField()))
		s.accessKeyID, s.scope, _ = sigv4.ParseCredential(s.credential)
		s.signedAt, _ = time.Parse("20060102T150405Z", s.date)
		return s
	}
	return &signature{dialect: sigv4.AWS}
}

func (s *signature) isEmpty() bool { return s.algorithm+s.credential+s.value == "" }

// signer returns what can compute the signature again, nil if its secret isn't known or a part of
// it can't be read.
func (x *explainer) signer(s *signature) *sigv4.Signer {
	if x.options.Secret == nil || s.accessKeyID == "" || s.signedAt.IsZero() || s.value == "" {
		return nil
	}
	secret, ok := x.options.Secret(s.accessKeyID)
	if !ok {
		return nil
	}
	signer, err := sigv4.NewSigner(s.dialect, s.scope.Region, sigv4.Credentials{AccessKeyID: s.accessKeyID, SecretAccessKey: secret, SessionToken: s.token})
	if err != nil {
		return nil
	}
	return signer
}
