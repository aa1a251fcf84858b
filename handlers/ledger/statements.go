package ledger

import (
	"context"
	"database/sql"
	"errors"
	"sync"
)

// statements are the statements that a pool of connections has parsed: SQLite takes longer to parse
// one than to run it. They are kept until the end, so only texts that don't grow in number may be
// among them. A nil one keeps none: the driver of PostgreSQL does so by itself.
type statements struct {
	db *sql.DB

	mu     sync.Mutex // guards the rest
	parsed map[string]*sql.Stmt
	wanted map[string]bool // those that were looked for in vain
}

func newStatements(db *sql.DB) *statements {
	return &statements{db: db, parsed: map[string]*sql.Stmt{}, wanted: map[string]bool{}}
}

// find returns a statement; one that isn't parsed yet is nil, and the next call of parseWanted
// parses it.
func (s *statements) find(text string) *sql.Stmt {
	if s == nil {
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.parsed[text] == nil {
		s.wanted[text] = true
	}
	return s.parsed[text]
}

// parseWanted parses what was looked for in vain. It is called outside a transaction: one that has
// the only connection would wait for itself.
func (s *statements) parseWanted(ctx context.Context) error {
	if s == nil {
		return nil
	}
	s.mu.Lock()
	wanted := s.wanted
	s.wanted = map[string]bool{}
	s.mu.Unlock()
	var found []error
	for text := range wanted {
		if err := s.parse(ctx, text); err != nil {
			found = append(found, err)
		}
	}
	return errors.Join(found...)
}

func (s *statements) parse(ctx context.Context, text string) error {
	statement, err := s.db.PrepareContext(ctx, text)
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.parsed[text] != nil { // another goroutine was first
		return statement.Close()
	}
	s.parsed[text] = statement
	return nil
}

// close closes all of them. Those who still use one finish first.
func (s *statements) close() error {
	if s == nil {
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	var found []error
	for _, statement := range s.parsed {
		found = append(found, statement.Close())
	}
	clear(s.parsed)
	return errors.Join(found...)
}

// session is a *sql.Tx, or a *sql.DB for a statement that is a transaction by itself.
type session interface {
	ExecContext(ctx context.Context, text string, args ...any) (sql.Result, error)
	QueryContext(ctx context.Context, text string, args ...any) (*sql.Rows, error)
	QueryRowContext(ctx context.Context, text string, args ...any) *sql.Row
}

// transaction is a transaction whose exec, query and queryRow use statements that are parsed
// already: they are for texts that are always the same, and those of session for others.
type transaction struct {
	session
	statements *statements
	// within makes a statement one of this transaction; nil where there is none.
	within func(context.Context, *sql.Stmt) *sql.Stmt
}

// find returns a statement of this transaction, nil where it isn't parsed yet.
func (t transaction) find(ctx context.Context, text string) *sql.Stmt {
	statement := t.statements.find(text)
	if statement == nil || t.within == nil {
		return statement
	}
	return t.within(ctx, statement)
}

func (t transaction) exec(ctx context.Context, text string, args ...any) (sql.Result, error) {
	if statement := t.find(ctx, text); statement != nil {
		return statement.ExecContext(ctx, args...)
	}
	return t.ExecContext(ctx, text, args...)
}

func (t transaction) query(ctx context.Context, text string, args ...any) (*sql.Rows, error) {
	if statement := t.find(ctx, text); statement != nil {
		return statement.QueryContext(ctx, args...)
	}
	return t.QueryContext(ctx, text, args...)
}

func (t transaction) queryRow(ctx context.Context, text string, args ...any) *sql.Row {
	if statement := t.find(ctx, text); statement != nil {
		return statement.QueryRowContext(ctx, args...)
	}
	return t.QueryRowContext(ctx, text, args...)
}

// readRow reads one row outside a transaction, by a text that is always the same.
func readRow(ctx context.Context, l *Ledger, text string, args ...any) *sql.Row {
	if l.readStatements.find(text) == nil {
		_ = l.readStatements.parseWanted(ctx) // what fails to parse fails again below
	}
	return transaction{session: l.read, statements: l.readStatements}.queryRow(ctx, text, args...)
}
