package quota

import (
	"math"
	"time"

	"github.com/postern-dev/postern/policy/profile"
)

// windowSlots is how finely a window is cut. What is spent counts for the window and at most one
// slot longer, never shorter.
const windowSlots = 32

// window adds up what was spent over the last stretch of time. It keeps one figure per slot, so it
// stays small however much is spent. The zero value has no limit. It isn't safe for concurrent use.
type window struct {
	limit int64 // 0: none
	slot  time.Duration
	spent []spending // ascending, each slot once, at most windowSlots+1
	sum   int64      // of spent
}

type spending struct{ slot, amount int64 }

// newWindow makes a window for several times a rate.
func newWindow(r profile.Rate, times int64) window {
	if r.Limit <= 0 || r.Window <= 0 {
		return window{}
	}
	w := window{limit: math.MaxInt64, slot: (r.Window + windowSlots - 1) / windowSlots}
	if r.Limit <= math.MaxInt64/times {
		w.limit = r.Limit * times
	}
	return w
}

func (w *window) slotOf(now time.Time) int64 { return now.UnixNano() / int64(w.slot) }

// slide forgets what has left the window.
func (w *window) slide(now time.Time) {
	oldest, gone := w.slotOf(now)-windowSlots, 0
	for gone < len(w.spent) && w.spent[gone].slot < oldest {
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
			return time.Unix(0, (s.slot+windowSlots+1)*int64(w.slot)).Sub(now)
		}
	}
	return w.slot * windowSlots
}

// add spends amount, limit or no limit, and returns the slot for giveBack.
func (w *window) add(now time.Time, amount int64) int64 {
	if w.limit == 0 || amount == 0 {
		return 0
	}
	w.slide(now)
	slot, last := w.slotOf(now), len(w.spent)-1
	if last >= 0 && w.spent[last].slot >= slot { // also when the clock was set back
		w.spent[last].amount += amount
		w.sum += amount
		return w.spent[last].slot
	}
	w.spent = append(w.spent, spending{slot, amount})
	w.sum += amount
	return slot
}

// giveBack undoes an add, unless it has left the window meanwhile.
func (w *window) giveBack(slot, amount int64) {
	for i := range w.spent {
		if w.spent[i].slot == slot {
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
