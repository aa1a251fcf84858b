package ledger

import (
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
	_ "modernc.org/sqlite" // registers the driver "sqlite"
)

// Connections to a database.
const (
	sqliteReaders       = 4
	postgresConnections = 16
	idleTime            = 5 * time.Minute
	connectTime         = 2 * time.Second
)

// engine is what differs between the two databases.
type engine struct {
	name       string
	lockSchema string // a statement that keeps other processes from migrating until the transaction ends; "" where beginning it does
	skipLocked string // the end of a query for rows to be changed, so that it passes over those that others are changing
	// insert is how many issued uploads are inserted at once.
	insert inserter
	// oneWriter says that one transaction writes at a time, so that callers who wait share the next
	// one, and that the driver parses a statement each time that it runs.
	oneWriter bool
	// issueWriters is how many batches of issues are written side by side.
	issueWriters int
	// schemaTables counts the tables that keep the version of the schema: 0 or 1.
	schemaTables string
}

var (
	sqliteEngine = engine{name: "SQLite", insert: rowByRow, issueWriters: 1, oneWriter: true,
		schemaTables: "SELECT COUNT(*) FROM sqlite_schema WHERE type = 'table' AND name = 'postern_schema'"}
	postgresEngine = engine{name: "PostgreSQL", lockSchema: "SELECT pg_advisory_xact_lock(7309453281)", skipLocked: " FOR UPDATE SKIP LOCKED",
		issueWriters: 2,
		insert:       columnByColumn,
		schemaTables: "SELECT COUNT(*) FROM pg_tables WHERE tablename = 'postern_schema' AND schemaname = ANY (current_schemas(false))"}
)

var errURL = errors.New(`ledger: URL: wanted "sqlite:" and a file, such as sqlite:postern.db, or postgres://user@host/name`)

// connect prepares the connections of the database that a URL names.
func connect(text string) (e engine, write, read *sql.DB, err error) {
	scheme, rest, _ := strings.Cut(text, ":")
	switch {
	case scheme == "sqlite" && rest != "" && !strings.HasPrefix(rest, "//"):
		write, read, err = connectSQLite(rest)
		return sqliteEngine, write, read, err
	case scheme == "postgres" || scheme == "postgresql":
		db, err := openPostgres(text)
		return postgresEngine, db, db, err
	}
	return engine{}, nil, nil, errURL
}

// openSQLite prepares the connections to a database file.
func openSQLite(file, options string) (*sql.DB, error) {
	path, err := filepath.Abs(file)
	if err != nil {
		return nil, fmt.Errorf("ledger: URL: %w", err)
	}
	name := (&url.URL{Scheme: "file", Path: path}).String() + "?_busy_timeout=5000&_foreign_keys=1&_dqs=0" + options
	db, err := sql.Open("sqlite", name)
	if err != nil {
		return nil, fmt.Errorf("ledger: URL: %w", err)
	}
	return db, nil
}

// connectSQLite opens a file, which only this user may read: it has subjects and file names. A
// transaction takes the lock for writing when it begins (_txlock), so it never fails halfway for
// want of it. What it may have to undo for one of several callers stays in memory (temp_store): it
// would be written to a file.
func connectSQLite(file string) (write, read *sql.DB, err error) {
	made, err := os.OpenFile(file, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, nil, fmt.Errorf("ledger: URL: %w", err)
	}
	defer made.Close()
	const durable = "&_journal_mode=WAL&_synchronous=FULL"
	if write, err = openSQLite(file, durable+"&_txlock=immediate&_pragma=temp_store(2)"); err != nil {
		return nil, nil, err
	}
	write.SetMaxOpenConns(1)
	if read, err = openSQLite(file, durable+"&_query_only=1"); err != nil {
		return nil, nil, errors.Join(err, write.Close())
	}
	read.SetMaxOpenConns(sqliteReaders)
	read.SetMaxIdleConns(sqliteReaders)
	return write, read, nil
}

// openPostgres prepares the connections of a URL. Its errors may hold the password, so they aren't
// shown.
func openPostgres(text string) (*sql.DB, error) {
	config, err := pgx.ParseConfig(text)
	if err != nil {
		return nil, errURL
	}
	if config.ConnectTimeout == 0 || config.ConnectTimeout > connectTime {
		config.ConnectTimeout = connectTime
	}
	db := stdlib.OpenDB(*config)
	db.SetMaxOpenConns(postgresConnections)
	db.SetMaxIdleConns(postgresConnections)
	db.SetConnMaxIdleTime(idleTime)
	return db, nil
}
