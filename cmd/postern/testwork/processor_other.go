//go:build !linux

package testwork

import "time"

var started = time.Now()

// ProcessorTime returns the time that has passed, where a thread's own can't be asked for.
func ProcessorTime() time.Duration { return time.Since(started) }
