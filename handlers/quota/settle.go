package quota

import (
	"context"
	"time"

	"github.com/postern-dev/postern/handlers/uploads"
	"github.com/postern-dev/postern/policy/profile"
)

// lateLanding is for how long after its expiration a form may still arrive: a large file takes its
// time.
const lateLanding = 24 * time.Hour

// Settle implements uploads.Limiter. An upload that isn't known, because it was settled before or
// on another node, changes nothing.
func (m *Memory) Settle(_ context.Context, s uploads.Settlement) {
	m.mu.Lock()
	defer m.mu.Unlock()
	now := m.config.Now()
	m.expire(now)
	p, ok := m.pending.take(s.ID)
	switch {
	case !ok:
	case p.method == profile.MethodMultipart:
		p.settleMultipart(s.Kept)
	default:
		p.settleForm(now, s)
	}
}

func (p *pendingUpload) settleMultipart(kept bool) {
	for _, c := range p.charges {
		c.account.open--
		if !kept {
			c.account.uploads.giveBack(c.uploadsSlot, 1)
			c.account.bytes.giveBack(c.bytesSlot, p.bytes)
		}
	}
}

func (p *pendingUpload) settleForm(now time.Time, s uploads.Settlement) {
	for _, c := range p.charges {
		if p.released {
			c.account.uploads.add(now, 1)
		}
		if s.Kept {
			c.account.bytes.add(now, s.Size)
		}
	}
}

// expire ends what is over and lets go of accounts nobody uses any more. A form is remembered a
// while longer, in case it arrives late.
func (m *Memory) expire(now time.Time) {
	for p, ok := m.pending.ended(now); ok; p, ok = m.pending.ended(now) {
		again := p.method == profile.MethodForm && !p.released
		p.lapse()
		if again {
			p.end = p.end.Add(lateLanding)
			m.pending.add(p)
		}
	}
	m.accounts.trim(now)
}

// lapse is for an upload that nobody settled in time. A form that wasn't used gives its count back;
// a multipart upload no longer counts as open, but its bytes may be stored.
func (p *pendingUpload) lapse() {
	for _, c := range p.charges {
		switch {
		case p.method == profile.MethodMultipart:
			c.account.open--
		case !p.released:
			c.account.uploads.giveBack(c.uploadsSlot, 1)
		}
	}
	p.released = true
}
