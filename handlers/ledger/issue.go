package ledger

import (
	"context"
	"database/sql"
	"fmt"
	"strings"

	"github.com/postern-dev/postern/handlers/uploads"
)

const (
	queuedIssues = 1024 // calls of Issue that may wait; more wait for room until their ctx ends
	maxBatch     = 512  // rows of one transaction
)

// batchSizes are the numbers of rows that one statement inserts. There are few, so that a database
// parses each statement once.
var batchSizes = []int{64, 8, 1}

// issues writes the entries of all callers of Issue in batches.
type issues struct {
	queue chan issueCall
	done  chan struct{} // closed when the writer has ended
	// statements are the insert statements by the number of their rows.
	statements map[int]string
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
	s.statements = map[int]string{}
	for _, rows := range batchSizes {
		s.statements[rows] = insertStatement(rows)
	}
	go s.run(l)
}

func (s *issues) stop() {
	close(s.queue)
	<-s.done
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

// gather returns the calls that are waiting behind the first one, and the entries of all. Calls
// whose callers have left are dropped.
func (s *issues) gather(first issueCall) (calls []issueCall, entries []uploads.Entry) {
	for call, ok := first, true; ok; {
		if call.ctx.Err() == nil {
			calls, entries = append(calls, call), append(entries, call.entries...)
		}
		if len(entries) >= maxBatch {
			break
		}
		select {
		case call, ok = <-s.queue:
		default:
			ok = false
		}
	}
	return calls, entries
}

// write writes entries in one transaction. It ends with no caller's context, since it is for
// several.
func (s *issues) write(l *Ledger, entries []uploads.Entry) error {
	if len(entries) == 0 {
		return nil
	}
	ctx := context.Background()
	if _, single := s.statements[len(entries)]; single {
		return l.do(ctx, func(ctx context.Context) error { return s.insert(ctx, l.write, entries) })
	}
	return l.transact(ctx, func(tx *sql.Tx) error { return s.insert(ctx, tx, entries) })
}

// executor is a database or a transaction.
type executor interface {
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
}

func (s *issues) insert(ctx context.Context, to executor, entries []uploads.Entry) error {
	for _, rows := range batchSizes {
		for ; len(entries) >= rows; entries = entries[rows:] {
			if _, err := to.ExecContext(ctx, s.statements[rows], insertValues(entries[:rows])...); err != nil {
				return err
			}
		}
	}
	return nil
}

// insertColumns are the columns that a new row fills.
var insertColumns = []string{"id", "profile", "subject", "claims", "state", "sequence", "issued", "ends", "changed", "due"}

// insertStatement inserts so many issued uploads.
func insertStatement(rows int) string {
	var b strings.Builder
	b.WriteString("INSERT INTO postern_uploads (" + strings.Join(insertColumns, ", ") + ") VALUES ")
	for row := range rows {
		b.WriteString([]string{"(", ", ("}[min(row, 1)])
		for column := range insertColumns {
			fmt.Fprintf(&b, "%s$%d", []string{"", ", "}[min(column, 1)], row*len(insertColumns)+column+1)
		}
		b.WriteString(")")
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
