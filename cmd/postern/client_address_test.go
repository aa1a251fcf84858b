package main

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"testing"

	"github.com/labstack/echo/v4"

	"github.com/postern-dev/postern/cmd/postern/testclient"
)

func TestOnlyTrustedProxiesTellTheVisitorsAddress(t *testing.T) {
	t.Parallel()
	proxies := []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("127.0.0.1/32")}
	cases := []struct {
		name, header string
		trusted      []netip.Prefix
		peer         string
		sent         http.Header
		want         string
	}{
		{"nothing configured, headers sent", "", nil, "192.0.2.9:1", http.Header{"X-Forwarded-For": {"1.2.3.4"}, "X-Real-Ip": {"1.2.3.4"}}, "192.0.2.9"},
		{"nothing configured, from this machine", "", nil, "127.0.0.1:1", http.Header{"X-Forwarded-For": {"1.2.3.4"}}, "127.0.0.1"},
		{"through the proxy", "X-Forwarded-For", proxies, "10.1.1.1:1", http.Header{"X-Forwarded-For": {"203.0.113.5"}}, "203.0.113.5"},
		{"through two proxies", "X-Forwarded-For", proxies, "10.1.1.1:1", http.Header{"X-Forwarded-For": {"203.0.113.5, 10.2.2.2"}}, "203.0.113.5"},
		{"a visitor who forges the beginning", "X-Forwarded-For", proxies, "10.1.1.1:1", http.Header{"X-Forwarded-For": {"1.2.3.4, 203.0.113.5"}}, "203.0.113.5"},
		{"past the proxy", "X-Forwarded-For", proxies, "192.0.2.9:1", http.Header{"X-Forwarded-For": {"1.2.3.4"}}, "192.0.2.9"},
		{"a private network nobody named", "X-Forwarded-For", proxies, "192.168.0.1:1", http.Header{"X-Forwarded-For": {"1.2.3.4"}}, "192.168.0.1"},
		{"the other header", "X-Real-IP", proxies, "10.1.1.1:1", http.Header{"X-Real-Ip": {"203.0.113.5"}, "X-Forwarded-For": {"1.2.3.4"}}, "203.0.113.5"},
		{"the other header past the proxy", "X-Real-IP", proxies, "192.0.2.9:1", http.Header{"X-Real-Ip": {"1.2.3.4"}}, "192.0.2.9"},

		{"an IPv4 address with a port", "X-Forwarded-For", proxies, "10.1.1.1:1", http.Header{"X-Forwarded-For": {"203.0.113.5:5678"}}, "203.0.113.5"},
		{"an IPv6 address with a port", "X-Forwarded-For", proxies, "10.1.1.1:1", http.Header{"X-Forwarded-For": {"[2001:db8::1]:443"}}, "2001:db8::1"},
		{"an IPv6 address in brackets", "X-Forwarded-For", proxies, "10.1.1.1:1", http.Header{"X-Forwarded-For": {"[2001:db8::1]"}}, "2001:db8::1"},
		{"an IPv6 address", "X-Forwarded-For", proxies, "10.1.1.1:1", http.Header{"X-Forwarded-For": {"2001:DB8:0::1"}}, "2001:db8::1"},
		{"an IPv4 address mapped to IPv6", "X-Forwarded-For", proxies, "10.1.1.1:1", http.Header{"X-Forwarded-For": {"::ffff:203.0.113.5"}}, "203.0.113.5"},
		{"an IPv4 address mapped to IPv6, with a port", "X-Forwarded-For", proxies, "10.1.1.1:1", http.Header{"X-Forwarded-For": {"[::ffff:203.0.113.5]:80"}}, "203.0.113.5"},
		{"an IPv6 address with a zone", "X-Forwarded-For", proxies, "10.1.1.1:1", http.Header{"X-Forwarded-For": {"fe80::1%eth0"}}, "fe80::1"},
		{"an IPv6 address with a zone and a port", "X-Forwarded-For", proxies, "10.1.1.1:1", http.Header{"X-Forwarded-For": {"[fe80::1%eth0]:80"}}, "fe80::1"},
		{"a proxy behind the proxy, with a port", "X-Forwarded-For", proxies, "10.1.1.1:1", http.Header{"X-Forwarded-For": {"1.2.3.4, 203.0.113.5:99, 10.2.2.2:80"}}, "203.0.113.5"},
		{"a proxy behind the proxy, mapped to IPv6", "X-Forwarded-For", proxies, "10.1.1.1:1", http.Header{"X-Forwarded-For": {"203.0.113.5, ::ffff:10.2.2.2"}}, "203.0.113.5"},
		{"a proxy that is mapped to IPv6 itself", "X-Forwarded-For", proxies, "[::ffff:10.1.1.1]:1", http.Header{"X-Forwarded-For": {"203.0.113.5"}}, "203.0.113.5"},
		{"a header in two lines", "X-Forwarded-For", proxies, "10.1.1.1:1", http.Header{"X-Forwarded-For": {"1.2.3.4", "203.0.113.5"}}, "203.0.113.5"},
		{"empty entries", "X-Forwarded-For", proxies, "10.1.1.1:1", http.Header{"X-Forwarded-For": {"203.0.113.5:1, ,\t10.2.2.2 ,"}}, "203.0.113.5"},
		{"no entry at all", "X-Forwarded-For", proxies, "10.1.1.1:1", http.Header{"X-Forwarded-For": {" , "}}, "10.1.1.1"},
		{"no header", "X-Forwarded-For", proxies, "10.1.1.1:1", nil, "10.1.1.1"},
		{"proxies alone", "X-Forwarded-For", proxies, "10.1.1.1:1", http.Header{"X-Forwarded-For": {"10.3.3.3, 10.2.2.2"}}, "10.3.3.3"},
		{"a visitor past the proxy, with a port", "X-Forwarded-For", proxies, "192.0.2.9:1", http.Header{"X-Forwarded-For": {"1.2.3.4:80"}}, "192.0.2.9"},
		{"a visitor past the proxy, mapped to IPv6", "X-Forwarded-For", proxies, "[::ffff:192.0.2.9]:1", http.Header{"X-Forwarded-For": {"1.2.3.4"}}, "192.0.2.9"},
		{"garbage from the proxy", "X-Forwarded-For", proxies, "10.1.1.1:1", http.Header{"X-Forwarded-For": {"1.2.3.4, unknown"}}, "10.1.1.1"},
		{"garbage from a proxy behind it", "X-Forwarded-For", proxies, "10.1.1.1:1", http.Header{"X-Forwarded-For": {"1.2.3.4, _hidden, 10.2.2.2"}}, "10.2.2.2"},
		{"a port that isn't one", "X-Forwarded-For", proxies, "10.1.1.1:1", http.Header{"X-Forwarded-For": {"1.2.3.4:99999"}}, "10.1.1.1"},
		{"an empty port", "X-Forwarded-For", proxies, "10.1.1.1:1", http.Header{"X-Forwarded-For": {"1.2.3.4:"}}, "10.1.1.1"},
		{"two ports", "X-Forwarded-For", proxies, "10.1.1.1:1", http.Header{"X-Forwarded-For": {"1.2.3.4:1:2"}}, "10.1.1.1"},
		{"an IPv4 address in brackets", "X-Forwarded-For", proxies, "10.1.1.1:1", http.Header{"X-Forwarded-For": {"[1.2.3.4]"}}, "10.1.1.1"},
		{"a bracket left open", "X-Forwarded-For", proxies, "10.1.1.1:1", http.Header{"X-Forwarded-For": {"[2001:db8::1"}}, "10.1.1.1"},
		{"octal digits", "X-Forwarded-For", proxies, "10.1.1.1:1", http.Header{"X-Forwarded-For": {"010.2.3.4"}}, "10.1.1.1"},
		{"a host name", "X-Forwarded-For", proxies, "10.1.1.1:1", http.Header{"X-Forwarded-For": {"visitor.example"}}, "10.1.1.1"},
		{"a connection without an address", "X-Forwarded-For", proxies, "@", http.Header{"X-Forwarded-For": {"1.2.3.4"}}, ""},

		{"the other header with a port", "X-Real-IP", proxies, "10.1.1.1:1", http.Header{"X-Real-Ip": {" [2001:db8::1]:443 "}}, "2001:db8::1"},
		{"the other header mapped to IPv6", "X-Real-IP", proxies, "10.1.1.1:1", http.Header{"X-Real-Ip": {"::ffff:203.0.113.5"}}, "203.0.113.5"},
		{"the other header with garbage", "X-Real-IP", proxies, "10.1.1.1:1", http.Header{"X-Real-Ip": {"unknown"}}, "10.1.1.1"},
		{"the other header with a list", "X-Real-IP", proxies, "10.1.1.1:1", http.Header{"X-Real-Ip": {"1.2.3.4, 203.0.113.5"}}, "10.1.1.1"},
		{"the other header twice", "X-Real-IP", proxies, "10.1.1.1:1", http.Header{"X-Real-Ip": {"1.2.3.4", "203.0.113.5"}}, "10.1.1.1"},
		{"the other header left out", "X-Real-IP", proxies, "10.1.1.1:1", http.Header{"X-Forwarded-For": {"1.2.3.4"}}, "10.1.1.1"},
	}
	for _, c := range cases {
		e := echo.New()
		e.IPExtractor = clientAddress(c.header, c.trusted)
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.RemoteAddr, r.Header = c.peer, c.sent
		if got := e.NewContext(r, nil).RealIP(); got != c.want {
			t.Errorf("%s: want %q, got %q", c.name, c.want, got)
		}
	}
}

