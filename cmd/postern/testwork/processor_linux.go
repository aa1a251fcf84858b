package testwork

import (
	"time"

	"golang.org/x/sys/unix"
)

// ProcessorTime returns for how long the current thread has run. Other than a clock, it stands still
// while the processor runs something else, so that a busy machine changes no ratio. Call it with the
// thread locked (runtime.LockOSThread).
func ProcessorTime() time.Duration {
	var t unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_THREAD_CPUTIME_ID, &t); err != nil {
		panic(err)
	}
	return time.Duration(t.Nano())
}
