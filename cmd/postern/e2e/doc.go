// Package e2e contains only tests. They start the built program, use it in a real browser as a
// visitor does, and check what the page shows and what the store holds. The browser is Chromium;
// engines_test.go tries in Firefox and WebKit what people do most.
//
//	go test ./cmd/postern/e2e -run Keyboard            # some tests
//	POSTERN_SHOTS=/tmp/shots go test ./cmd/postern/e2e # with screenshots in that folder
//	POSTERN_WINDOW=1 go test ./cmd/postern/e2e         # in a browser with a window
//	POSTERN_LONG=1 go test ./cmd/postern/e2e           # with the full file sizes and counts
//
// Short mode leaves these tests out, because they need browsers and npm.
package e2e