func TestVisitorsBehindAProxyAreToldApartByWhatItSends(t *testing.T) {
	store := startStore(t)
	s, _ := startServe(t, store.URL(), "10MiB}", "10MiB, access: public}",
		"\nlisten:", "\ntrusted_proxies: [127.0.0.1]\nip_header: X-Forwarded-For\nlimits: {issues: 1/1h}\nlisten:")
	issue := func(from string) testclient.Answer {
		header := http.Header{"X-Forwarded-For": {from}, "Content-Type": {"application/json"}}
		answer, err := testclient.Client{Base: s.URL}.Raw(t.Context(), http.MethodPost, "/uploads", header,
			[]byte(`{"profile":"inbox","filename":"a","type":"","size":4}`))
		if err != nil {
			t.Fatal(err)
		}
		return answer
	}
	for _, c := range []struct {
		name, from string
		status     int
	}{
		{"somebody", "203.0.113.5:1000", 201},
		{"the same address and another port", "203.0.113.5:1001", 429},
		{"the same address without a port", "203.0.113.5", 429},
		{"the same address mapped to IPv6", "[::ffff:203.0.113.5]:1002", 429},
		{"the same address, after one that is made up", "198.51.100.1, 203.0.113.5:1003", 429},
		{"somebody else", "203.0.113.6:1000", 201},
	} {
		if answer := issue(c.from); answer.Status != c.status {
			t.Errorf("%s: want status %d, got %v", c.name, c.status, answer)
		}
	}
	for n := range 16 {
		if answer := issue(fmt.Sprintf("[2001:db8:0:%x00::1]:%d", n, n+1)); answer.Status != http.StatusCreated {
			t.Errorf("network %d of a /48: want status 201, got %v", n, answer)
		}
	}
	answer := issue("[2001:db8:0:ff00::1]:443")
	if answer.Status != http.StatusTooManyRequests || answer.Code() != "rate_limited" || answer.Header.Get("Retry-After") == "" {
		t.Errorf("one network more: want rate_limited with Retry-After, got %v, %v", answer, answer.Header)
	}
}
