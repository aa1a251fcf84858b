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

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

const formURL = "https://media.s3.eu-central-1.amazonaws.com/"

func permanent() sigv4.Credentials {
	return sigv4.Credentials{AccessKeyID: "AKIAIOSFODNN7EXAMPLE", SecretAccessKey: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"}
}

func newSigner(t testing.TB, d *sigv4.Dialect, c sigv4.Credentials) *sigv4.Signer {
	t.Helper()
	s, err := sigv4.NewSigner(d, "eu-central-1", c)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// hasReason reports whether one of the joined errors is a *policy.ConditionError with this reason.
func hasReason(err error, reason policy.Reason) bool {
	return errors.Is(err, &policy.ConditionError{Reason: reason})
}

// validDocument returns a document that can be signed, with the given conditions added.
func validDocument(more ...policy.Condition) policy.Document {
	conditions := []policy.Condition{policy.Bucket("media"), policy.Key("users/1/a.png")}
	return policy.Document{Expiration: noon.Add(15 * time.Minute), Conditions: append(conditions, more...)}
}

func TestSignDerivesTheFields(t *testing.T) {
	t.Parallel()
	c := permanent()
	c.SessionToken = "session+token/=="
	d := validDocument(policy.ContentType("image/png"), policy.ContentLengthRange(1, 10), policy.MetadataAny("album"), policy.Metadata("quote", `"x\y"`))
	form, err := policy.Sign(d, formURL, newSigner(t, sigv4.AWS, c), noon.In(time.FixedZone("east", 7200)))
	if err != nil {
		t.Fatal(err)
	}
	wanted := []policy.Field{
		{"key", "users/1/a.png"}, {"Content-Type", "image/png"}, {"x-amz-meta-quote", `"x\y"`},
		{"x-amz-algorithm", "AWS4-HMAC-SHA256"}, {"x-amz-credential", "AKIAIOSFODNN7EXAMPLE/20260301/eu-central-1/s3/aws4_request"},
		{"x-amz-date", "20260301T120000Z"}, {"x-amz-security-token", "session+token/=="},
		{"policy", form.Policy}, {"x-amz-signature", form.Fields[8].Value},
	}
	if !slices.Equal(form.Fields, wanted) || !slices.Equal(form.VisitorFields, []string{"x-amz-meta-album"}) || form.URL != formURL {
		t.Errorf("got fields %q, visitor fields %q, URL %q", form.Fields, form.VisitorFields, form.URL)
	}
	json, err := base64.StdEncoding.DecodeString(form.Policy)
	if text := `{"expiration":"2026-03-01T12:15:00.000Z","conditions":[{"bucket":"media"},{"key":"users/1/a.png"},{"Content-Type":"image/png"},` +
		`["content-length-range",1,10],["starts-with","$x-amz-meta-album",""],{"x-amz-meta-quote":"\"x\\y\""},{"x-amz-algorithm":"AWS4-HMAC-SHA256"},` +
		`{"x-amz-credential":"AKIAIOSFODNN7EXAMPLE/20260301/eu-central-1/s3/aws4_request"},{"x-amz-date":"20260301T120000Z"},` +
		`{"x-amz-security-token":"session+token/=="}]}`; string(json) != text || err != nil {
		t.Errorf("got\n%s, %v\nwanted\n%s", json, err, text)
	}
}

// The base64 is put together from three pieces, which have to fit for every length of the
// conditions.
func TestPolicyIsTheBase64OfTheDocument(t *testing.T) {
	t.Parallel()
	for name, s := range dialects(t) {
		for length := range 7 {
			form, err := policy.Sign(withKey(policy.Key(strings.Repeat("k", 1+length))), formURL, s, noon)
			if err != nil {
				t.Fatal(err)
			}
			json, err := base64.StdEncoding.Strict().DecodeString(form.Policy)
			if err != nil {
				t.Fatalf("%s, %d bytes: %v", name, len(form.Policy), err)
			}
			d, err := policy.Parse(string(json))
			if err != nil {
				t.Fatalf("%s: %v in %s", name, err, json)
			}
			if again, err := d.AppendJSON(nil); err != nil || string(again) != string(json) {
				t.Errorf("%s: got %s, %v, wanted the canonical %s", name, json, err, again)
			}
		}
	}
}

// Signing does not change its arguments: the same document gives the same form again.
func TestSigningTwiceGivesTheSameForm(t *testing.T) {
	t.Parallel()
	d, s := validDocument(policy.ContentLengthRange(1, 10)), newSigner(t, sigv4.AWS, permanent())
	before := slices.Clone(d.Conditions)
	first, err := policy.Sign(d, formURL, s, noon)
	if err != nil {
		t.Fatal(err)
	}
	for _, at := range []time.Time{noon.Add(-36 * time.Hour), noon} {
		if _, err := policy.Sign(validDocument(), formURL, s, at); err != nil {
			t.Fatal(err)
		}
	}
	second, err := policy.Sign(d, formURL, newSigner(t, sigv4.AWS, permanent()), noon)
	if err != nil || !reflect.DeepEqual(first, second) || !slices.Equal(d.Conditions, before) {
		t.Errorf("got\n%v\nthen\n%v, %v", first, second, err)
	}
}

func TestSignCutsFractionsOff(t *testing.T) {
	t.Parallel()
	d := validDocument()
	d.Expiration = noon.Add(time.Minute + 999*time.Millisecond)
	form, err := policy.Sign(d, formURL, newSigner(t, sigv4.AWS, permanent()), noon)
	if err != nil || !form.Expiration.Equal(noon.Add(time.Minute)) || form.Expiration.Location() != time.UTC {
		t.Errorf("got %v, %v, wanted whole seconds in UTC", form.Expiration, err)
	}
	read, err := policy.Parse(form.Policy)
	if err != nil || !read.Expiration.Equal(form.Expiration) {
		t.Errorf("got %v, %v, wanted %v", read.Expiration, err, form.Expiration)
	}
}

// withKey returns validDocument with another condition on the key.
func withKey(c policy.Condition) policy.Document {
	d := validDocument()
	d.Conditions[1] = c
	return d
}

// lastingFor returns validDocument with another expiration.
func lastingFor(span time.Duration) policy.Document {
	d := validDocument()
	d.Expiration = noon.Add(span)
	return d
}

var signRefusals = map[string]struct {
	document policy.Document
	field    string
	wanted   policy.Reason
}{
	"no key":                           {withKey(policy.CacheControl("no-store")), "key", policy.ReasonUnconditional},
	"no bucket":                        {policy.Document{Expiration: noon.Add(time.Minute), Conditions: []policy.Condition{policy.Key("a")}}, "bucket", policy.ReasonUnconditional},
	"an empty key":                     {withKey(policy.Key("")), "key", policy.ReasonValue},
	"an empty prefix":                  {withKey(policy.KeyPrefix("")), "key", policy.ReasonKeyPrefix},
	"a prefix without its slash":       {withKey(policy.KeyPrefix("users/1")), "key", policy.ReasonKeyPrefix},
	"a prefix from StartsWith":         {withKey(policy.StartsWith("KEY", "users/1")), "KEY", policy.ReasonKeyPrefix},
	"a key over 1,024 bytes":           {withKey(policy.Key(strings.Repeat("é", 513))), "key", policy.ReasonKeyTooLong},
	"a prefix over 1,024 bytes":        {withKey(policy.KeyPrefix(strings.Repeat("k", 1024) + "/")), "key", policy.ReasonKeyTooLong},
	"a key in invalid UTF-8":           {withKey(policy.Key("a\xffb")), "key", policy.ReasonEncoding},
	"a surrogate":                      {withKey(policy.Key("a\xed\xa0\x80")), "key", policy.ReasonEncoding},
	"a dollar in the key":              {withKey(policy.Key("a$b")), "key", policy.ReasonDollar},
	"the variable for the file name":   {withKey(policy.Key("users/1/${filename}")), "key", policy.ReasonDollar},
	"a dollar in a prefix":             {withKey(policy.KeyPrefix("$key/")), "key", policy.ReasonDollar},
	"a dollar in another value":        {validDocument(policy.Metadata("a", "5$")), "x-amz-meta-a", policy.ReasonDollar},
	"a line end in the key":            {withKey(policy.Key("a\nb")), "key", policy.ReasonControl},
	"a NUL in a value":                 {validDocument(policy.Metadata("a", "\x00")), "x-amz-meta-a", policy.ReasonControl},
	"a key with a .. segment":          {withKey(policy.Key("users/../admin/a")), "key", policy.ReasonKeySegment},
	"a prefix with a . segment":        {withKey(policy.KeyPrefix("./")), "key", policy.ReasonKeySegment},
	"two conditions on a field":        {validDocument(policy.Metadata("a", "1"), policy.Metadata("A", "1")), "x-amz-meta-A", policy.ReasonRepeated},
	"an exact condition and a prefix":  {validDocument(policy.ContentType("image/png"), policy.ContentTypePrefix("image/")), "Content-Type", policy.ReasonRepeated},
	"two keys":                         {validDocument(policy.Key("b")), "key", policy.ReasonRepeated},
	"two ranges":                       {validDocument(policy.ContentLengthRange(1, 2), policy.ContentLengthRange(1, 3)), "content-length-range", policy.ReasonRepeated},
	"a range whose maximum is smaller": {validDocument(policy.ContentLengthRange(2, 1)), "content-length-range", policy.ReasonRange},
	"a negative range":                 {validDocument(policy.ContentLengthRange(-1, 1)), "content-length-range", policy.ReasonRange},
	"the policy as a field":            {validDocument(policy.Equal("policy", "x")), "policy", policy.ReasonReserved},
	"the file as a field":              {validDocument(policy.Equal("File", "x")), "File", policy.ReasonReserved},
	"a signing date":                   {validDocument(policy.Equal("X-Amz-Date", "20260301T120000Z")), "X-Amz-Date", policy.ReasonReserved},
	"a session token":                  {validDocument(policy.Equal("x-amz-security-token", "x")), "x-amz-security-token", policy.ReasonReserved},
	"an empty field name":              {validDocument(policy.Equal("", "x")), "", policy.ReasonField},
	"a quote in a field name":          {validDocument(policy.Equal(`a"b`, "x")), `a"b`, policy.ReasonField},
	"the zero condition":               {validDocument(policy.Condition{}), "", policy.ReasonField},
	"a field of another dialect":       {validDocument(policy.Equal("x-oss-forbid-overwrite", "true")), "x-oss-forbid-overwrite", policy.ReasonDialect},
	"an unknown ACL":                   {validDocument(policy.ACL("everyone")), "acl", policy.ReasonValue},
	"a prefix on the status":           {validDocument(policy.StartsWith("success_action_status", "2")), "success_action_status", policy.ReasonOperator},
	"a status that is not allowed":     {validDocument(policy.SuccessActionStatus(418)), "success_action_status", policy.ReasonValue},
	"a prefix on a field of the store": {validDocument(policy.StartsWith("x-amz-storage-class", "S")), "x-amz-storage-class", policy.ReasonOperator},
	"a prefix on the bucket":           {withKey(policy.StartsWith("bucket", "m")), "bucket", policy.ReasonOperator},
	"user metadata over two kibibytes": {validDocument(policy.Metadata("a", strings.Repeat("v", 2048))), "x-amz-meta-*", policy.ReasonMetadataTooLarge},
	"a form over 20,480 bytes":         {validDocument(policy.Equal("x-new", strings.Repeat("v", 9000))), "x-new", policy.ReasonFormTooLarge},
	"an expiration in the past":        {lastingFor(0), "expiration", policy.ReasonLifetime},
	"over seven days":                  {lastingFor(7*24*time.Hour + time.Second), "expiration", policy.ReasonLifetime},
	"no expiration":                    {policy.Document{Conditions: validDocument().Conditions}, "expiration", policy.ReasonLifetime},
}

func TestSignRefuses(t *testing.T) {
	t.Parallel()
	for name, test := range signRefusals {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			form, err := policy.Sign(test.document, formURL, newSigner(t, sigv4.AWS, permanent()), noon)
			var fault *policy.ConditionError
			if !hasReason(err, test.wanted) || !errors.As(err, &fault) || fault.Field != test.field {
				t.Errorf("got %v, wanted %v on %q", err, test.wanted, test.field)
			}
			if !reflect.DeepEqual(form, policy.Form{}) {
				t.Errorf("got a form along with the error: %v", form)
			}
		})
	}
}

