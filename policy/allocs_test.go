//go:build !race

package policy_test

import (
	"testing"

	"github.com/postern-dev/postern/policy"
	"github.com/postern-dev/postern/policy/sigv4"
)

// Not under the race detector, which makes pools forget at random.
func TestSignAllocatesTheFormOnly(t *testing.T) {
	s := newSigner(t, sigv4.AWS, lasting())
	for name, test := range map[string]struct {
		document policy.Document
		most     float64
	}{
		"with exact fields": {good(policy.ContentType("image/png"), policy.ContentLengthRange(1, 10)), 2},
		"with open fields":  {good(policy.ContentTypePrefix("image/"), policy.Metadata("quote", `"`)), 3},
	} {
		got := testing.AllocsPerRun(200, func() {
			if _, err := policy.Sign(test.document, formURL, s, noon); err != nil {
				t.Fatal(err)
			}
		})
		if got > test.most {
			t.Errorf("%s: got %v allocations, wanted at most %v", name, got, test.most)
		}
	}
}
