package policy_test

import (
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/postern-dev/postern/cmd/postern/testwork"
	"github.com/postern-dev/postern/policy"
	"github.com/postern-dev/postern/policy/sigv4"
)

// TestWorkGrowsWithTheInput tries what a policy is made of.
func TestWorkGrowsWithTheInput(t *testing.T) {
	signer := newSigner(t, sigv4.AWS, permanent())
	sign := func(d policy.Document) { _, _ = policy.Sign(d, formURL, signer, noon) }
	check := func(d policy.Document, fields []policy.Field) { policy.Check(d, fields, 1, noon) }
	signed, err := policy.Sign(validDocument(), formURL, signer, noon)
	if err != nil {
		t.Fatal(err)
	}
	cases := map[string]struct {
		n    int
		work func(n int) func()
	}{
		"Sign with conditions": {100, func(n int) func() {
			d := manyConditions(n)
			return func() { sign(d) }
		}},
		"Sign with one condition again and again": {100, func(n int) func() {
			d := manyConditions(n)
			for i := range d.Conditions {
				d.Conditions[i] = policy.Equal("x-amz-meta-a", "v")
			}
			return func() { sign(d) }
		}},
		"Sign with bytes": {20_000, func(n int) func() {
			d := validDocument(policy.Metadata("a", strings.Repeat("v", n)))
			return func() { sign(d) }
		}},
		"Check with fields and conditions": {100, func(n int) func() {
			d, fields := manyConditions(n), manyFields(n)
			return func() { check(d, fields) }
		}},
		"Check with fields that no condition covers": {250, func(n int) func() {
			d, fields := manyConditions(1), manyFields(n)
			return func() { check(d, fields) }
		}},
		"Check with conditions whose field is missing": {200, func(n int) func() {
			d := manyConditions(n)
			return func() { check(d, nil) }
		}},
		"Check with one field again and again": {250, func(n int) func() {
			d, fields := manyConditions(1), manyFields(n)
			for i := range fields {
				fields[i].Name = "Key"
			}
			return func() { check(d, fields) }
		}},
		"Check with fields after the file": {250, func(n int) func() {
			d, fields := manyConditions(1), append([]policy.Field{{Name: "file"}}, manyFields(n)...)
			return func() { check(d, fields) }
		}},
		"Check with many conditions on one long list of types": {60, func(n int) func() {
			d := policy.Document{Expiration: noon.Add(time.Hour)}
			for range n {
				d.Conditions = append(d.Conditions, policy.StartsWith("Content-Type", "image/"))
			}
			fields := []policy.Field{{Name: "Content-Type", Value: strings.Repeat("image/png,", n*20)}}
			return func() { check(d, fields) }
		}},
		"Verify with other fields": {2000, func(n int) func() {
			fields := append(manyFields(n), signed.Fields...)
			return func() { _, _ = policy.Verify(fields, signer, noon) }
		}},
		"Parse with conditions": {100, func(n int) func() {
			text, _ := manyConditions(n).MarshalJSON()
			return func() { _, _ = policy.Parse(string(text)) }
		}},
		"Parse with bytes that end too early": {5000, func(n int) func() {
			text := `{"expiration":"2026-11-21T13:00:00Z","conditions":[{"a":"` + strings.Repeat(`\n`, n)
			return func() { _, _ = policy.Parse(text) }
		}},
		"Parse with brackets": {20_000, func(n int) func() {
			text := `{"conditions":` + strings.Repeat("[", n)
			return func() { _, _ = policy.Parse(text) }
		}},
		"Tagging with tags": {2000, func(n int) func() {
			tags := make([]policy.Tag, n)
			for i := range tags {
				tags[i].Key = strconv.Itoa(i)
			}
			return func() { policy.Tagging(tags...) }
		}},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			testwork.RequireLinear(t, c.n, c.work)
		})
	}
}
