package handlers

import (
	"context"
	"fmt"
	"log/slog"
	"net/url"
	"strings"
	"time"

	"github.com/postern-dev/postern/handlers/receipts"
	"github.com/postern-dev/postern/handlers/tickets"
	"github.com/postern-dev/postern/handlers/uploads"
	"github.com/postern-dev/postern/policy"
	"github.com/postern-dev/postern/policy/profile"
	"github.com/postern-dev/postern/policy/sigv4"
)

// Config is what New needs. PublicURL, Profiles, Store and TokenKeys have no default.
type Config struct {
	// PublicURL is where browsers reach the group, with its path: an absolute https URL (http only
	// on loopback), no query. A trailing slash is dropped.
	PublicURL string
	// Profiles are what may be uploaded; at least one, each name once.
	Profiles []profile.Profile
	// Store is where objects go, and how it is spoken to.
	Store uploads.Store

	// TokenKeys sign upload tokens, at least 32 bytes each: the first signs, all verify, so that
	// keys can be rotated.
	TokenKeys []sigv4.Secret
	// Identifier says who asks; nil knows nobody, so that only public profiles can be used.
	Identifier Identifier
	// Limiter refuses uploads beyond a quota or rate, such as quota.New's; nil refuses none.
	Limiter uploads.Limiter
	// CredentialsMaker makes credentials for profiles that hand them out; nil makes none, and such
	// profiles are refused.
	CredentialsMaker uploads.CredentialsMaker

	// Receipts mints the receipt of each accepted upload. nil: with keys derived from TokenKeys, so
	// that this program can verify them and nobody else.
	Receipts *receipts.Issuer
	// WithoutReceipts mints none: for a server beside the application, which has no key to share.
	WithoutReceipts bool

	// OnComplete is called after an upload was verified at the store and before the answer is sent;
	// nil does nothing. A process calls it once for each upload, unless it fails; another process,
	// or the same after a restart, may call it again with the same ID and ETag. An error fails the
	// request, which may then be repeated; a *problem.Error is shown to the caller. The context
	// doesn't end when the browser leaves.
	//
	// Leave the object at its key as it is: until the upload's time has ended it is compared with
	// the plan again whenever completion is asked for, and removed where it differs. Keep what you
	// make of it under another key.
	OnComplete func(context.Context, uploads.Completed) error
	// OnAccepted is called for each upload that was accepted, after the ledger has recorded that;
	// nil does nothing. Unlike OnComplete it is called whatever happens to the browser and to this
	// process: at least once, in the background of a process that called Handlers.Run, and again
	// after an error or a panic, with pauses that grow from 5 seconds to an hour. It may be called
	// twice for one upload, so it has to do nothing where it did its work before; Completed.ID
	// tells that. Its context ends after 20 seconds. Of an upload whose object was removed meanwhile,
	// or is to be erased, it isn't told. It needs a Ledger.
	//
	// An upload that was issued while the ledger was away, and that nobody completes, has no record
	// and isn't told of: LedgerRequired issues none then.
	OnAccepted func(context.Context, uploads.Completed) error
	// OnReplaced is called when completion finds another object in the place of an accepted one,
	// once for each such object; nil does nothing. An error is logged, and the function called
	// again the next time. Such an object is compared with the plan like any other and removed
	// where it differs, never the accepted version.
	OnReplaced func(context.Context, uploads.Replaced) error
	// OnRemoved is called after an accepted object was removed because its visitor asked for it
	// within Profile.Removable; nil does nothing. An error is logged: the object is gone.
	OnRemoved func(context.Context, uploads.Completed) error
	// Ledger records what becomes of uploads, such as ledger.Open's; nil records nothing. With it
	// all processes know what any of them has accepted, refused and aborted, also after a restart.
	// It needs a call of Handlers.Run.
	Ledger uploads.Ledger
	// LedgerRequired refuses uploads with StoreUnavailable while the ledger is away. Otherwise they
	// are issued without record then.
	LedgerRequired bool
	// Observe is told what becomes of uploads, for counters; nil tells nobody. See
	// uploads.Observation.
	Observe func(uploads.Observation)
	// Ready is asked by /readyz beside the store; nil is always ready.
	Ready func(context.Context) error

	// Backend says which requests come from the application's other servers; nil: none do, and the
	// routes for them are 404. It needs a Ledger. This program needs none of them: see Claim, Erase
	// and uploads.Backend.
	Backend *tickets.BackendVerifier

	// Explain serves the page that says why an upload was refused; it is off unless set.
	Explain bool

	// Now is the clock; nil is time.Now.
	Now func() time.Time
	// NewID makes upload IDs that sort by time and hold at least 128 random bits; nil is
	// profile.NewID with crypto/rand.
	NewID func() string
	// Logger gets what a visitor isn't told, without secrets; nil is slog.Default().
	Logger *slog.Logger
}

// withDefaults fills in what a Config may leave out, as the comments of its fields say.
func (c Config) withDefaults() Config {
	c.PublicURL = strings.TrimRight(c.PublicURL, "/")
	if c.Identifier == nil {
		c.Identifier = Nobody{}
	}
	if c.Ready == nil {
		c.Ready = func(context.Context) error { return nil }
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Logger == nil {
		c.Logger = slog.Default()
	}
	return c
}

// receiptIssuer is Receipts, or one with derived keys; nil where no receipts are minted.
func (c Config) receiptIssuer() (*receipts.Issuer, error) {
	if c.WithoutReceipts || c.Receipts != nil {
		return c.Receipts, nil
	}
	keys, err := uploads.DeriveKeys(c.TokenKeys, "postern receipt")
	if err != nil {
		return nil, err
	}
	return receipts.New(receipts.Config{Issuer: c.PublicURL, Secrets: keys, Now: c.Now})
}

// uploadsConfig is the service's part of c.
func (c Config) uploadsConfig(issuer *receipts.Issuer) uploads.Config {
	return uploads.Config{
		Receipts: issuer, PublicURL: c.PublicURL, Profiles: c.Profiles, Store: c.Store, TokenKeys: c.TokenKeys, Limiter: c.Limiter,
		CredentialsMaker: c.CredentialsMaker, OnComplete: c.OnComplete, OnAccepted: c.OnAccepted, OnReplaced: c.OnReplaced, OnRemoved: c.OnRemoved,
		Ledger: c.Ledger, LedgerRequired: c.LedgerRequired, Observe: c.Observe, Now: c.Now, NewID: c.NewID, Logger: c.Logger,
	}
}

// checkPublicURL: stores send browsers back to this address, and policies take only such addresses
// for a redirect.
func checkPublicURL(text string) error {
	u, err := url.Parse(text)
	if err != nil || !uploads.IsBaseURL(text) || u.Scheme == "http" && !policy.IsLoopback(u.Hostname()) {
		return fmt.Errorf("handlers: PublicURL: wanted an https URL without query, or http on loopback, got %q", text)
	}
	return nil
}
