package main

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"
)

func TestAnAddressThatMakesNearlyAllRequestsIsNoticedOnce(t *testing.T) {
	t.Parallel()
	proxy := netip.MustParseAddr("192.0.2.1")
	other := func(n int) netip.Addr { return netip.MustParseAddr(fmt.Sprintf("198.51.100.%d", n%250)) }
	cases := []struct {
		name     string
		requests int
		peer     func(n int) netip.Addr // of request n, from 0
		warned   int
	}{
		{"too few requests to tell", 199, func(int) netip.Addr { return proxy }, 0},
		{"a proxy", 200, func(int) netip.Addr { return proxy }, 1},
		{"a proxy, for long", 5000, func(int) netip.Addr { return proxy }, 1},
		{"others first", 300, func(n int) netip.Addr {
			if n < 20 {
				return other(n)
			}
			return proxy
		}, 1},
		{"a proxy that replaces visitors who came by themselves", 3000, func(n int) netip.Addr {
			if n < 1000 {
				return other(n)
			}
			return proxy
		}, 1},
		{"nine of ten requests", 5000, func(n int) netip.Addr {
			if n%10 == 0 {
				return other(n)
			}
			return proxy
		}, 0},
		{"two proxies in turn", 5000, func(n int) netip.Addr { return other(n % 2) }, 0},
		{"visitors who come by themselves", 5000, other, 0},
		{"each visitor with another address", 50_000, func(n int) netip.Addr { return netip.AddrFrom4([4]byte{10, byte(n >> 16), byte(n >> 8), byte(n)}) }, 0},
	}
	for _, c := range cases {
		var w proxyWatch
		warned := 0
		for n := range c.requests {
			if w.count(c.peer(n)) {
				warned++
			}
			if len(w.byPeer) > watchedRequests {
				t.Fatalf("%s: %d addresses are remembered, wanted at most %d", c.name, len(w.byPeer), watchedRequests)
			}
		}
		if warned != c.warned {
			t.Errorf("%s: %d warnings, wanted %d", c.name, warned, c.warned)
		}
	}
}

func TestServeWarnsOnceAboutAProxyThatTheConfigDoesNotName(t *testing.T) {
	store := startStore(t)
	for _, c := range []struct {
		name, key, path string
		lines           int
	}{
		{"no header is named", "", "/no/such/page", 1},
		{"the proxy's header is named", "\ntrusted_proxies: [127.0.0.1]\nip_header: X-Real-IP", "/no/such/page", 0},
		{"health checks alone", "", "/healthz", 0},
	} {
		s, _ := startServe(t, store.URL(), "\nlisten:", c.key+"\nlisten:")
		for range 2 * minWatchedRequests {
			fetch(t, s.URL+c.path)
		}
		s.Stop()
		if lines := strings.Count(s.Log.String(), "set ip_header and trusted_proxies in the config file"); lines != c.lines {
			t.Errorf("%s: want %d warnings, got %d", c.name, c.lines, lines)
		}
	}
}
