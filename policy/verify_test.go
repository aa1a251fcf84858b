package policy_test

import (
	"encoding/base64"
	"errors"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/postern-dev/postern/policy"
	"github.com/postern-dev/postern/policy/sigv4"
)

// dialects returns signers of all four dialects, by name.
func dialects(t testing.TB) map[string]*sigv4.Signer {
	t.Helper()
	session := permanent()
	session.SessionToken = "session/token+=="
	account := sigv4.Credentials{AccessKeyID: "uploads@project.iam.gserviceaccount.com", PrivateKey: readKey(t)}
	return map[string]*sigv4.Signer{
		"aws": newSigner(t, sigv4.AWS, permanent()), "aws with a session": newSigner(t, sigv4.AWS, session),
		"oss": newSigner(t, sigv4.OSS, session), "gcs": newSigner(t, sigv4.GCS, permanent()), "gcs-rsa": newSigner(t, sigv4.GCSRSA, account),
	}
}

func TestVerifyReadsWhatSignWrote(t *testing.T) {
	t.Parallel()
	for name, s := range dialects(t) {
		d := validDocument(policy.ContentLengthRange(1, 10), policy.ContentTypePrefix("image/"))
		form, err := policy.Sign(d, formURL, s, noon)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		slices.Reverse(form.Fields)
		got, err := policy.Verify(append(form.Fields, policy.Field{Name: "x-ignore-me", Value: "x"}), s, noon.Add(14*time.Minute))
		if err != nil || len(got.Conditions) < len(d.Conditions)+3 || !got.Expiration.Equal(d.Expiration) {
			t.Errorf("%s: got %v, %v", name, got, err)
			continue
		}
		if got.Conditions = got.Conditions[:len(d.Conditions)]; meaning(got) != meaning(d) {
			t.Errorf("%s: got %s, wanted %s", name, meaning(got), meaning(d))
		}
	}
}

// with returns the fields; the one called name has another value.
func with(fields []policy.Field, name, value string) []policy.Field {
	fields = slices.Clone(fields)
	for i := range fields {
		if strings.EqualFold(fields[i].Name, name) {
			fields[i].Value = value
		}
	}
	return fields
}

func value(fields []policy.Field, name string) string {
	for _, f := range fields {
		if strings.EqualFold(f.Name, name) {
			return f.Value
		}
	}
	return ""
}

func TestVerifyRefuses(t *testing.T) {
	t.Parallel()
	s := dialects(t)["aws with a session"]
	form, err := policy.Sign(validDocument(), formURL, s, noon)
	if err != nil {
		t.Fatal(err)
	}
	f := form.Fields
	credential := value(f, "x-amz-credential")
	tests := map[string]struct {
		fields []policy.Field
		after  time.Duration
		field  string // of a *ScopeError; else ErrSignature
	}{
		"no fields":                     {nil, 0, "x-amz-date"},
		"a policy changed by a letter":  {with(f, "policy", strings.Replace(form.Policy, "e", "f", 1)), 0, ""},
		"another policy":                {with(f, "policy", base64.StdEncoding.EncodeToString([]byte("{}"))), 0, ""},
		"the policy with a line end":    {with(f, "policy", form.Policy+"\n"), 0, ""},
		"no policy":                     {with(f, "policy", ""), 0, ""},
		"no signature":                  {with(f, "x-amz-signature", ""), 0, ""},
		"the signature in upper case":   {with(f, "x-amz-signature", strings.ToUpper(value(f, "x-amz-signature"))), 0, ""},
		"two signatures":                {append(slices.Clone(f), policy.Field{Name: "X-Amz-Signature", Value: value(f, "x-amz-signature")}), 0, ""},
		"two policies":                  {append(slices.Clone(f), policy.Field{Name: "Policy", Value: form.Policy}), 0, ""},
		"another day":                   {with(f, "x-amz-date", "20260302T120000Z"), 0, ""},
		"another time of the same day":  {with(f, "x-amz-date", "20260301T120001Z"), 0, "x-amz-date"},
		"no date":                       {with(f, "x-amz-date", ""), 0, "x-amz-date"},
		"a malformed date":              {with(f, "x-amz-date", "20260301T120000+0000"), 0, "x-amz-date"},
		"two dates":                     {append(slices.Clone(f), policy.Field{Name: "x-amz-date", Value: "20260301T120000Z"}), 0, "x-amz-date"},
		"another access key":            {with(f, "x-amz-credential", strings.Replace(credential, "AKIA", "AKIB", 1)), 0, "x-amz-credential"},
		"another region in the form":    {with(f, "x-amz-credential", strings.Replace(credential, "central", "west", 1)), 0, "x-amz-credential"},
		"another algorithm in the form": {with(f, "x-amz-algorithm", "AWS4-ECDSA-P256-SHA256"), 0, "x-amz-algorithm"},
		"no session token":              {with(f, "x-amz-security-token", ""), 0, "x-amz-security-token"},
		"another session token":         {with(f, "x-amz-security-token", "x"), 0, "x-amz-security-token"},
		"signed in the future":          {f, -16 * time.Minute, "x-amz-date"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d, err := policy.Verify(test.fields, s, noon.Add(test.after))
			var scope *policy.ScopeError
			if test.field == "" && !errors.Is(err, policy.ErrSignature) || test.field != "" && (!errors.As(err, &scope) || scope.Field != test.field) {
				t.Errorf("got %v, wanted it about %q", err, test.field)
			}
			if err != nil && strings.Contains(err.Error(), "session/token") || !reflect.DeepEqual(d, policy.Document{}) {
				t.Errorf("got %v along with %v", d, err)
			}
		})
	}
}

