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
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsconfig "github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/labstack/echo/v4"

	"github.com/postern-dev/postern/cmd/postern/config"
	"github.com/postern-dev/postern/handlers"
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
	access, err := loadAccess(ctx, file.Store.Region)
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

// credentialsTimeout bounds the search for credentials and the questions about their rights: the
// SDK's chain may ask the network, and a store may be down.
const credentialsTimeout = 15 * time.Second

// loadAccess finds credentials by the SDK's usual chain. It asks for them at once, so that a server
// without any doesn't start.
func loadAccess(ctx context.Context, region string) (aws.Config, error) {
	access, err := awsconfig.LoadDefaultConfig(ctx, awsconfig.WithRegion(region))
	if err != nil {
		return access, err
	}
	ctx, cancel := context.WithTimeout(ctx, credentialsTimeout)
	defer cancel()
	if _, err := access.Credentials.Retrieve(ctx); err != nil {
		return access, errors.New("no credentials for the store: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or give the SDK's chain another source (profile, web identity, container, instance role)")
	}
	return access, nil
}

// openStore describes the store to the handlers. It fails where a right is missing without which
// uploads would fail later, and warns where visitors could use the server's rights.
func openStore(ctx context.Context, access aws.Config, file *config.Config, log *slog.Logger) (uploads.Store, error) {
	store, err := newStore(ctx, access, file.Store)
	if err != nil {
		return store, err
	}
	ctx, cancel := context.WithTimeout(ctx, credentialsTimeout)
	defer cancel()
	if err := store.CheckRights(ctx, sortedProfiles(file.Profiles)); err != nil {
		return store, oneLine(err)
	}
	warnOfSharedCredentials(ctx, log, store)
	return store, nil
}

// newStore makes the store's client with the server's own credentials, and those for visitors.
func newStore(ctx context.Context, access aws.Config, store config.Store) (uploads.Store, error) {
	provider, err := uploads.ProviderNamed(store.Provider)
	if err != nil {
		return uploads.Store{}, err
	}
	visitors, err := newUploadCredentials(ctx, access, store.UploadCredentials)
	client := s3.NewFromConfig(access, func(o *s3.Options) {
		o.UsePathStyle = store.PathStyle
		o.RequestChecksumCalculation = aws.RequestChecksumCalculationWhenRequired
		o.ResponseChecksumValidation = aws.ResponseChecksumValidationWhenRequired
		if store.Endpoint != "" {
			o.BaseEndpoint = &store.Endpoint
		}
	})
	return uploads.Store{
		Client: client, Credentials: access.Credentials, UploadCredentials: visitors, Provider: provider, Region: store.Region,
		Endpoint: store.Endpoint, PublicEndpoint: store.PublicEndpoint, PathStyle: store.PathStyle,
	}, err
}

// storeURL returns the store's address for the ready line.
func storeURL(ctx context.Context, store config.Store) (string, error) {
	if store.Endpoint != "" {
		return store.Endpoint, nil
	}
	endpoint, err := s3.NewDefaultEndpointResolverV2().ResolveEndpoint(ctx, s3.EndpointParameters{Region: &store.Region})
	if err != nil {
		return "", err
	}
	return endpoint.URI.String(), nil
}
