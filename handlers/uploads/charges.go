package uploads

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/postern-dev/postern/handlers/problem"
	"github.com/postern-dev/postern/policy/profile"
)

// lookUpTime is for how long one request looks ended forms up. What wasn't looked up by then stays
// charged.
const lookUpTime = 3 * time.Second

// charges are what the limiter charges for uploads. Ended forms that it names are looked up at the
// store.
type charges struct {
	limiter  Limiter
	store    objectStore
	profiles map[string]*ServedProfile
	logger   *slog.Logger
	lookUps  lookUps
}

func newCharges(c Config, store objectStore, profiles map[string]*ServedProfile, lookUps lookUps) *charges {
	return &charges{limiter: c.Limiter, store: store, profiles: profiles, logger: c.Logger, lookUps: lookUps}
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
	c.lookUps.each(ctx, min(len(forms), MaxEndedForms), func(i int) { c.lookUp(ctx, forms[i]) })
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
