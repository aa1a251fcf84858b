package main

import (
	"net/http"
	"net/netip"
	"slices"
	"strings"

	"github.com/labstack/echo/v4"
)

// clientAddress finds the visitor's address: in the header that trusted proxies set, or, where
// header is empty, from the connection alone. No other proxy is trusted, whatever network it is in.
// IPv4 addresses mapped to IPv6 are IPv4 addresses, and zones are left out.
func clientAddress(header string, trusted []netip.Prefix) echo.IPExtractor {
	isTrusted := func(address netip.Addr) bool {
		return slices.ContainsFunc(trusted, func(p netip.Prefix) bool { return p.Contains(address) })
	}
	return func(r *http.Request) string {
		peer := parseAddress(r.RemoteAddr)
		if !peer.IsValid() {
			return ""
		}
		if !isTrusted(peer) {
			return peer.String()
		}
		switch header {
		case "X-Forwarded-For":
			return lastUntrusted(peer, r.Header.Values(header), isTrusted).String()
		case "X-Real-IP":
			return onlyAddress(peer, r.Header.Values(header)).String()
		}
		return peer.String()
	}
}

// lastUntrusted reads X-Forwarded-For from its end, where the proxy next to this server adds the
// address that it sees: the last one that isn't a trusted proxy's is the visitor's. What comes
// before it may be made up. An entry that is no address ends the search at the proxy that sent it.
func lastUntrusted(peer netip.Addr, values []string, isTrusted func(netip.Addr) bool) netip.Addr {
	known := peer
	for _, entry := range slices.Backward(strings.Split(strings.Join(values, ","), ",")) {
		entry = strings.Trim(entry, " \t")
		if entry == "" { // as RFC 9110, section 5.6.1.2, has it
			continue
		}
		address := parseAddress(entry)
		if !address.IsValid() {
			break
		}
		if known = address; !isTrusted(address) {
			break
		}
	}
	return known
}

// onlyAddress reads X-Real-IP, which holds one address. Where there are several, nobody can say
// which one the proxy set.
func onlyAddress(peer netip.Addr, values []string) netip.Addr {
	if len(values) != 1 {
		return peer
	}
	if address := parseAddress(strings.Trim(values[0], " \t")); address.IsValid() {
		return address
	}
	return peer
}

// parseAddress reads an address with or without a port: 192.0.2.1, 192.0.2.1:80, 2001:db8::1,
// [2001:db8::1] or [2001:db8::1]:80. Anything else is the zero Addr.
func parseAddress(text string) netip.Addr {
	if withPort, err := netip.ParseAddrPort(text); err == nil {
		return withPort.Addr().Unmap().WithZone("")
	}
	inner, hasBracket := strings.CutPrefix(text, "[")
	if hasBracket {
		var isClosed bool
		if inner, isClosed = strings.CutSuffix(inner, "]"); !isClosed {
			return netip.Addr{}
		}
	}
	address, err := netip.ParseAddr(inner)
	if err != nil || hasBracket && !address.Is6() {
		return netip.Addr{}
	}
	return address.Unmap().WithZone("")
}
