package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"time"

	"github.com/postern-dev/postern/cmd/postern/config"
	"github.com/postern-dev/postern/handlers/ledger"
	"github.com/postern-dev/postern/handlers/uploads"
)

// ledgerFile is the ledger of dev in the data folder.
const ledgerFile = "postern.db"

// migrateTime is for how long a server that starts waits for the ledger's schema. Others that start
// at the same time may be at it.
const migrateTime = 30 * time.Second

// openLedger opens the ledger of a config and brings its schema up to date; nil where there is
// none. One that is away is no error: the server begins without it, or refuses uploads until it is
// back.
func openLedger(ctx context.Context, c config.Ledger, log *slog.Logger) (*ledger.Ledger, error) {
	if c.URL == "" {
		return nil, nil
	}
	l, err := ledger.Open(ledger.Config{URL: c.URL, Keep: c.Keep, Logger: log})
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, migrateTime)
	defer cancel()
	switch err := l.Migrate(ctx); {
	case errors.Is(err, ledger.ErrNewer):
		return nil, errors.Join(err, l.Close())
	case err != nil:
		log.Warn("the ledger is away", slog.String("key", "ledger.url"), slog.Bool("required", c.Required), slog.Any("error", err))
	}
	return l, nil
}

// inspectLedger says what would be done to the schema of a ledger; "" where there is none.
func inspectLedger(ctx context.Context, c config.Ledger) (string, error) {
	if c.URL == "" {
		return "", nil
	}
	ctx, cancel := context.WithTimeout(ctx, migrateTime)
	defer cancel()
	schema, err := ledger.Inspect(ctx, ledger.Config{URL: c.URL, Keep: c.Keep})
	if err != nil {
		return "", fmt.Errorf("ledger.url: %w", err)
	}
	return "the ledger's database " + schema.String(), nil
}

// usable is l for a Config that takes an interface, in which a nil pointer would count as a ledger.
func usable(l *ledger.Ledger) uploads.Ledger {
	if l == nil {
		return nil
	}
	return l
}

// ledgerToCheck stands for a ledger that isn't opened, since the config is only judged.
type ledgerToCheck struct{ uploads.Ledger }

// usableLedger is the ledger of a config for a Config that takes an interface.
func (s *server) usableLedger(file *config.Config) uploads.Ledger {
	if s.checkOnly && file.Ledger.URL != "" {
		return ledgerToCheck{}
	}
	return usable(s.ledger)
}

// runJobs does the ledger's jobs until ctx ends or the function that it returns is called. That
// function waits for the job under way, and closes the ledger.
func runJobs(ctx context.Context, l *ledger.Ledger, service func() *uploads.Service) (stop func()) {
	if l == nil {
		return func() {}
	}
	ctx, cancel := context.WithCancel(ctx)
	done := make(chan struct{})
	go func() {
		defer close(done)
		ledger.NewJobs(l, func() ledger.LookUps { return service() }).Run(ctx)
	}()
	return func() {
		cancel()
		<-done
		_ = l.Close() // what was committed is safe
	}
}

// ledgerOfDev is the ledger in a data folder.
func ledgerOfDev(data string) config.Ledger {
	return config.Ledger{URL: "sqlite:" + filepath.Join(data, ledgerFile)}
}
