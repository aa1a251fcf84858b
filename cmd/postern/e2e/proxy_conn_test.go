package e2e

import (
	"context"
	"net"
	"net/http"
	"time"
)

// socketBuffer is the kernel's share of what is on the line, at either end of a wire, in bytes. On a
// loopback it would be megabytes: what a browser has sent would wait there uncounted, and a far end
// that reads no more would still be sent a lot.
const socketBuffer = 128 << 10

func dialWithSmallBuffer(ctx context.Context, network, address string) (net.Conn, error) {
	conn, err := new(net.Dialer).DialContext(ctx, network, address)
	if tcp, ok := conn.(*net.TCPConn); ok {
		err = tcp.SetWriteBuffer(socketBuffer)
	}
	return conn, err
}

// proxyListener are a wire's connections from the browser.
type proxyListener struct {
	net.Listener
	proxy *proxy

	// Guarded by the wire.
	conns     map[*proxyConn]bool
	downUntil time.Time     // waitUntil when there is no line
	paused    chan struct{} // closed when what waits may pass; nil: nothing has to wait
	rate      int64         // bytes a second from the browser; 0: no limit
	busyUntil time.Time     // when the line has carried what it has taken
}

// proxyConn counts what arrives on a connection for each request, whether somebody reads it or not.
type proxyConn struct {
	net.Conn
	listener *proxyListener
	current  *recordedRequest // the one under way, or the last
}

type connKey struct{}

func withConn(ctx context.Context, c net.Conn) context.Context {
	return context.WithValue(ctx, connKey{}, c)
}

// connOf returns the connection on which a request came.
func connOf(r *http.Request) *proxyConn { return r.Context().Value(connKey{}).(*proxyConn) }

func (l *proxyListener) Accept() (net.Conn, error) {
	for {
		conn, err := l.Listener.Accept()
		if err != nil {
			return nil, err
		}
		if c := l.register(conn); c != nil {
			return c, nil
		}
		_ = conn.Close()
	}
}

// register returns nil while there is no line.
func (l *proxyListener) register(conn net.Conn) net.Conn {
	l.proxy.mu.Lock()
	defer l.proxy.mu.Unlock()
	if time.Now().Before(l.downUntil) {
		return nil
	}
	_ = conn.(*net.TCPConn).SetReadBuffer(socketBuffer)
	c := &proxyConn{Conn: conn, listener: l}
	l.conns[c] = true
	return c
}

// resetConnection ends every connection, and each new one until that much time has passed.
func (l *proxyListener) cutConnections(span time.Duration) {
	l.proxy.mu.Lock()
	defer l.proxy.mu.Unlock()
	l.downUntil = time.Now().Add(span)
	for c := range l.conns {
		_ = c.Conn.(*net.TCPConn).SetLinger(0) // a reset, not an orderly end
		_ = c.Conn.Close()
	}
}

// pause holds everything back that goes either way, as a line does that loses all packets for that
// long.
func (l *proxyListener) pause(span time.Duration) {
	l.proxy.mu.Lock()
	defer l.proxy.mu.Unlock()
	silent := make(chan struct{})
	l.paused = silent
	time.AfterFunc(span, func() { close(silent) })
}

// limitRate lets at most that many bytes a second through from the browser, on all connections
// together; 0 is no limit.
func (l *proxyListener) limitRate(rate int64) {
	l.proxy.mu.Lock()
	defer l.proxy.mu.Unlock()
	l.rate = rate
}

// throttle takes as long as the line does to carry so many bytes, and waits while it is silent.
func (l *proxyListener) throttle(n int) {
	l.proxy.mu.Lock()
	silent, now := l.paused, time.Now()
	if l.rate > 0 {
		l.busyUntil = laterOf(l.busyUntil, now).Add(time.Duration(n) * time.Second / time.Duration(l.rate))
	}
	carried := l.busyUntil
	l.proxy.mu.Unlock()
	time.Sleep(carried.Sub(now))
	if silent != nil {
		<-silent
	}
}

func laterOf(a, b time.Time) time.Time { return pick(a.After(b), a, b) }

func (c *proxyConn) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	c.listener.throttle(n)
	c.listener.proxy.mu.Lock()
	defer c.listener.proxy.mu.Unlock()
	if c.current != nil {
		c.current.Received += int64(n)
	}
	return n, err
}

func (c *proxyConn) Write(p []byte) (int, error) {
	c.listener.throttle(0)
	return c.Conn.Write(p)
}

func (c *proxyConn) Close() error {
	c.listener.proxy.mu.Lock()
	defer c.listener.proxy.mu.Unlock()
	delete(c.listener.conns, c)
	return c.Conn.Close()
}

// CloseWrite lets the server end a connection in order.
func (c *proxyConn) CloseWrite() error { return c.Conn.(*net.TCPConn).CloseWrite() }
