// Package quota limits what visitors may upload, in the memory of one process.
//
// New makes a Memory, which is an uploads.Limiter: it counts uploads and bytes per subject and per
// network address over sliding windows, as the profiles' Quota and MaxOpen say, and requests per
// address.
package quota

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/netip"
	"sync"
	"time"

	"github.com/postern-dev/postern/handlers/problem"
	"github.com/postern-dev/postern/handlers/uploads"
	"github.com/postern-dev/postern/policy/profile"
)

// Config is what New needs; Profiles has no default.
type Config struct {
	// Profiles bring their Quota and MaxOpen.
	Profiles []profile.Profile
	// AddressFactor is how many times a profile's quota one network address may use, as several
	// subjects can share one; MaxOpen isn't counted by address. 0: 10. Guests aren't told apart by
	// subject: each of their addresses has the profile's quota once.
	AddressFactor int
	// Issues limits what one network address asks for, whatever becomes of it. Zero: no such limit.
	Issues profile.Rate
	// MaxAccounts bounds how many subjects and addresses are remembered; the least recently used
	// are forgotten first. 0: 100,000 (at most some 150 MB, when each has used every step of its
	// windows).
	MaxAccounts int
	// MaxPending bounds how many unfinished uploads are remembered; those that end first are
	// forgotten first. 0: 100,000.
	MaxPending int
	// Now is the clock; nil is time.Now.
	Now func() time.Time
}

// Memory is an uploads.Limiter for one node: it forgets everything when the process ends, and knows
// nothing of other nodes. It is safe for concurrent use.
//
// A file of declared size is charged when it is issued. Its charge is given back when a multipart
// upload is aborted or refused, because then nothing can be stored any more; a signed form or URL
// can be used until it expires whatever its holder says, so its charge stays.
//
// A plain form, whose size nobody knows, is charged one upload, which comes back when the form
// expires unused, and its bytes when it has landed. A quota should leave room for people who open
// the page more than once.
//
// IPv6 addresses are counted by their first 64 bits, which is what one site has.
type Memory struct {
	config   Config
	profiles map[string]profile.Profile

	mu       sync.Mutex // guards the rest
	accounts *accounts
	pending  *pendingUploads
}

var _ uploads.Limiter = (*Memory)(nil)

// New checks c and returns its limiter.
func New(c Config) (*Memory, error) {
	const many = 100_000
	c.AddressFactor = cmp.Or(c.AddressFactor, 10)
	c.MaxAccounts = cmp.Or(c.MaxAccounts, many)
	c.MaxPending = cmp.Or(c.MaxPending, many)
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.AddressFactor < 0 || c.MaxAccounts < 0 || c.MaxPending < 0 {
		return nil, errors.New("quota: wanted AddressFactor, MaxAccounts and MaxPending of 0 or more")
	}
	m := &Memory{
		config: c, profiles: map[string]profile.Profile{},
		accounts: newAccounts(c.MaxAccounts), pending: newPendingUploads(c.MaxPending),
	}
	for _, p := range c.Profiles {
		compiled, err := profile.Compile(p)
		if err != nil {
			return nil, err
		}
		m.profiles[p.Name] = compiled.Profile()
	}
	return m, nil
}

// Reserve implements uploads.Limiter. Either every account is charged, or none.
func (m *Memory) Reserve(_ context.Context, id profile.Identity, plan profile.Plan) error {
	p, ok := m.profiles[plan.Profile]
	if !ok {
		return fmt.Errorf("quota: unknown profile %q", plan.Profile)
	}
	hasQuota := p.Quota != (profile.Quota{}) || plan.Method == profile.MethodMultipart
	if !hasQuota && m.config.Issues.Limit == 0 {
		return nil
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	now := m.config.Now()
	m.expire(now)
	address := network(id.Address)
	if err := m.chargeIssue(now, address); err != nil {
		return err
	}
	if !hasQuota {
		return nil
	}
	charged := m.accountsOf(p, plan.Subject, address)
	bytes := declaredBytes(plan)
	for _, a := range charged {
		if err := a.refuse(now, plan.Method, bytes); err != nil {
			return err
		}
	}
	m.charge(now, plan, charged, bytes)
	return nil
}

// declaredBytes is what a plan is charged when it is issued.
func declaredBytes(plan profile.Plan) int64 {
	if plan.Method == profile.MethodForm {
		return 0
	}
	return plan.MaxSize
}

func (m *Memory) charge(now time.Time, plan profile.Plan, charged []*account, bytes int64) {
	p := &pendingUpload{id: plan.ID, method: plan.Method, bytes: bytes, end: plan.Expiration}
	for _, a := range charged {
		p.charges = append(p.charges, a.charge(now, plan.Method, bytes))
	}
	switch plan.Method {
	case profile.MethodMultipart:
		p.end = plan.UploadExpiration
		m.pending.add(p)
	case profile.MethodForm:
		m.pending.add(p)
	}
}

func (m *Memory) chargeIssue(now time.Time, address string) error {
	if m.config.Issues.Limit == 0 || address == "" {
		return nil
	}
	a := m.accounts.get(accountKey{kind: byIssue, name: address}, func() *account {
		return &account{issues: newWindow(m.config.Issues, 1)}
	})
	if wait := a.issues.wait(now, 1); wait > 0 {
		return &problem.Error{Code: problem.RateLimited, RetryAfter: wait}
	}
	a.issues.add(now, 1)
	return nil
}

// accountsOf returns the accounts that an upload is charged to. Only a subject is held to open
// uploads: one address may be a whole site behind its proxy.
func (m *Memory) accountsOf(p profile.Profile, subject, address string) []*account {
	get := func(kind accountKind, name string, times int) *account {
		return m.accounts.get(accountKey{profile: p.Name, kind: kind, name: name}, func() *account {
			return &account{
				uploads: newWindow(p.Quota.Uploads, int64(times)),
				bytes:   newWindow(p.Quota.Bytes, int64(times)),
			}
		})
	}
	kind, name := bySubject, subject
	if subject == profile.Guest {
		kind, name = byGuest, address
	}
	own := get(kind, name, 1)
	own.maxOpen = p.MaxOpen
	if subject == profile.Guest || address == "" || p.Quota == (profile.Quota{}) {
		return []*account{own}
	}
	return []*account{own, get(byAddress, address, m.config.AddressFactor)}
}

// network is what an address is counted by.
func network(address string) string {
	ip, err := netip.ParseAddr(address)
	if err != nil {
		return address
	}
	ip = ip.Unmap().WithZone("")
	if ip.Is4() {
		return ip.String()
	}
	prefix, err := ip.Prefix(64)
	if err != nil {
		return address
	}
	return prefix.String()
}
