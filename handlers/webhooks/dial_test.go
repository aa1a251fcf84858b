package webhooks

import (
	"errors"
	"net"
	"net/netip"
	"testing"
)

// An address that came past the first check, as after a mistake in it, is refused once more when
// the socket is there.
func TestTheSocketIsCheckedBeforeItConnects(t *testing.T) {
	t.Parallel()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	address := netip.MustParseAddrPort(listener.Addr().String())
	if _, err := (dialler{}).connect(t.Context(), address, 1); !isA[*AddressError](err) {
		t.Errorf("got %v, wanted an AddressError", err)
	}
	allowed := dialler{allowed: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}, plain: true}
	connection, err := allowed.connect(t.Context(), address, 1)
	if err != nil {
		t.Fatalf("got %v, wanted a connection where networks lists the address", err)
	}
	if err := errors.Join(connection.Close(), listener.Close()); err != nil {
		t.Fatal(err)
	}
}
