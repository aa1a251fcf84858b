package ledger

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
)

// ErrNewer says that a newer release has migrated the database. Running an older one on it could
// write what the newer one can't read.
var ErrNewer = errors.New("ledger: the database was migrated by a newer release of Postern: run that release, or restore the database from before")

// migrated remembers that the schema is that of this release.
type migrated struct {
	done atomic.Bool
	mu   sync.Mutex // one migration at a time
}

// Migrate brings the database to the schema of this release, unless it has that already. Every call
// of the ledger does so first; a server that calls it at start learns of ErrNewer then. Processes
// that start at the same time wait for one another.
func (l *Ledger) Migrate(ctx context.Context) error {
	if l.migrated.done.Load() {
		return nil
	}
	l.migrated.mu.Lock()
	defer l.migrated.mu.Unlock()
	if l.migrated.done.Load() {
		return nil
	}
	if err := l.migrate(ctx, migrations); err != nil {
		return err
	}
	l.migrated.done.Store(true)
	return nil
}

// migrate takes the steps that are missing, all in one transaction under a lock: either the
// database has the whole new schema or it is as it was.
func (l *Ledger) migrate(ctx context.Context, steps []string) error {
	tx, err := l.write.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback() // after Commit it does nothing
	if l.engine.lockSchema != "" {
		if _, err := tx.ExecContext(ctx, l.engine.lockSchema); err != nil {
			return err
		}
	}
	if _, err := tx.ExecContext(ctx, "CREATE TABLE IF NOT EXISTS postern_schema (version BIGINT NOT NULL)"); err != nil {
		return err
	}
	version, err := schemaVersion(ctx, tx)
	switch {
	case err != nil:
		return err
	case version > len(steps):
		return ErrNewer
	case version == len(steps):
		return tx.Commit()
	}
	for n, step := range steps[version:] {
		if _, err := tx.ExecContext(ctx, step); err != nil {
			return fmt.Errorf("ledger: migration %d: %w", version+n+1, err)
		}
	}
	if err := setSchemaVersion(ctx, tx, len(steps)); err != nil {
		return err
	}
	l.reached("migrate")
	return tx.Commit()
}

// querier is a database or a transaction.
type querier interface {
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

// schemaVersion is the number of steps that a database has taken.
func schemaVersion(ctx context.Context, q querier) (version int, err error) {
	err = q.QueryRowContext(ctx, "SELECT COALESCE(MAX(version), 0) FROM postern_schema").Scan(&version)
	return version, err
}

func setSchemaVersion(ctx context.Context, tx *sql.Tx, version int) error {
	if _, err := tx.ExecContext(ctx, "DELETE FROM postern_schema"); err != nil {
		return err
	}
	_, err := tx.ExecContext(ctx, "INSERT INTO postern_schema (version) VALUES ($1)", version)
	return err
}

// String says what Migrate would do.
func (s Schema) String() string {
	switch s.Found {
	case s.Wanted:
		return fmt.Sprintf("has version %d of the schema, which is up to date", s.Found)
	case 0:
		return fmt.Sprintf("is empty and would get version %d of the schema", s.Wanted)
	}
	return fmt.Sprintf("has version %d of the schema and would be migrated to version %d", s.Found, s.Wanted)
}

// Schema is the state of a database's schema.
type Schema struct {
	Found  int // the version of the database; 0 for an empty one
	Wanted int // the version of this release
}

// Schema looks the schema up and changes nothing, so that a check can say what Migrate would do. A
// newer database is ErrNewer.
func (l *Ledger) Schema(ctx context.Context) (Schema, error) {
	s := Schema{Wanted: len(migrations)}
	var tables int
	err := l.read.QueryRowContext(ctx, l.engine.schemaTables).Scan(&tables)
	if err == nil && tables > 0 {
		s.Found, err = schemaVersion(ctx, l.read)
	}
	switch {
	case err != nil:
		return Schema{}, fmt.Errorf("ledger: %w", err)
	case s.Found > s.Wanted:
		return s, ErrNewer
	}
	return s, nil
}
