package tickets

import (
	"net/http"
	"net/netip"
	"slices"

	"github.com/postern-dev/postern/policy/profile"
)

// A Source tells who asks, as handlers.Identifier describes it: nobody is (zero, false, nil); an
// error is a refusal or an outage.
type Source interface {
	Identify(*http.Request) (profile.Identity, bool, error)
}

// First asks each source in turn; the first that knows the visitor, or fails, decides. A ticket
// that doesn't verify is therefore refused, whatever the sources behind it would say.
func First(sources ...Source) Source { return first(sources) }

type first []Source

// Identify implements Source.
func (f first) Identify(r *http.Request) (profile.Identity, bool, error) {
	for _, source := range f {
		id, ok, err := source.Identify(r)
		if ok || err != nil {
			return id, ok && err == nil, err
		}
	}
	return profile.Identity{}, false, nil
}

// InsecureProxyHeader believes a request header about who asks. It is acceptable only where every
// request comes through a reverse proxy that authenticates visitors and removes or overwrites that
// header: whoever reaches the server past the proxy can name any subject.
type InsecureProxyHeader struct {
	// Name is the header, such as "X-Forwarded-User". Required.
	Name string
	// Profiles lists what such visitors may use; profile.AllProfiles is everything. Empty: public
	// profiles alone.
	Profiles []string
	// From lists the addresses the proxy connects from. Empty: loopback only.
	From []netip.Prefix
}

// Identify returns the subject the header names. A request without the header comes from nobody;
// one with the header from elsewhere than the proxy is refused.
func (p InsecureProxyHeader) Identify(r *http.Request) (profile.Identity, bool, error) {
	values := r.Header.Values(p.Name)
	if p.Name == "" || len(values) == 0 {
		return profile.Identity{}, false, nil
	}
	if len(values) > 1 {
		return profile.Identity{}, false, refused(ErrMalformed, "the proxy's header is there more than once")
	}
	if !p.trusts(r.RemoteAddr) {
		return profile.Identity{}, false, refused(ErrMalformed, "the proxy's header came from elsewhere")
	}
	if err := checkSubject(values[0]); err != nil {
		return profile.Identity{}, false, err
	}
	return profile.Identity{Subject: values[0], Profiles: slices.Clone(p.Profiles)}, true, nil
}

// trusts reports whether a request from the given address and port comes from the proxy.
func (p InsecureProxyHeader) trusts(remote string) bool {
	address, err := netip.ParseAddrPort(remote)
	if err != nil {
		return false
	}
	ip := address.Addr().Unmap()
	if len(p.From) == 0 {
		return ip.IsLoopback()
	}
	return slices.ContainsFunc(p.From, func(prefix netip.Prefix) bool { return prefix.Contains(ip) })
}
