package uploads

import (
	"context"
	"log/slog"
	"sync"
	"sync/atomic"
)

// Run does in the background what the ledger has recorded as due, until ctx ends: it looks up
// uploads whose browsers are gone, removes what is to be removed, and calls OnAccepted. Without a
// ledger it does nothing.
func (s *Service) Run(ctx context.Context) {
	if s.config.Ledger == nil {
		<-ctx.Done()
		return
	}
	s.running.begun.Store(true)
	w := Work{LookUps: s.LookUps}
	if s.config.OnAccepted != nil {
		w.Accepted = verifier{s}.tellAccepted
	}
	s.config.Ledger.Run(ctx, w)
}

// tellAccepted calls OnAccepted for an acceptance that the ledger has recorded. Of an object that is
// gone by now the application needn't hear, and of one that it wants erased it shouldn't.
func (s verifier) tellAccepted(ctx context.Context, data []byte) error {
	event, err := ReadEvent(data)
	if err != nil {
		return err
	}
	e, known, err := s.config.Ledger.Find(ctx, event.Upload.ID)
	if err != nil || !known || !e.Erased.IsZero() || !e.isAccepted() {
		return err
	}
	done, err := s.accepted.withReceipt(event.completed())
	if err != nil {
		return err
	}
	return s.config.OnAccepted(ctx, done)
}

// running knows whether Run was called: it is easily forgotten, and nothing else would show that.
type running struct {
	begun  atomic.Bool
	warned sync.Once
	logger *slog.Logger
}

// warn says once that OnAccepted waits for a call of Run.
func (r *running) warn(ctx context.Context, id string) {
	if r.begun.Load() {
		return
	}
	r.warned.Do(func() {
		r.logger.WarnContext(ctx, "OnAccepted waits: this process hasn't called Run, so another one has to", "id", id)
	})
}
