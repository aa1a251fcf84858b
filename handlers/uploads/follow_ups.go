package uploads

import (
	"sync"
	"time"

	"golang.org/x/time/rate"

	"github.com/postern-dev/postern/handlers/problem"
)

// Follow-ups are the calls after an upload was issued. Each upload has a rate of its own, so that
// nobody can make the server ask the store without end: completions and landings, and requests for
// part URLs, of which an upload of 10,000 parts with checksums needs as many.
const (
	completionsPerSecond, completionsAtOnce = 1, 30
	partCallsPerSecond, partCallsAtOnce     = 50, 500
	diagnosesPerSecond, diagnosesAtOnce     = 1, 20
	maxFollowedUploads                      = 16_384 // whose rates are remembered
)

// followUps limits the calls about one upload in time, and lets one at a time verify its object.
type followUps struct {
	now         func() time.Time
	completions *recent[*rate.Limiter]
	partCalls   *recent[*rate.Limiter]
	diagnoses   *recent[*rate.Limiter]

	mu   sync.Mutex // guards busy
	busy map[string]*verification
}

// verification is a lock on one upload; users counts who holds it or waits for it.
type verification struct {
	sync.Mutex
	users int
}

func newFollowUps(now func() time.Time) *followUps {
	return &followUps{now: now, busy: map[string]*verification{},
		completions: newRecent[*rate.Limiter](maxFollowedUploads),
		partCalls:   newRecent[*rate.Limiter](maxFollowedUploads),
		diagnoses:   newRecent[*rate.Limiter](maxFollowedUploads)}
}

// allowCompletion, allowPartCall and allowDiagnosis return RateLimited when an upload is asked about too often.
func (f *followUps) allowCompletion(id string) error {
	return f.allow(f.completions, id, completionsPerSecond, completionsAtOnce)
}

func (f *followUps) allowPartCall(id string) error {
	return f.allow(f.partCalls, id, partCallsPerSecond, partCallsAtOnce)
}

func (f *followUps) allowDiagnosis(id string) error {
	return f.allow(f.diagnoses, id, diagnosesPerSecond, diagnosesAtOnce)
}

func (f *followUps) allow(of *recent[*rate.Limiter], id string, perSecond rate.Limit, atOnce int) error {
	limiter := of.getOrPut(id, func() *rate.Limiter { return rate.NewLimiter(perSecond, atOnce) })
	if limiter.AllowN(f.now(), 1) {
		return nil
	}
	return &problem.Error{Code: problem.RateLimited, RetryAfter: time.Second}
}

// lock waits until nobody else verifies the upload, and returns the function that lets the next one
// in.
func (f *followUps) lock(id string) (unlock func()) {
	f.mu.Lock()
	v := f.busy[id]
	if v == nil {
		v = &verification{}
		f.busy[id] = v
	}
	v.users++
	f.mu.Unlock()
	v.Lock()
	return func() {
		v.Unlock()
		f.mu.Lock()
		defer f.mu.Unlock()
		if v.users--; v.users == 0 {
			delete(f.busy, id)
		}
	}
}
