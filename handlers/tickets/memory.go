package tickets

import (
	"crypto/sha256"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/postern-dev/postern/policy/profile"
)

const (
	// rememberFor is how long a ticket that was verified isn't verified again: a script shows the
	// same one at every step of an upload. It delays the effect of a key that is removed from a key
	// set by as much.
	rememberFor = time.Minute
	// generation is how many tickets each of the two generations holds.
	generation = 2048
)

// memory remembers who the tickets named that were verified lately. It holds digests, not tickets,
// and at most two generations of them: when the younger is full it becomes the older, and the older
// is forgotten.
type memory struct {
	mu         sync.Mutex
	young, old map[[sha256.Size]byte]remembered
}

type remembered struct {
	identity profile.Identity
	until    time.Time
}

func (m *memory) recall(digest [sha256.Size]byte, now time.Time) (profile.Identity, bool) {
	m.mu.Lock()
	r, ok := m.young[digest]
	if !ok {
		r, ok = m.old[digest]
	}
	m.mu.Unlock()
	if !ok || !now.Before(r.until) {
		return profile.Identity{}, false
	}
	return apart(r.identity), true
}

func (m *memory) remember(digest [sha256.Size]byte, id profile.Identity, until time.Time) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.young == nil || len(m.young) >= generation {
		m.old, m.young = m.young, make(map[[sha256.Size]byte]remembered)
	}
	m.young[digest] = remembered{identity: apart(id), until: until}
}

// apart shares nothing that a caller could change.
func apart(id profile.Identity) profile.Identity {
	id.Profiles = slices.Clone(id.Profiles)
	id.Metadata, id.Claims = maps.Clone(id.Metadata), maps.Clone(id.Claims)
	return id
}
