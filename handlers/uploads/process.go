package uploads

import (
	"crypto/rand"
	"sync/atomic"
	"time"
)

// process is what one process knows of itself: which uploads it has issued, and whether others
// serve the same profiles. Each upload token names the process that issued it.
type process struct {
	name    string
	started time.Time
	others  atomic.Bool // whether other processes run beside this one
}

func newProcess(now time.Time) *process { return &process{name: rand.Text()[:10], started: now} }

// observe learns from an upload whether other processes run beside this one: those that have issued
// uploads since this one started. What an earlier process has issued says nothing about others.
func (p *process) observe(u Upload) {
	if u.Process != p.name && u.Issued.After(p.started) {
		p.others.Store(true)
	}
}

// hasSeenAll reports whether everything that happened to an upload happened in this process: it has
// issued the upload and knows of no other process, which could have accepted it.
func (p *process) hasSeenAll(u Upload) bool { return u.Process == p.name && !p.others.Load() }
