package webhooks_test

import (
	"testing"
	"time"

	"github.com/postern-dev/postern/handlers/webhooks"
)

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func TestWhatFollowsFromAnAttempt(t *testing.T) {
	t.Parallel()
	failed := func(status int, asked time.Duration) webhooks.Attempt {
		return webhooks.Attempt{Status: status, Failure: webhooks.BadStatus, RetryAfter: asked}
	}
	for _, c := range []struct {
		name     string
		attempts int
		latest   webhooks.Attempt
		random   float64
		state    webhooks.State
		pause    time.Duration
	}{
		{name: "an answer of 2xx ends it", attempts: 1, latest: webhooks.Attempt{Status: 204}, state: webhooks.Delivered},
		{name: "so it does at the last attempt", attempts: 10, latest: webhooks.Attempt{Status: 200}, state: webhooks.Delivered},
		{name: "410 switches the endpoint off", attempts: 1, latest: webhooks.Attempt{Status: 410, Failure: webhooks.Gone}, state: webhooks.SwitchedOff},
		{name: "never again at once: 20 % less than 5 s", attempts: 1, latest: failed(500, 0), state: webhooks.Waiting, pause: 4 * time.Second},
		{name: "20 % more than 5 s", attempts: 1, latest: failed(500, 0), random: 1, state: webhooks.Waiting, pause: 6 * time.Second},
		{name: "401 is not dropped", attempts: 2, latest: failed(401, 0), random: 0.5, state: webhooks.Waiting, pause: 5 * time.Minute},
		{name: "a redirect is a failure", attempts: 3, latest: webhooks.Attempt{Status: 307, Failure: webhooks.Redirect}, random: 0.5, state: webhooks.Waiting, pause: 30 * time.Minute},
		{name: "no answer", attempts: 4, latest: webhooks.Attempt{Failure: webhooks.TimedOut}, random: 0.5, state: webhooks.Waiting, pause: 2 * time.Hour},
		{name: "an address that is refused may change", attempts: 5, latest: webhooks.Attempt{Failure: webhooks.BadAddress}, random: 0.5, state: webhooks.Waiting, pause: 5 * time.Hour},
		{name: "the last pause", attempts: 9, latest: failed(500, 0), random: 0.5, state: webhooks.Waiting, pause: 22 * time.Hour},
		{name: "the last attempt", attempts: 10, latest: failed(500, 0), state: webhooks.DeadLetter},
		{name: "more than all attempts", attempts: 1000, latest: failed(500, 0), state: webhooks.DeadLetter},
		{name: "a count that makes no sense counts as the first", attempts: -1, latest: failed(500, 0), random: 0.5, state: webhooks.Waiting, pause: 5 * time.Second},
		{name: "the receiver asks for less", attempts: 2, latest: failed(429, time.Second), random: 0.5, state: webhooks.Waiting, pause: 5 * time.Minute},
		{name: "the receiver asks for more", attempts: 1, latest: failed(429, 10*time.Minute), random: 0.5, state: webhooks.Waiting, pause: 10 * time.Minute},
		{name: "the receiver asks for more than an hour", attempts: 1, latest: failed(503, 20*time.Hour), random: 0.5, state: webhooks.Waiting, pause: time.Hour},
		{name: "the receiver asks for more than the pause", attempts: 5, latest: failed(503, 20*time.Hour), random: 0, state: webhooks.Waiting, pause: 5 * time.Hour},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			got := webhooks.Next(c.attempts, c.latest, noon, c.random)
			if got.State != c.state {
				t.Fatalf("got %q, wanted %q", got.State, c.state)
			}
			if got.State == webhooks.Waiting && got.At.Sub(noon) != c.pause {
				t.Errorf("got a pause of %s, wanted %s", got.At.Sub(noon), c.pause)
			}
		})
	}
}

func TestADeliveryIsTriedForAboutThreeDaysWithGrowingPauses(t *testing.T) {
	t.Parallel()
	now, before := noon, time.Duration(0)
	for attempts := 1; ; attempts++ {
		next := webhooks.Next(attempts, webhooks.Attempt{Failure: webhooks.NoAnswer}, now, 0.5)
		if next.State == webhooks.DeadLetter {
			break
		}
		pause := next.At.Sub(now)
		if pause <= before {
			t.Errorf("attempt %d: got a pause of %s after one of %s, wanted a longer one", attempts, pause, before)
		}
		now, before = next.At, pause
	}
	if total := now.Sub(noon); total < 70*time.Hour || total > 72*time.Hour {
		t.Errorf("got %s in all, wanted about 72 h", total)
	}
}

// The clock only says from when the pause counts: put forward or back by days, it neither gives a
// delivery up nor makes it due at once.
func TestAClockThatJumpsGivesNothingUp(t *testing.T) {
	t.Parallel()
	for _, jump := range []time.Duration{-1000 * time.Hour, 1000 * time.Hour} {
		next := webhooks.Next(2, webhooks.Attempt{Time: noon, Failure: webhooks.NoAnswer}, noon.Add(jump), 0.5)
		if next.State != webhooks.Waiting || next.At.Sub(noon.Add(jump)) != 5*time.Minute {
			t.Errorf("after a jump of %s: got %+v, wanted a pause of 5 min", jump, next)
		}
	}
}
