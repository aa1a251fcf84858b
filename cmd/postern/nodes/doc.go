// Package nodes contains only tests: what becomes of uploads whose browser is gone, and of servers
// and databases that are killed.
//
//	go test ./cmd/postern/nodes                    # 20 browsers, 5 kills
//	POSTERN_LONG=1 go test ./cmd/postern/nodes -v  # 500 browsers, 2000 uploads and 61 kills
package nodes