func TestVerifyRefusesOtherSigners(t *testing.T) {
	t.Parallel()
	form, err := policy.Sign(validDocument(), formURL, newSigner(t, sigv4.AWS, permanent()), noon)
	if err != nil {
		t.Fatal(err)
	}
	other := permanent()
	other.SecretAccessKey = "another"
	elsewhere, err := sigv4.NewSigner(sigv4.AWS, "us-east-1", permanent())
	if err != nil {
		t.Fatal(err)
	}
	for name, s := range map[string]*sigv4.Signer{"another secret": newSigner(t, sigv4.AWS, other), "another region": elsewhere} {
		if _, err := policy.Verify(form.Fields, s, noon); !errors.Is(err, policy.ErrSignature) {
			t.Errorf("%s: got %v, wanted ErrSignature", name, err)
		}
	}
}

func TestVerifyRefusesExpired(t *testing.T) {
	t.Parallel()
	s := newSigner(t, sigv4.AWS, permanent())
	form, err := policy.Sign(validDocument(), formURL, s, noon)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := policy.Verify(form.Fields, s, noon.Add(15*time.Minute-1)); err != nil {
		t.Error(err)
	}
	var expired *policy.ExpiredError
	if _, err := policy.Verify(form.Fields, s, noon.Add(15*time.Minute)); !errors.As(err, &expired) {
		t.Errorf("got %v, wanted an *ExpiredError", err)
	}
}

// A valid signature isn't enough: the text has to be a policy, with exact conditions on who signed.
func TestVerifyReadsOnlyPolicies(t *testing.T) {
	t.Parallel()
	s := newSigner(t, sigv4.AWS, permanent())
	form, err := policy.Sign(validDocument(), formURL, s, noon)
	if err != nil {
		t.Fatal(err)
	}
	signed := func(text string) []policy.Field {
		encoded := base64.StdEncoding.EncodeToString([]byte(text))
		signature, err := s.SigningKey(noon).AppendSignature(nil, []byte(encoded))
		if err != nil {
			t.Fatal(err)
		}
		return with(with(form.Fields, "policy", encoded), "x-amz-signature", string(signature))
	}
	var syntax *policy.SyntaxError
	if _, err := policy.Verify(signed(`{"conditions":[]}`), s, noon); !errors.As(err, &syntax) {
		t.Errorf("got %v, wanted a *SyntaxError", err)
	}
	var scope *policy.ScopeError
	if _, err := policy.Verify(signed(wrap(`{"bucket":"media"}`)), s, noon); !errors.As(err, &scope) {
		t.Errorf("got %v, wanted a *ScopeError", err)
	}
	loose := `["starts-with","$x-amz-algorithm",""],["starts-with","$x-amz-credential",""],["starts-with","$x-amz-date",""]`
	if _, err := policy.Verify(signed(wrap(loose)), s, noon); !errors.As(err, &scope) {
		t.Errorf("got %v, wanted a *ScopeError", err)
	}
}
