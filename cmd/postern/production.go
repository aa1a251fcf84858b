package main

import (
	"context"
	"errors"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"sync/atomic"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsconfig "github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/postern-dev/postern/cmd/postern/config"
	"github.com/postern-dev/postern/handlers"
	"github.com/postern-dev/postern/handlers/uploads"
	"github.com/postern-dev/postern/policy/profile"
)

// swap is a handler that can be replaced between two requests.
type swap struct{ atomic.Pointer[http.Handler] }

func (s *swap) ServeHTTP(w http.ResponseWriter, r *http.Request) { (*s.Load()).ServeHTTP(w, r) }

// build makes the handler for a config.
func (p *production) build(ctx context.Context, file *config.Config) (http.Handler, error) {
	log := newLog(p.stderr, file.Log)
	profiles := sortedProfiles(file.Profiles)
	access, err := storeAccess(ctx, file.Store)
	if err != nil {
		return nil, err
	}
	identifier, err := visitors(file)
	if err != nil {
		return nil, err
	}
	provider, err := uploads.ProviderNamed(file.Store.Provider)
	if err != nil {
		return nil, err
	}
	limiter, err := p.quota.limiter(profiles, file.Limits)
	if err != nil {
		return nil, err
	}
	scoper, err := scoperFor(access, file)
	if err != nil {
		return nil, err
	}
	h, err := handlers.New(handlers.Config{
		PublicURL: file.PublicURL, Profiles: profiles,
		Store: uploads.Store{
			Client: storeClient(access, file.Store), Credentials: access.Credentials, Provider: provider,
			Region: file.Store.Region, Endpoint: file.Store.Endpoint, PublicEndpoint: file.Store.PublicEndpoint,
			PathStyle: file.Store.PathStyle,
		},
		TokenKeys: file.TokenKeys, Identifier: identifier, Limiter: limiter, CredentialsMaker: scoper,
		OnComplete: logCompleted(log), Logger: log, Explain: file.Explain,
	})
	if err != nil {
		return nil, err
	}
	e := newEcho(h, log, addresses(file.IPHeader, file.TrustedProxies))
	p.metrics.register(e, file.Metrics)
	h.Register(e.Group(pathOf(file.PublicURL)))
	return e, nil
}

// pathOf is where the routes begin: the path of the public URL.
func pathOf(publicURL string) string {
	u, err := url.Parse(publicURL)
	if err != nil {
		return "" // handlers.New has refused it already
	}
	return u.EscapedPath()
}

func sortedProfiles(all map[string]profile.Profile) []profile.Profile {
	list := make([]profile.Profile, 0, len(all))
	for _, name := range slices.Sorted(maps.Keys(all)) {
		list = append(list, all[name])
	}
	return list
}

// storeAccess finds credentials by the SDK's usual chain. That there are some is found out now, not
// by the first visitor.
func storeAccess(ctx context.Context, store config.Store) (aws.Config, error) {
	access, err := awsconfig.LoadDefaultConfig(ctx, awsconfig.WithRegion(store.Region))
	if err != nil {
		return access, err
	}
	ctx, cancel := context.WithTimeout(ctx, 15*time.Second)
	defer cancel()
	if _, err := access.Credentials.Retrieve(ctx); err != nil {
		return access, errors.New("no credentials for the store: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or give the SDK's chain another source (profile, web identity, container, instance role)")
	}
	return access, nil
}

func storeClient(access aws.Config, store config.Store) *s3.Client {
	return s3.NewFromConfig(access, func(o *s3.Options) {
		o.UsePathStyle = store.PathStyle
		o.RequestChecksumCalculation = aws.RequestChecksumCalculationWhenRequired
		o.ResponseChecksumValidation = aws.ResponseChecksumValidationWhenRequired
		if store.Endpoint != "" {
			o.BaseEndpoint = &store.Endpoint
		}
	})
}

// storeURL is the store's address for the ready line.
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
