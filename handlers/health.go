package handlers

import (
	"context"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/labstack/echo/v4"
)

// showHealth says that the process answers, nothing more.
func (h *Handlers) showHealth(c echo.Context) error {
	commonHeaders().set(c.Response().Header())
	return c.String(http.StatusOK, "ok\n")
}

// showReady says whether uploads would work: every bucket can be reached, and what the host has to
// say.
func (h *Handlers) showReady(c echo.Context) error {
	h.api.set(c.Response().Header())
	setRequestID(c)
	if err := h.readiness.check(c.Request().Context()); err != nil {
		return h.showProblem(c, storeError(err))
	}
	return c.String(http.StatusOK, "ready\n")
}

// Probes are answered from a recent look, so that nobody can make us ask the store more often than
// that.
const (
	readyFor     = time.Second
	readyTimeout = 3 * time.Second
)

// readiness looks at the store on behalf of any number of probes.
type readiness struct {
	store   Store
	buckets []string
	more    func(context.Context) error

	mu     sync.Mutex
	looked time.Time
	err    error
}

func newReadiness(c Config) *readiness {
	r := &readiness{store: c.Store, more: c.Ready}
	for _, p := range c.Profiles {
		if !slices.Contains(r.buckets, p.Bucket) {
			r.buckets = append(r.buckets, p.Bucket)
		}
	}
	return r
}

func (r *readiness) check(ctx context.Context) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if time.Since(r.looked) < readyFor {
		return r.err
	}
	// The answer is for others too: it doesn't end with this one's request.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), readyTimeout)
	defer cancel()
	r.err = r.look(ctx)
	r.looked = time.Now()
	return r.err
}

func (r *readiness) look(ctx context.Context) error {
	for _, bucket := range r.buckets {
		if _, err := r.store.HeadBucket(ctx, &s3.HeadBucketInput{Bucket: &bucket}); err != nil {
			return err
		}
	}
	return r.more(ctx)
}
