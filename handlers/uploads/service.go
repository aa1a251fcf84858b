// Package uploads is the service behind every way in: it issues an upload, signs its parts,
// completes, verifies and aborts it. It knows neither a router nor a page; package handlers puts
// routes in front of it, and another router can do the same.
//
// # One upload
//
//	service, err := uploads.New(config)
//	p, err := service.Profile("photos")
//	issued, err := service.IssueFile(ctx, p, visitor, file)  // plan, charge, sign: one step for every way in
//	…                                                        // the browser sends the file to the bucket
//	up, err := service.Open(issued.Token, id, visitor)       // the upload token says what was decided
//	done, err := service.Complete(ctx, up, "")               // the object is verified, the application told
//
// What the issuing step decided is an Upload. It travels as a signed upload token, so that any node
// can serve any later request and a restart loses nothing.
//
// # What is believed
//
// Nothing that the browser says about a stored object: Complete and Verify look the object up,
// compare it with the plan and remove what differs (see ObjectError).
//
// # Errors
//
// Every error for the caller is a *problem.Error or wraps one. Sizes are bytes, instants UTC, part
// numbers begin at 1.
package uploads

import (
	"context"
	"crypto/rand"
	"errors"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/postern-dev/postern/handlers/awscreds"
	"github.com/postern-dev/postern/handlers/receipts"
	"github.com/postern-dev/postern/policy/profile"
	"github.com/postern-dev/postern/policy/sigv4"
)

// Config is what New needs. PublicURL, Profiles, Store and TokenKeys have no default.
type Config struct {
	// PublicURL is where browsers reach the routes, with their path and without a trailing slash:
	// the store sends a browser back to PublicURL/forms/{profile}/done/{token}.
	PublicURL string
	// Profiles are what may be uploaded; at least one, each name once.
	Profiles []profile.Profile
	// Store is where objects go, and how it is spoken to.
	Store Store
	// TokenKeys sign upload tokens, at least 32 bytes each: the first signs, all verify, so that
	// keys can be rotated.
	TokenKeys []sigv4.Secret
	// Limiter refuses uploads beyond a quota or rate; nil refuses none.
	Limiter Limiter
	// CredentialsMaker makes credentials for profiles that hand them out; nil makes none, and such
	// profiles are refused.
	CredentialsMaker CredentialsMaker
	// Receipts mints the receipt of each accepted object; nil mints none.
	Receipts *receipts.Issuer
	// OnComplete is called after an object was verified and before the answer is sent; nil does
	// nothing. See handlers.Config.
	OnComplete func(context.Context, Completed) error
	// OnAccepted is called for each acceptance that the ledger has recorded, by Run; nil does
	// nothing. It needs a Ledger. See handlers.Config.
	OnAccepted func(context.Context, Completed) error
	// OnReplaced is called when an object is found in the place of an accepted one; nil does
	// nothing. See handlers.Config.
	OnReplaced func(context.Context, Replaced) error
	// OnRemoved is called after an accepted object was removed because its visitor asked for it;
	// nil does nothing. See handlers.Config.
	OnRemoved func(context.Context, Completed) error
	// Ledger records what becomes of uploads; nil records nothing, and each process knows only what
	// it has done itself.
	Ledger Ledger
	// LedgerRequired refuses with StoreUnavailable what can't be recorded while the ledger is away.
	// Otherwise uploads are issued without record then (see Service.Unrecorded), and those that are
	// under way go on.
	LedgerRequired bool
	// Observe is told what becomes of uploads, for counters; nil tells nobody. See Observation.
	Observe func(Observation)
	// Now is the clock; nil is time.Now.
	Now func() time.Time
	// NewID makes upload IDs that sort by time and hold at least 128 random bits; nil is
	// profile.NewID with crypto/rand.
	NewID func() string
	// Logger gets what a visitor isn't told, without secrets; nil is slog.Default().
	Logger *slog.Logger
}

// Service issues, completes and verifies uploads. It is safe for concurrent use and doesn't change
// after New, caches aside.
type Service struct {
	config    Config
	store     objectStore
	signers   *awscreds.Source // of what visitors hold
	links     links
	profiles  map[string]*ServedProfile
	tokens    *tokens
	process   *process
	refusals  *recent[*ObjectError]
	accepted  acceptances
	aborted   *aborted
	followUps *followUps
	owners    owners
	charges   *charges
	readiness *readiness
	recorder  recorder
	observer  observer
	diagnoses *diagnoses
	running   *running
}

