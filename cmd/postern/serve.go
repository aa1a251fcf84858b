package main

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"syscall"

	"github.com/postern-dev/postern/cmd/postern/config"
)

type serveCommand struct {
	Config string `help:"Config file; SIGHUP reads it again." required:"" type:"path" placeholder:"FILE"`
}

// Run serves until the console ends.
func (s *serveCommand) Run(c *console) error {
	file, err := config.Load(s.Config, c.getenv)
	if err != nil {
		return usageError{err}
	}
	p := &production{name: s.Config, getenv: c.getenv, stderr: c.stderr, metrics: newMetrics()}
	if err := p.use(c, file); err != nil {
		return usageError{err}
	}
	sites, err := p.listen(file)
	if err != nil {
		return err
	}
	stop := p.reloadOnHangup(c)
	defer stop()
	store, err := storeURL(c, file.Store)
	if err != nil {
		return usageError{err}
	}
	log := newLog(c.stderr, file.Log)
	for _, beside := range sites[1:] {
		log.Info("metrics", "listen", beside.listener.Addr().String())
	}
	if err := c.announce("http://"+sites[0].listener.Addr().String(), store); err != nil {
		return err
	}
	return serve(c, log, file.Drain, sites...)
}

// production is a server whose config can be replaced while it runs. Requests under way end with
// the config they began with.
type production struct {
	name    string
	getenv  func(string) string
	stderr  io.Writer
	metrics *metrics
	current swap
	file    *config.Config // only touched by the reloading goroutine once it runs
	quota   keptQuota
}

// use takes over a config, or changes nothing where it can't be used.
func (p *production) use(ctx context.Context, file *config.Config) error {
	handler, err := p.build(ctx, file)
	if err != nil {
		return err
	}
	p.file = file
	p.current.Store(&handler)
	return nil
}

func (p *production) listen(file *config.Config) ([]site, error) {
	l, err := listen("listen", file.Listen)
	if err != nil {
		return nil, err
	}
	sites := []site{{l, &p.current}}
	if file.Metrics == "" || file.Metrics == noMetrics {
		return sites, nil
	}
	m, err := listen("metrics.listen", file.Metrics)
	if err != nil {
		return nil, errors.Join(err, l.Close())
	}
	return append(sites, site{m, p.metrics.site()}), nil
}

// reloadOnHangup reads the config again on each SIGHUP, until the function it returns is called.
func (p *production) reloadOnHangup(ctx context.Context) func() {
	hangup, done := make(chan os.Signal, 1), make(chan struct{})
	signal.Notify(hangup, syscall.SIGHUP)
	go func() {
		for {
			select {
			case <-hangup:
				p.reload(ctx)
			case <-done:
				return
			}
		}
	}()
	return func() { signal.Stop(hangup); close(done) }
}

func (p *production) reload(ctx context.Context) {
	file, err := config.Load(p.name, p.getenv)
	if err != nil {
		newLog(p.stderr, p.file.Log).Error("config not reloaded, the old one stays", slog.Any("error", err))
		return
	}
	log, before := newLog(p.stderr, file.Log), p.file
	if err := p.use(ctx, file); err != nil {
		log.Error("config not reloaded, the old one stays", slog.Any("error", err))
		return
	}
	log.Info("config reloaded", slog.String("file", p.name))
	if file.Listen != before.Listen || file.Metrics != before.Metrics || file.Drain != before.Drain {
		log.Warn("listen, metrics and drain take effect with the next start")
	}
}

// newLog is the server's log as the config asks for it.
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
