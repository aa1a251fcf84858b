// Command example is a small site with upload fields in forms of its own, to be read and tried:
//
//	go run ./cmd/example
//
// People make albums of pictures and documents. The form (albums.go, pages.templ) keeps its files
// when another field has to be corrected, works without script, and works by htmx too. A second
// site on another origin (partner.go) embeds the widget and verifies receipts with a shared secret.
// The store is embedded, and everything ends with the process.
package main

import (
	"context"
	"crypto/rand"
	"errors"
	"flag"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/postern-dev/postern/cmd/postern/gateway"
	"github.com/postern-dev/postern/policy/sigv4"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:], os.Stdout); err != nil {
		log.Fatal("example: ", err)
	}
}

// run serves both sites until ctx ends, and prints one line when they are ready.
func run(ctx context.Context, args []string, stdout io.Writer) (err error) {
	flags := flag.NewFlagSet("example", flag.ContinueOnError)
	address := flags.String("listen", "127.0.0.1:8081", "`address` of the site; port 0 picks a free one")
	partnerAddress := flags.String("partner", "127.0.0.1:8082", "`address` of the site that embeds the widget")
	if err := flags.Parse(args); err != nil {
		return err
	}
	own, err := net.Listen("tcp", *address)
	if err != nil {
		return err
	}
	other, err := net.Listen("tcp", *partnerAddress)
	if err != nil {
		return errors.Join(err, own.Close())
	}
	// Cookies know no ports, so the other site needs another host name too.
	origins := origins{site: "http://" + own.Addr().String(), partner: fmt.Sprintf("http://localhost:%d", other.Addr().(*net.TCPAddr).Port)}

	dir, err := os.MkdirTemp("", "postern-example-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	store, err := gateway.Start(context.Background(), gateway.Options{Dir: dir, Buckets: []string{bucket}, CORSOrigins: []string{origins.site}})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, store.Close()) }()

	shared := sharedSecrets{tickets: sigv4.Secret(rand.Text() + rand.Text()), receipts: sigv4.Secret(rand.Text() + rand.Text())}
	s, err := newSite(origins, store, shared)
	if err != nil {
		return err
	}
	p, err := newPartner(origins, shared)
	if err != nil {
		return err
	}
	fmt.Fprintf(stdout, "example: ready at %s (the other site %s)\n", origins.site, origins.partner)
	return serve(ctx, map[net.Listener]http.Handler{own: s.handler(), other: p.handler()})
}

// origins are those of the two sites.
type origins struct{ site, partner string }

// sharedSecrets are what the two sites share: the partner signs tickets, the site receipts.
type sharedSecrets struct{ tickets, receipts sigv4.Secret }

// serve serves each handler on its listener until ctx ends.
func serve(ctx context.Context, handlers map[net.Listener]http.Handler) error {
	stopped := make(chan error, len(handlers))
	for listener, handler := range handlers {
		server := &http.Server{Handler: handler, ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 30 * time.Second}
		go func() { stopped <- server.Serve(listener) }()
		defer context.AfterFunc(ctx, func() {
			limited, cancel := context.WithTimeout(context.Background(), 3*time.Second)
			defer cancel()
			_ = server.Shutdown(limited)
		})()
	}
	if err := <-stopped; !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}
