package quota

import (
	"math"
	"time"

	"github.com/postern-dev/postern/policy/profile"
)

// windowSteps is how finely a window is cut. What is spent counts for the window and at most one
// step longer, never shorter.
const windowSteps = 32

// window adds up what was spent over the last stretch of time. It keeps one figure per step, so it
// stays small however much is spent. The zero value has no limit. It isn't safe for concurrent use.
type window struct {
	limit int64 // 0: none
	step  time.Duration
	spent []spending // ascending, each step once, at most windowSteps+1
	sum   int64      // of spent
}

type spending struct{ step, amount int64 }

// newWindow makes a window for several times a rate.
func newWindow(r profile.Rate, times int64) window {
	if r.Limit <= 0 || r.Window <= 0 {
		return window{}
	}
	w := window{limit: math.MaxInt64, step: (r.Window + windowSteps - 1) / windowSteps}
	if r.Limit <= math.MaxInt64/times {
		w.limit = r.Limit * times
	}
	return w
}

// longestCharge is how long what was spent may count.
func longestCharge(r profile.Rate) time.Duration { return r.Window + 2*r.Window/windowSteps }

func (w *window) stepOf(now time.Time) int64 { return now.UnixNano() / int64(w.step) }

// slide forgets what has left the window.
func (w *window) slide(now time.Time) {
	oldest, gone := w.stepOf(now)-windowSteps, 0
	for gone < len(w.spent) && w.spent[gone].step < oldest {
		w.sum -= w.spent[gone].amount
		gone++
	}
	if gone > 0 {
		w.spent = append(w.spent[:0], w.spent[gone:]...)
	}
}

// wait says how long until amount fits: 0 is now, the whole window for what never fits.
func (w *window) wait(now time.Time, amount int64) time.Duration {
	if w.limit == 0 {
		return 0
	}
	w.slide(now)
	left := w.limit - w.sum
	if amount <= left {
		return 0
	}
	for _, s := range w.spent {
		if left += s.amount; amount <= left {
			return time.Unix(0, (s.step+windowSteps+1)*int64(w.step)).Sub(now)
		}
	}
	return w.step * windowSteps
}

// halfIsBelow reports whether amount is more than half of the limit.
func (w *window) halfIsBelow(amount int64) bool { return w.limit > 0 && amount > w.limit/2 }

// add spends amount, limit or no limit, and returns the step for giveBack.
func (w *window) add(now time.Time, amount int64) int64 {
	if w.limit == 0 || amount == 0 {
		return 0
	}
	w.slide(now)
	step, last := w.stepOf(now), len(w.spent)-1
	if last >= 0 && w.spent[last].step >= step { // also when the clock was set back
		w.spent[last].amount += amount
		w.sum += amount
		return w.spent[last].step
	}
	w.spent = append(w.spent, spending{step, amount})
	w.sum += amount
	return step
}

// giveBack undoes an add, unless it has left the window meanwhile.
func (w *window) giveBack(step, amount int64) {
	for i := range w.spent {
		if w.spent[i].step == step {
			amount = min(amount, w.spent[i].amount)
			w.spent[i].amount -= amount
			w.sum -= amount
			return
		}
	}
}

// idle reports whether nothing is left in the window.
func (w *window) idle(now time.Time) bool {
	if w.limit == 0 {
		return true
	}
	w.slide(now)
	return w.sum == 0
}
