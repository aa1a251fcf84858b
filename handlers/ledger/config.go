package ledger

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync/atomic"
	"time"

	"github.com/postern-dev/postern/handlers/uploads"
)

// Times of jobs and deliveries.
const (
	// JobTime is for how long one job or one attempt to deliver may run.
	JobTime = 20 * time.Second
	// LeaseTime is after how long another process takes over what a process has taken and not
	// finished. It is longer than JobTime: what is still running isn't taken over.
	LeaseTime = 30 * time.Second
)

// Bounds of Config.Keep.
const (
	defaultKeep = 90 * 24 * time.Hour
	minKeep     = 24 * time.Hour // receivers are told for days, so the record has to last
)

// Config is what Open needs. URL has no default.
type Config struct {
	// URL names the database: "sqlite:postern.db" or "sqlite:/var/lib/postern.db" for a file, which
	// is made where it is missing, or "postgres://user@host/name". It may hold a password, which no
	// error shows.
	URL string
	// Keep is for how long an upload is kept after its last change; 0 is 90 days, at least a day.
	// It is kept for longer where it can still be completed, or where somebody is still to be told.
	Keep time.Duration
	// Receivers are those who are told what becomes of uploads; each name once. SetReceivers
	// replaces them.
	Receivers []Receiver
	// Now is the clock; nil is time.Now.
	Now func() time.Time
	// Logger gets what operators should know, without secrets; nil is slog.Default().
	Logger *slog.Logger
}

// Receiver is one of those who are told what becomes of uploads.
type Receiver struct {
	// Name tells receivers apart, also after a restart: deliveries wait for it by this name.
	Name string
	// Profile is whose uploads it is told of; "" for those of all profiles.
	Profile string
	// States are those that it is told of; none for all but StateIssued, which nobody is told of.
	States []uploads.State
}

// wants reports whether a receiver is told of a state of an upload.
func (r Receiver) wants(profile string, s uploads.State) bool {
	return (r.Profile == "" || r.Profile == profile) && (len(r.States) == 0 || slices.Contains(r.States, s))
}

// Ledger is an open database. It is safe for concurrent use.
type Ledger struct {
	config Config
	engine engine
	write  *sql.DB // of SQLite: one connection, as it has one writer
	read   *sql.DB
	writer writer // to write
	// readStatements are those of read; nil where the driver keeps them itself.
	readStatements *statements

	migrated  migrated
	outage    outage
	issues    issues
	receivers atomic.Pointer[[]Receiver]
	added     additions
	// reached is called between the steps of a transaction; tests end it there.
	reached func(step string)
}

// Open prepares a database and connects to it when it is first used: one that is away is no error.
// A database file that can't be made is one.
func Open(c Config) (*Ledger, error) {
	c.Keep = cmp.Or(c.Keep, defaultKeep)
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Logger == nil {
		c.Logger = slog.Default()
	}
	if err := c.check(); err != nil {
		return nil, err
	}
	l := &Ledger{config: c, reached: func(string) {}}
	l.receivers.Store(&c.Receivers)
	var err error
	if l.engine, l.write, l.read, err = connect(c.URL); err != nil {
		return nil, err
	}
	l.writer = writer{db: l.write, reached: func(step string) { l.reached(step) }}
	if l.engine.oneWriter {
		l.writer.shares, l.writer.statements, l.readStatements = true, newStatements(l.write), newStatements(l.read)
	}
	l.issues.start(l)
	return l, nil
}

// check returns what is wrong with a Config, its URL aside.
func (c Config) check() error {
	var found []error
	if c.Keep < minKeep {
		found = append(found, fmt.Errorf("ledger: Keep: wanted at least %v, got %v", minKeep, c.Keep))
	}
	return errors.Join(append(found, checkReceivers(c.Receivers))...)
}

func checkReceivers(receivers []Receiver) error {
	var found []error
	seen := map[string]bool{}
	for _, r := range receivers {
		if r.Name == "" || r.Name == application || seen[r.Name] {
			found = append(found, fmt.Errorf("ledger: Receivers: wanted a name for each, other than %q, and each name once, got %q", application, r.Name))
		}
		seen[r.Name] = true
	}
	return errors.Join(found...)
}

// SetReceivers replaces Config.Receivers: events from now on are for these. What waits for one that
// is gone goes on waiting for Keep, in case it comes back.
func (l *Ledger) SetReceivers(receivers []Receiver) error {
	if err := checkReceivers(receivers); err != nil {
		return err
	}
	l.receivers.Store(&receivers)
	return nil
}

// Close waits for what is being written and closes the database.
func (l *Ledger) Close() error {
	l.issues.stop()
	l.writer.waiting.close()
	err := errors.Join(l.writer.statements.close(), l.readStatements.close(), l.write.Close())
	if l.read != l.write {
		err = errors.Join(err, l.read.Close())
	}
	return err
}

// Ready reports whether the database answers and has the schema of this release.
func (l *Ledger) Ready(ctx context.Context) error {
	return l.do(ctx, func(ctx context.Context) error { return l.read.PingContext(ctx) })
}
