package quota_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/postern-dev/postern/handlers/problem"
	"github.com/postern-dev/postern/handlers/quota"
	"github.com/postern-dev/postern/policy/profile"
)

// fewIssues allows so many issues at once, and that many more in a minute.
func fewIssues(perMinute int64, burst int) func(*quota.Config) {
	return func(c *quota.Config) {
		c.Issues, c.Burst = profile.Rate{Limit: perMinute, Window: time.Minute}, burst
	}
}

// granted asks until something is refused, at most limit times, and returns how often it wasn't.
func (d *quotaDay) granted(limit int, asked func(n int) ask) int {
	d.t.Helper()
	for n := range limit {
		if _, err := d.reserve(asked(n)); err != nil {
			if !errors.Is(err, &problem.Error{Code: problem.RateLimited}) {
				d.t.Fatalf("error %v, wanted %s", err, problem.RateLimited)
			}
			return n
		}
	}
	return limit
}

func TestIssuesAreCountedBySubjectOrElseByAddress(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name      string
		spent     ask // three of these, which is all there is
		next      ask
		isRefused bool
	}{
		{"a subject from the same address", ask{subject: "alice", address: "192.0.2.1"}, ask{subject: "alice", address: "192.0.2.1"}, true},
		{"a subject from another address", ask{subject: "alice", address: "192.0.2.1"}, ask{subject: "alice", address: "192.0.2.2"}, true},
		{"a subject without an address", ask{subject: "alice"}, ask{subject: "alice"}, true},
		{"another subject at the same address", ask{subject: "alice", address: "192.0.2.1"}, ask{subject: "bob", address: "192.0.2.1"}, false},
		{"a guest at the address of a subject", ask{subject: "alice", address: "192.0.2.1"}, ask{address: "192.0.2.1"}, false},
		{"a guest", ask{address: "192.0.2.1"}, ask{address: "192.0.2.1"}, true},
		{"somebody whose ticket says guest", ask{address: "192.0.2.1"}, ask{subject: profile.Guest, address: "192.0.2.1"}, true},
		{"a guest with another profile", ask{address: "192.0.2.1"}, ask{address: "192.0.2.1", profile: "other"}, true},
		{"a guest at another address", ask{address: "192.0.2.1"}, ask{address: "192.0.2.2"}, false},
		{"a guest at the same address, mapped to IPv6", ask{address: "192.0.2.1"}, ask{address: "::ffff:192.0.2.1"}, true},
		{"a guest at no known address", ask{}, ask{}, true},
		{"a subject that is named like an address", ask{address: "192.0.2.1"}, ask{subject: "192.0.2.1"}, false},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			d := newQuotaDay(t, profile.Quota{}, fewIssues(3, 0))
			for range 3 {
				d.fine(c.spent)
			}
			if c.isRefused {
				d.refused(c.next, problem.RateLimited)
			} else {
				d.fine(c.next)
			}
		})
	}
}

func TestIssuesCountWhateverBecomesOfThem(t *testing.T) {
	t.Parallel()
	d := newQuotaDay(t, rates(1, 1000), fewIssues(3, 0))
	large := ask{subject: "alice", method: profile.MethodMultipart, size: 10}
	d.settle(d.fine(large), false, 0)
	d.fine(large)
	d.refused(large, problem.QuotaExceeded)
	d.refused(large, problem.RateLimited)
}

func TestRoomForMoreIssuesComesBackAtTheirRate(t *testing.T) {
	t.Parallel()
	d := newQuotaDay(t, profile.Quota{}, fewIssues(6, 20))
	guest := ask{address: "192.0.2.1"}
	if got := d.granted(100, func(int) ask { return guest }); got != 20 {
		t.Fatalf("%d at once, wanted 20", got)
	}
	wait := d.refused(guest, problem.RateLimited)
	if wait != 10*time.Second {
		t.Errorf("wait %s, wanted 10s", wait)
	}
	d.pass(wait - time.Nanosecond)
	d.refused(guest, problem.RateLimited)
	d.pass(time.Nanosecond)
	d.fine(guest)
	d.refused(guest, problem.RateLimited)
	d.pass(time.Hour)
	if got := d.granted(100, func(int) ask { return guest }); got != 20 {
		t.Errorf("%d at once after an hour, wanted 20 again", got)
	}
}

// TestTheDefaultRateLeavesOrdinaryUseAlone plays what people do where nothing was configured.
func TestTheDefaultRateLeavesOrdinaryUseAlone(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name          string
		count         int // of issues
		every         time.Duration
		subjects      int // that take turns; 0: guests
		wantedGranted int
	}{
		{"a folder of 1,000 files and its page", 1001, 0, 1, 1001},
		{"the same folder by a guest", 1001, 0, 0, 1001},
		{"an office of 60 guests behind one address, each with a file every 10 seconds, for an hour", 6 * 60 * 60, time.Second / 6, 0, 6 * 60 * 60},
		{"200 people with tickets behind one address, 100 files each within two minutes", 20_000, 6 * time.Millisecond, 200, 20_000},
		{"one guest who asks without end", 10_000, 0, 0, 2000},
		{"one person with a ticket who asks without end", 10_000, 0, 1, 2000},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			d := newQuotaDay(t, profile.Quota{}, nil)
			got := d.granted(c.count, func(n int) ask {
				d.pass(c.every)
				asked := ask{address: "192.0.2.1"}
				if c.subjects > 0 {
					asked.subject = fmt.Sprint("person ", n%c.subjects)
				}
				return asked
			})
			if got != c.wantedGranted {
				t.Errorf("%d granted, wanted %d", got, c.wantedGranted)
			}
		})
	}
}

