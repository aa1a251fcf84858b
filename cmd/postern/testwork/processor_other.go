//go:build !linux

package testwork

import "time"

var started = time.Now()

// processorTime returns the time that has passed, where a thread's own can't be asked for.
func processorTime() time.Duration { return time.Since(started) }
