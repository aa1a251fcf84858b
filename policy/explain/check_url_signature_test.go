package explain_test

import (
	"strings"
	"testing"
	"time"

	"github.com/postern-dev/postern/policy"
	"github.com/postern-dev/postern/policy/explain"
	"github.com/postern-dev/postern/policy/sigv4"
)

// presign returns the URL of a part whose length and checksum are signed.
func presign(t *testing.T, token sigv4.Secret) string {
	t.Helper()
	signer, err := sigv4.NewSigner(sigv4.AWS, "eu-central-1", sigv4.Credentials{AccessKeyID: "AKIAIOSFODNN7EXAMPLE", SecretAccessKey: exampleSecret, SessionToken: token})
	if err != nil {
		t.Fatal(err)
	}
	now := time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)
	address, err := signer.PresignURL(sigv4.PresignRequest{
		Method: "PUT", URL: sigv4.ObjectURL("https://media.s3.eu-central-1.amazonaws.com", "users/alice/a b+c é.bin"), Expires: now.Add(time.Hour),
		Query:   []sigv4.Param{{Name: "partNumber", Value: "7"}, {Name: "uploadId", Value: "u/1+2="}},
		Headers: []sigv4.Param{{Name: "content-length", Value: "5"}, {Name: "x-amz-checksum-crc32", Value: "NSRBwg=="}},
	}, now)
	if err != nil {
		t.Fatal(err)
	}
	return address
}

func TestExplainChecksTheSignatureOfAURL(t *testing.T) {
	t.Parallel()
	good := presign(t, "")
	crc := []policy.Field{{Name: "x-amz-checksum-crc32", Value: "NSRBwg=="}}
	cases := []struct {
		name, address string
		form          []policy.Field
		size          int64
		said          string // "matches", "mismatch" or nothing
	}{
		{"as it was signed", good, crc, 5, "matches"},
		{"with a session token", presign(t, "IQoJb3JpZ2lu/+="), crc, 5, "matches"},
		{"another length", good, crc, 6, "mismatch"},
		{"another key", strings.Replace(good, "alice", "alicf", 1), crc, 5, "mismatch"},
		{"another part", strings.Replace(good, "partNumber=7", "partNumber=8", 1), crc, 5, "mismatch"},
		{"another checksum", good, []policy.Field{{Name: "X-Amz-Checksum-Crc32", Value: "AAAAAA=="}}, 5, "mismatch"},
		{"a header nobody knows", good, nil, 5, ""},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			report, err := explain.Explain(c.address, explain.Options{
				Now: time.Date(2026, 11, 21, 12, 10, 0, 0, time.UTC), Form: c.form, Size: &c.size,
				Secret: func(string) (sigv4.Secret, bool) { return exampleSecret, true },
			})
			text := report.Text()
			matches, mismatch := strings.Contains(text, "signature: matches"), strings.Contains(text, "signature_mismatch")
			if err != nil || matches != (c.said == "matches") || mismatch != (c.said == "mismatch") || report.Accepted == mismatch {
				t.Errorf("wanted %q, got %v\n%s", c.said, err, text)
			}
		})
	}
}