func TestAVisitorWhoHopsThroughIPv6NetworksIsLimited(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name   string
		hop    func(n int) string
		wanted int // of a limit of 10
	}{
		{"one address", func(int) string { return "2001:db8::1" }, 10},
		{"addresses of one /64", func(n int) string { return fmt.Sprintf("2001:db8::%x:1", n) }, 10},
		{"one link-local address with a zone", func(n int) string { return fmt.Sprintf("fe80::1%%eth%d", n) }, 10},
		{"networks of one /56", func(n int) string { return fmt.Sprintf("2001:db8:0:%x::1", n%0x100) }, 40},
		{"networks of one /48", func(n int) string { return fmt.Sprintf("2001:db8:0:%x::1", n*0x101%0x10000) }, 160},
		{"networks of a whole /32", func(n int) string { return fmt.Sprintf("2001:db8:%x::1", n) }, 500},
		{"IPv4 addresses", func(n int) string { return fmt.Sprintf("192.0.2.%d", n%250) }, 500},
		{"one IPv4 address mapped to IPv6", func(int) string { return "::ffff:192.0.2.1" }, 10},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			d := newQuotaDay(t, profile.Quota{}, fewIssues(10, 0))
			if got := d.granted(500, func(n int) ask { return ask{address: c.hop(n)} }); got != c.wanted {
				t.Errorf("%d issues granted, wanted %d", got, c.wanted)
			}
		})
	}
}

func TestQuotasOfGuestsHoldForWholeIPv6Networks(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name   string
		limits profile.Quota
		ask    ask
		hop    func(n int) string
		wanted int
	}{
		{"uploads in one /64", rates(2, 1000), ask{size: 1}, func(n int) string { return fmt.Sprintf("2001:db8::%x", n+1) }, 2},
		{"uploads in one /56", rates(2, 1000), ask{size: 1}, func(n int) string { return fmt.Sprintf("2001:db8:0:%x::", n%0x100) }, 8},
		{"uploads in one /48", rates(2, 1000), ask{size: 1}, func(n int) string { return fmt.Sprintf("2001:db8:0:%x::", n*0x100) }, 32},
		{"bytes in one /48", rates(1000, 1000), ask{size: 500}, func(n int) string { return fmt.Sprintf("2001:db8:0:%x::", n*0x100) }, 32},
		{"open multipart uploads in one /48", profile.Quota{}, ask{method: profile.MethodMultipart}, func(n int) string { return fmt.Sprintf("2001:db8:0:%x::", n*0x100) }, 48},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			d := newQuotaDay(t, c.limits, nil)
			for n := range c.wanted {
				asked := c.ask
				asked.address = c.hop(n)
				d.fine(asked)
			}
			c.ask.address = c.hop(c.wanted)
			d.refused(c.ask, problem.QuotaExceeded)
		})
	}
}

func TestSubjectsOfOneIPv6NetworkShareTheQuotaOfItsAddresses(t *testing.T) {
	t.Parallel()
	d := newQuotaDay(t, rates(1, 1000), func(c *quota.Config) { c.AddressFactor = 2 })
	person := func(n int) ask {
		return ask{subject: fmt.Sprint("person ", n), address: fmt.Sprintf("2001:db8:0:%x::1", n*0x100)}
	}
	for n := range 2 * 16 {
		d.fine(person(n))
	}
	d.refused(person(2*16), problem.QuotaExceeded)
	d.fine(ask{subject: "person 33", address: "2001:db8:1::1"})
}

func TestRefusedVisitorsDoNotPushOthersOut(t *testing.T) {
	t.Parallel()
	d := newQuotaDay(t, rates(1000, 1000), func(c *quota.Config) {
		fewIssues(1, 0)(c)
		c.MaxAccounts = 60
	})
	guest := ask{address: "192.0.2.1"}
	d.fine(guest)
	for n := range 1000 { // of which the /48 gets 16
		_, _ = d.reserve(ask{address: fmt.Sprintf("2001:db8:0:%x::1", n*0x41)})
	}
	d.refused(guest, problem.RateLimited)
}

func TestTheBurstLeftOutIsTheCountOfIssues(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name   string
		change func(*quota.Config)
		wanted int
	}{
		{"neither is given", func(*quota.Config) {}, 2000},
		{"the rate alone", fewIssues(3, 0), 3},
		{"the burst alone", func(c *quota.Config) { c.Burst = 7 }, 7},
		{"both", fewIssues(3, 7), 7},
		{"a burst below the rate", fewIssues(7, 3), 3},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			d := newQuotaDay(t, profile.Quota{}, c.change)
			if got := d.granted(3000, func(int) ask { return ask{address: "192.0.2.1"} }); got != c.wanted {
				t.Errorf("%d at once, wanted %d", got, c.wanted)
			}
		})
	}
}

func TestContradictoryRatesAreRefused(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]quota.Config{
		"a limit without a window": {Issues: profile.Rate{Limit: 1}},
		"a window without a limit": {Issues: profile.Rate{Window: time.Minute}},
		"a negative limit":         {Issues: profile.Rate{Limit: -1, Window: time.Minute}},
		"a negative window":        {Issues: profile.Rate{Limit: 1, Window: -time.Minute}},
		"a negative burst":         {Burst: -1},
		"a burst without end":      {Burst: 1 << 40},
	} {
		if _, err := quota.New(c); err == nil {
			t.Errorf("%s: taken, wanted an error", name)
		}
	}
}
