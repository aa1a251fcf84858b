package main

import (
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/postern-dev/postern/cmd/postern/config"
	"github.com/postern-dev/postern/cmd/postern/testclient"
	"github.com/postern-dev/postern/cmd/postern/testserver"
)

// reload sends SIGHUP and waits until the log has the outcome as many times as said.
func reload(t *testing.T, s *testserver.Server, outcome string, times int) {
	t.Helper()
	s.Signal(syscall.SIGHUP)
	waitUntil(t, "the reload", func() bool { return strings.Count(s.Log.String(), outcome) == times })
}

func TestReloadUnderLoadLosesNoRequest(t *testing.T) {
	store := startStore(t)
	s, config := startServe(t, store.URL(), "\nlisten:", "\nlimits: {issues: 1000000/1s}\nlisten:") // a slow reload lets in more than the default
	ticket := mint(t, config)
	var issued, failed atomic.Int64
	stop := make(chan struct{})
	var visitors sync.WaitGroup
	for range 4 {
		visitors.Go(func() {
			v := testclient.Client{Base: s.URL, Ticket: ticket}
			for {
				select {
				case <-stop:
					return
				default:
				}
				_, answer, err := v.Issue(t.Context(), testclient.Request{Profile: "inbox", Filename: "a", Size: 4})
				if issued.Add(1); err != nil || answer.Status != http.StatusCreated {
					failed.Add(1)
				}
			}
		})
	}
	for n := 1; n <= 10; n++ {
		reload(t, s, "config reloaded", n)
	}
	close(stop)
	visitors.Wait()
	if failed.Load() > 0 || issued.Load() < 10 {
		t.Errorf("%d of %d requests failed\n%s", failed.Load(), issued.Load(), s.Log)
	}
}

func TestAReloadAddsAProfile(t *testing.T) {
	store := startStore(t)
	s, config := startServe(t, store.URL())
	if response, _ := fetch(t, s.URL+"/forms/extra"); response.StatusCode != http.StatusNotFound {
		t.Fatalf("before the reload: want status 404, got %d", response.StatusCode)
	}
	write(t, config, serveConfig(store.URL(), "127.0.0.1:0", "  inbox:", "  extra: {bucket: media, key: \"x/{id}\", types: [\"*/*\"], size: 1MiB, access: public}\n  inbox:"))
	reload(t, s, "config reloaded", 1)
	if response, body := fetch(t, s.URL+"/forms/extra"); response.StatusCode != http.StatusOK {
		t.Errorf("after the reload: want status 200, got %d\n%s", response.StatusCode, body)
	}
}

func TestABrokenConfigKeepsThePreviousOne(t *testing.T) {
	store := startStore(t)
	s, config := startServe(t, store.URL())
	ticket := mint(t, config)
	for n, broken := range []string{"size: 1..10MiB", "provider: versity", "keys:"} {
		write(t, config, strings.Replace(serveConfig(store.URL(), "127.0.0.1:0"), broken, "oops: 1", 1))
		reload(t, s, "config not reloaded", n+1)
		v := testclient.Client{Base: s.URL, Ticket: ticket}
		_, answer, err := v.Issue(t.Context(), testclient.Request{Profile: "inbox", Filename: "a", Size: 4})
		if err != nil || answer.Status != http.StatusCreated {
			t.Errorf("after a broken config: want status 201, got %v, %v", answer, err)
		}
	}
	if !strings.Contains(s.Log.String(), `unknown key \"oops\"`) {
		t.Errorf("the log doesn't say what is wrong:\n%s", s.Log)
	}
}

func TestAReloadedServerStopsOnSIGTERM(t *testing.T) {
	store := startStore(t)
	s, _ := startServe(t, store.URL())
	reload(t, s, "config reloaded", 1)
	s.Stop()
}

// A config can also be refused after its limits were read. If the limiter were already replaced by
// then, everybody's quota would start from zero.
func TestAReloadThatFailsLateKeepsTheQuotas(t *testing.T) {
	t.Setenv("AWS_ACCESS_KEY_ID", "operator")
	t.Setenv("AWS_SECRET_ACCESS_KEY", serveSecret)
	name := filepath.Join(t.TempDir(), "postern.yaml")
	write(t, name, serveConfig("http://127.0.0.1:1", "127.0.0.1:0", "10MiB}", "10MiB, access: public}", "\nlisten:", "\nlimits: {issues: 1/1h}\nlisten:"))
	file, err := config.Load(name, func(name string) string { return serveEnvironment[name] })
	if err != nil {
		t.Fatal(err)
	}
	s := &server{stderr: io.Discard, metrics: newMetrics()}
	form := func() int {
		answer := httptest.NewRecorder()
		s.ServeHTTP(answer, httptest.NewRequest(http.MethodGet, "http://127.0.0.1/forms/inbox", nil))
		return answer.Code
	}
	if err := s.use(t.Context(), file); err != nil {
		t.Fatal(err)
	}
	if first, second := form(), form(); first != http.StatusOK || second != http.StatusTooManyRequests {
		t.Fatalf("two forms where one is allowed: want 200 and 429, got %d and %d", first, second)
	}
	refused := *file
	refused.Limits.Issues.Limit, refused.PublicURL = 2, "not a URL"
	if err := s.use(t.Context(), &refused); err == nil {
		t.Fatal("want the config refused for its public URL")
	}
	if err := s.use(t.Context(), file); err != nil {
		t.Fatal(err)
	}
	if status := form(); status != http.StatusTooManyRequests {
		t.Errorf("after the first config was read again: want 429, got %d", status)
	}
}
