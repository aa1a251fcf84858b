package handlers

import (
	"errors"
	"maps"
	"net/http"
	"net/url"
	"slices"

	"github.com/postern-dev/postern/handlers/awscreds"
)

// Handlers serves the routes of one Config. It is safe for concurrent use and doesn't change after
// New, caches aside.
type Handlers struct {
	config     Config
	source     *awscreds.Source
	gates      map[string]*gate
	origins    map[string]bool // of all profiles
	own        string          // origin of PublicURL
	base       string          // path of PublicURL, without a trailing slash
	protection *http.CrossOriginProtection
	tokens     *tokens
	locales    *locales
	assets     *assets
	plain      headers // of pages that belong to no profile
	api        headers
	readiness  *readiness
	verdicts   verdicts
}

// New compiles a Config. It returns every contradiction in it, joined, and keeps no reference to
// what it was given but Store, Credentials, Identifier, Limiter, Logger and the functions.
func New(c Config) (*Handlers, error) {
	c = c.withDefaults()
	h := &Handlers{config: c, plain: pageHeaders(sources{}, nil), api: apiHeaders(), own: origin(c.PublicURL)}
	if u, err := url.Parse(c.PublicURL); err == nil {
		h.base = u.EscapedPath()
	}
	compiled, err := compileProfiles(c.Profiles)
	found := []error{c.check(), err}
	h.tokens, err = newTokens(c.TokenKeys, c.Now)
	found = append(found, err)
	if h.locales, err = sharedLocales(); err != nil {
		found = append(found, err)
	}
	if h.assets, err = sharedAssets(); err != nil {
		found = append(found, err)
	}
	if err := errors.Join(found...); err != nil {
		return nil, err
	}
	h.gates = make(map[string]*gate, len(compiled))
	for _, name := range slices.Sorted(maps.Keys(compiled)) {
		g, err := h.newGate(compiled[name])
		found = append(found, err)
		h.gates[name] = g
	}
	if err := errors.Join(found...); err != nil {
		return nil, err
	}
	return h, h.finish()
}

// finish adds what needs all profiles.
func (h *Handlers) finish() (err error) {
	h.config.Store = timedStore{h.config.Store, h.config.StoreTimeout}
	h.source = awscreds.NewSource(h.config.Credentials, h.config.Dialect, h.config.Region)
	h.readiness = newReadiness(h.config)
	h.protection, h.origins, err = crossOrigin(h.config.PublicURL, h.gates)
	return err
}
