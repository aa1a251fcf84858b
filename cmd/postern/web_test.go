package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/postern-dev/postern/cmd/postern/testserver"
)

func quiet() *slog.Logger { return slog.New(slog.DiscardHandler) }

// startServing runs serve with one handler. stop ends it and returns its error.
func startServing(t *testing.T, drain time.Duration, h http.Handler) (url string, stop func() error) {
	t.Helper()
	l, err := listen("--listen", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- serve(ctx, quiet(), drain, map[net.Listener]http.Handler{l: h}) }()
	t.Cleanup(cancel)
	return "http://" + l.Addr().String(), func() error { cancel(); return <-ended }
}

func TestRequestsUnderWayAreFinished(t *testing.T) {
	t.Parallel()
	arrived, release := make(chan struct{}), make(chan struct{})
	url, stop := startServing(t, time.Minute, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		close(arrived)
		<-release
		fmt.Fprint(w, "whole")
	}))
	answered := make(chan string, 1)
	go func() {
		response, err := http.Get(url)
		if err != nil {
			answered <- err.Error()
			return
		}
		defer response.Body.Close()
		body, _ := io.ReadAll(response.Body)
		answered <- string(body)
	}()
	<-arrived
	ended := make(chan error, 1)
	go func() { ended <- stop() }()
	waitUntil(t, "the listener to close", func() bool {
		c, err := net.Dial("tcp", strings.TrimPrefix(url, "http://"))
		if err == nil {
			c.Close()
		}
		return err != nil
	})
	close(release)
	if got := <-answered; got != "whole" {
		t.Errorf("answer while draining: want %q, got %q", "whole", got)
	}
	if err := <-ended; err != nil {
		t.Errorf("serve: %v", err)
	}
}

func TestRequestsThatNeverEndAreCutOff(t *testing.T) {
	t.Parallel()
	arrived := make(chan struct{})
	url, stop := startServing(t, 10*time.Millisecond, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		close(arrived)
		<-r.Context().Done()
	}))
	go http.Get(url)
	<-arrived
	if err := stop(); err == nil || !strings.Contains(err.Error(), "still under way after 10ms") {
		t.Errorf("serve: want an error that says so, got %v", err)
	}
}

func TestOversizedHeadersAreRefused(t *testing.T) {
	t.Parallel()
	url, _ := startServing(t, time.Second, http.NotFoundHandler())
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("X-Large", strings.Repeat("x", maxHeader+8<<10))
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	response.Body.Close()
	if response.StatusCode != http.StatusRequestHeaderFieldsTooLarge {
		t.Errorf("status: want 431, got %d", response.StatusCode)
	}
}

func TestSlowHeadersAreCutOff(t *testing.T) {
	t.Parallel()
	url, _ := startServing(t, time.Second, http.NotFoundHandler())
	c, err := net.Dial("tcp", strings.TrimPrefix(url, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if _, err := io.WriteString(c, "GET / HTTP/1.1\r\nHost: x\r\nX-Slow:"); err != nil {
		t.Fatal(err)
	}
	if err := c.SetReadDeadline(time.Now().Add(testserver.Timeout)); err != nil {
		t.Fatal(err)
	}
	if _, err := io.Copy(io.Discard, c); err != nil {
		t.Errorf("want the connection closed after %v, got %v", headerTimeout, err)
	}
}
