package ledger

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"sync/atomic"
)

// work is what one caller does in a transaction. Its ctx is that of the transaction.
type work func(ctx context.Context, tx transaction) error

// call is the work of one caller.
type call struct {
	ctx  context.Context // the caller's
	work work
	// single says that the work is one statement, which is a transaction by itself where it is alone.
	single bool
	// begun is set by whichever is first: the work that begins, or the caller that leaves.
	begun atomic.Bool
	// err is why this work alone failed. Only run's goroutine uses it.
	err error
	// answer gets what became of it, once that is committed or failed.
	answer chan error
}

// writer runs transactions on the connections that write.
type writer struct {
	db         *sql.DB
	statements *statements // nil where the driver keeps them itself
	reached    func(step string)
	shares     bool // callers that wait at the same time share a transaction
	waiting    waiting
}

// transact runs work in one transaction, which is rolled back where it fails, and returns once that
// is committed. Where ctx ends before the work has begun, it never does.
func (l *Ledger) transact(ctx context.Context, w work) error {
	return l.do(ctx, func(ctx context.Context) error { return l.writer.commit(&call{ctx: ctx, work: w}) })
}

// execute is transact for one statement whose text is always the same. It returns how many rows that
// has changed.
func execute(ctx context.Context, l *Ledger, text string, args ...any) (changed int64, err error) {
	w := func(ctx context.Context, tx transaction) error {
		result, err := tx.exec(ctx, text, args...)
		if err == nil {
			changed, err = result.RowsAffected()
		}
		return err
	}
	err = l.do(ctx, func(ctx context.Context) error { return l.writer.commit(&call{ctx: ctx, work: w, single: true}) })
	return changed, err
}

// commit runs a call and returns what became of it.
func (w *writer) commit(c *call) error {
	if w.shares {
		return w.share(c)
	}
	if err := w.run(c.ctx, []*call{c}); err != nil {
		return err
	}
	return c.err
}

// run runs the work of some callers in one transaction. Where that of one fails, it is undone and
// the error is in its call. An error of run is one of all of them, and nothing is recorded.
func (w *writer) run(ctx context.Context, calls []*call) error {
	if len(calls) == 1 && calls[0].single {
		calls[0].run(ctx, transaction{session: w.db, statements: w.statements})
		return nil
	}
	begun, err := w.db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer begun.Rollback() // after Commit it does nothing
	tx := transaction{begun, w.statements, begun.StmtContext}
	for _, c := range calls {
		if len(calls) == 1 {
			c.run(ctx, tx)
		} else if err := c.runAmongOthers(ctx, tx); err != nil {
			return err
		}
	}
	if !slices.ContainsFunc(calls, func(c *call) bool { return c.err == nil }) {
		return nil // there is nothing to commit
	}
	w.reached("commit")
	if !slices.ContainsFunc(calls, func(c *call) bool { return c.ctx.Err() == nil }) {
		return calls[0].ctx.Err() // nobody waits for it any more
	}
	return begun.Commit()
}

// run runs the work of a call, unless its caller has left. Where it leaves meanwhile, the work
// counts as failed and is undone; a single statement may be committed already.
func (c *call) run(ctx context.Context, tx transaction) {
	if !c.begun.CompareAndSwap(false, true) {
		c.err = c.ctx.Err()
		return
	}
	c.err = withoutPanic(func() error { return c.work(ctx, tx) })
	if c.err == nil && !c.single {
		c.err = c.ctx.Err()
	}
}

// runAmongOthers is run for a call that shares its transaction: what has failed is undone alone. Its
// error is one of the transaction, which can't go on.
func (c *call) runAmongOthers(ctx context.Context, tx transaction) error {
	if _, err := tx.exec(ctx, "SAVEPOINT call"); err != nil {
		return err
	}
	c.run(ctx, tx)
	if c.err != nil {
		if _, err := tx.exec(ctx, "ROLLBACK TO call"); err != nil {
			return fmt.Errorf("%w (after: %v)", err, c.err)
		}
	}
	_, err := tx.exec(ctx, "RELEASE call")
	return err
}
