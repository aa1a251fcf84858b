package handlers

import (
	"sync"
	"time"

	"golang.org/x/time/rate"

	"github.com/postern-dev/postern/handlers/problem"
	"github.com/postern-dev/postern/handlers/quota"
)

// The rate of explanations for one network address, or for the first 64 bits of an IPv6 address,
// which is what one site has. Somebody who corrects a form and looks again needs seconds for each,
// so 30 at once and then one every two seconds are enough for an office behind one address. As the
// worst text of 1 MiB takes some tenths of a second, an address can't keep a processor busy.
const (
	explainAtOnce = 30
	explainEvery  = 2 * time.Second
	// maxExplainNetworks is how many addresses are remembered, twice: some 2 MB.
	maxExplainNetworks = 4096
)

// explainRates limits explanations by network. It remembers those since it last began anew, and
// those of the time before; it begins anew when there are maxExplainNetworks. So it forgets only
// who hasn't asked for a while, unless that many networks ask at once. It is safe for concurrent
// use.
type explainRates struct {
	mu              sync.Mutex // guards the rest
	current, before map[string]*rate.Limiter
}

// allow returns RateLimited if the address asked for too much.
func (r *explainRates) allow(address string, now time.Time) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	network := quota.NetworkOf(address)
	limiter := r.current[network]
	if limiter == nil {
		if limiter = r.before[network]; limiter == nil {
			limiter = rate.NewLimiter(rate.Every(explainEvery), explainAtOnce)
		}
		if r.current == nil || len(r.current) >= maxExplainNetworks {
			r.current, r.before = map[string]*rate.Limiter{}, r.current
		}
		r.current[network] = limiter
	}
	if !limiter.AllowN(now, 1) {
		return &problem.Error{Code: problem.RateLimited, RetryAfter: explainEvery}
	}
	return nil
}
