package quota_test

import (
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/postern-dev/postern/handlers/problem"
	"github.com/postern-dev/postern/handlers/quota"
	"github.com/postern-dev/postern/handlers/uploads"
	"github.com/postern-dev/postern/policy/profile"
)

// lifetime is that of the forms of a quotaDay.
const lifetime = 15 * time.Minute

// asked is a form that alice asked for, opened one in a page that she opened.
func asked(size int64) ask {
	return ask{subject: "alice", method: profile.MethodForm, size: size}
}

func opened(size int64) ask {
	a := asked(size)
	a.inPage = true
	return a
}

// ended wants an upload refused with the IDs of forms to look up.
func (d *quotaDay) ended(a ask) (ids []string) {
	d.t.Helper()
	_, err := d.reserve(a)
	var full *uploads.EndedFormsError
	if !errors.As(err, &full) || full.Refusal.Code != problem.QuotaExceeded {
		d.t.Fatalf("%+v: error %v, wanted ended forms", a, err)
	}
	for _, f := range full.Forms {
		if f.Profile != "files" || f.Subject != "alice" || f.Key != "u/"+f.ID || f.Issued.IsZero() {
			d.t.Fatalf("ended form %+v", f)
		}
		ids = append(ids, f.ID)
	}
	return ids
}

func TestAFormIsChargedItsMaximumUntilItsEndWhateverLands(t *testing.T) {
	t.Parallel()
	d := newQuotaDay(t, rates(100, 1000), nil)
	small, refused := d.fine(asked(500)), d.fine(asked(500))
	d.settle(small, true, 10)
	d.settle(refused, false, 0)
	d.refused(asked(1), problem.QuotaExceeded)
	d.pass(lifetime - 1)
	d.refused(asked(1), problem.QuotaExceeded)
	d.pass(1)
	if ids := d.ended(asked(1)); len(ids) != 2 {
		t.Fatalf("ended forms %q, wanted both", ids)
	}
	d.settle(small, true, 300) // posted again, larger, and never landed
	d.settle(refused, false, 0)
	d.refused(ask{subject: "alice", size: 701}, problem.QuotaExceeded)
	d.fine(ask{subject: "alice", size: 700})
}

func TestTheLargestObjectThatLandedCounts(t *testing.T) {
	t.Parallel()
	d := newQuotaDay(t, rates(100, 1000), nil)
	form := d.fine(asked(1000))
	d.settle(form, true, 10)
	d.settle(form, true, 600)
	d.settle(form, true, 20)
	d.pass(lifetime)
	d.ended(asked(1))
	d.settle(form, false, 0)
	d.refused(asked(401), problem.QuotaExceeded)
	d.fine(asked(400))
}

func TestFormsInPagesHoldHalfOfAQuota(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name    string
		limits  profile.Quota
		size    int64
		fitting int
	}{
		{"bytes", rates(1000, 1000), 100, 5},
		{"an odd number of bytes", rates(1000, 999), 100, 4},
		{"uploads", rates(10, 1<<40), 100, 5},
		{"an odd number of uploads", rates(11, 1<<40), 100, 5},
		{"one upload", rates(1, 1<<40), 100, 0},
		{"a file larger than half", rates(100, 1000), 501, 0},
		{"bytes alone", profile.Quota{Bytes: profile.Rate{Limit: 1000, Window: time.Hour}}, 100, 5},
		{"uploads alone", profile.Quota{Uploads: profile.Rate{Limit: 10, Window: time.Hour}}, 1 << 50, 5},
	} {
		d := newQuotaDay(t, c.limits, nil)
		granted := 0
		for range 200 {
			if _, err := d.reserve(opened(c.size)); err == nil {
				granted++
			}
		}
		if granted != c.fitting {
			t.Errorf("%s: %d forms in pages, wanted %d", c.name, granted, c.fitting)
		}
		d.fine(asked(c.size)) // against the whole
	}
}

