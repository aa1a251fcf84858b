package e2e

import (
	"context"
	"net"
	"net/http"
	"time"
)

// narrow is the kernel's share of what is on the line, at either end of a wire, in bytes. On a
// loopback it would be megabytes: what a browser has sent would wait there uncounted, and a far end
// that reads no more would still be sent a lot.
const narrow = 128 << 10

func dialNarrow(ctx context.Context, network, address string) (net.Conn, error) {
	conn, err := new(net.Dialer).DialContext(ctx, network, address)
	if tcp, ok := conn.(*net.TCPConn); ok {
		err = tcp.SetWriteBuffer(narrow)
	}
	return conn, err
}

// lines are a wire's connections from the browser.
type lines struct {
	net.Listener
	wire *wire

	// Guarded by the wire.
	open   map[*line]bool
	down   time.Time     // until when there is no line
	silent chan struct{} // closed when what waits may pass; nil: nothing has to wait
	rate   int64         // bytes a second from the browser; 0: no limit
	free   time.Time     // when the line has carried what it has taken
}

// line counts what arrives on a connection for each request, whether somebody reads it or not.
type line struct {
	net.Conn
	lines *lines
	now   *exchange // the one under way, or the last
}

type lineKey struct{}

func remember(ctx context.Context, c net.Conn) context.Context {
	return context.WithValue(ctx, lineKey{}, c)
}

// lineOf returns the connection on which a request came.
func lineOf(r *http.Request) *line { return r.Context().Value(lineKey{}).(*line) }

func (l *lines) Accept() (net.Conn, error) {
	for {
		conn, err := l.Listener.Accept()
		if err != nil {
			return nil, err
		}
		if c := l.admit(conn); c != nil {
			return c, nil
		}
		_ = conn.Close()
	}
}

// admit returns nil while there is no line.
func (l *lines) admit(conn net.Conn) net.Conn {
	l.wire.mu.Lock()
	defer l.wire.mu.Unlock()
	if time.Now().Before(l.down) {
		return nil
	}
	_ = conn.(*net.TCPConn).SetReadBuffer(narrow)
	c := &line{Conn: conn, lines: l}
	l.open[c] = true
	return c
}

// cut ends every connection, and each new one until that much time has passed.
func (l *lines) cut(span time.Duration) {
	l.wire.mu.Lock()
	defer l.wire.mu.Unlock()
	l.down = time.Now().Add(span)
	for c := range l.open {
		_ = c.Conn.(*net.TCPConn).SetLinger(0) // a reset, not an orderly end
		_ = c.Conn.Close()
	}
}

// hush holds everything back that goes either way, as a line does that loses all packets for that
// long.
func (l *lines) hush(span time.Duration) {
	l.wire.mu.Lock()
	defer l.wire.mu.Unlock()
	silent := make(chan struct{})
	l.silent = silent
	time.AfterFunc(span, func() { close(silent) })
}

// limit lets at most that many bytes a second through from the browser, on all connections
// together; 0 is no limit.
func (l *lines) limit(rate int64) {
	l.wire.mu.Lock()
	defer l.wire.mu.Unlock()
	l.rate = rate
}

// pass takes as long as the line does to carry so many bytes, and waits while it is silent.
func (l *lines) pass(n int) {
	l.wire.mu.Lock()
	silent, now := l.silent, time.Now()
	if l.rate > 0 {
		l.free = later(l.free, now).Add(time.Duration(n) * time.Second / time.Duration(l.rate))
	}
	carried := l.free
	l.wire.mu.Unlock()
	time.Sleep(carried.Sub(now))
	if silent != nil {
		<-silent
	}
}

func later(a, b time.Time) time.Time { return pick(a.After(b), a, b) }

func (c *line) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	c.lines.pass(n)
	c.lines.wire.mu.Lock()
	defer c.lines.wire.mu.Unlock()
	if c.now != nil {
		c.now.Line += int64(n)
	}
	return n, err
}

func (c *line) Write(p []byte) (int, error) {
	c.lines.pass(0)
	return c.Conn.Write(p)
}

func (c *line) Close() error {
	c.lines.wire.mu.Lock()
	defer c.lines.wire.mu.Unlock()
	delete(c.lines.open, c)
	return c.Conn.Close()
}

// CloseWrite lets the server end a connection in order.
func (c *line) CloseWrite() error { return c.Conn.(*net.TCPConn).CloseWrite() }
