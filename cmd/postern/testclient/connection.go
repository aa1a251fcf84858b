package testclient

import (
	"bufio"
	"cmp"
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"net/http"
	"time"
)

// storeTimeout bounds a request to the store whose context has no deadline.
const storeTimeout = 2 * time.Minute

// roundTrip sends a request over a connection of its own and reads the answer while the body is
// still being sent. A store that refuses early answers and closes; net/http's client would report a
// broken connection instead of the refusal.
func roundTrip(request *http.Request) (Answer, error) {
	ctx, cancel := context.WithTimeout(request.Context(), storeTimeout)
	defer cancel()
	conn, err := dial(ctx, request)
	if err != nil {
		return Answer{}, fmt.Errorf("testclient: %w", err)
	}
	defer conn.Close()
	deadline, _ := ctx.Deadline()
	_ = conn.SetDeadline(deadline)
	request.Close = true
	sent := make(chan error, 1)
	go func() { sent <- request.Write(conn) }()
	response, err := http.ReadResponse(bufio.NewReader(conn), request)
	if err != nil {
		conn.Close()
		return Answer{}, fmt.Errorf("testclient: %s: %w (sending: %v)", request.URL.Path, err, <-sent)
	}
	return readAnswer(response)
}

func dial(ctx context.Context, request *http.Request) (net.Conn, error) {
	host, port := request.URL.Hostname(), request.URL.Port()
	if request.URL.Scheme == "https" {
		return new(tls.Dialer).DialContext(ctx, "tcp", net.JoinHostPort(host, cmp.Or(port, "443")))
	}
	return new(net.Dialer).DialContext(ctx, "tcp", net.JoinHostPort(host, cmp.Or(port, "80")))
}