func TestWhoeverOpensThePage200TimesCanStillUploadTheLargestFile(t *testing.T) {
	t.Parallel()
	const largest = 500
	for name, plan := range map[string]ask{
		"by script":                {subject: "alice", size: largest},
		"in parts":                 {subject: "alice", size: largest, method: profile.MethodMultipart},
		"by a form that was asked": asked(largest),
	} {
		d := newQuotaDay(t, rates(100, 2*largest), nil)
		for range 200 {
			_, _ = d.reserve(opened(largest))
			d.pass(time.Second)
		}
		if _, err := d.reserve(plan); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestFormsThatAreAskedForCountAsOpenForms(t *testing.T) {
	t.Parallel()
	d := newQuotaDay(t, rates(100, 1000), nil)
	d.fine(asked(300))
	d.refused(opened(201), problem.QuotaExceeded)
	d.fine(opened(200))
}

func TestHalfOfAQuotaIsCountedByAddressToo(t *testing.T) {
	t.Parallel()
	d := newQuotaDay(t, rates(10, 1<<40), func(c *quota.Config) { c.AddressFactor = 1 })
	for n, subject := range []string{"a", "b", "c", "d", "e", "f"} {
		_, err := d.reserve(ask{subject: subject, address: "192.0.2.1", method: profile.MethodForm, size: 1, inPage: true})
		if (err == nil) != (n < 5) {
			t.Errorf("form %d of an address: %v", n+1, err)
		}
	}
	guests := newQuotaDay(t, rates(10, 1<<40), nil)
	form := ask{address: "192.0.2.1", method: profile.MethodForm, size: 1, inPage: true}
	for range 5 {
		guests.fine(form)
	}
	guests.refused(form, problem.QuotaExceeded)
	form.address = "192.0.2.2"
	guests.fine(form)
}

func TestEndedFormsAreLookedUpOnceALimitIsMet(t *testing.T) {
	t.Parallel()
	d := newQuotaDay(t, rates(500, 1<<40), nil)
	var ids []string
	for range 250 {
		ids = append(ids, d.fine(opened(1)).ID)
		d.pass(1)
	}
	d.refused(opened(1), problem.QuotaExceeded) // none has ended
	d.pass(lifetime)
	d.fine(asked(1)) // no limit is met
	for _, wanted := range [][]string{ids[:100], ids[100:200], ids[200:]} {
		if got := d.ended(opened(1)); !slices.Equal(got, wanted) {
			t.Fatalf("wanted %q, got %q", wanted, got)
		}
	}
	d.refused(opened(1), problem.QuotaExceeded) // all are being looked up
	d.pass(time.Minute)
	if got := d.ended(opened(1)); len(got) != 100 { // the store gave no answer
		t.Errorf("%d forms are looked up again, wanted 100", len(got))
	}
	for _, id := range ids {
		d.settle(profile.Plan{ID: id}, false, 0)
	}
	d.fine(opened(1))
}

func TestARepeatedReservationIsNeitherCountedAsARequestNorLookedUpAgain(t *testing.T) {
	t.Parallel()
	d := newQuotaDay(t, rates(1, 1000), func(c *quota.Config) { c.Issues = profile.Rate{Limit: 2, Window: time.Hour} })
	form := asked(1)
	form.address = "192.0.2.1"
	plan := d.fine(form)
	d.pass(lifetime)
	d.ended(form)
	form.repeated = true
	d.refused(form, problem.QuotaExceeded)
	d.settle(plan, false, 0)
	d.fine(form)
	form.repeated = false
	d.refused(form, problem.RateLimited)
}

// A slow upload that began before the form ended arrives after the form was given back.
func TestAFormThatArrivesAfterItWasGivenBackIsFoundLater(t *testing.T) {
	t.Parallel()
	d := newQuotaDay(t, profile.Quota{Bytes: profile.Rate{Limit: 1000, Window: 24 * time.Hour}}, nil)
	form := d.fine(asked(1000))
	d.pass(lifetime)
	d.ended(asked(1))
	d.settle(form, false, 0)
	other := d.fine(asked(1000))
	looks := 0
	for range 24 * 60 {
		d.pass(time.Minute)
		_, err := d.reserve(ask{subject: "alice", size: 1})
		var full *uploads.EndedFormsError
		if errors.As(err, &full) && slices.ContainsFunc(full.Forms, func(f uploads.EndedForm) bool { return f.ID == form.ID }) {
			looks++
			d.settle(form, looks > 3, 1000) // arrives before the fourth look
		}
	}
	if looks < 4 || looks > 12 {
		t.Errorf("looked up %d times more, wanted 4 to 12", looks)
	}
	d.settle(other, false, 0)
	d.refused(asked(1), problem.QuotaExceeded)
}

func TestAFormThatIsForgottenStaysCharged(t *testing.T) {
	t.Parallel()
	d := newQuotaDay(t, rates(100, 1000), func(c *quota.Config) { c.MaxPending = 1 })
	first := d.fine(opened(500))
	d.fine(ask{subject: "bob", method: profile.MethodForm, size: 1})
	d.pass(lifetime)
	d.settle(first, false, 0)
	d.refused(asked(501), problem.QuotaExceeded)
	d.fine(opened(500)) // a forgotten form isn't open
}
