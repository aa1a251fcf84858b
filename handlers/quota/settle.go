package quota

import (
	"context"
	"time"

	"github.com/postern-dev/postern/handlers/uploads"
	"github.com/postern-dev/postern/policy/profile"
)

// Settle implements uploads.Limiter. An upload that isn't known, because it was settled before or
// on another node, changes nothing.
func (m *Memory) Settle(_ context.Context, s uploads.Settlement) {
	m.mu.Lock()
	defer m.mu.Unlock()
	now := m.config.Now()
	m.expire(now)
	p, ok := m.pending.byID[s.ID]
	switch {
	case !ok:
	case p.method == profile.MethodMultipart:
		m.pending.remove(p)
		p.settleMultipart(s.Kept)
	default:
		p.settleForm(now, s)
	}
}

func (p *pendingUpload) settleMultipart(kept bool) {
	for _, c := range p.charges {
		c.account.open--
		if !kept {
			c.account.uploads.giveBack(c.uploadsSlot, p.count)
			c.account.bytes.giveBack(c.bytesSlot, p.bytes)
		}
	}
}

// expire forgets uploads that can't be settled any more and accounts that nobody uses any more.
func (m *Memory) expire(now time.Time) {
	for p, ok := m.pending.ended(now); ok; p, ok = m.pending.ended(now) {
		p.forget()
	}
	m.accounts.trim(now)
}

// forget is for an upload that nobody settled in time. It stays charged, since its bytes may be
// stored, but no longer counts as open.
func (p *pendingUpload) forget() {
	p.forgotten = true
	switch {
	case p.method == profile.MethodMultipart:
		for _, c := range p.charges {
			c.account.open--
		}
	case !p.form.proven:
		p.leaveOpenForms()
	}
}
