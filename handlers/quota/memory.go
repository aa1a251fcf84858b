// Package quota limits what visitors may upload, in the memory of one process.
//
// New makes a Memory, which is an uploads.Limiter: it counts uploads and bytes per subject and per
// network address over sliding windows, as the profiles' Quota and MaxOpen say, and limits how fast
// one subject or address asks.
package quota

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
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
	// Issues is how many forms, plans and credentials one subject may ask for over time, whatever
	// becomes of them; guests are counted by address. Refusals are problem.RateLimited with the
	// time to wait. Zero: 600 a minute, which leaves room for an office behind one address. There
	// is no value for no limit: set a rate that nobody reaches.
	Issues profile.Rate
	// Burst is how many of them may come at once, such as a folder of many files: as long as fewer
	// were asked for, nobody waits, and Issues says how fast the room for more comes back. 0: 2,000
	// where Issues is zero, otherwise the count of Issues.
	Burst int
	// MaxAccounts bounds how many subjects and networks are remembered for quotas, and how many for
	// Issues; the least recently used are forgotten first. 0: 100,000 (at most some 180 MB, when
	// each has used every step of its windows).
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
// A plain form is charged one upload and the largest file that it allows, and can be posted until
// its time ends, whatever landed before. After that it stays charged until somebody with the same
// account meets a limit: then Reserve asks for it to be looked up (see uploads.EndedFormsError),
// and it is charged with what the store holds, or with the largest object that landed. Forms that
// are issued in pages may together hold half of a quota, so that opening pages leaves the other
// half. Of a form that is forgotten for lack of memory the charge stays.
//
// An IPv4 address is counted by itself, an IPv6 address by its first 64 bits, which is what one
// network has. As many visitors have more, all of a /56 may use 4 times the limit of one address,
// and all of a /48 16 times.
type Memory struct {
	config   Config
	profiles map[string]profile.Profile

	mu       sync.Mutex // guards the rest
	accounts *accounts
	issuers  *accounts // what Issues is counted by
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
	c, err := c.withIssueDefaults()
	if err != nil {
		return nil, err
	}
	m := &Memory{
		config: c, profiles: map[string]profile.Profile{},
		accounts: newAccounts(c.MaxAccounts), issuers: newAccounts(c.MaxAccounts), pending: newPendingUploads(c.MaxPending),
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
func (m *Memory) Reserve(_ context.Context, r uploads.Reservation) error {
	plan := r.Plan
	p, ok := m.profiles[plan.Profile]
	if !ok {
		return fmt.Errorf("quota: unknown profile %q", plan.Profile)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	now := m.config.Now()
	m.expire(now)
	if !r.Repeated {
		if err := m.chargeIssue(now, plan.Subject, r.Identity.Address); err != nil {
			return err
		}
	}
	if p.Quota == (profile.Quota{}) && plan.Method != profile.MethodMultipart {
		return nil
	}
	var charged []*account
	for a := range m.accountsOf(p, plan.Subject, r.Identity.Address) {
		if refusal := a.refuse(now, r); refusal != nil {
			return refusedBy(a, now, r, refusal)
		}
		charged = append(charged, a)
	}
	m.charge(now, p, plan, charged)
	return nil
}

// refusedBy adds the ended forms of the account that refuses to its refusal, unless these were
// looked up just now.
func refusedBy(a *account, now time.Time, r uploads.Reservation, refusal *problem.Error) error {
	if r.Repeated {
		return refusal
	}
	if ended := a.forms.due(now); len(ended) > 0 {
		return &uploads.EndedFormsError{Refusal: refusal, Forms: ended}
	}
	return refusal
}

// charge charges the accounts, and remembers the upload where it may be settled.
func (m *Memory) charge(now time.Time, p profile.Profile, plan profile.Plan, charged []*account) {
	u := &pendingUpload{id: plan.ID, method: plan.Method, count: 1, bytes: plan.MaxSize}
	for _, a := range charged {
		u.charges = append(u.charges, a.charge(now, plan.Method, plan.MaxSize))
	}
	switch plan.Method {
	case profile.MethodMultipart:
		u.end = plan.UploadExpiration
		m.pending.add(u)
	case profile.MethodForm:
		u.form = newForm(now, plan)
		u.end = slices.MaxFunc([]time.Time{plan.Expiration.Add(lateLanding),
			now.Add(longestCharge(p.Quota.Uploads)), now.Add(longestCharge(p.Quota.Bytes))}, time.Time.Compare)
		for _, a := range charged {
			a.forms.add(u)
		}
		m.pending.add(u)
	}
}

// accountsOf returns the accounts that an upload is charged to, one after the other: those after
// one that refuses the upload aren't made. A known subject is held to open uploads by itself alone,
// since one address may be a whole site behind its proxy; a guest by its networks.
func (m *Memory) accountsOf(p profile.Profile, subject, address string) iter.Seq[*account] {
	get := func(kind accountKind, name string, times, maxOpen int) *account {
		a := m.accounts.get(accountKey{profile: p.Name, kind: kind, name: name}, func() *account {
			return &account{
				uploads: newWindow(p.Quota.Uploads, int64(times)),
				bytes:   newWindow(p.Quota.Bytes, int64(times)),
			}
		})
		a.maxOpen = maxOpen
		return a
	}
	return func(yield func(*account) bool) {
		if isGuest(subject) {
			for _, n := range networksOf(address) {
				if !yield(get(byGuest, n.name, n.times, p.MaxOpen*n.times)) {
					return
				}
			}
			return
		}
		if !yield(get(bySubject, subject, 1, p.MaxOpen)) || address == "" || p.Quota == (profile.Quota{}) {
			return
		}
		for _, n := range networksOf(address) {
			if !yield(get(byAddress, n.name, n.times*m.config.AddressFactor, 0)) {
				return
			}
		}
	}
}
