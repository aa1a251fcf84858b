package uploads

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/postern-dev/postern/handlers/problem"
	"github.com/postern-dev/postern/policy/profile"
)

// Probes are answered from a recent look, so that nobody can make us ask the store more often.
const (
	readyMaxAge  = time.Second
	readyTimeout = 3 * time.Second
)

// Ready reports whether uploads would work now: every bucket can be reached, and the ledger where
// it is required. The answer may be a second old.
func (s *Service) Ready(ctx context.Context) error {
	err := s.readiness.check(ctx)
	if err == nil && s.config.LedgerRequired {
		err = s.LedgerReady(ctx)
	}
	return problem.Unavailable(err)
}

// LedgerReady reports whether the ledger answers; it is nil where there is none.
func (s *Service) LedgerReady(ctx context.Context) error {
	if s.config.Ledger == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, readyTimeout)
	defer cancel()
	return s.config.Ledger.Ready(ctx)
}

// readiness looks at the store on behalf of any number of probes.
type readiness struct {
	client  StoreClient
	buckets []string
	now     func() time.Time

	mu      sync.Mutex // guards the rest
	checked time.Time
	err     error
}

func newReadiness(client StoreClient, profiles []profile.Profile, now func() time.Time) *readiness {
	r := &readiness{client: client, now: now}
	for _, p := range profiles {
		if !slices.Contains(r.buckets, p.Bucket) {
			r.buckets = append(r.buckets, p.Bucket)
		}
	}
	return r
}

func (r *readiness) check(ctx context.Context) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	now := r.now()
	if age := now.Sub(r.checked); age >= 0 && age < readyMaxAge {
		return r.err
	}
	// The answer serves other probes too: it doesn't end with this one's request.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), readyTimeout)
	defer cancel()
	r.err = r.headBuckets(ctx)
	r.checked = now
	return r.err
}

func (r *readiness) headBuckets(ctx context.Context) error {
	for _, bucket := range r.buckets {
		if _, err := r.client.HeadBucket(ctx, &s3.HeadBucketInput{Bucket: &bucket}); err != nil {
			return err
		}
	}
	return nil
}
