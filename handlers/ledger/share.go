package ledger

import (
	"context"
	"errors"
	"slices"
	"sync"
)

// maxSharing is how many callers share a transaction at most, so that it ends in its time.
const maxSharing = 64

var errClosed = errors.New("the ledger is closed")

// waiting are the calls of a database that has one writer: those that wait at the same time share a
// transaction, and so the time that the disk takes for its commit. The zero value has none.
type waiting struct {
	mu      sync.Mutex // guards the rest
	calls   []*call
	writing bool // a goroutine writes, and looks for more calls after that
	closed  bool
	writers sync.WaitGroup
}

// share has a goroutine run a call, together with others that wait, and returns what became of it.
// A call that is alone waits for nobody.
func (w *writer) share(c *call) error {
	c.answer = make(chan error, 1)
	if err := w.waiting.add(c, w.writeWaiting); err != nil {
		return err
	}
	select {
	case err := <-c.answer:
		return err
	case <-c.ctx.Done():
	}
	if c.begun.CompareAndSwap(false, true) {
		return c.ctx.Err()
	}
	return <-c.answer // until then the work may write to the caller's variables
}

// add adds a call, and starts write where it isn't running.
func (s *waiting) add(c *call, write func()) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return errClosed
	}
	s.calls = append(s.calls, c)
	if !s.writing {
		s.writing = true
		s.writers.Go(write)
	}
	return nil
}

// next returns the calls of the next transaction. Where there are none, write has to end.
func (s *waiting) next() []*call {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := min(len(s.calls), maxSharing)
	calls := slices.Clone(s.calls[:n])
	s.calls = slices.Delete(s.calls, 0, n)
	s.writing = n > 0
	return calls
}

// close waits for all who wait; later ones are refused.
func (s *waiting) close() {
	s.mu.Lock()
	s.closed = true
	s.mu.Unlock()
	s.writers.Wait()
}

// writeWaiting writes until nobody waits. While one transaction is committed, the callers of the
// next one gather.
func (w *writer) writeWaiting() {
	for calls := w.waiting.next(); len(calls) > 0; calls = w.waiting.next() {
		calls = slices.DeleteFunc(calls, func(c *call) bool { return c.ctx.Err() != nil }) // they have left
		if len(calls) > 0 {
			w.writeOnce(calls)
		}
	}
}

// writeOnce runs calls in one transaction and answers them. That ends with no caller's context:
// SQLite rolls the whole transaction back when it interrupts a statement that writes.
func (w *writer) writeOnce(calls []*call) {
	ctx, cancel := context.WithTimeout(context.Background(), callTime)
	defer cancel()
	err := withoutPanic(func() error { return w.run(ctx, calls) })
	for _, c := range calls {
		if err != nil {
			c.err = err
		}
		c.answer <- c.err
	}
	_ = w.statements.parseWanted(ctx) // what fails is parsed again when it runs
}
