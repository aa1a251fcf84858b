package policy_test

import (
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

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
			requireLinear(t, c.n, c.work)
		})
	}
}

// requireLinear wants work that grows with its input, not with its square: 8 times the input takes
// about 8 or 64 times as long, and has to take less than 32. With POSTERN_LONG, on a machine that
// does nothing else, 4 times the input has to take less than 5 times as long.
func requireLinear(t *testing.T, n int, work func(n int) func()) {
	t.Helper()
	times, most := 8, 32.0
	if os.Getenv("POSTERN_LONG") != "" {
		times, most = 4, 5
	}
	if ratio := growth(work(n), work(times*n), most); ratio >= most {
		t.Errorf("%d times the input takes %.1f times as long, wanted less than %v", times, ratio, most)
	}
}

// growth returns how many times as long the large work takes as the small: the shortest of many
// runs of each, which take turns. Something else on the machine makes a run longer and never
// shorter, so growth ends as soon as the ratio is below enough. Both works should take less than a
// scheduler's time slice, some milliseconds: what is longer is never left alone on a busy machine.
func growth(small, large func(), enough float64) (ratio float64) {
	const atLeast, atMost = 20, 5 * time.Second
	shortest := [2]time.Duration{time.Hour, time.Hour}
	for round, start := 0, time.Now(); round < atLeast || time.Since(start) < atMost; round++ {
		for i, work := range []func(){small, large} {
			begun := time.Now()
			work()
			shortest[i] = min(shortest[i], max(time.Since(begun), 1))
		}
		if ratio = float64(shortest[1]) / float64(shortest[0]); round >= atLeast && ratio < enough {
			break
		}
	}
	return ratio
}
