package webhooks

import "time"

// State is what a delivery is after an attempt.
type State string

// The states of a delivery.
const (
	Delivered   State = "delivered"    // an answer of 200 to 299
	Waiting     State = "waiting"      // for the next attempt
	DeadLetter  State = "dead"         // given up after the last attempt; it can be replayed
	SwitchedOff State = "switched_off" // the endpoint wants no deliveries any more, this one and others
)

// Decision is what follows from an attempt.
type Decision struct {
	State State
	At    time.Time // when the next attempt is due, with Waiting
}

// pauses are those before the second and each later attempt: about 3 days in all. Standard Webhooks
// has them in its example but for the last two, which are shorter here.
var pauses = []time.Duration{
	5 * time.Second, 5 * time.Minute, 30 * time.Minute, 2 * time.Hour, 5 * time.Hour,
	10 * time.Hour, 14 * time.Hour, 18 * time.Hour, 22 * time.Hour,
}

// Bounds of a pause.
const (
	jitter     = 0.2       // part of a pause by which it is longer or shorter
	retryAfter = time.Hour // longest that a receiver may ask for while the schedule has less
)

// Next decides what follows from a delivery's latest attempt; attempts counts all made so far, that
// one included. The next one is due after the schedule's pause, 20 % more or less by random, which
// is in [0, 1); or after the time that the receiver asked for, where that is longer: an hour at
// most, or the schedule's pause if that is more.
//
// Attempts are counted, never the time since the first one, so that a clock that is put forward
// gives nothing up.
func Next(attempts int, latest Attempt, now time.Time, random float64) Decision {
	switch {
	case latest.Failure == "":
		return Decision{State: Delivered}
	case latest.Failure == Gone:
		return Decision{State: SwitchedOff}
	case attempts > len(pauses):
		return Decision{State: DeadLetter}
	}
	planned := pauses[max(attempts, 1)-1]
	pause := time.Duration(float64(planned) * (1 - jitter + 2*jitter*random))
	asked := min(latest.RetryAfter, max(planned, retryAfter))
	return Decision{Waiting, now.Add(max(pause, asked))}
}
