package handlers

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"sync"
	"time"

	"github.com/postern-dev/postern/policy/profile"
)

// QuotaConfig is what NewMemoryQuota needs; Profiles has no default.
type QuotaConfig struct {
	// Profiles bring their Quota and MaxOpen.
	Profiles []profile.Profile
	// AddressFactor is how many times a profile's quota one network address may use, as several
	// subjects can share one; MaxOpen isn't counted by address. 0: 10. Guests aren't told apart by
	// subject: each of their addresses has the profile's quota once.
	AddressFactor int
	// Issues limits what one network address asks for, whatever becomes of it. Zero: no such limit.
	Issues profile.Rate
	// MaxAccounts bounds how many subjects and addresses are remembered; the ones used longest ago
	// are forgotten first. 0: 100,000 (at most some 150 MB, when each has used every slot of its
	// windows).
	MaxAccounts int
	// MaxPending bounds how many unfinished uploads are remembered; those that end first are
	// forgotten first. 0: 100,000.
	MaxPending int
	// Now is the clock; nil is time.Now.
	Now func() time.Time
}

// MemoryQuota is a Limiter for one node: it forgets everything when the process ends, and knows
// nothing of other nodes.
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
type MemoryQuota struct {
	config QuotaConfig
	rules  map[string]profile.Profile

	mu       sync.Mutex // guards the rest
	accounts *accounts
	pending  *pendings
}

// NewMemoryQuota checks c and returns its Limiter.
func NewMemoryQuota(c QuotaConfig) (*MemoryQuota, error) {
	c = c.withDefaults()
	if c.AddressFactor < 0 || c.MaxAccounts < 0 || c.MaxPending < 0 {
		return nil, errors.New("handlers: quota: AddressFactor, MaxAccounts and MaxPending can't be negative")
	}
	q := &MemoryQuota{
		config: c, rules: map[string]profile.Profile{},
		accounts: newAccounts(c.MaxAccounts), pending: newPendings(c.MaxPending),
	}
	for _, p := range c.Profiles {
		compiled, err := profile.Compile(p)
		if err != nil {
			return nil, err
		}
		q.rules[p.Name] = compiled.Profile()
	}
	return q, nil
}

func (c QuotaConfig) withDefaults() QuotaConfig {
	const many = 100_000
	if c.AddressFactor == 0 {
		c.AddressFactor = 10
	}
	if c.MaxAccounts == 0 {
		c.MaxAccounts = many
	}
	if c.MaxPending == 0 {
		c.MaxPending = many
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	return c
}

// Reserve implements Limiter. Either every account is charged, or none.
func (q *MemoryQuota) Reserve(_ context.Context, id profile.Identity, plan profile.Plan) error {
	rule, ok := q.rules[plan.Profile]
	if !ok {
		return fmt.Errorf("handlers: quota: unknown profile %q", plan.Profile)
	}
	counted := rule.Quota != (profile.Quota{}) || plan.Method == profile.MethodMultipart
	if !counted && q.config.Issues.Limit == 0 {
		return nil
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	now := q.config.Now()
	q.expire(now)
	address := network(id.Address)
	if err := q.chargeIssue(now, address); err != nil {
		return err
	}
	if !counted {
		return nil
	}
	charged := q.accountsFor(rule, plan.Subject, address)
	bytes := declared(plan)
	for _, a := range charged {
		if err := a.refuse(now, plan.Method, bytes); err != nil {
			return err
		}
	}
	q.charge(now, plan, charged, bytes)
	return nil
}

// declared is what a plan is charged when it is issued.
func declared(plan profile.Plan) int64 {
	if plan.Method == profile.MethodForm {
		return 0
	}
	return plan.MaxSize
}

func (q *MemoryQuota) charge(now time.Time, plan profile.Plan, charged []*account, bytes int64) {
	p := &pending{id: plan.ID, method: plan.Method, bytes: bytes, end: plan.Expiration}
	for _, a := range charged {
		p.charges = append(p.charges, a.charge(now, plan.Method, bytes))
	}
	switch plan.Method {
	case profile.MethodMultipart:
		p.end = plan.UploadExpiration
		q.pending.add(p)
	case profile.MethodForm:
		q.pending.add(p)
	}
}

func (q *MemoryQuota) chargeIssue(now time.Time, address string) error {
	if q.config.Issues.Limit == 0 || address == "" {
		return nil
	}
	a := q.accounts.get(ledgerKey{kind: byIssue, name: address}, func() *account {
		return &account{issues: newWindow(q.config.Issues, 1)}
	})
	if wait := a.issues.wait(now, 1); wait > 0 {
		return &LimitError{Code: CodeRateLimited, RetryAfter: wait}
	}
	a.issues.add(now, 1)
	return nil
}

// accountsFor returns whom an upload is charged to. Only a subject is held to open uploads: one
// address may be a whole site behind its proxy.
func (q *MemoryQuota) accountsFor(rule profile.Profile, subject, address string) []*account {
	get := func(kind accountKind, name string, times int) *account {
		return q.accounts.get(ledgerKey{profile: rule.Name, kind: kind, name: name}, func() *account {
			return &account{
				uploads: newWindow(rule.Quota.Uploads, int64(times)),
				bytes:   newWindow(rule.Quota.Bytes, int64(times)),
			}
		})
	}
	kind, name := bySubject, subject
	if subject == profile.Guest {
		kind, name = byGuest, address
	}
	own := get(kind, name, 1)
	own.maxOpen = rule.MaxOpen
	if subject == profile.Guest || address == "" || rule.Quota == (profile.Quota{}) {
		return []*account{own}
	}
	return []*account{own, get(byAddress, address, q.config.AddressFactor)}
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
