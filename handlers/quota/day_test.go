package quota_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/postern-dev/postern/handlers/problem"
	"github.com/postern-dev/postern/handlers/quota"
	"github.com/postern-dev/postern/handlers/uploads"
	"github.com/postern-dev/postern/policy/profile"
)

var quotaNoon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// quotaDay is one Memory, its clock, and the plans made so far.
type quotaDay struct {
	t     *testing.T
	quota *quota.Memory
	mu    sync.Mutex
	now   time.Time
	plans int
}

func rates(uploads, bytes int64) profile.Quota {
	return profile.Quota{
		Uploads: profile.Rate{Limit: uploads, Window: time.Hour},
		Bytes:   profile.Rate{Limit: bytes, Window: time.Hour},
	}
}

func newQuotaDay(t *testing.T, limits profile.Quota, change func(*quota.Config)) *quotaDay {
	t.Helper()
	d := &quotaDay{t: t, now: quotaNoon}
	p := profile.Profile{
		Name: "files", Bucket: "media", Key: "u/{subject}/{id}", Types: []string{"*/*"}, MaxSize: 1 << 30,
		Access: profile.AccessPublic, Quota: limits, MaxOpen: 3,
	}
	other := p
	other.Name = "other"
	c := quota.Config{Profiles: []profile.Profile{p, other}, Now: func() time.Time {
		d.mu.Lock()
		defer d.mu.Unlock()
		return d.now
	}}
	if change != nil {
		change(&c)
	}
	var err error
	if d.quota, err = quota.New(c); err != nil {
		t.Fatal(err)
	}
	return d
}

// ask is one upload that somebody wants.
type ask struct {
	profile, subject, address string
	method                    profile.Method
	size                      int64
	inPage, repeated          bool
}

func (d *quotaDay) reserve(a ask) (profile.Plan, error) {
	d.mu.Lock()
	d.plans++
	plan := profile.Plan{
		ID: fmt.Sprint(d.plans), Key: fmt.Sprint("u/", d.plans), Profile: or(a.profile, "files"), Subject: or(a.subject, profile.Guest),
		Method: profile.Method(or(string(a.method), string(profile.MethodPost))), MaxSize: a.size,
		Expiration: d.now.Add(15 * time.Minute), UploadExpiration: d.now.Add(7 * 24 * time.Hour),
	}
	d.mu.Unlock()
	return plan, d.quota.Reserve(context.Background(), uploads.Reservation{
		Identity: profile.Identity{Subject: a.subject, Address: a.address}, Plan: plan, InPage: a.inPage, Repeated: a.repeated,
	})
}

func or(text, otherwise string) string {
	if text == "" {
		return otherwise
	}
	return text
}

func (d *quotaDay) fine(a ask) profile.Plan {
	d.t.Helper()
	plan, err := d.reserve(a)
	if err != nil {
		d.t.Fatalf("%+v: %v", a, err)
	}
	return plan
}

func (d *quotaDay) refused(a ask, code problem.Code) time.Duration {
	d.t.Helper()
	_, err := d.reserve(a)
	var limit *problem.Error
	if !errors.As(err, &limit) || limit.Code != code || limit.RetryAfter <= 0 {
		d.t.Fatalf("%+v: error %v, wanted %s with a time to wait", a, err, code)
	}
	return limit.RetryAfter
}

func (d *quotaDay) settle(p profile.Plan, kept bool, size int64) {
	d.quota.Settle(context.Background(), uploads.Settlement{
		ID: p.ID, Profile: p.Profile, Subject: p.Subject, Kept: kept, Size: size,
	})
}

func (d *quotaDay) pass(time time.Duration) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.now = d.now.Add(time)
}
