package main

import (
	"context"
	"errors"
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
	"github.com/postern-dev/postern/handlers/ledger"
	"github.com/postern-dev/postern/handlers/uploads"
	"github.com/postern-dev/postern/policy/profile"
)

// server serves a config that can be replaced while it runs. Requests under way end with the config
// they began with.
type server struct {
	configFile string
	getenv     func(string) string
	stderr     io.Writer
	metrics    *metrics
	ledger     *ledger.Ledger // nil: none
	deliverer  deliverer
	proxies    proxyWatch
	// checkOnly: the config is judged and nothing served. use returns after the look at the buckets,
	// for whose warnings a server that serves doesn't wait, and the ledger isn't opened.
	checkOnly bool
	current   atomic.Pointer[serverState]
}

// serverState is everything that use replaces.
type serverState struct {
	config  *config.Config
	limiter *limiter
	handler http.Handler
	service *uploads.Service
	sweep   uploads.Sweep
	// deliveries are to the webhooks; nil without a ledger.
	deliveries *deliveries
}

// ServeHTTP implements http.Handler; use must have succeeded once.
func (s *server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.current.Load().handler.ServeHTTP(w, r)
}

// use replaces the config. Everything is built first; where that fails, nothing changes.
func (s *server) use(ctx context.Context, file *config.Config) error {
	next, err := s.build(ctx, file)
	if err == nil {
		err = s.deliverer.use(ctx, s.ledger, next.deliveries)
	}
	if err == nil {
		s.metrics.begin(file.Profiles, next.deliveries.names())
		s.current.Store(next)
	}
	return err
}

// build makes the next state. The limiter is the current one if its limits stay the same. What is
// wrong with the parts is found at once, and joined.
func (s *server) build(ctx context.Context, file *config.Config) (*serverState, error) {
	var previous *limiter
	if current := s.current.Load(); current != nil {
		previous = current.limiter
	}
	log := newLog(s.stderr, file.Log)
	profiles := sortedProfiles(file.Profiles)
	limiter, errLimiter := newLimiter(previous, profiles, file.Limits)
	identifier, errIdentifier := newIdentifier(file)
	issuer, errIssuer := file.Receipts.Issuer(file.PublicURL)
	backend, errBackend := file.Backend.Verifier()
	deliveries, errWebhooks := newDeliveries(s.ledger, file, issuer, s.metrics.deliveries.observe, log)
	store, maker, errStore := s.openStore(ctx, file, log)
	if err := errors.Join(errLimiter, errIdentifier, errIssuer, errBackend, errWebhooks, errStore); err != nil {
		return nil, err
	}
	warnOfClaims(log, file, profiles)
	warnOfTickets(log, file, profiles)
	h, err := handlers.New(handlers.Config{
		PublicURL: file.PublicURL, Profiles: profiles, Store: store, TokenKeys: file.TokenKeys,
		Receipts: issuer, WithoutReceipts: issuer == nil,
		Identifier: identifier, Limiter: limiter, CredentialsMaker: maker,
		OnComplete: logCompleted(log), Logger: log, Explain: file.Explain,
		Ledger: s.usableLedger(file), LedgerRequired: file.Ledger.Required, Backend: backend, Observe: s.metrics.uploads.observe,
	})
	if err != nil {
		return nil, err
	}
	handler, err := s.router(file, h, log)
	client, _ := store.Client.(uploads.SweepClient) // newStore's is an *s3.Client
	sweep := uploads.Sweep{Client: client, Profiles: profiles, Older: file.Sweep.Older, Apply: true, WithoutSizes: true}
	return &serverState{config: file, limiter: limiter, handler: handler, service: h.Service(), sweep: sweep, deliveries: deliveries}, err
}

// openStore opens the store with the server's own credentials, which make scoped ones too.
func (s *server) openStore(ctx context.Context, file *config.Config, log *slog.Logger) (uploads.Store, uploads.CredentialsMaker, error) {
	access, err := loadStoreAccess(ctx, file.Store, s.getenv)
	if err != nil {
		return uploads.Store{}, nil, err
	}
	access.APIOptions = append(slices.Clip(access.APIOptions), s.metrics.store.addTo)
	maker, errMaker := newCredentialsMaker(access, file.ScopedCredentials)
	store, errStore := openStore(ctx, access, file, log)
	if err := errors.Join(errMaker, errStore); err != nil {
		return store, nil, err
	}
	if s.checkOnly {
		warnOfBuckets(ctx, log, store, file.Buckets())
	} else {
		go warnOfBuckets(context.WithoutCancel(ctx), log, store, file.Buckets())
	}
	return store, maker, nil
}

// router puts what holds for every request in front of the routes of h. Those are below the path of
// the public URL and, for a proxy that takes that path off, at the top as well: both are the same
// functions, and every address that they print is the public one.
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
	if base := public.EscapedPath(); base != "" {
		h.Register(e.Group(base))
	}
	h.Register(e.Group(""))
	return e, nil
}

// warnOfClaims names the profiles that depend on claims, where no application can claim: that takes
// a ledger and a backend.
func warnOfClaims(log *slog.Logger, file *config.Config, profiles []profile.Profile) {
	if verifies := len(file.Backend.Secrets) > 0 || file.Backend.JWKS != ""; verifies {
		return
	}
	for _, p := range profiles {
		if p.Removable > 0 {
			log.Warn("visitors can remove what was accepted, also where the application has used it already: let it claim uploads (backend), or keep a copy under another key",
				slog.String("key", "profiles."+p.Name+".removable"), slog.Duration("for", p.Removable))
		}
		if p.Unclaimed > 0 {
			log.Warn("every upload is removed: without backend no application can claim one",
				slog.String("key", "profiles."+p.Name+".unclaimed"), slog.Duration("after", p.Unclaimed))
		}
	}
}

// warnOfTickets names the profiles that nobody can use: they need a ticket, and none is verified.
func warnOfTickets(log *slog.Logger, file *config.Config, profiles []profile.Profile) {
	if file.Tickets.Secret != "" || file.Tickets.JWKS != "" {
		return
	}
	for _, p := range profiles {
		if p.Access != profile.AccessPublic && !slices.Contains(file.InsecureProxySubject.Profiles, p.Name) {
			log.Warn("nobody can upload: the profile needs a ticket, and there is neither tickets.secret nor tickets.jwks",
				slog.String("key", "profiles."+p.Name+".access"))
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
