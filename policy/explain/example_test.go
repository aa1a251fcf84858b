package explain_test

import (
	"fmt"
	"time"

	"github.com/postern-dev/postern/policy"
	"github.com/postern-dev/postern/policy/explain"
)

// A policy and a form to hold against it: every reason is found, not the first.
func ExampleExplain() {
	text := `{"expiration":"2026-03-01T13:00:00Z","conditions":[{"bucket":"media"},["starts-with","$key","users/1/"],["content-length-range",1,1024]]}`
	size := int64(4096)
	report, err := explain.Explain(text, explain.Options{
		Form: []policy.Field{{Name: "key", Value: "users/10/a.png"}, {Name: "acl", Value: "public-read"}},
		Size: &size,
		Now:  time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC),
	})
	fmt.Println(report.Accepted, err)
	for _, f := range report.Findings {
		fmt.Printf("%s: %s\n", f.Code, f.Fix)
	}
	// Output:
	// false <nil>
	// prefix_mismatch: let key begin with users/1/
	// size_too_large: choose a smaller file, or raise the size range before signing; beyond 5 GiB only a multipart upload will do
	// field_uncovered: add a condition on acl before signing, or take the field out of the form
}
