package ledger

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
	"time"

	"github.com/postern-dev/postern/handlers/uploads"
)

const (
	queuedIssues = 1024 // calls of Issue that may wait; more wait for room until their ctx ends
	maxBatch     = 512  // rows of one transaction
	// gatherTime is for how long a batch waits for more, once two calls wait for it: a large batch
	// costs little more than a small one. A call that is alone waits for nobody.
	gatherTime = 2 * time.Millisecond
)

// batchSizes are the numbers of rows that one statement inserts. There are few, so that a database
// parses each statement once.
var batchSizes = []int{64, 8, 1}

// issues writes the entries of all callers of Issue in batches.
type issues struct {
	queue chan issueCall
	done  chan struct{} // closed when the writer has ended
	// statements are the insert statements by the number of their rows, prepared when they are first
	// used: SQLite takes longer to parse one than to run it.
	statements map[int]*sql.Stmt
}

// issueCall is one call of Issue that waits for its answer.
type issueCall struct {
	ctx     context.Context
	entries []uploads.Entry
	answer  chan error
}

func (s *issues) start(l *Ledger) {
	s.queue = make(chan issueCall, queuedIssues)
	s.done = make(chan struct{})
	s.statements = map[int]*sql.Stmt{}
	go s.run(l)
}

func (s *issues) stop() {
	close(s.queue)
	<-s.done
	for _, statement := range s.statements {
		_ = statement.Close() // what it wrote is committed
	}
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

// run writes batch after batch until the queue is closed.
func (s *issues) run(l *Ledger) {
	defer close(s.done)
	for first := range s.queue {
		calls, entries := s.gather(first)
		err := s.write(l, entries)
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
func (s *issues) write(l *Ledger, entries []uploads.Entry) error {
	if len(entries) == 0 {
		return nil
	}
	ctx := context.Background()
	if err := l.do(ctx, func(ctx context.Context) error { return s.prepare(ctx, l) }); err != nil {
		return err
	}
	if statement, single := s.statements[len(entries)]; single {
		return l.do(ctx, func(ctx context.Context) error {
			_, err := statement.ExecContext(ctx, insertValues(entries)...)
			return err
		})
	}
	return l.transact(ctx, func(tx *sql.Tx) error {
		for _, rows := range batchSizes {
			for ; len(entries) >= rows; entries = entries[rows:] {
				if _, err := tx.StmtContext(ctx, s.statements[rows]).ExecContext(ctx, insertValues(entries[:rows])...); err != nil {
					return err
				}
			}
		}
		return nil
	})
}

// prepare prepares the statements that aren't yet. It is called outside a transaction: of SQLite
// there is one connection.
func (s *issues) prepare(ctx context.Context, l *Ledger) error {
	for _, rows := range batchSizes {
		if s.statements[rows] == nil {
			statement, err := l.write.PrepareContext(ctx, insertStatement(rows, l.engine.parameter))
			if err != nil {
				return err
			}
			s.statements[rows] = statement
		}
	}
	return nil
}

// insertOne inserts an issued upload in the transaction of another change.
func (l *Ledger) insertOne(ctx context.Context, tx *sql.Tx, issued uploads.Entry) error {
	_, err := tx.ExecContext(ctx, insertStatement(1, l.engine.parameter), insertValues([]uploads.Entry{issued})...)
	return err
}

// insertColumns are the columns that a new row fills.
var insertColumns = []string{"id", "profile", "subject", "claims", "state", "sequence", "issued", "ends", "changed", "due"}

// insertStatement inserts so many issued uploads.
func insertStatement(rows int, parameter func(n int) string) string {
	var b strings.Builder
	b.WriteString("INSERT INTO postern_uploads (" + strings.Join(insertColumns, ", ") + ") VALUES ")
	for row := range rows {
		parameters := make([]string, len(insertColumns))
		for column := range parameters {
			parameters[column] = parameter(row*len(insertColumns) + column + 1)
		}
		b.WriteString([]string{"(", ", ("}[min(row, 1)] + strings.Join(parameters, ", ") + ")")
	}
	b.WriteString(" ON CONFLICT (id) DO NOTHING")
	return b.String()
}

// storable is a text as both databases take it: PostgreSQL has none with NUL or broken UTF-8, and
// refusing one subject would refuse its batch.
func storable(text string) string {
	return strings.ToValidUTF8(strings.ReplaceAll(text, "\x00", "\uFFFD"), "\uFFFD")
}

// insertValues are the arguments of a statement.
func insertValues(entries []uploads.Entry) []any {
	values := make([]any, 0, len(entries)*len(insertColumns))
	for _, e := range entries {
		values = append(values, e.ID, e.Profile, storable(e.Subject), string(e.Claims), string(uploads.StateIssued), 0,
			e.Issued.UnixMilli(), e.Ends.UnixMilli(), e.Issued.UnixMilli(), nullable(e.Due))
	}
	return values
}
