package gateway

import (
	"fmt"
	"net"
	"sync"
)

// listener keeps a list of its open connections, so that Close needn't wait for a client that never
// finishes its request.
type listener struct {
	net.Listener
	mu    sync.Mutex
	conns map[*conn]struct{}
}

func listen(address string) (*listener, error) {
	l, err := net.Listen("tcp", address)
	if err != nil {
		return nil, fmt.Errorf("gateway: listen on %q: %w", address, err)
	}
	return &listener{Listener: l, conns: map[*conn]struct{}{}}, nil
}

func (l *listener) Accept() (net.Conn, error) {
	accepted, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	c := &conn{TCPConn: accepted.(*net.TCPConn), listener: l}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.conns[c] = struct{}{}
	return c, nil
}

// closeConnections closes the socket of every open connection. The server then closes the
// connection itself, which takes it off the list.
func (l *listener) closeConnections() {
	l.mu.Lock()
	defer l.mu.Unlock()
	for c := range l.conns {
		c.TCPConn.Close()
	}
}

// conn is a connection that takes itself off its listener's list when it is closed.
type conn struct {
	*net.TCPConn
	listener *listener
}

func (c *conn) Close() error {
	c.listener.mu.Lock()
	delete(c.listener.conns, c)
	c.listener.mu.Unlock()
	return c.TCPConn.Close()
}
