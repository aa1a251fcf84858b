package webhooks_test

import (
	"bufio"
	"context"
	"crypto/x509"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"sync"
	"testing"

	"github.com/postern-dev/postern/handlers/webhooks"
)

// memoryNetwork connects whoever dials with whoever accepts, without a socket, so that both run on
// the clock of a synctest bubble. It resolves every name to one address.
type memoryNetwork struct {
	address     string
	connections chan net.Conn
	done        chan struct{}

	mu      sync.Mutex
	dialled []string
	read    int // bytes that the dialling sides have read
}

func newMemoryNetwork(t testing.TB, address string) *memoryNetwork {
	n := &memoryNetwork{address: address, connections: make(chan net.Conn), done: make(chan struct{})}
	t.Cleanup(func() { _ = n.Close() })
	return n
}

func (n *memoryNetwork) network() webhooks.Network {
	return webhooks.Network{
		Resolve: func(context.Context, string) ([]netip.Addr, error) {
			return []netip.Addr{netip.MustParseAddr(n.address)}, nil
		},
		Dial: func(ctx context.Context, a netip.AddrPort) (net.Conn, error) {
			n.mu.Lock()
			n.dialled = append(n.dialled, a.String())
			n.mu.Unlock()
			ours, theirs := net.Pipe()
			select {
			case n.connections <- theirs:
				return &countedConn{ours, n}, nil
			case <-n.done:
				return nil, net.ErrClosed
			case <-ctx.Done():
				return nil, ctx.Err()
			}
		},
	}
}

func (n *memoryNetwork) dials() int {
	n.mu.Lock()
	defer n.mu.Unlock()
	return len(n.dialled)
}

func (n *memoryNetwork) bytesRead() int {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.read
}

// countedConn counts what is read of it.
type countedConn struct {
	net.Conn
	network *memoryNetwork
}

func (c *countedConn) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	c.network.mu.Lock()
	c.network.read += n
	c.network.mu.Unlock()
	return n, err
}

// Accept, Close and Addr make the network a net.Listener.
func (n *memoryNetwork) Accept() (net.Conn, error) {
	select {
	case c := <-n.connections:
		return c, nil
	case <-n.done:
		return nil, net.ErrClosed
	}
}

func (n *memoryNetwork) Close() error {
	n.mu.Lock()
	defer n.mu.Unlock()
	select {
	case <-n.done:
	default:
		close(n.done)
	}
	return nil
}

func (n *memoryNetwork) Addr() net.Addr { return &net.TCPAddr{} }

// privateEndpoint is one of http://hooks.internal/, which is allowed to be at 10.0.0.1.
func privateEndpoint(t testing.TB, n *memoryNetwork, change func(*webhooks.EndpointConfig)) *webhooks.Endpoint {
	return endpoint(t, func(c *webhooks.EndpointConfig) {
		c.URL, c.Networks, c.Network = "http://hooks.internal/", []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}, n.network()
		if change != nil {
			change(c)
		}
	})
}

// serve answers with a handler on the network, until the test ends.
func serve(t testing.TB, n *memoryNetwork, handler http.Handler) {
	server := &http.Server{Handler: handler, ErrorLog: log.New(io.Discard, "", 0)}
	var done sync.WaitGroup
	done.Go(func() {
		if err := server.Serve(n); !errors.Is(err, http.ErrServerClosed) && !errors.Is(err, net.ErrClosed) {
			t.Errorf("serve: %v", err)
		}
	})
	t.Cleanup(func() {
		_ = server.Close()
		done.Wait()
	})
}

// serveTLS is serve with a certificate for example.com, of the authorities that it returns.
func serveTLS(t testing.TB, n *memoryNetwork, handler http.Handler, change func(*httptest.Server)) *x509.CertPool {
	server := httptest.NewUnstartedServer(handler)
	_ = server.Listener.Close()
	server.Listener = n
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	if change != nil {
		change(server)
	}
	server.StartTLS()
	t.Cleanup(server.Close)
	authorities := x509.NewCertPool()
	authorities.AddCert(server.Certificate())
	return authorities
}

// serveRaw lets answer write what it likes on each connection, after the request was read to its
// end; it counts requests.
func serveRaw(t testing.TB, n *memoryNetwork, answer func(net.Conn)) *counter {
	requests := &counter{}
	var done sync.WaitGroup
	done.Go(func() {
		for {
			c, err := n.Accept()
			if err != nil {
				return
			}
			done.Go(func() {
				defer c.Close()
				for reader := bufio.NewReader(c); readRequest(reader) == nil; {
					requests.add(1)
					answer(c)
				}
			})
		}
	})
	t.Cleanup(func() {
		_ = n.Close()
		done.Wait()
	})
	return requests
}

func readRequest(r *bufio.Reader) error {
	request, err := http.ReadRequest(r)
	if err != nil {
		return err
	}
	_, err = io.Copy(io.Discard, request.Body)
	return err
}

// counter is a number that goroutines share.
type counter struct {
	mu      sync.Mutex
	n, peak int
}

func (c *counter) add(n int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.n += n
	c.peak = max(c.peak, c.n)
}

func (c *counter) value() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.n
}

func (c *counter) largest() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.peak
}
