// Package gateway runs a real S3 store inside this process, for `postern dev` and for tests:
// versitygw on a plain folder.
//
// Three calls are enough:
//
//	g, err := gateway.Start(ctx, gateway.Options{Dir: dir, Buckets: []string{"media"}})
//	g.Client()      // an S3 client with the store's credentials
//	g.Close()       // stops it and frees its port
//
// The store enforces POST policies, presigned URLs, checksums and bucket CORS. POST forms stream to
// disk; they are never held in memory.
//
// # One per process
//
// The store keeps to paths relative to the working directory, so Start changes the working
// directory of the process to the store's folder and Close changes it back. Resolve relative paths
// before Start. A second Start before Close is refused with ErrRunning.
package gateway

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gofiber/fiber/v3"
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
	// AccessKey and SecretKey are the one account; empty means "postern-dev" and
	// "postern-dev-secret".
	AccessKey, SecretKey string
	// Region is part of every signature; empty means "us-east-1".
	Region string
	// Buckets are made if absent, with CORS rules for CORSOrigins.
	Buckets []string
	// CORSOrigins are the exact origins whose scripts may call the buckets; "*" means any. Empty:
	// no cross-origin script.
	CORSOrigins []string
	// Hook sees every request before the store does and calls ctx.Next to let it pass: the place to
	// inject faults. Nil: none.
	Hook func(fiber.Ctx) error
	// Logger gets what the server says of broken connections, at level debug. Nil: nothing is
	// logged.
	Logger *slog.Logger
}

// Gateway is a running store.
type Gateway struct {
	options  Options
	listener *listener
	home     string
	socket   string
	stop     context.CancelFunc
	done     chan struct{}
	failure  error // set before done is closed
	origins  atomic.Pointer[[]string]
	hook     atomic.Pointer[func(fiber.Ctx) error]
	closing  sync.Once
}

// running guards what the store itself can't: Start must fail before it changes the working
// directory under a gateway that is at work.
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

func start(ctx context.Context, options Options) (_ *Gateway, err error) {
	g := &Gateway{options: options, done: make(chan struct{})}
	g.origins.Store(&options.CORSOrigins)
	g.SetHook(options.Hook)
	if g.home, err = os.Getwd(); err != nil {
		return nil, err
	}
	if g.listener, err = listen(options.Listen); err != nil {
		return nil, err
	}
	if err := g.serve(ctx); err != nil {
		g.listener.Close()
		return nil, errors.Join(err, g.leave())
	}
	for _, bucket := range options.Buckets {
		if err := g.MakeBucket(ctx, bucket); err != nil {
			return nil, errors.Join(err, g.Close())
		}
	}
	return g, nil
}

func (o Options) withDefaults() Options {
	o.Listen = orElse(o.Listen, "127.0.0.1:0")
	o.AccessKey = orElse(o.AccessKey, "postern-dev")
	o.SecretKey = orElse(o.SecretKey, "postern-dev-secret")
	o.Region = orElse(o.Region, "us-east-1")
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	return o
}

func orElse(value, fallback string) string {
	if value == "" {
		return fallback
	}
	return value
}

// URL is the store's endpoint, without a trailing slash; address buckets by path: URL()+"/bucket".
func (g *Gateway) URL() string { return "http://" + g.Addr().String() }

// Addr is the address the store listens on.
func (g *Gateway) Addr() net.Addr { return g.listener.Addr() }

// Done is closed when the store has stopped, for whatever reason.
func (g *Gateway) Done() <-chan struct{} { return g.done }

// SetHook replaces the hook of Options; nil removes it. It may be called while requests are served.
func (g *Gateway) SetHook(hook func(fiber.Ctx) error) {
	if hook == nil {
		hook = func(ctx fiber.Ctx) error { return ctx.Next() }
	}
	g.hook.Store(&hook)
}

// grace is how long Close lets requests finish before it cuts them off.
const grace = 3 * time.Second

// Close stops the store: requests under way get three seconds, then their connections are cut. When
// it returns, the port is free, the working directory is the one from before Start, and another
// gateway may be started.
func (g *Gateway) Close() error {
	var leaving error
	g.closing.Do(func() {
		g.stop()
		select {
		case <-g.done:
		case <-time.After(grace):
		}
		g.listener.cut()
		<-g.done
		leaving = g.leave()
		running.Store(false)
	})
	return errors.Join(g.failure, leaving)
}

func (g *Gateway) leave() error {
	return errors.Join(os.RemoveAll(g.socket), os.Chdir(g.home))
}
