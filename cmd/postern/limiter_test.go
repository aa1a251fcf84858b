package main

import (
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"

	"github.com/postern-dev/postern/cmd/postern/config"
)

func TestServeLimitsHowFastSomebodyAsks(t *testing.T) {
	t.Setenv("AWS_ACCESS_KEY_ID", "operator")
	t.Setenv("AWS_SECRET_ACCESS_KEY", serveSecret)
	const plan = `{"profile":"inbox","filename":"a","type":"","size":4}`
	for _, c := range []struct {
		name, limits  string
		least, atMost int // plans at once; a slow machine makes more while room comes back
	}{
		{"left out", "", 2000, 2600},
		{"a rate", "\nlimits: {issues: 3/1h}", 3, 3},
		{"a burst", "\nlimits: {burst: 5}", 5, 200},
		{"a rate and a burst", "\nlimits: {issues: 3/1h, burst: 7}", 7, 7},
	} {
		t.Run(c.name, func(t *testing.T) {
			name := filepath.Join(t.TempDir(), "postern.yaml")
			write(t, name, serveConfig("http://127.0.0.1:1", "127.0.0.1:0", "10MiB}", "10MiB, access: public}", "\nlisten:", c.limits+"\nlisten:"))
			file, err := config.Load(name, func(name string) string { return serveEnvironment[name] })
			if err != nil {
				t.Fatal(err)
			}
			s := &server{stderr: io.Discard, metrics: newMetrics()}
			if err := s.use(t.Context(), file); err != nil {
				t.Fatal(err)
			}
			issued, last := 0, httptest.NewRecorder()
			for ; last.Code != http.StatusTooManyRequests && issued <= c.atMost; issued++ {
				last = httptest.NewRecorder()
				r := httptest.NewRequest(http.MethodPost, "http://127.0.0.1/uploads", strings.NewReader(plan))
				r.Header.Set("Content-Type", "application/json")
				s.ServeHTTP(last, r)
			}
			issued-- // the refused one
			if issued < c.least || issued > c.atMost || !strings.Contains(last.Body.String(), `"rate_limited"`) || last.Header().Get("Retry-After") == "" {
				t.Errorf("want %d to %d plans and then rate_limited, got %d and %d %s", c.least, c.atMost, issued, last.Code, last.Body)
			}
		})
	}
}
