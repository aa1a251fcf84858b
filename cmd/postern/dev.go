package main

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"path/filepath"
	"time"

	"github.com/postern-dev/postern/cmd/postern/gateway"
	"github.com/postern-dev/postern/handlers"
	"github.com/postern-dev/postern/handlers/ledger"
	"github.com/postern-dev/postern/handlers/quota"
	"github.com/postern-dev/postern/handlers/receipts"
	"github.com/postern-dev/postern/handlers/tickets"
	"github.com/postern-dev/postern/handlers/uploads"
	"github.com/postern-dev/postern/policy"
	"github.com/postern-dev/postern/policy/profile"
	"github.com/postern-dev/postern/policy/sigv4"
)

const (
	devBucket = "postern-dev"
	devAccess = "postern-dev"
	devRegion = "us-east-1"
	devDrain  = 10 * time.Second
)

type devCommand struct {
	Listen   string   `help:"Address of the pages, on this machine; port 0 picks a free one." default:"127.0.0.1:8080" placeholder:"HOST:PORT"`
	S3Listen string   `name:"s3-listen" help:"Address of the embedded store." default:"127.0.0.1:9000" placeholder:"HOST:PORT"`
	Data     string   `help:"Folder for uploads and keys." default:".postern" type:"path" placeholder:"DIR"`
	Origins  []string `name:"origin" help:"Origin of your own page that may embed the widget or call the API, such as http://localhost:3000; may be repeated." placeholder:"ORIGIN"`
	Checksum string   `help:"Checksum that scripts compute of each part: crc32, crc32c or crc64nvme." enum:",crc32,crc32c,crc64nvme" default:"" placeholder:"NAME"`
}

// Run serves until SIGINT or SIGTERM.
func (d *devCommand) Run(c *console) (err error) {
	log := slog.New(slog.NewTextHandler(c.stderr, nil))
	listener, err := d.listen()
	if err != nil {
		return err
	}
	defer listener.Close()
	keys, err := openData(d.Data)
	if err != nil {
		return usageError{err}
	}
	addresses := newAddresses(d.Listen, listener.Addr())
	profiles, err := d.profiles(addresses)
	if err != nil {
		return err
	}
	store, err := d.startStore(log, keys, profiles)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, store.Close()) }()
	records, err := openLedger(c, ledgerOfDev(d.Data), log)
	if err != nil {
		return usageError{err}
	}
	return d.serve(c, log, listener, devParts{keys, addresses, profiles, store, records})
}

// devParts are what dev is made of beside its routes.
type devParts struct {
	keys      devKeys
	addresses addresses
	profiles  []profile.Profile
	store     *gateway.Gateway
	records   *ledger.Ledger
}

// serve serves the routes and the pages, and does the ledger's jobs and deliveries, until c ends or
// the store does. It closes the ledger.
func (d *devCommand) serve(c *console, log *slog.Logger, listener net.Listener, p devParts) error {
	issuer, err := receipts.New(receipts.Config{Issuer: p.addresses.own, Secrets: []sigv4.Secret{p.keys.receipts}})
	if err != nil {
		return err
	}
	h, err := d.handlers(log, p, issuer)
	if err != nil {
		return err
	}
	defer runJobs(c, p.records, h.Service)()
	hooks := devWebhooks{secret: p.keys.webhooks, own: p.addresses.own, profiles: p.profiles, issuer: issuer}
	if err := hooks.start(c, p.records, log); err != nil {
		return err
	}
	defer hooks.deliverer.close()
	start := startPage{h: h, addresses: p.addresses, profiles: p.profiles, data: d.Data, store: p.store.URL(), recent: recentPage{h, p.records, hooks.receiver}}
	e, err := start.router(log)
	if err != nil {
		return err
	}
	if err := c.printReady(p.addresses.own, p.store.URL()); err != nil {
		return err
	}
	ctx, stop := context.WithCancelCause(c)
	defer stop(nil)
	context.AfterFunc(c, func() { stop(nil) })
	go func() { <-p.store.Done(); stop(errors.New("the embedded store stopped")) }()
	err = serve(ctx, log, devDrain, map[net.Listener]http.Handler{listener: e})
	return errors.Join(err, stopCause(ctx, c))
}

// stopCause returns why ctx ended; nil where that was a signal.
func stopCause(ctx context.Context, c *console) error {
	if c.Err() != nil {
		return nil
	}
	return context.Cause(ctx)
}

// listen listens on the address of the pages. Both addresses have to be on this machine: whoever
// can reach this server may upload.
func (d *devCommand) listen() (net.Listener, error) {
	err := errors.Join(checkLoopback("--listen", d.Listen), checkLoopback("--s3-listen", d.S3Listen))
	if err != nil {
		return nil, err
	}
	return listen("--listen", d.Listen)
}

