package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/signal"
	"syscall"

	"github.com/postern-dev/postern/cmd/postern/config"
	"github.com/postern-dev/postern/handlers/uploads"
)

type serveCommand struct {
	Config string `help:"Config file; it is read again on SIGHUP." required:"" type:"path" placeholder:"FILE"`
	Check  bool   `help:"Judge the config as for serving, with its secrets and credentials and a look at the buckets, and end."`
}

// Run serves until SIGINT or SIGTERM.
func (s *serveCommand) Run(c *console) error {
	file, err := config.Load(s.Config, c.getenv)
	if err != nil {
		return usageError{err}
	}
	server := &server{configFile: s.Config, getenv: c.getenv, stderr: c.stderr, metrics: newMetrics(), checkOnly: s.Check}
	if !s.Check {
		if server.ledger, err = openLedger(c, file.Ledger, newLog(c.stderr, file.Log)); err != nil {
			return usageError{err}
		}
	}
	if err := server.use(c, file); err != nil {
		return usageError{err}
	}
	store, err := storeURL(c, file.Store)
	if err != nil {
		return usageError{err}
	}
	if s.Check {
		return s.printCheck(c, file, store)
	}
	return s.serve(c, file, server, store)
}

// printCheck says what serving would do.
func (s *serveCommand) printCheck(c *console, file *config.Config, store string) error {
	schema, err := inspectLedger(c, file.Ledger)
	if err != nil {
		return usageError{err}
	}
	if schema != "" {
		schema = "; " + schema
	}
	_, err = fmt.Fprintf(c.stdout, "postern: %s can be served at %s (store %s)%s\n", s.Config, file.PublicURL, store, schema)
	return err
}

// serve listens, prints the ready line and serves.
func (s *serveCommand) serve(c *console, file *config.Config, server *server, store string) error {
	log := newLog(c.stderr, file.Log)
	pages, err := listen("listen", file.Listen)
	if err != nil {
		return err
	}
	handlers := map[net.Listener]http.Handler{pages: server}
	if file.Metrics != "" {
		metrics, err := listen("metrics.listen", file.Metrics)
		if err != nil {
			return errors.Join(err, pages.Close())
		}
		handlers[metrics] = server.metrics.handler()
		log.Info("metrics", slog.String("listen", metrics.Addr().String()))
	}
	service := func() *uploads.Service { return server.current.Load().service }
	server.metrics.countUnrecorded(func() int64 { return service().Unrecorded() })
	server.metrics.readOutbox(server.ledger, func() []string { return server.current.Load().deliveries.names() })
	defer runJobs(c, server.ledger, service)()
	defer server.deliverer.close()
	stop := server.reloadOnHangup(c)
	defer stop()
	stopSweeping := server.sweepOnTimer(c)
	defer stopSweeping()
	if err := c.printReady("http://"+pages.Addr().String(), store); err != nil {
		return err
	}
	return serve(c, log, file.Drain, handlers)
}

// reloadOnHangup reads the config again on each SIGHUP, until the function it returns is called.
func (s *server) reloadOnHangup(ctx context.Context) func() {
	hangup, done := make(chan os.Signal, 1), make(chan struct{})
	signal.Notify(hangup, syscall.SIGHUP)
	go func() {
		for {
			select {
			case <-hangup:
				s.reload(ctx)
			case <-done:
				return
			}
		}
	}()
	return func() { signal.Stop(hangup); close(done) }
}

// reload reads the config again. A config with mistakes is logged and changes nothing.
func (s *server) reload(ctx context.Context) {
	before := s.current.Load().config
	log := newLog(s.stderr, before.Log)
	file, err := config.Load(s.configFile, s.getenv)
	if err == nil {
		log = newLog(s.stderr, file.Log)
		err = s.use(ctx, file)
	}
	if err != nil {
		log.Error("config not reloaded; the server keeps the previous one", slog.Any("error", err))
		return
	}
	log.Info("config reloaded", slog.String("file", s.configFile))
	if file.Listen != before.Listen || file.Metrics != before.Metrics || file.Drain != before.Drain ||
		file.Ledger.URL != before.Ledger.URL || file.Ledger.Keep != before.Ledger.Keep {
		log.Warn("changes of listen, metrics, drain and of the ledger's url and keep take effect after a restart")
	}
}

// newLog returns the server's log as the config asks for it.
func newLog(w io.Writer, l config.Log) *slog.Logger {
	var level slog.Level
	if err := level.UnmarshalText([]byte(l.Level)); err != nil {
		level = slog.LevelInfo
	}
	options := &slog.HandlerOptions{Level: level}
	if l.Format == "text" {
		return slog.New(slog.NewTextHandler(w, options))
	}
	return slog.New(slog.NewJSONHandler(w, options))
}
