//go:build !race

package policy_test

import (
	"testing"

	"github.com/postern-dev/postern/policy"
	"github.com/postern-dev/postern/policy/sigv4"
)

// The race detector drops pooled values at random, so this test does not run with it.
func TestSignAllocatesTheFormOnly(t *testing.T) {
	s := newSigner(t, sigv4.AWS, permanent())
	for name, test := range map[string]struct {
		document policy.Document
		limit    float64
	}{
		"with exact fields":   {validDocument(policy.ContentType("image/png"), policy.ContentLengthRange(1, 10)), 2},
		"with visitor fields": {validDocument(policy.ContentTypePrefix("image/"), policy.Metadata("quote", `"`)), 3},
	} {
		got := testing.AllocsPerRun(200, func() {
			if _, err := policy.Sign(test.document, formURL, s, noon); err != nil {
				t.Fatal(err)
			}
		})
		if got > test.limit {
			t.Errorf("%s: got %v allocations, wanted at most %v", name, got, test.limit)
		}
	}
}
