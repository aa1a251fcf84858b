package webhooks_test

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"strings"
	"sync"
	"testing"

	"github.com/postern-dev/postern/handlers/webhooks"
	"github.com/postern-dev/postern/policy/sigv4"
)

var hookSecret = sigv4.Secret(strings.Repeat("k", 32))

// recorder is a network that answers every name with the same addresses and only notes what would
// be dialled.
type recorder struct {
	mu      sync.Mutex
	answers [][]string // one for each look-up; the last one stays
	lookUps int
	dialled []string
}

var errNotDialled = errors.New("the recorder connects with nothing")

func (r *recorder) network() webhooks.Network {
	return webhooks.Network{
		Resolve: func(context.Context, string) ([]netip.Addr, error) {
			r.mu.Lock()
			defer r.mu.Unlock()
			var list []netip.Addr
			for _, text := range r.answers[min(r.lookUps, len(r.answers)-1)] {
				list = append(list, netip.MustParseAddr(text))
			}
			r.lookUps++
			return list, nil
		},
		Dial: func(_ context.Context, a netip.AddrPort) (net.Conn, error) {
			r.mu.Lock()
			defer r.mu.Unlock()
			r.dialled = append(r.dialled, a.String())
			return nil, errNotDialled
		},
	}
}

func message(t testing.TB) webhooks.Message {
	t.Helper()
	m, err := webhooks.NewMessage("msg_0195a1b2_1", accepted())
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// refusedAddresses are those that are never dialled unless networks lists them.
var refusedAddresses = map[string][]string{
	"loopback":                  {"127.0.0.1", "127.255.255.254", "::1"},
	"private":                   {"10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.1.1", "fc00::1", "fdff::1"},
	"shared":                    {"100.64.0.1", "100.127.255.255"},
	"link-local":                {"169.254.0.1", "fe80::1", "fe80::1%eth0", "febf::1"},
	"metadata":                  {"169.254.169.254", "169.254.170.2", "100.100.100.200", "168.63.129.16", "192.0.0.192", "fd00:ec2::254", "fd20:ce::254", "fd00:c1::a9fe:a9fe", "fd00:42::42"},
	"unspecified":               {"0.0.0.0", "0.1.2.3", "::"},
	"mapped":                    {"::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:169.254.169.254", "::ffff:a9fe:a9fe"},
	"compatible":                {"::127.0.0.1", "::8.8.8.8"},
	"translated":                {"::ffff:0:8.8.8.8"},
	"NAT64":                     {"64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe", "64:ff9b::808:808", "64:ff9b:1::808:808"},
	"6to4":                      {"2002:7f00:1::1", "2002:808:808::1", "192.88.99.1"},
	"Teredo":                    {"2001:0:7f00:1::1", "2001::1"},
	"documentation":             {"192.0.2.1", "198.51.100.1", "203.0.113.1", "2001:db8::1", "3fff::1"},
	"benchmark":                 {"198.18.0.1", "198.19.255.255", "2001:2::1"},
	"multicast":                 {"224.0.0.1", "239.255.255.255", "ff02::1"},
	"reserved":                  {"240.0.0.1", "255.255.255.255", "192.0.0.1", "100::1", "fec0::1", "5f00::1", "4000::1"},
	"private, and a public one": {"93.184.216.34 10.0.0.1", "2606:4700::1111 ::1"},
}

func TestAddressesThatAreNotPublicAreNeverDialled(t *testing.T) {
	t.Parallel()
	for kind, list := range refusedAddresses {
		for _, addresses := range list {
			t.Run(kind+" "+addresses, func(t *testing.T) {
				t.Parallel()
				r := &recorder{answers: [][]string{strings.Fields(addresses)}}
				e := endpoint(t, func(c *webhooks.EndpointConfig) { c.Network = r.network() })
				a := e.Send(t.Context(), message(t))
				if a.Failure != webhooks.BadAddress || len(r.dialled) != 0 {
					t.Errorf("got %q (%s), dialled %q, wanted %q and nothing dialled", a.Failure, a.Detail, r.dialled, webhooks.BadAddress)
				}
			})
		}
	}
}

func TestPublicAddressesAreDialledAsTheyWereChecked(t *testing.T) {
	t.Parallel()
	for addresses, wanted := range map[string]string{
		"93.184.216.34":                  "93.184.216.34:443",
		"::ffff:93.184.216.34":           "93.184.216.34:443",
		"2606:4700::1111":                "[2606:4700::1111]:443",
		"2606:4700::1111 93.184.216.34":  "[2606:4700::1111]:443 93.184.216.34:443",
		"172.15.255.255 172.32.0.0":      "172.15.255.255:443 172.32.0.0:443",
		"100.63.255.255 2001:200::1":     "100.63.255.255:443 [2001:200::1]:443",
		"223.255.255.255 198.17.255.255": "223.255.255.255:443 198.17.255.255:443",
	} {
		r := &recorder{answers: [][]string{strings.Fields(addresses)}}
		e := endpoint(t, func(c *webhooks.EndpointConfig) { c.Network = r.network() })
		a := e.Send(t.Context(), message(t))
		if got := strings.Join(r.dialled, " "); got != wanted || a.Failure != webhooks.ConnectFailed {
			t.Errorf("%s: dialled %q (%s), wanted %q", addresses, got, a.Detail, wanted)
		}
	}
}

func TestNetworksOpenPrivateAddressesAndNoOthers(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, scheme, networks, address string
		dialled                         bool
	}{
		{"loopback by http", "http", "127.0.0.0/8", "127.0.0.1", true},
		{"a mapped address", "https", "10.0.0.0/8", "::ffff:10.1.2.3", true},
		{"unique local", "https", "fd12:3456::/32", "fd12:3456::1", true},
		{"shared", "https", "100.64.0.0/10", "100.64.0.1", true},
		{"metadata in a listed network", "https", "100.64.0.0/10", "100.100.100.200", false},
		{"metadata of IPv6 in a listed network", "https", "fd00::/8", "fd00:ec2::254", false},
		{"another private network", "https", "10.0.0.0/16", "10.1.0.1", false},
		{"a public address by https", "https", "10.0.0.0/8", "93.184.216.34", true},
		{"a public address by http", "http", "10.0.0.0/8", "93.184.216.34", false},
		{"NAT64 of a public address", "https", "64:ff9b::/96", "64:ff9b::5db8:d822", true},
		{"NAT64 of a public address by http", "http", "64:ff9b::/96", "64:ff9b::5db8:d822", false},
		{"NAT64 of a metadata address", "https", "64:ff9b::/96", "64:ff9b::a9fe:a9fe", false},
		{"NAT64 of a private address", "https", "64:ff9b::/96", "64:ff9b::a00:1", false},
		{"NAT64 of a listed private address", "http", "64:ff9b::/96 10.0.0.0/8", "64:ff9b::a00:1", true},
		{"an address with a zone", "https", "fd00::/8", "fd00::1%eth0", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			r := &recorder{answers: [][]string{{c.address}}}
			e := endpoint(t, func(config *webhooks.EndpointConfig) {
				config.URL, config.Network = c.scheme+"://hooks.example.com/", r.network()
				for _, text := range strings.Fields(c.networks) {
					config.Networks = append(config.Networks, netip.MustParsePrefix(text))
				}
			})
			a := e.Send(t.Context(), message(t))
			if dialled := len(r.dialled) > 0; dialled != c.dialled {
				t.Errorf("got %q (%s), dialled %q, wanted dialled: %t", a.Failure, a.Detail, r.dialled, c.dialled)
			}
		})
	}
}

