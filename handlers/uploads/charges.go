package uploads

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"golang.org/x/time/rate"

	"github.com/postern-dev/postern/handlers/problem"
	"github.com/postern-dev/postern/policy/profile"
)

// Visitors can make the service look ended forms up, so that is bounded: over all requests in
// number per second and at once, and for each request in time. What wasn't looked up stays charged.
const (
	lookUpsPerSecond, lookUpBurst = 100, 2 * MaxEndedForms
	lookUpsAtOnce                 = 8
	lookUpTime                    = 3 * time.Second // for all forms of one request
)

// charges are what the limiter charges for uploads. Ended forms that it names are looked up at the
// store.
type charges struct {
	limiter  Limiter
	store    objectStore
	profiles map[string]*ServedProfile
	logger   *slog.Logger
	pace     *rate.Limiter
	slots    chan struct{} // one for each look-up that is under way
}

func newCharges(c Config, store objectStore, profiles map[string]*ServedProfile) *charges {
	return &charges{limiter: c.Limiter, store: store, profiles: profiles, logger: c.Logger,
		pace: rate.NewLimiter(lookUpsPerSecond, lookUpBurst), slots: make(chan struct{}, lookUpsAtOnce)}
}

// reserve asks the limiter, and asks again after it has looked up the ended forms that the limiter
// names. An error that isn't a refusal of the limiter's own is an outage.
func (c *charges) reserve(ctx context.Context, r Reservation) error {
	r.Identity.Subject = r.Plan.Subject
	err := c.limiter.Reserve(ctx, r)
	var full *EndedFormsError
	if errors.As(err, &full) {
		c.settleEnded(ctx, full.Forms)
		r.Repeated = true
		err = c.limiter.Reserve(ctx, r)
	}
	return problem.Unavailable(err)
}

// settle tells the limiter what became of an upload, also where the visitor has left.
func (c *charges) settle(ctx context.Context, p profile.Plan, size int64, kept bool) {
	c.limiter.Settle(context.WithoutCancel(ctx),
		Settlement{ID: p.ID, Profile: p.Profile, Subject: p.Subject, Size: size, Kept: kept})
}

// settleEnded looks forms up and settles those that the store gave an answer about in time.
func (c *charges) settleEnded(ctx context.Context, forms []EndedForm) {
	ctx, cancel := context.WithTimeout(ctx, lookUpTime)
	defer cancel()
	var all sync.WaitGroup
	defer all.Wait()
	for _, form := range forms[:min(len(forms), MaxEndedForms)] {
		if c.pace.Wait(ctx) != nil {
			return
		}
		select {
		case <-ctx.Done():
			return
		case c.slots <- struct{}{}:
		}
		all.Go(func() {
			defer func() { <-c.slots }()
			c.lookUp(ctx, form)
		})
	}
}

// lookUp settles one form with the size of its object, or as not kept where there is none. A form
// whose profile is gone, and one that the store gave no answer about, stay as they are.
func (c *charges) lookUp(ctx context.Context, form EndedForm) {
	p, ok := c.profiles[form.Profile]
	if !ok {
		return
	}
	plan := profile.Plan{ID: form.ID, Profile: form.Profile, Subject: form.Subject, Bucket: p.Settings.Bucket, Key: form.Key}
	found, err := c.store.headObject(ctx, OpenUpload{Upload: Upload{Plan: plan, Issued: form.Issued}, Served: p})
	if err != nil {
		c.logger.WarnContext(ctx, "ended form not looked up", "id", form.ID, "error", problem.LogText(err.Error()))
		return
	}
	c.settle(ctx, plan, sizeOf(found), found != nil)
}

// sizeOf is the size of an object that was looked up, in bytes; 0 where there is none.
func sizeOf(found *s3.HeadObjectOutput) int64 {
	if found == nil {
		return 0
	}
	return aws.ToInt64(found.ContentLength)
}