func TestSignEndsAMinuteBeforeTheCredentials(t *testing.T) {
	t.Parallel()
	c := permanent()
	c.Expires = noon.Add(16 * time.Minute)
	if _, err := policy.Sign(validDocument(), formURL, newSigner(t, sigv4.AWS, c), noon); err != nil {
		t.Error(err)
	}
	c.Expires = noon.Add(16*time.Minute - time.Second)
	if _, err := policy.Sign(validDocument(), formURL, newSigner(t, sigv4.AWS, c), noon); !hasReason(err, policy.ReasonLifetime) {
		t.Errorf("got %v, wanted ErrLifetime", err)
	}
	c.Expires = noon
	if _, err := policy.Sign(validDocument(), formURL, newSigner(t, sigv4.AWS, c), noon); !errors.Is(err, sigv4.ErrCredentialsExpired) {
		t.Errorf("got %v, wanted ErrCredentialsExpired", err)
	}
}

func TestSignReturnsAllMistakes(t *testing.T) {
	t.Parallel()
	d := policy.Document{Conditions: []policy.Condition{policy.KeyPrefix("a"), policy.ACL("x"), policy.ContentLengthRange(3, 1)}}
	_, err := policy.Sign(d, "javascript:alert(1)", newSigner(t, sigv4.AWS, permanent()), noon)
	for _, wanted := range []policy.Reason{policy.ReasonUnconditional, policy.ReasonKeyPrefix, policy.ReasonValue, policy.ReasonRange, policy.ReasonLifetime} {
		if !hasReason(err, wanted) {
			t.Errorf("got %v, wanted %v in it", err, wanted)
		}
	}
	if err == nil || !strings.Contains(err.Error(), "form URL") {
		t.Errorf("got %v, wanted the form URL in it", err)
	}
}
