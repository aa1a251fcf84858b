// Package load contains tests and benchmarks of Postern under load, on loopback.
//
//	go test ./cmd/postern/load                            # 500 clients, some requests each
//	go test ./cmd/postern/load -run Clients -load 60s -v  # 500 clients for a minute
//	go test ./cmd/postern/load -run '^$' -bench FormPage  # the form page beside a bare Echo page
//
// The benchmarks give the server one processor. Compare ratios within one run, not times of two
// machines. Short mode leaves this package out.
package load
