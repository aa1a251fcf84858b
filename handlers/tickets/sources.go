package tickets

import (
	"errors"
	"net/http"
	"net/netip"

	"github.com/postern-dev/postern/policy/profile"
)

// A Source tells who asks, in the shape handlers wants: nobody is (zero, false, nil); an error is a
// refusal or an outage.
type Source interface {
	Identify(*http.Request) (profile.Identity, bool, error)
}

// First asks each source in turn; the first that knows the visitor, or fails, decides. A ticket
// that doesn't verify is therefore never rescued by a source further down.
func First(sources ...Source) Source { return first(sources) }

type first []Source

func (f first) Identify(r *http.Request) (profile.Identity, bool, error) {
	for _, source := range f {
		id, ok, err := source.Identify(r)
		if ok || err != nil {
			return id, ok && err == nil, err
		}
	}
	return profile.Identity{}, false, nil
}

// Either accepts a ticket that any of the verifiers accepts: for several issuers, each with a key
// set of its own. An outage of one is reported before the refusals of the others, because the
// ticket may have been its.
func Either(verifiers ...*Verifier) Source { return either(verifiers) }

type either []*Verifier

func (e either) Identify(r *http.Request) (profile.Identity, bool, error) {
	var refusal, outage error
	for _, verifier := range e {
		id, ok, err := verifier.Identify(r)
		if err == nil {
			return id, ok, nil
		}
		var down *KeysError
		if errors.As(err, &down) {
			outage = err
		} else {
			refusal = err
		}
	}
	if outage != nil {
		return profile.Identity{}, false, outage
	}
	return profile.Identity{}, false, refusal
}

// InsecureProxyHeader believes a request header about who asks. It is acceptable only where every
// request comes through a reverse proxy that authenticates visitors and removes or overwrites that
// header; whoever reaches the server past the proxy is whoever they say.
type InsecureProxyHeader struct {
	// Name is the header, such as "X-Forwarded-User". Required.
	Name string
	// Profiles lists what such visitors may use, "*" everything. Empty: nothing.
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
	return profile.Identity{Subject: values[0], Profiles: allowed(p.Profiles)}, true, nil
}

func (p InsecureProxyHeader) trusts(peer string) bool {
	address, err := netip.ParseAddrPort(peer)
	if err != nil {
		return false
	}
	ip := address.Addr().Unmap()
	if len(p.From) == 0 {
		return ip.IsLoopback()
	}
	for _, prefix := range p.From {
		if prefix.Contains(ip) {
			return true
		}
	}
	return false
}
