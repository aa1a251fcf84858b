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
	// cacheLifetime is how long a ticket that was verified isn't verified again: a script sends the
	// same one at every step of an upload. A key that is removed from a key set counts for as long.
	cacheLifetime = time.Minute
	// cacheSize is how many tickets each of the two halves of a cache holds.
	cacheSize = 2048
)

// identityCache keeps the identities of the tickets that were verified lately, by the tickets'
// digests. It has two halves: when the newer one is full it becomes the older one, and what that
// held is forgotten.
type identityCache struct {
	mu           sync.Mutex
	newer, older map[[sha256.Size]byte]cachedIdentity
}

type cachedIdentity struct {
	identity profile.Identity
	until    time.Time
}

func (c *identityCache) get(digest [sha256.Size]byte, now time.Time) (profile.Identity, bool) {
	c.mu.Lock()
	cached, ok := c.newer[digest]
	if !ok {
		cached, ok = c.older[digest]
	}
	c.mu.Unlock()
	if !ok || !now.Before(cached.until) {
		return profile.Identity{}, false
	}
	return clone(cached.identity), true
}

func (c *identityCache) put(digest [sha256.Size]byte, id profile.Identity, until time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.newer == nil || len(c.newer) >= cacheSize {
		c.older, c.newer = c.newer, make(map[[sha256.Size]byte]cachedIdentity)
	}
	c.newer[digest] = cachedIdentity{identity: clone(id), until: until}
}

// clone returns a copy that callers may change.
func clone(id profile.Identity) profile.Identity {
	id.Profiles = slices.Clone(id.Profiles)
	id.Metadata, id.Claims = maps.Clone(id.Metadata), maps.Clone(id.Claims)
	return id
}
