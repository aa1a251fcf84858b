//go:build !race

package sigv4_test

import (
	"testing"
	"time"

	"github.com/postern-dev/postern/policy/sigv4"
)

// The race detector drops pooled values at random, so this test does not run with it.
func TestPartURLsAllocateTheURLOnly(t *testing.T) {
	s := newSigner(t, sigv4.AWS, permanent())
	parts, err := s.PresignParts(sigv4.PartsRequest{URL: "https://example.com/a/b", UploadID: "id", Expires: noon.Add(time.Hour)}, noon)
	if err != nil {
		t.Fatal(err)
	}
	sum := sigv4.Param{Name: "x-amz-checksum-crc32", Value: "AAAAAA=="}
	got := testing.AllocsPerRun(200, func() {
		if _, err := parts.URL(7, 1<<20, sum); err != nil {
			t.Fatal(err)
		}
	})
	if got > 2 {
		t.Errorf("got %v allocations per URL, wanted at most 2", got)
	}
}