// The name is public at the first look-up, when somebody may have checked it, and private at the
// second: each connection is judged by its own look-up.
func TestANameThatChangesBetweenLookUpsIsNotDialled(t *testing.T) {
	t.Parallel()
	r := &recorder{answers: [][]string{{"93.184.216.34"}, {"169.254.169.254"}, {"127.0.0.1"}}}
	e := endpoint(t, func(c *webhooks.EndpointConfig) { c.Network = r.network() })
	for i, wanted := range []webhooks.Failure{webhooks.ConnectFailed, webhooks.BadAddress, webhooks.BadAddress} {
		if a := e.Send(t.Context(), message(t)); a.Failure != wanted {
			t.Errorf("attempt %d: got %q (%s), wanted %q", i+1, a.Failure, a.Detail, wanted)
		}
	}
	if got := strings.Join(r.dialled, " "); got != "93.184.216.34:443" || r.lookUps != 3 {
		t.Errorf("dialled %q after %d look-ups, wanted the public address alone after 3", got, r.lookUps)
	}
}

func TestANameOfLoopbackIsRefusedWithTheSystemsResolver(t *testing.T) {
	t.Parallel()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	_, port, _ := net.SplitHostPort(listener.Addr().String())
	e := endpoint(t, func(c *webhooks.EndpointConfig) { c.URL, c.Network = "https://localhost:"+port+"/", webhooks.Network{} })
	if a := e.Send(t.Context(), message(t)); a.Failure != webhooks.BadAddress {
		t.Errorf("got %q (%s), wanted %q", a.Failure, a.Detail, webhooks.BadAddress)
	}
}
