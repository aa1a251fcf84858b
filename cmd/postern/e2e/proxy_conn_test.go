package e2e

import (
	"context"
	"net"
	"net/http"
	"sync"
	"time"
)

// socketBuffer is the size of the kernel's buffers on both sides of the proxy, in bytes. With the
// megabytes that a loopback connection gets by default, a browser could send a whole part that
// nobody reads and the proxy couldn't count.
const socketBuffer = 128 << 10

// dialWithSmallBuffer connects to a server.
func dialWithSmallBuffer(ctx context.Context, network, address string) (net.Conn, error) {
	conn, err := new(net.Dialer).DialContext(ctx, network, address)
	if tcp, ok := conn.(*net.TCPConn); ok {
		err = tcp.SetWriteBuffer(socketBuffer)
	}
	return conn, err
}

// proxyListener accepts the connections of the browser. It can break them, stop them and limit how
// fast they carry data.
type proxyListener struct {
	net.Listener
	proxy *proxy

	// Guarded by proxy.mu.
	conns     map[*proxyConn]bool
	broken    bool          // whether connections break at once
	refused   int           // connections that broke because of that
	paused    chan struct{} // closed when data may pass again; nil: data passes
	waiting   int           // connections that wait for that
	rate      int64         // bytes per second from the browser on all connections together; 0: no limit
	busyUntil time.Time     // when the bytes accepted so far have passed at that rate
}

// proxyConn counts the bytes that arrive for each request, even if nobody reads them.
type proxyConn struct {
	net.Conn
	listener *proxyListener
	current  *recordedRequest // the request under way, or the last one
}

type connKey struct{}

func withConn(ctx context.Context, c net.Conn) context.Context {
	return context.WithValue(ctx, connKey{}, c)
}

// connOf returns the connection of a request.
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

// register returns nil while connections break.
func (l *proxyListener) register(conn net.Conn) net.Conn {
	l.proxy.mu.Lock()
	defer l.proxy.mu.Unlock()
	if l.broken {
		l.refused++
		return nil
	}
	_ = conn.(*net.TCPConn).SetReadBuffer(socketBuffer)
	c := &proxyConn{Conn: conn, listener: l}
	l.conns[c] = true
	return c
}

// breakConnections resets every connection, and each new one until repair is called.
func (l *proxyListener) breakConnections() (repair func()) {
	l.proxy.mu.Lock()
	defer l.proxy.mu.Unlock()
	l.broken = true
	for c := range l.conns {
		_ = c.Conn.(*net.TCPConn).SetLinger(0) // a reset, not an orderly end
		_ = c.Conn.Close()
	}
	return func() {
		l.proxy.mu.Lock()
		defer l.proxy.mu.Unlock()
		l.broken = false
	}
}

// refusedConnections returns how many connections the browser has tried in vain.
func (l *proxyListener) refusedConnections() int {
	l.proxy.mu.Lock()
	defer l.proxy.mu.Unlock()
	return l.refused
}

// pause stops all data in both directions until resume is called, as a network does that loses
// every packet.
func (l *proxyListener) pause() (resume func()) {
	l.proxy.mu.Lock()
	defer l.proxy.mu.Unlock()
	paused := make(chan struct{})
	l.paused = paused
	return sync.OnceFunc(func() { close(paused) })
}

// waitingConnections returns how many connections have data that pause has stopped.
func (l *proxyListener) waitingConnections() int {
	l.proxy.mu.Lock()
	defer l.proxy.mu.Unlock()
	return l.waiting
}

// limitRate limits the bytes per second from the browser on all connections together; 0 is no
// limit.
func (l *proxyListener) limitRate(rate int64) {
	l.proxy.mu.Lock()
	defer l.proxy.mu.Unlock()
	l.rate = rate
}

// throttle waits as long as n bytes take at the limited rate, and while data is stopped.
func (l *proxyListener) throttle(n int) {
	l.proxy.mu.Lock()
	paused, now := l.paused, time.Now()
	if l.rate > 0 {
		if l.busyUntil.Before(now) {
			l.busyUntil = now
		}
		l.busyUntil = l.busyUntil.Add(time.Duration(n) * time.Second / time.Duration(l.rate))
	}
	wait := l.busyUntil.Sub(now)
	l.proxy.mu.Unlock()
	time.Sleep(wait)
	if paused != nil {
		l.countWaiting(1)
		<-paused
		l.countWaiting(-1)
	}
}

func (l *proxyListener) countWaiting(change int) {
	l.proxy.mu.Lock()
	defer l.proxy.mu.Unlock()
	l.waiting += change
}

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

// CloseWrite lets net/http's server end a connection in order.
func (c *proxyConn) CloseWrite() error { return c.Conn.(*net.TCPConn).CloseWrite() }
