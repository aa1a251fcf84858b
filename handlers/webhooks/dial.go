package webhooks

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"syscall"
	"time"
)

// Network looks names up and dials; both are checked by Endpoint.
type Network struct {
	// Resolve returns all addresses of a name. nil: net.DefaultResolver.
	Resolve func(ctx context.Context, name string) ([]netip.Addr, error)
	// Dial connects to an address and port, never to a name. nil: a net.Dialer.
	Dial func(ctx context.Context, address netip.AddrPort) (net.Conn, error)
}

func (n Network) orSystem() Network {
	if n.Resolve == nil {
		n.Resolve = func(ctx context.Context, name string) ([]netip.Addr, error) {
			return net.DefaultResolver.LookupNetIP(ctx, "ip", name)
		}
	}
	return n
}

// dialler connects to the addresses that an endpoint may have.
type dialler struct {
	network Network
	allowed []netip.Prefix // private networks
	plain   bool           // whether deliveries go by http
	rootCAs *x509.CertPool // nil: the system's
}

// Bounds of an endpoint's connections.
const (
	maxHeader   = 16 << 10         // bytes of an answer's header
	idleTimeout = 30 * time.Second // for which a connection waits for the next delivery
	minDial     = 2 * time.Second  // for one of several addresses
)

// newTransport returns what an endpoint sends with. HTTP/2 and compression are left out: one
// delivery is one small request, and what is read of an answer has to be bounded.
func newTransport(d dialler) *http.Transport {
	protocols := new(http.Protocols)
	protocols.SetHTTP1(true)
	return &http.Transport{
		Proxy:                  nil, // none of the environment: it would dial what wasn't checked
		DialContext:            d.dial,
		DialTLSContext:         d.dialTLS,
		Protocols:              protocols,
		DisableCompression:     true,
		MaxResponseHeaderBytes: maxHeader,
		MaxIdleConnsPerHost:    DefaultConcurrency,
		IdleConnTimeout:        idleTimeout,
	}
}

// errLookup, errDial and errTLS say at which step a connection failed.
var (
	errLookup = errors.New("webhooks: the name can't be resolved")
	errDial   = errors.New("webhooks: no connection")
	errTLS    = errors.New("webhooks: no trusted TLS connection")
)

// dial resolves a host, checks all its addresses, and connects to the first that answers. One
// address that may not be dialled refuses the host: a name that has it among others is either a
// mistake or an attempt to get there. The time has to be bounded here, as the transport's ctx
// doesn't end with the request.
func (d dialler) dial(ctx context.Context, _, hostPort string) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, Timeout)
	defer cancel()
	host, port, err := splitHostPort(hostPort)
	if err != nil {
		return nil, err
	}
	addresses, err := d.resolve(ctx, host)
	if err != nil {
		return nil, err
	}
	for _, a := range addresses {
		if err := checkAddress(a, d.allowed, d.plain); err != nil {
			return nil, err
		}
	}
	for i, a := range addresses {
		var connection net.Conn
		if connection, err = d.connect(ctx, netip.AddrPortFrom(a.Unmap(), port), len(addresses)-i); err == nil {
			return connection, nil
		}
	}
	return nil, fmt.Errorf("%w: %w", errDial, err)
}

// dialTLS is dial and a handshake for the host's name.
func (d dialler) dialTLS(ctx context.Context, network, hostPort string) (net.Conn, error) {
	connection, err := d.dial(ctx, network, hostPort)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, Timeout)
	defer cancel()
	host, _, _ := net.SplitHostPort(hostPort) // dial has split it
	secure := tls.Client(connection, &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: d.rootCAs, ServerName: host})
	if err := secure.HandshakeContext(ctx); err != nil {
		_ = connection.Close()
		return nil, fmt.Errorf("%w: %w", errTLS, err)
	}
	return secure, nil
}

func (d dialler) resolve(ctx context.Context, host string) ([]netip.Addr, error) {
	if a, err := netip.ParseAddr(host); err == nil {
		return []netip.Addr{a}, nil
	}
	addresses, err := d.network.Resolve(ctx, host)
	if err == nil && len(addresses) == 0 {
		err = errors.New("no address")
	}
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errLookup, err)
	}
	return addresses, nil
}

// connect dials one address, in its share of the time when left addresses are to be tried.
func (d dialler) connect(ctx context.Context, address netip.AddrPort, left int) (net.Conn, error) {
	if deadline, ok := ctx.Deadline(); ok && left > 1 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, max(time.Until(deadline)/time.Duration(left), minDial))
		defer cancel()
	}
	if d.network.Dial != nil {
		return d.network.Dial(ctx, address)
	}
	system := net.Dialer{ControlContext: d.control}
	return system.DialContext(ctx, "tcp", address.String())
}

// control checks once more, when the socket is there, what it is about to be connected with.
func (d dialler) control(_ context.Context, _, address string, _ syscall.RawConn) error {
	parsed, err := netip.ParseAddrPort(address)
	if err != nil {
		return fmt.Errorf("webhooks: dial %q: wanted an address and port", address)
	}
	return checkAddress(parsed.Addr(), d.allowed, d.plain)
}

func splitHostPort(hostPort string) (string, uint16, error) {
	host, port, err := net.SplitHostPort(hostPort)
	if err != nil {
		return "", 0, fmt.Errorf("webhooks: dial: %w", err)
	}
	number, err := net.LookupPort("tcp", port)
	if err != nil {
		return "", 0, fmt.Errorf("webhooks: dial: %w", err)
	}
	return host, uint16(number), nil
}
