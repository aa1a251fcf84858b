package quota

import (
	"encoding/binary"
	"math"
	"testing"
	"time"

	"github.com/postern-dev/postern/policy/profile"
)

var windowNoon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func TestWindowSlides(t *testing.T) {
	t.Parallel()
	w := newWindow(profile.Rate{Limit: 10, Window: 32 * time.Second}, 1)
	w.add(windowNoon, 6)
	w.add(windowNoon.Add(10*time.Second), 4)
	for name, c := range map[string]struct {
		after  time.Duration
		amount int64
		want   time.Duration
	}{
		"nothing fits at once":            {10 * time.Second, 1, 23 * time.Second},
		"nothing fits a moment before":    {33*time.Second - 1, 1, 1},
		"six fit when the first has left": {33 * time.Second, 6, 0},
		"seven wait for the second":       {33 * time.Second, 7, 10 * time.Second},
		"all fits when both have left":    {43 * time.Second, 10, 0},
		"more than the limit never fits":  {43 * time.Second, 11, 32 * time.Second},
		"the largest number doesn't wrap": {10 * time.Second, math.MaxInt64, 32 * time.Second},
	} {
		fresh := w
		fresh.spent = append([]spending{}, w.spent...)
		if got := fresh.wait(windowNoon.Add(c.after), c.amount); got != c.want {
			t.Errorf("%s: wait %s, wanted %s", name, got, c.want)
		}
	}
}

func TestWindowWithoutLimitKeepsNothing(t *testing.T) {
	t.Parallel()
	var w window
	w.giveBack(w.add(windowNoon, math.MaxInt64), 1)
	if w.wait(windowNoon, math.MaxInt64) != 0 || w.spent != nil || !w.idle(windowNoon) {
		t.Errorf("window %+v, wanted it unlimited and empty", w)
	}
}

func TestWindowLimitDoesntOverflow(t *testing.T) {
	t.Parallel()
	if w := newWindow(profile.Rate{Limit: math.MaxInt64 / 2, Window: time.Hour}, 10); w.limit != math.MaxInt64 {
		t.Errorf("limit %d, wanted the largest number", w.limit)
	}
}

// event is one spending as the naive model keeps it.
type event struct {
	at     time.Time
	amount int64
}

// naive adds up every event of the last span. longer is the same with the one step that the window
// may keep in addition.
func naive(events []event, now time.Time, span time.Duration) (sum int64) {
	for _, e := range events {
		if now.Sub(e.at) < span {
			sum += e.amount
		}
	}
	return sum
}

// FuzzWindow plays spending, giving back and waiting on a window and on a naive list of events. The
// window never counts less than the window's length, never more than one step longer, and what it
// says to wait is enough and not longer than needed by more than a step.
func FuzzWindow(f *testing.F) {
	f.Add([]byte("\x00\x01\x05\x00\x02\x06\x40\x00\x01"), uint32(1000), uint32(50))
	f.Add([]byte("\x10\x03\x05\x80\x02\x06\x40\x00\x01\xff\xff\x09"), uint32(7), uint32(3))
	f.Fuzz(func(t *testing.T, steps []byte, span, limit uint32) {
		rate := profile.Rate{Limit: int64(limit%1000) + 1, Window: time.Duration(span%10_000_000) + 1}
		w, now := newWindow(rate, 1), windowNoon
		var events []event
		for ; len(steps) >= 3; steps = steps[3:] {
			now = now.Add(rate.Window * time.Duration(binary.BigEndian.Uint16(steps)) / 20_000)
			amount := int64(steps[2]%64) + 1
			checkWait(t, &w, events, rate, now, amount)
			step := w.add(now, amount)
			if steps[2]&0x80 != 0 {
				w.giveBack(step, amount)
				continue
			}
			events = append(events, event{now, amount})
			if len(w.spent) > windowSteps+1 {
				t.Fatalf("%d steps kept, wanted at most %d", len(w.spent), windowSteps+1)
			}
		}
	})
}

func checkWait(t *testing.T, w *window, events []event, rate profile.Rate, now time.Time, amount int64) {
	t.Helper()
	wait := w.wait(now, amount)
	least, largest := naive(events, now, rate.Window), naive(events, now, w.step*(windowSteps+1))
	if w.sum < least || w.sum > largest {
		t.Fatalf("sum %d, wanted %d to %d", w.sum, least, largest)
	}
	if wait == 0 {
		if least+amount > rate.Limit {
			t.Fatalf("%d let through with %d of %d spent", amount, least, rate.Limit)
		}
		return
	}
	if largest+amount <= rate.Limit {
		t.Fatalf("%d refused with %d of %d spent", amount, largest, rate.Limit)
	}
	if amount <= rate.Limit && naive(events, now.Add(wait), rate.Window)+amount > rate.Limit {
		t.Fatalf("waiting %s isn't enough", wait)
	}
	if wait > w.step*(windowSteps+1) {
		t.Fatalf("wait %s, wanted at most the window and a step", wait)
	}
}
