package quota_test

import (
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/postern-dev/postern/handlers/problem"
	"github.com/postern-dev/postern/handlers/quota"
	"github.com/postern-dev/postern/policy/profile"
)

func TestUploadsAreCountedPerSubject(t *testing.T) {
	t.Parallel()
	d := newQuotaDay(t, rates(2, 1000), nil)
	alice := ask{subject: "alice", address: "192.0.2.1", size: 1}
	d.fine(alice)
	d.fine(alice)
	wait := d.refused(alice, problem.QuotaExceeded)
	d.fine(ask{subject: "bob", address: "192.0.2.1", size: 1})
	d.fine(ask{subject: "alice", address: "192.0.2.1", size: 1, profile: "other"})
	d.pass(wait - 1)
	d.refused(alice, problem.QuotaExceeded)
	d.pass(1)
	d.fine(alice)
}

func TestBytesAreCountedByDeclaredSize(t *testing.T) {
	t.Parallel()
	d := newQuotaDay(t, rates(100, 1000), nil)
	d.fine(ask{subject: "alice", size: 600})
	d.refused(ask{subject: "alice", size: 401}, problem.QuotaExceeded)
	d.fine(ask{subject: "alice", size: 400})
	d.refused(ask{subject: "alice", size: 0}, problem.QuotaExceeded)
	d.refused(ask{subject: "bob", size: 1001}, problem.QuotaExceeded)
}

func TestGuestsAreToldApartByAddress(t *testing.T) {
	t.Parallel()
	d := newQuotaDay(t, rates(1, 1000), nil)
	d.fine(ask{address: "192.0.2.1"})
	d.refused(ask{address: "192.0.2.1"}, problem.QuotaExceeded)
	d.refused(ask{address: "::ffff:192.0.2.1"}, problem.QuotaExceeded)
	d.fine(ask{address: "192.0.2.2"})
	d.fine(ask{address: "2001:db8::1"})
	d.refused(ask{address: "2001:db8::ffff:1"}, problem.QuotaExceeded)
	d.fine(ask{address: "2001:db8:0:1::1"})
}

func TestOneAddressHasRoomForSeveralSubjectsOnly(t *testing.T) {
	t.Parallel()
	d := newQuotaDay(t, rates(1, 1000), func(c *quota.Config) { c.AddressFactor = 2 })
	d.fine(ask{subject: "a", address: "192.0.2.1"})
	d.fine(ask{subject: "b", address: "192.0.2.1"})
	d.refused(ask{subject: "c", address: "192.0.2.1"}, problem.QuotaExceeded)
	d.fine(ask{subject: "c", address: "192.0.2.2"})
}

func TestASubjectIsNotCountedAsAnAddress(t *testing.T) {
	t.Parallel()
	d := newQuotaDay(t, rates(1, 1000), nil)
	d.fine(ask{subject: "192.0.2.1", address: "192.0.2.9"})
	d.fine(ask{address: "192.0.2.1"})
}

func TestOpenMultipartUploadsAreLimited(t *testing.T) {
	t.Parallel()
	d := newQuotaDay(t, profile.Quota{}, nil)
	large := ask{subject: "alice", method: profile.MethodMultipart, size: 1 << 29}
	first, second := d.fine(large), d.fine(large)
	d.fine(large)
	d.refused(large, problem.QuotaExceeded)
	d.fine(ask{subject: "alice", size: 1})
	d.settle(first, true, 1<<29)
	d.fine(large)
	d.settle(second, false, 0)
	d.fine(large)
	d.refused(large, problem.QuotaExceeded)
	d.pass(7 * 24 * time.Hour)
	d.fine(large)
}

func TestAbortedMultipartUploadGivesItsChargeBackOnce(t *testing.T) {
	t.Parallel()
	d := newQuotaDay(t, rates(2, 1000), nil)
	large := ask{subject: "alice", method: profile.MethodMultipart, size: 500}
	kept, aborted := d.fine(large), d.fine(large)
	d.refused(large, problem.QuotaExceeded)
	d.settle(kept, true, 500)
	d.settle(kept, false, 0)
	d.refused(large, problem.QuotaExceeded)
	d.settle(aborted, false, 0)
	d.settle(aborted, false, 0)
	d.fine(large)
	d.refused(large, problem.QuotaExceeded)
}

func TestAbortingAFormThatCanStillBePostedGivesNothingBack(t *testing.T) {
	t.Parallel()
	for _, method := range []profile.Method{profile.MethodPost, profile.MethodPut} {
		d := newQuotaDay(t, rates(1, 1000), nil)
		d.settle(d.fine(ask{subject: "alice", size: 1, method: method}), false, 0)
		d.refused(ask{subject: "alice", size: 1, method: method}, problem.QuotaExceeded)
	}
}

func TestRefusedUploadIsChargedNowhere(t *testing.T) {
	t.Parallel()
	d := newQuotaDay(t, rates(100, 1000), func(c *quota.Config) { c.AddressFactor = 1 })
	d.fine(ask{subject: "a", address: "192.0.2.1", size: 1000})
	d.refused(ask{subject: "b", address: "192.0.2.1", size: 1000}, problem.QuotaExceeded)
	d.fine(ask{subject: "b", address: "192.0.2.2", size: 1000})
}

func TestAnUnknownProfileIsRefused(t *testing.T) {
	t.Parallel()
	d := newQuotaDay(t, profile.Quota{}, nil)
	_, err := d.reserve(ask{profile: "elsewhere"})
	var limit *problem.Error
	if err == nil || errors.As(err, &limit) {
		t.Errorf("error %v, wanted one that isn't a limit", err)
	}
}

func TestTheLeastRecentlyUsedAccountsAreForgotten(t *testing.T) {
	t.Parallel()
	d := newQuotaDay(t, rates(1, 1000), func(c *quota.Config) { c.MaxAccounts, c.MaxPending = 4, 2 })
	form := profile.MethodForm
	for n := range 100 {
		d.fine(ask{subject: fmt.Sprint("s", n), method: form})
	}
	d.refused(ask{subject: "s99", method: form}, problem.QuotaExceeded)
	d.fine(ask{subject: "s0", method: form})
}

func TestConcurrentVisitorsGetExactlyTheQuota(t *testing.T) {
	t.Parallel()
	d := newQuotaDay(t, rates(50, 1<<40), nil)
	var wait sync.WaitGroup
	var granted atomic.Int64
	for n := range 200 {
		wait.Go(func() {
			method := []profile.Method{profile.MethodPost, profile.MethodMultipart, profile.MethodForm}[n%3]
			plan, err := d.reserve(ask{subject: "alice", address: "192.0.2.1", size: 10, method: method})
			if err == nil {
				granted.Add(1)
				d.settle(plan, true, 10)
			}
			d.pass(time.Microsecond)
		})
	}
	wait.Wait()
	if granted.Load() != 50 {
		t.Errorf("%d uploads granted, wanted 50", granted.Load())
	}
}
