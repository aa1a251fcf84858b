package explain_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/postern-dev/postern/policy"
	"github.com/postern-dev/postern/policy/explain"
	"github.com/postern-dev/postern/policy/sigv4"
)

const (
	bucketURL     = "https://media.s3.eu-central-1.amazonaws.com"
	exampleSecret = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
)

// signedForm returns the fields of a form that is signed with the example key and ends at 13:00.
func signedForm(t *testing.T) []policy.Field {
	t.Helper()
	document := policy.Document{
		Expiration: time.Date(2026, 11, 21, 13, 0, 0, 0, time.UTC),
		Conditions: []policy.Condition{policy.Bucket("media"), policy.Key("a.png"), policy.ContentLengthRange(1, 10)},
	}
	form, err := policy.Sign(document, bucketURL, exampleSigner(t, sigv4.AWS, ""), time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC))
	if err != nil {
		t.Fatal(err)
	}
	return form.Fields
}

// exampleSigner signs with the access key of AWS's documentation.
func exampleSigner(t *testing.T, d *sigv4.Dialect, token sigv4.Secret) *sigv4.Signer {
	t.Helper()
	signer, err := sigv4.NewSigner(d, "eu-central-1", sigv4.Credentials{AccessKeyID: "AKIAIOSFODNN7EXAMPLE", SecretAccessKey: exampleSecret, SessionToken: token})
	if err != nil {
		t.Fatal(err)
	}
	return signer
}

func exampleSecretOf(string) (sigv4.Secret, bool) { return exampleSecret, true }

func TestOnlyASignatureOfTheKeyMatches(t *testing.T) {
	t.Parallel()
	zeros := policy.Field{Name: "x-amz-signature", Value: strings.Repeat("0", 64)}
	date := policy.Field{Name: "x-amz-date", Value: "20261121T120000Z"}
	cases := []struct {
		name     string
		hour     int
		replaced []policy.Field
		added    []policy.Field
		want     string // "matches", "mismatch" or nothing
	}{
		{"as it was signed", 12, nil, nil, "matches"},
		{"after it has expired", 14, nil, nil, "matches"},
		{"with the credential of another region", 12, []policy.Field{{Name: "x-amz-credential", Value: "AKIAIOSFODNN7EXAMPLE/20261121/us-east-1/s3/aws4_request"}}, nil, "mismatch"},
		{"with a signature of zeros", 12, []policy.Field{zeros}, nil, "mismatch"},
		{"with a signature of zeros and the date twice", 12, []policy.Field{zeros}, []policy.Field{date}, "mismatch"},
		{"with a signature of zeros and a token that isn't signed", 12, []policy.Field{zeros}, []policy.Field{{Name: "x-amz-security-token", Value: "t"}}, "mismatch"},
		{"with a policy that can't be read", 12, []policy.Field{zeros, {Name: "policy", Value: "e30="}}, nil, ""},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			fields := signedForm(t)
			for _, field := range c.replaced {
				i := slices.IndexFunc(fields, func(f policy.Field) bool { return f.Name == field.Name })
				fields[i].Value = field.Value
			}
			text, err := json.Marshal(map[string]any{"url": bucketURL, "fields": append(fields, c.added...)})
			if err != nil {
				t.Fatal(err)
			}
			report, err := explain.Explain(string(text), explain.Options{Now: time.Date(2026, 11, 21, c.hour, 10, 0, 0, time.UTC), Secret: exampleSecretOf})
			if got := verification(report); err != nil || got != c.want {
				t.Errorf("wanted %q, got %q, %v\n%s", c.want, got, err, report.Text())
			}
		})
	}
}

// verification returns what a report says about the signature: "matches", "mismatch" or nothing.
func verification(report explain.Report) string {
	said := ""
	for _, f := range report.Facts {
		if f.Term == "signature" && strings.HasPrefix(f.Value, "matches") {
			said = "matches"
		}
	}
	if hasCode(report, "signature_mismatch") {
		said += "mismatch"
	}
	return said
}

func hasCode(report explain.Report, code string) bool {
	return slices.ContainsFunc(report.Findings, func(f explain.Finding) bool { return f.Code == code })
}

func TestASignedLengthIsRecognisedInEveryDialect(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)
	for _, d := range []*sigv4.Dialect{sigv4.AWS, sigv4.OSS, sigv4.GCS} {
		for _, signed := range []bool{true, false} {
			r := sigv4.PresignRequest{Method: "PUT", URL: "https://media.example.com/a", Bucket: "media", Expires: now.Add(time.Hour),
				Query: []sigv4.Param{{Name: "partNumber", Value: "7"}, {Name: "uploadId", Value: "u"}}}
			if signed {
				r.Headers = []sigv4.Param{{Name: "content-length", Value: "5"}}
			}
			address, err := exampleSigner(t, d, "").PresignURL(r, now)
			if err != nil {
				t.Fatal(err)
			}
			report, err := explain.Explain(address, explain.Options{Now: now})
			if err != nil || hasCode(report, "length_unsigned") == signed || !report.Accepted {
				t.Errorf("%s, length signed: %v: got %v\n%s", d, signed, err, report.Text())
			}
		}
	}
}

func TestABucketIsNamedByHostOrPath(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name, address string
		matches       bool
	}{
		{"by an AWS host", "https://media.s3.eu-central-1.amazonaws.com/", true},
		{"by an AWS path", "https://s3.eu-central-1.amazonaws.com/media", true},
		{"by another store's host", "https://media.example.com", true},
		{"by another store's host, with a slash", "https://media.example.com/", true},
		{"by another store's path", "https://store.example.com/media", true},
		{"by a host of the bucket's name", "https://media/", true},
		{"another by an AWS host", "https://other.s3.eu-central-1.amazonaws.com/", false},
		{"another by another store's host", "https://other.example.com/", false},
		{"another by a path below the bucket's host", "https://media.example.com/other-bucket", false},
		{"another by a host that begins alike", "https://mediator.example.com", false},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			fields, err := json.Marshal(signedForm(t))
			if err != nil {
				t.Fatal(err)
			}
			report, err := explain.Explain(`{"url":"`+c.address+`","fields":`+string(fields)+`}`, explain.Options{Now: time.Date(2026, 11, 21, 12, 10, 0, 0, time.UTC)})
			if err != nil || hasCode(report, "bucket_mismatch") == c.matches {
				t.Errorf("wanted a match: %v, got %v\n%s", c.matches, err, report.Text())
			}
		})
	}
}
