package testclient

import (
	"bufio"
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"time"
)

// answerTime bounds one request to the store that has no earlier deadline.
const answerTime = 2 * time.Minute

// exchange sends a request over a connection of its own and reads the answer while the body is
// still being sent: a store that refuses early answers and closes, and net/http's client would then
// report a broken connection instead of the refusal.
func exchange(request *http.Request) (Answer, error) {
	conn, err := dial(request.Context(), request.URL)
	if err != nil {
		return Answer{}, fmt.Errorf("visitor: %w", err)
	}
	defer func() { _ = conn.Close() }()
	deadline, ok := request.Context().Deadline()
	if !ok {
		deadline = time.Now().Add(answerTime)
	}
	_ = conn.SetDeadline(deadline)
	request.Close = true
	sent := make(chan error, 1)
	go func() { sent <- request.Write(conn) }()
	answer, err := readAnswer(conn, request)
	if err != nil {
		_ = conn.Close()
		return Answer{}, fmt.Errorf("visitor: %s: %w (sending: %v)", request.URL.Path, err, <-sent)
	}
	return answer, nil
}

func dial(ctx context.Context, to *url.URL) (net.Conn, error) {
	if to.Scheme == "https" {
		return new(tls.Dialer).DialContext(ctx, "tcp", withPort(to, "443"))
	}
	return new(net.Dialer).DialContext(ctx, "tcp", withPort(to, "80"))
}

func withPort(to *url.URL, port string) string {
	if to.Port() != "" {
		port = to.Port()
	}
	return net.JoinHostPort(to.Hostname(), port)
}

func readAnswer(conn net.Conn, request *http.Request) (Answer, error) {
	response, err := http.ReadResponse(bufio.NewReader(conn), request)
	if err != nil {
		return Answer{}, err
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(response.Body)
	return Answer{Status: response.StatusCode, Header: response.Header, Body: body}, err
}
