// Package testwork judges how work grows with its input, in tests.
package testwork

import (
	"os"
	"runtime"
	"testing"
	"time"
)

// RequireLinear wants work that grows with its input, not with its square: 8 times the input takes
// about 8 or 64 times as long, and has to take less than 32. With POSTERN_LONG, on a machine that
// does nothing else, 4 times the input has to take less than 5 times as long. Under the race detector
// the work is done once and not timed.
func RequireLinear(t testing.TB, n int, work func(n int) func()) {
	t.Helper()
	if withRaceDetector {
		work(n)()
		return
	}
	times, most, rounds := 8, 32.0, 3
	if os.Getenv("POSTERN_LONG") != "" {
		times, most, rounds = 4, 5, 20
	}
	if ratio := growth(work(n), work(times*n), most, rounds); ratio >= most {
		t.Errorf("%d times the input takes %.1f times as long, wanted less than %v", times, ratio, most)
	}
}

// growth returns how many times as long the large work takes as the small: the shortest of at least
// so many runs of each, which take turns. What else the machine does makes a run longer and never
// shorter, so growth ends as soon as the ratio is below enough.
func growth(small, large func(), enough float64, atLeast int) (ratio float64) {
	const atMost = 5 * time.Second
	runtime.LockOSThread() // ProcessorTime is a thread's
	defer runtime.UnlockOSThread()
	shortest := [2]time.Duration{time.Hour, time.Hour}
	for round, start := 0, time.Now(); round < atLeast || time.Since(start) < atMost; round++ {
		for i, work := range []func(){small, large} {
			begun := ProcessorTime()
			work()
			shortest[i] = min(shortest[i], max(ProcessorTime()-begun, 1))
		}
		if ratio = float64(shortest[1]) / float64(shortest[0]); round >= atLeast && ratio < enough {
			break
		}
	}
	return ratio
}