// New compiles a Config. It returns every contradiction in it, joined.
func New(c Config) (*Service, error) {
	c = c.withDefaults()
	s := &Service{config: c, process: newProcess(c.Now()), refusals: newRecent[*ObjectError](maxRefusals), followUps: newFollowUps(c.Now)}
	compiled, err := compileProfiles(c.Profiles)
	found := []error{c.check(), err}
	s.tokens, err = newTokens(c.TokenKeys, c.Now)
	if err := errors.Join(append(found, err)...); err != nil {
		return nil, err
	}
	if s.owners, err = newOwners(c.TokenKeys); err != nil {
		return nil, err
	}
	if s.profiles, err = c.serveProfiles(compiled); err != nil {
		return nil, err
	}
	s.store = objectStore{c.Store.Client, c.Store.Provider, c.Store.Timeout}
	if s.links, err = newLinks(c, s.profiles, s.store); err != nil {
		return nil, err
	}
	s.accepted = newAcceptances(c, s.links.toCompleted)
	s.signers = awscreds.NewSource(c.Store.visitorCredentials(), c.Store.Provider.Dialect, c.Store.SigningRegion(), c.Now)
	lookUps := newLookUps()
	s.charges = newCharges(c, s.store, s.profiles, lookUps)
	s.aborted = newAborted(c.Now, aborter{s}.removeLate, lookUps, c.Logger)
	s.recorder = newRecorder(c)
	s.observer = newObserver(c)
	s.running = &running{logger: c.Logger}
	s.diagnoses = newDiagnoses(s.store, c.Now)
	s.readiness = newReadiness(s.store.client, c.Profiles, c.Now)
	return s, nil
}

// withDefaults returns a copy that shares nothing mutable with c.
func (c Config) withDefaults() Config {
	c.Profiles = slices.Clone(c.Profiles)
	c.TokenKeys = slices.Clone(c.TokenKeys)
	c.PublicURL = strings.TrimRight(c.PublicURL, "/")
	c.Store = c.Store.Resolve()
	if c.Limiter == nil {
		c.Limiter = noLimiter{}
	}
	if c.OnComplete == nil {
		c.OnComplete = func(context.Context, Completed) error { return nil }
	}
	if c.OnReplaced == nil {
		c.OnReplaced = func(context.Context, Replaced) error { return nil }
	}
	if c.OnRemoved == nil {
		c.OnRemoved = func(context.Context, Completed) error { return nil }
	}
	if c.Observe == nil {
		c.Observe = func(Observation) {}
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.NewID == nil {
		now := c.Now
		c.NewID = func() string { return profile.NewID(now(), rand.Reader) }
	}
	if c.Logger == nil {
		c.Logger = slog.Default()
	}
	return c
}

// check returns every contradiction that shows without compiling the profiles.
func (c Config) check() error {
	buckets := make([]string, len(c.Profiles))
	for i, p := range c.Profiles {
		buckets[i] = p.Bucket
	}
	found := []error{c.Store.check(), c.Store.CheckAddress(c.PublicURL, buckets)}
	if c.OnAccepted != nil && c.Ledger == nil {
		found = append(found, errors.New("uploads: OnAccepted: wanted a Ledger, which keeps what it is to be told"))
	}
	if len(c.Profiles) == 0 {
		found = append(found, errors.New("uploads: Profiles: wanted at least one"))
	}
	seen := map[string]bool{}
	for _, p := range c.Profiles {
		found = append(found, c.checkProfile(p, seen[p.Name]))
		seen[p.Name] = true
	}
	return errors.Join(found...)
}

// Settings returns a profile by the name in a request; an unknown one is UnknownProfile.
func (s *Service) Profile(name string) (*ServedProfile, error) {
	if p, ok := s.profiles[name]; ok {
		return p, nil
	}
	return nil, errUnknownProfile
}

// Profiles lists all profiles by name.
func (s *Service) Profiles() []*ServedProfile {
	list := make([]*ServedProfile, 0, len(s.profiles))
	for _, name := range slices.Sorted(maps.Keys(s.profiles)) {
		list = append(list, s.profiles[name])
	}
	return list
}
