// Package gateway runs a real S3 store inside this process, for `postern dev` and for tests:
// versitygw on a plain folder.
//
// Three calls are enough:
//
//	g, err := gateway.Start(ctx, gateway.Options{Dir: dir, Buckets: []string{"media"}})
//	g.Client()      // an S3 client with the store's credentials
//	g.Close()       // stops it and frees its port
//
// The store enforces POST policies, presigned URLs, checksums and bucket CORS. It streams POST
// forms to disk; they are never held in memory.
//
// # One per process
//
// The store uses paths relative to the working directory. So Start changes the working directory of
// the process to the store's folder, and Close changes it back. Resolve relative paths before
// Start. A second Start before Close is refused with ErrRunning.
package gateway

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"net"
	"os"
	"sync"
	"sync/atomic"
	"time"
)

// ErrRunning is returned by Start while this process already runs a gateway.
var ErrRunning = errors.New("gateway: this process already runs one")

// Options say where the store listens, where it keeps its objects and who may call it. Only Dir is
// required.
type Options struct {
	// Listen is host:port; empty means 127.0.0.1:0. Port 0 picks a free one.
	Listen string
	// Dir holds the objects (Dir/objects) and, where the filesystem has no extended attributes,
	// their metadata (Dir/metadata). It is made if absent.
	Dir string
	// AccessKey and SecretKey are the credentials of the one account; empty means "postern-dev" and
	// "postern-dev-secret".
	AccessKey, SecretKey string
	// Uploader is a second account, which may put objects and parts below its prefix and do nothing
	// else. Empty: there is none.
	Uploader Uploader
	// Region is part of every signature; empty means "us-east-1".
	Region string
	// Buckets are made if absent, with CORS rules for CORSOrigins.
	Buckets []string
	// Versions lets buckets keep versions, in Dir/versions; each has to be told by PutBucketVersioning.
	Versions bool
	// CORSOrigins are the exact origins whose scripts may call the buckets; "*" means any. Empty:
	// no script of another origin may.
	CORSOrigins []string
	// InsecureUnsignedHeaders names buckets whose presigned requests may carry headers that weren't
	// signed, as on stores that look at the signed headers alone. For tests: who holds a presigned
	// URL can then copy any object that the URL's signer can read.
	InsecureUnsignedHeaders []string
	// Logger gets what the server reports about broken connections, at level debug. Nil: nothing is
	// logged.
	Logger *slog.Logger
}

// Uploader is an account for what visitors hold.
type Uploader struct {
	// AccessKey and SecretKey are its credentials.
	AccessKey, SecretKey string
	// Prefix begins the keys that it may put, in every bucket of Options.Buckets: not empty, with a
	// slash at its end.
	Prefix string
}

// Gateway is a running store. Its methods are safe for concurrent use.
type Gateway struct {
	options  Options
	listener *listener
	previous string // working directory before Start
	stop     context.CancelFunc
	done     chan struct{}
	failure  error // set before done is closed
	closing  sync.Once
}

// running makes a second Start fail before it changes the working directory under a running
// gateway.
var running atomic.Bool

// Start returns once the store answers requests and its buckets exist. The store ends with ctx or
// by Close, whichever comes first; Close is needed in both cases. Errors: ErrRunning, an address
// that can't be listened on, a folder that can't be written.
func Start(ctx context.Context, options Options) (*Gateway, error) {
	if !running.CompareAndSwap(false, true) {
		return nil, ErrRunning
	}
	g, err := start(ctx, options.withDefaults())
	if err != nil {
		running.Store(false)
		return nil, err
	}
	return g, nil
}

// start listens, serves and makes the buckets. On an error it undoes what it did.
func start(ctx context.Context, options Options) (_ *Gateway, err error) {
	g := &Gateway{options: options, done: make(chan struct{})}
	if g.previous, err = os.Getwd(); err != nil {
		return nil, err
	}
	if g.listener, err = listen(options.Listen); err != nil {
		return nil, err
	}
	if err := g.serve(ctx); err != nil {
		g.listener.Close()
		return nil, errors.Join(err, os.Chdir(g.previous))
	}
	for _, bucket := range options.Buckets {
		if err := errors.Join(g.makeBucket(ctx, bucket), g.admitUploader(ctx, bucket)); err != nil {
			return nil, errors.Join(err, g.Close())
		}
	}
	return g, nil
}

func (o Options) withDefaults() Options {
	o.Listen = cmp.Or(o.Listen, "127.0.0.1:0")
	o.AccessKey = cmp.Or(o.AccessKey, "postern-dev")
	o.SecretKey = cmp.Or(o.SecretKey, "postern-dev-secret")
	o.Region = cmp.Or(o.Region, "us-east-1")
	o.Logger = cmp.Or(o.Logger, slog.New(slog.DiscardHandler))
	return o
}

// URL returns the store's endpoint without a trailing slash. Buckets are addressed by path:
// URL()+"/bucket".
func (g *Gateway) URL() string { return "http://" + g.Addr().String() }

// Addr returns the address the store listens on.
func (g *Gateway) Addr() net.Addr { return g.listener.Addr() }

// Done returns a channel that is closed when the store has stopped, for whatever reason.
func (g *Gateway) Done() <-chan struct{} { return g.done }

// drain is how long Close waits for requests under way before it cuts their connections.
const drain = 3 * time.Second

// Close stops the store: requests under way get three seconds, then their connections are cut. When
// it returns, the port is free, the working directory is the one from before Start, and another
// gateway may be started. The error is the one the store ended with; nil where it was told to end.
func (g *Gateway) Close() error {
	var err error
	g.closing.Do(func() {
		g.stop()
		select {
		case <-g.done:
		case <-time.After(drain):
		}
		g.listener.closeConnections()
		<-g.done
		err = os.Chdir(g.previous)
		running.Store(false)
	})
	return errors.Join(g.failure, err)
}
