package main

import (
	"context"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"sync/atomic"

	"github.com/labstack/echo/v4"

	"github.com/postern-dev/postern/cmd/postern/config"
	"github.com/postern-dev/postern/handlers"
	"github.com/postern-dev/postern/policy/profile"
)

// server serves a config that can be replaced while it runs. Requests under way end with the config
// they began with.
type server struct {
	configFile string
	getenv     func(string) string
	stderr     io.Writer
	metrics    *metrics
	proxies    proxyWatch
	current    atomic.Pointer[serverState]
}

// serverState is everything that use replaces.
type serverState struct {
	config  *config.Config
	limiter *limiter
	handler http.Handler
}

// ServeHTTP implements http.Handler; use must have succeeded once.
func (s *server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.current.Load().handler.ServeHTTP(w, r)
}

// use replaces the config. Everything is built first; where that fails, nothing changes.
func (s *server) use(ctx context.Context, file *config.Config) error {
	next, err := s.build(ctx, file)
	if err == nil {
		s.current.Store(next)
	}
	return err
}

// build makes the next state. The limiter is the current one if its limits stay the same.
func (s *server) build(ctx context.Context, file *config.Config) (*serverState, error) {
	var previous *limiter
	if current := s.current.Load(); current != nil {
		previous = current.limiter
	}
	profiles := sortedProfiles(file.Profiles)
	limiter, err := newLimiter(previous, profiles, file.Limits)
	if err != nil {
		return nil, err
	}
	access, err := loadStoreAccess(ctx, file.Store, s.getenv)
	if err != nil {
		return nil, err
	}
	log := newLog(s.stderr, file.Log)
	store, err := openStore(ctx, access, file, log)
	if err != nil {
		return nil, err
	}
	identifier, err := newIdentifier(file)
	if err != nil {
		return nil, err
	}
	maker, err := newCredentialsMaker(access, file.ScopedCredentials)
	if err != nil {
		return nil, err
	}
	issuer, err := file.Receipts.Issuer(file.PublicURL)
	if err != nil {
		return nil, err
	}
	warnOfRemovable(log, profiles)
	h, err := handlers.New(handlers.Config{
		PublicURL: file.PublicURL, Profiles: profiles, Store: store, TokenKeys: file.TokenKeys,
		Receipts: issuer, WithoutReceipts: issuer == nil,
		Identifier: identifier, Limiter: limiter, CredentialsMaker: maker,
		OnComplete: logCompleted(log), Logger: log, Explain: file.Explain,
	})
	if err != nil {
		return nil, err
	}
	handler, err := s.router(file, h, log)
	return &serverState{config: file, limiter: limiter, handler: handler}, err
}

// router puts what holds for every request in front of the routes of h.
func (s *server) router(file *config.Config, h *handlers.Handlers, log *slog.Logger) (http.Handler, error) {
	public, err := url.Parse(file.PublicURL)
	if err != nil {
		return nil, err
	}
	hosts := newOwnHosts(public, file.Hosts, log)
	before := []echo.MiddlewareFunc{s.metrics.count, hosts.check}
	if file.IPHeader == "" {
		before = append(before, s.proxies.middleware(log, hosts.exempt))
	}
	e := newEcho(h, log, clientAddress(file.IPHeader, file.TrustedProxies), before...)
	h.Register(e.Group(public.EscapedPath()))
	return e, nil
}

// warnOfRemovable names the profiles whose visitors may remove what was accepted. Nothing but time
// ends that: an application that keeps an upload has no way to say so.
func warnOfRemovable(log *slog.Logger, profiles []profile.Profile) {
	for _, p := range profiles {
		if p.Removable > 0 {
			log.Warn("visitors can remove what was accepted, also where the application has used it already: keep a copy under another key",
				slog.String("key", "profiles."+p.Name+".removable"), slog.Duration("for", p.Removable))
		}
	}
}

func sortedProfiles(all map[string]profile.Profile) []profile.Profile {
	list := make([]profile.Profile, 0, len(all))
	for _, name := range slices.Sorted(maps.Keys(all)) {
		list = append(list, all[name])
	}
	return list
}
