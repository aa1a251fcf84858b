package webhooks

import (
	"fmt"
	"net/netip"
	"slices"
)

// neverDialled are addresses of clouds' metadata and host services outside the link-local ranges.
// They lie in ranges that Networks may open, or in public ones.
var neverDialled = prefixes(
	"100.100.100.200/32",     // Alibaba Cloud
	"168.63.129.16/32",       // Azure
	"fd00:ec2::/32",          // AWS
	"fd20:ce::254/128",       // Google Cloud
	"fd00:c1::a9fe:a9fe/128", // Oracle Cloud
	"fd00:42::42/128",        // Scaleway
	"fd00:a9fe:a9fe::1/128",  // Linode
)

// addressRange is a range of addresses that aren't of the public Internet.
type addressRange struct {
	prefix netip.Prefix
	name   string
	opens  bool // whether EndpointConfig.Networks may list networks in it
}

// nat64 holds addresses whose last 32 bits are an IPv4 address (RFC 6052). Hosts without IPv4 reach
// public receivers by them.
var nat64 = netip.MustParsePrefix("64:ff9b::/96")

// ranges are those of IANA's registries of special-purpose addresses.
var ranges = []addressRange{
	{netip.MustParsePrefix("127.0.0.0/8"), "loopback", true},
	{netip.MustParsePrefix("::1/128"), "loopback", true},
	{netip.MustParsePrefix("10.0.0.0/8"), "private", true},
	{netip.MustParsePrefix("172.16.0.0/12"), "private", true},
	{netip.MustParsePrefix("192.168.0.0/16"), "private", true},
	{netip.MustParsePrefix("fc00::/7"), "private", true},
	{netip.MustParsePrefix("100.64.0.0/10"), "shared by a carrier's customers", true},
	{nat64, "translated to IPv4", true},
	{netip.MustParsePrefix("0.0.0.0/8"), "of this network", false},
	{netip.MustParsePrefix("169.254.0.0/16"), "link-local", false},
	{netip.MustParsePrefix("192.0.0.0/24"), "for protocols", false},
	{netip.MustParsePrefix("192.0.2.0/24"), "for documentation", false},
	{netip.MustParsePrefix("198.51.100.0/24"), "for documentation", false},
	{netip.MustParsePrefix("203.0.113.0/24"), "for documentation", false},
	{netip.MustParsePrefix("198.18.0.0/15"), "for benchmarks", false},
	{netip.MustParsePrefix("192.88.99.0/24"), "of 6to4 relays", false},
	{netip.MustParsePrefix("224.0.0.0/4"), "multicast", false},
	{netip.MustParsePrefix("240.0.0.0/4"), "reserved", false},
	{netip.MustParsePrefix("fe80::/10"), "link-local", false},
	{netip.MustParsePrefix("ff00::/8"), "multicast", false},
	{netip.MustParsePrefix("64:ff9b:1::/48"), "translated to IPv4 by a local rule", false},
	{netip.MustParsePrefix("2001::/32"), "of a Teredo tunnel", false},
	{netip.MustParsePrefix("2001::/23"), "for protocols", false},
	{netip.MustParsePrefix("2001:db8::/32"), "for documentation", false},
	{netip.MustParsePrefix("2002::/16"), "of a 6to4 tunnel", false},
	{netip.MustParsePrefix("3fff::/20"), "for documentation", false},
}

// publicIPv6 holds all public addresses of IPv6; outside it everything is special or unassigned.
var publicIPv6 = netip.MustParsePrefix("2000::/3")

// AddressError says that an endpoint may not be reached at an address. Nothing was dialled.
type AddressError struct {
	Address netip.Addr
	// Kind completes "the address is", such as "link-local".
	Kind string
}

// Error says which address is refused, and why.
func (e *AddressError) Error() string {
	return fmt.Sprintf("webhooks: address %s is not dialled: it is %s", e.Address, e.Kind)
}

// checkAddress returns an AddressError for an address that may not be dialled. Plain says that the
// delivery isn't encrypted: it may then only go to the networks.
func checkAddress(a netip.Addr, networks []netip.Prefix, plain bool) error {
	if !a.IsValid() || a.Zone() != "" {
		return &AddressError{a, "no address by itself"} // a zone is of a link-local address
	}
	a = a.Unmap()
	if contains(neverDialled, a) {
		return &AddressError{a, "a cloud's metadata service"}
	}
	listed := contains(networks, a)
	switch special, ok := rangeOf(a); {
	case ok && special.opens && listed && nat64.Contains(a):
		embedded := a.As16()
		return checkAddress(netip.AddrFrom4([4]byte(embedded[12:])), networks, plain)
	case ok && special.opens && listed:
		return nil
	case ok && special.opens:
		return &AddressError{a, special.name + ", and not in networks"}
	case ok:
		return &AddressError{a, special.name}
	case a.Is6() && !publicIPv6.Contains(a):
		return &AddressError{a, "outside the public addresses"}
	case plain:
		return &AddressError{a, "public, and http is for networks alone"}
	}
	return nil
}

// rangeOf returns the first range that holds an address; false for a public one.
func rangeOf(a netip.Addr) (addressRange, bool) {
	i := slices.IndexFunc(ranges, func(r addressRange) bool { return r.prefix.Contains(a) })
	if i < 0 {
		return addressRange{}, false
	}
	return ranges[i], true
}

// checkNetwork refuses a network that opens nothing, or more than private addresses.
func checkNetwork(network netip.Prefix) error {
	within := func(r addressRange) bool {
		return r.opens && r.prefix.Bits() <= network.Bits() && r.prefix.Contains(network.Addr())
	}
	if !network.IsValid() || !slices.ContainsFunc(ranges, within) {
		return fmt.Errorf("webhooks: network %s: wanted one within the loopback, private, shared or NAT64 addresses, such as 10.0.0.0/8", network)
	}
	return nil
}

func contains(networks []netip.Prefix, a netip.Addr) bool {
	return slices.ContainsFunc(networks, func(network netip.Prefix) bool { return network.Contains(a) })
}

func prefixes(texts ...string) []netip.Prefix {
	list := make([]netip.Prefix, len(texts))
	for i, text := range texts {
		list[i] = netip.MustParsePrefix(text)
	}
	return list
}
