package main

import (
	"context"
	"log/slog"
	"time"

	"github.com/postern-dev/postern/handlers/ledger"
	"github.com/postern-dev/postern/handlers/uploads"
)

// firstSweep is how long after the start the first sweep begins at most: a server that is restarted
// every day sweeps all the same.
const firstSweep = time.Minute

// sweepPoll is how soon a sweep section that a reload has brought is noticed.
const sweepPoll = 10 * time.Second

// sweepOnTimer aborts abandoned multipart uploads as often as the config says, until ctx ends or
// the function it returns is called, which waits for the sweep under way to stop. Nodes with a
// ledger sweep as often together, and each asks the ledger once a minute whether it is its turn.
// Without one each node sweeps: they don't disturb each other.
func (s *server) sweepOnTimer(ctx context.Context) (stop func()) {
	ctx, cancel := context.WithCancel(ctx)
	done := make(chan struct{})
	go func() {
		defer close(done)
		swept := time.Now()
		first := true
		for {
			every := s.current.Load().config.Sweep.Every
			wait := sweepPoll
			if every > 0 {
				due := every
				if first || s.ledger != nil {
					due = min(every, firstSweep)
				}
				wait = min(sweepPoll, time.Until(swept.Add(due)))
			}
			select {
			case <-ctx.Done():
				return
			case <-time.After(wait):
			}
			if every > 0 && wait < sweepPoll {
				s.sweepInTurn(ctx, every)
				swept, first = time.Now(), false
			}
		}
	}()
	return func() { cancel(); <-done }
}

// sweepInTurn sweeps unless another node has done so.
func (s *server) sweepInTurn(ctx context.Context, every time.Duration) {
	if s.ledger == nil {
		_ = s.sweepOnce(ctx) // which has logged it
		return
	}
	var failed error // which sweepOnce has logged
	sweep := func(ctx context.Context) error { failed = s.sweepOnce(ctx); return failed }
	_, err := ledger.Periodic{Ledger: s.ledger, Name: "sweep", Every: every, Do: sweep}.Once(ctx)
	if err != nil && failed == nil && ctx.Err() == nil {
		newLog(s.stderr, s.current.Load().config.Log).Warn("whether to sweep can't be asked of the ledger", slog.Any("error", err))
	}
}

// sweepOnce sweeps by the current config, and logs how many uploads were aborted, or the error.
func (s *server) sweepOnce(ctx context.Context) error {
	state := s.current.Load()
	log := newLog(s.stderr, state.config.Log)
	count := 0
	sweep := state.sweep
	sweep.Found = func(uploads.AbandonedUpload) error { count++; return nil }
	err := sweep.Run(ctx)
	switch {
	case ctx.Err() != nil:
	case err != nil:
		log.Error("abandoned multipart uploads can't be aborted", slog.String("key", "sweep"), slog.Int("aborted", count), slog.String("error", innermostReason(err)))
	default:
		log.Info("abandoned multipart uploads aborted", slog.Int("aborted", count), slog.Int("profiles_left_out", len(uploads.SweepSkips(sweep.Profiles))))
	}
	return err
}
