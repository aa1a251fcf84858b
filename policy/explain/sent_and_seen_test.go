package explain_test

import (
	"slices"
	"testing"
	"time"

	"github.com/postern-dev/postern/policy/explain"
)

// TestWhatWasSentIsComparedWithWhatTheStoreSaw pastes a command together with the store's answer.
func TestWhatWasSentIsComparedWithWhatTheStoreSaw(t *testing.T) {
	t.Parallel()
	const command = "curl -X PUT -T a.png 'https://files.example.com/media/a.png?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20261127%2Feu-west-1%2Fs3%2Faws4_request" +
		"&X-Amz-Date=20261127T020000Z&X-Amz-Expires=3600&X-Amz-SignedHeaders=host&X-Amz-Signature=aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa'\n"
	seen := func(host, path string) string {
		return "<Error><Code>SignatureDoesNotMatch</Code><CanonicalRequest>PUT\n" + path + "\nX-Amz-Algorithm=AWS4-HMAC-SHA256&amp;X-Amz-SignedHeaders=host\nhost:" + host + "\n\nhost\nUNSIGNED-PAYLOAD</CanonicalRequest></Error>"
	}
	cases := []struct{ name, answer, code, wanted, got string }{
		{"another host", seen("store.internal", "/media/a.png"), "host_differs", "files.example.com", "store.internal"},
		{"another path", seen("files.example.com", "/a.png"), "path_encoding", "/media/a.png", "/a.png"},
		{"the same request", seen("files.example.com", "/media/a.png"), "signature_mismatch", "", ""},
		{"a refusal for another reason", "<Error><Code>AccessDenied</Code><Message>Access Denied</Message></Error>", "access_denied", "", "Access Denied"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			report, err := explain.Explain(command+c.answer, explain.Options{Now: time.Date(2026, 11, 27, 2, 10, 0, 0, time.UTC)})
			found := slices.ContainsFunc(report.Findings, func(f explain.Finding) bool {
				return f.Code == c.code && f.Wanted == c.wanted && f.Got == c.got
			})
			if err != nil || !found || report.Accepted {
				t.Errorf("wanted %s, wanted %q, got %q; got %+v, %v", c.code, c.wanted, c.got, report.Findings, err)
			}
		})
	}
}
