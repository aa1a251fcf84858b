package profile_test

import (
	"strconv"
	"strings"
	"testing"

	"github.com/postern-dev/postern/cmd/postern/testwork"
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
			testwork.RequireLinear(t, c.n, c.work)
		})
	}
}
