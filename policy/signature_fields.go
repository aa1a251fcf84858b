package policy

import (
	"encoding/base64"
	"time"

	"github.com/postern-dev/postern/policy/sigv4"
)

// signatureFields are the conditions and fields that signing adds to a document. They are written
// and verified once for all documents that are signed with the same key in the same second.
type signatureFields struct {
	key    *sigv4.SigningKey
	signed int64     // when, in seconds since 1970
	json   string    // the conditions, and the end of the document
	base64 [3]string // of json without its first 0, 1 or 2 bytes
	fields []Field   // all but policy and signature
	name   string    // of the signature's own field
	size   int       // bytes of all fields in the form, without the values of policy and signature
}

// newSignatureFields writes the conditions and fields for forms that are signed by s with key at
// now.
func newSignatureFields(s *sigv4.Signer, key *sigv4.SigningKey, now time.Time) (signatureFields, error) {
	d := s.Dialect()
	f := signatureFields{key: key, signed: now.Unix(), name: d.SignatureField(), fields: []Field{
		{d.AlgorithmField(), d.Algorithm()},
		{d.CredentialField(), key.Credential()},
		{d.DateField(), string(sigv4.AppendTimestamp(nil, now))},
	}}
	if token := string(s.SessionToken()); token != "" {
		f.fields = append(f.fields, Field{d.SecurityTokenField(), token})
	}
	var json []byte
	for i, field := range f.fields {
		if i > 0 {
			json = append(json, ',')
		}
		json = appendEqual(json, field.Name, field.Value)
	}
	json = append(json, "]}"...)
	f.json = string(json)
	if !f.matches(json) {
		return signatureFields{}, errEncoding
	}
	for i := range f.base64 {
		f.base64[i] = base64.StdEncoding.EncodeToString(json[i:])
	}
	f.size = FormBytes(f.fields) + FormBytes([]Field{{Name: "policy"}, {Name: f.name}})
	return f, nil
}

// matches reports whether the JSON means the fields and nothing else.
func (f *signatureFields) matches(json []byte) bool {
	v := newEncodingVerifier(json)
	for i, field := range f.fields {
		if i > 0 {
			v.literal(",")
		}
		v.equal(field.Name, field.Value)
	}
	v.literal("]}")
	return v.complete()
}
