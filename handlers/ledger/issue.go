package ledger

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/postern-dev/postern/handlers/uploads"
)

const (
	queuedIssues = 1024 // calls of Issue that may wait; more wait for room until their ctx ends
	maxBatch     = 512  // rows of one transaction
	// gatherTime is for how long a batch waits for more, once two calls wait for it: a large batch
	// costs little more than a small one. A call that is alone waits for nobody.
	gatherTime = 500 * time.Microsecond
)

// issues writes the entries of all callers of Issue in batches.
type issues struct {
	queue   chan issueCall
	writers sync.WaitGroup
}

// issueWriter writes batch after batch. A database with several connections has two, so that one
// gathers a batch while that of the other is committed.
type issueWriter struct {
	*issues
	ledger *Ledger
}

// issueCall is one call of Issue that waits for its answer.
type issueCall struct {
	ctx     context.Context
	entries []uploads.Entry
	answer  chan error
}

func (s *issues) start(l *Ledger) {
	s.queue = make(chan issueCall, queuedIssues)
	for range l.engine.issueWriters {
		s.writers.Go(issueWriter{s, l}.run)
	}
}

func (s *issues) stop() {
	close(s.queue)
	s.writers.Wait()
}

// Issue records uploads that were signed, and returns once the record is committed. An upload that
// is there already stays as it is. Whoever stops waiting because ctx ends may find them recorded.
func (l *Ledger) Issue(ctx context.Context, entries ...uploads.Entry) error {
	call := issueCall{ctx, entries, make(chan error, 1)}
	select {
	case l.issues.queue <- call:
	case <-ctx.Done():
		return fmt.Errorf("ledger: %w", ctx.Err())
	}
	select {
	case err := <-call.answer:
		return err
	case <-ctx.Done():
		return fmt.Errorf("ledger: %w", ctx.Err())
	}
}

// run writes batches until the queue is closed.
func (w issueWriter) run() {
	for first := range w.queue {
		calls, entries := w.gather(first)
		err := w.write(entries)
		for _, call := range calls {
			call.answer <- err
		}
	}
}

// gather returns the calls of a batch, which begins with this one, and the entries of all.
func (s *issues) gather(first issueCall) (calls []issueCall, entries []uploads.Entry) {
	add := func(call issueCall) {
		if call.ctx.Err() == nil { // else its caller has left
			calls, entries = append(calls, call), append(entries, call.entries...)
		}
	}
	add(first)
	if s.addWaiting(add, func() bool { return len(entries) < maxBatch }) {
		time.Sleep(gatherTime)
		s.addWaiting(add, func() bool { return len(entries) < maxBatch })
	}
	return calls, entries
}

// addWaiting adds the calls that are waiting as long as there is room, and reports whether there
// was one.
func (s *issues) addWaiting(add func(issueCall), room func() bool) (some bool) {
	for room() {
		select {
		case call, ok := <-s.queue:
			if !ok {
				return some
			}
			add(call)
			some = true
		default:
			return some
		}
	}
	return some
}

// write writes entries in one transaction. It ends with no caller's context, since it is for
// several.
func (w issueWriter) write(entries []uploads.Entry) error {
	l := w.ledger
	if len(entries) == 0 {
		return nil
	}
	ctx := context.Background()
	if insert := l.engine.insert; len(entries) <= insert.maxRows {
		_, err := execute(ctx, l, insert.statement(len(entries)), insert.arguments(entries)...)
		return err
	}
	return l.transact(ctx, func(ctx context.Context, tx transaction) error {
		for chunk := range slices.Chunk(entries, l.engine.insert.maxRows) {
			if err := l.insert(ctx, tx, chunk); err != nil {
				return err
			}
		}
		return nil
	})
}

// insert inserts issued uploads, as many as one statement takes.
func (l *Ledger) insert(ctx context.Context, tx transaction, entries []uploads.Entry) error {
	_, err := tx.exec(ctx, l.engine.insert.statement(len(entries)), l.engine.insert.arguments(entries)...)
	return err
}
