package quota

import (
	"net/netip"

	"github.com/postern-dev/postern/policy/profile"
)

// network is a group of addresses that are counted together, with how many times the limit of one
// address all of them may use.
type network struct {
	name  string // an address or prefix; the text as it came where that is no address
	times int
}

// ipv6Networks are the networks that an IPv6 address is counted by, the widest first. A site has at
// least 64 bits for its own devices and often the whole /56 or /48 (RFC 6177), so that one visitor
// can send each request from another /64.
var ipv6Networks = []struct{ bits, times int }{{48, 16}, {56, 4}, {64, 1}}

// networksOf returns the networks that an address is counted by, the widest first. An IPv4 address,
// also one mapped to IPv6, is counted by itself.
func networksOf(address string) []network {
	ip, err := netip.ParseAddr(address)
	if err != nil {
		return []network{{address, 1}}
	}
	ip = ip.Unmap().WithZone("")
	if ip.Is4() {
		return []network{{ip.String(), 1}}
	}
	networks := make([]network, len(ipv6Networks))
	for i, n := range ipv6Networks {
		networks[i] = network{netip.PrefixFrom(ip, n.bits).Masked().String(), n.times}
	}
	return networks
}

// NetworkOf returns the smallest network that an address is counted by: an IPv4 address is one by
// itself, an IPv6 address is counted by its first 64 bits. All texts that are no address are one,
// "".
func NetworkOf(address string) string {
	if _, err := netip.ParseAddr(address); err != nil {
		return ""
	}
	networks := networksOf(address)
	return networks[len(networks)-1].name
}

// isGuest reports whether a subject says nothing about who asks, so that the address has to.
func isGuest(subject string) bool { return subject == profile.Guest || subject == "" }
