package quota

import (
	"cmp"
	"errors"
	"math"
	"time"

	"golang.org/x/time/rate"

	"github.com/postern-dev/postern/handlers/problem"
	"github.com/postern-dev/postern/policy/profile"
)

// The rate of issues where Config names none.
const (
	defaultIssues      = 600
	defaultIssueWindow = time.Minute
	defaultBurst       = 2000
)

// withIssueDefaults fills in Issues and Burst, and checks them.
func (c Config) withIssueDefaults() (Config, error) {
	if c.Issues.Limit < 0 || c.Issues.Window < 0 || (c.Issues.Limit == 0) != (c.Issues.Window == 0) {
		return c, errors.New("quota: wanted Issues with a limit and a window above 0, or neither")
	}
	if c.Burst < 0 || c.Burst > math.MaxInt32 {
		return c, errors.New("quota: wanted Burst from 0 to 2,147,483,647")
	}
	if c.Issues.Limit == 0 {
		c.Issues = profile.Rate{Limit: defaultIssues, Window: defaultIssueWindow}
		c.Burst = cmp.Or(c.Burst, defaultBurst)
	}
	c.Burst = cmp.Or(c.Burst, int(min(c.Issues.Limit, math.MaxInt32)))
	return c, nil
}

// chargeIssue counts one form, plan or credentials: for the subject, or for the networks of a
// guest's address. Where one of them has nothing left, nothing is counted. The widest network comes
// first, so that a visitor who hops through it can't make this remember more and more addresses.
func (m *Memory) chargeIssue(now time.Time, subject, address string) error {
	kind, networks := byAddress, networksOf(address)
	if !isGuest(subject) {
		kind, networks = bySubject, []network{{subject, 1}}
	}
	m.issuers.trim(now)
	var buckets []*rate.Limiter
	for _, n := range networks {
		bucket := m.issuers.get(accountKey{kind: kind, name: n.name}, func() *account {
			perSecond := rate.Limit(float64(m.config.Issues.Limit) / m.config.Issues.Window.Seconds())
			return &account{issues: rate.NewLimiter(perSecond*rate.Limit(n.times), m.config.Burst*n.times)}
		}).issues
		if wait := issueWait(bucket, now); wait > 0 {
			return &problem.Error{Code: problem.RateLimited, RetryAfter: wait}
		}
		buckets = append(buckets, bucket)
	}
	for _, bucket := range buckets {
		bucket.AllowN(now, 1)
	}
	return nil
}

// issueWait says how long until the bucket holds one issue; 0 is now.
func issueWait(bucket *rate.Limiter, now time.Time) time.Duration {
	seconds := (1 - bucket.TokensAt(now)) / float64(bucket.Limit())
	if seconds*float64(time.Second) < 1 { // under the clock's resolution, also where the bucket is full
		return 0
	}
	return time.Duration(math.Ceil(min(seconds*float64(time.Second), math.MaxInt64/2)))
}
