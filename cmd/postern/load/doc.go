// Package load holds tests of Postern under load, on loopback and bounded.
//
//	go test ./cmd/postern/load                          # a smoke of a few seconds
//	go test ./cmd/postern/load -run Load -load=60s -v   # 500 clients at once against the built binary
//	go test ./cmd/postern/load -run Pace -load=60s -v   # the form page beside a bare Echo page, one core each
//	go test ./cmd/postern/load -run '^$' -bench .       # the same as benchmarks
//
// Compare ratios of one run, never figures of two machines.
package load