func checkLoopback(flag, address string) error {
	if err := checkAddress(flag, address); err != nil {
		return err
	}
	if host, _, _ := net.SplitHostPort(address); !policy.IsLoopback(host) {
		return badUsage("%s %s: dev is for this machine alone; name a loopback address such as 127.0.0.1:8080, or use postern serve", flag, address)
	}
	return nil
}

// addresses are the URLs of this server: its own, and one with another host name. For a browser,
// pages under the other name are a foreign site, so that the widget can be tried there.
type addresses struct{ own, foreign string }

func newAddresses(flag string, listening net.Addr) addresses {
	host, _, _ := net.SplitHostPort(flag)
	_, port, _ := net.SplitHostPort(listening.String())
	foreign := "localhost"
	if host == foreign {
		foreign = "127.0.0.1"
	}
	return addresses{own: "http://" + net.JoinHostPort(host, port), foreign: "http://" + net.JoinHostPort(foreign, port)}
}

func (d *devCommand) startStore(log *slog.Logger, keys devKeys, profiles []profile.Profile) (*gateway.Gateway, error) {
	// Not the console's context: the store has to run until the last request has been answered.
	store, err := gateway.Start(context.Background(), gateway.Options{
		Listen: d.S3Listen, Dir: filepath.Join(d.Data, storeFolder),
		AccessKey: devAccess, SecretKey: string(keys.store), Region: devRegion,
		Buckets: []string{devBucket}, CORSOrigins: profiles[0].Origins, Logger: log,
	})
	if err != nil {
		return nil, listenError("--s3-listen", d.S3Listen, err)
	}
	return store, nil
}

// handlers makes the routes of the local server: tickets of its own key, quotas in memory, and the
// embedded gateway as the store.
func (d *devCommand) handlers(log *slog.Logger, p devParts, issuer *receipts.Issuer) (*handlers.Handlers, error) {
	// One person tries things out here, with tools that send thousands of requests too.
	limiter, err := quota.New(quota.Config{Profiles: p.profiles, Issues: profile.Rate{Limit: 1_000_000, Window: time.Second}})
	if err != nil {
		return nil, err
	}
	verifier, err := tickets.New(tickets.Config{Secrets: []sigv4.Secret{p.keys.tickets}})
	if err != nil {
		return nil, err
	}
	provider, err := uploads.ProviderNamed("versity")
	if err != nil {
		return nil, err
	}
	backend, err := tickets.NewBackend(tickets.BackendConfig{Secrets: []sigv4.Secret{p.keys.backend}})
	if err != nil {
		return nil, err
	}
	return handlers.New(handlers.Config{
		PublicURL: p.addresses.own, Profiles: p.profiles,
		Store: uploads.Store{Client: p.store.Client(), Credentials: p.store.Credentials(), Provider: provider,
			Region: devRegion, Endpoint: p.store.URL(), PathStyle: true},
		TokenKeys: []sigv4.Secret{p.keys.tokens}, Receipts: issuer, Identifier: verifier, Limiter: limiter,
		OnComplete: logCompleted(log), Logger: log, Explain: true, Ledger: usable(p.records), Backend: backend,
	})
}

func logCompleted(log *slog.Logger) func(context.Context, uploads.Completed) error {
	return func(ctx context.Context, u uploads.Completed) error {
		log.InfoContext(ctx, "upload complete", slog.String("id", u.ID), slog.String("profile", u.Profile),
			slog.String("key", u.Key), slog.Int64("size", u.Size), slog.String("type", u.Type))
		return nil
	}
}

// profiles returns the two demo profiles: photos takes pictures, files any file.
func (d *devCommand) profiles(a addresses) ([]profile.Profile, error) {
	photos := profile.Profile{
		Name: "photos", Bucket: devBucket, Key: "users/{subject}/{yyyy}/{mm}/{id}{ext}",
		Types:   []string{"image/png", "image/jpeg", "image/webp"},
		MinSize: 1, MaxSize: 10 * profile.MiB,
		Access: profile.AccessPublic, Origins: append([]string{a.own, a.foreign}, d.Origins...), Checksum: profile.Checksum(d.Checksum),
		Metadata: map[string]string{"source": "web"}, AcceptMetadata: []string{"album"},
		Tags:     map[string]string{"stage": "inbox"},
		Download: profile.Download{Lifetime: 5 * time.Minute}, Removable: time.Hour,
	}
	var wrong *profile.SettingError
	if _, err := profile.Compile(photos); errors.As(err, &wrong) {
		return nil, badUsage("--origin %q: wanted %s", wrong.Got, wrong.Wanted) // no other field has a value from outside
	}
	files := photos
	files.Name, files.Types, files.MaxSize = "files", []string{"*/*"}, profile.MaxObjectSize
	return []profile.Profile{photos, files}, nil
}
