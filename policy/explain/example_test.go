package explain_test

import (
	"fmt"
	"time"

	"github.com/postern-dev/postern/policy"
	"github.com/postern-dev/postern/policy/explain"
)

// A policy and a form to check against it. The report has every reason, not only the first.
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
	// prefix_mismatch: send key with a value that begins with users/1/
	// size_too_large: choose a smaller file, or sign a larger size range; a file over 5 GiB needs a multipart upload
	// field_uncovered: sign a policy with a condition on acl, or remove the field from the form
}
