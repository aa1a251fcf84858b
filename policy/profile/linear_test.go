package profile_test

import (
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/postern-dev/postern/policy/profile"
)

// many returns n different names of one length.
func many(n int) []string {
	names := make([]string, n)
	for i := range names {
		names[i] = "n" + strconv.Itoa(1_000_000+i)
	}
	return names
}

// asMap maps each name to itself.
func asMap(names []string) map[string]string {
	all := make(map[string]string, len(names))
	for _, name := range names {
		all[name] = name
	}
	return all
}

// TestWorkGrowsWithTheProfile tries every list of a profile.
func TestWorkGrowsWithTheProfile(t *testing.T) {
	compileWith := func(change func(p *profile.Profile)) func() {
		p := photos()
		change(&p)
		return func() { _, _ = profile.Compile(p) }
	}
	cases := map[string]struct {
		n    int
		work func(n int) func()
	}{
		"types": {200, func(n int) func() {
			types := many(n)
			for i := range types {
				types[i] = "image/" + types[i]
			}
			return compileWith(func(p *profile.Profile) { p.Types = types })
		}},
		"families of types": {200, func(n int) func() {
			types := many(n)
			for i := range types {
				types[i] += "/*"
			}
			return compileWith(func(p *profile.Profile) { p.Types = types })
		}},
		"metadata that callers may set": {200, func(n int) func() {
			return compileWith(func(p *profile.Profile) { p.AcceptMetadata = many(n) })
		}},
		"metadata": {100, func(n int) func() {
			return compileWith(func(p *profile.Profile) { p.Metadata = asMap(many(n)) })
		}},
		"tags": {50, func(n int) func() {
			return compileWith(func(p *profile.Profile) { p.Tags = asMap(many(n)) })
		}},
		"origins": {100, func(n int) func() {
			origins := many(n)
			for i := range origins {
				origins[i] = "https://" + origins[i] + ".example.com"
			}
			return compileWith(func(p *profile.Profile) { p.Origins = origins })
		}},
		"segments of the key": {100, func(n int) func() {
			return compileWith(func(p *profile.Profile) { p.Key = strings.Repeat("a/{subject}/", n) + "{id}" })
		}},
		"metadata of a request": {200, func(n int) func() {
			c := compile(t, func(p *profile.Profile) { p.AcceptMetadata = many(n) })
			file := png()
			file.Metadata = asMap(many(n))
			return func() { _, _ = c.Plan(alice(), file, params()) }
		}},
		"the file's name": {20_000, func(n int) func() {
			name := strings.Repeat("a.", n)
			return func() { _, _ = profile.CleanFilename(name) }
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
