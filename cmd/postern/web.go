package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"syscall"
	"time"

	"github.com/labstack/echo/v4"
	"github.com/labstack/echo/v4/middleware"

	"github.com/postern-dev/postern/cmd/postern/config"
	"github.com/postern-dev/postern/handlers"
	"github.com/postern-dev/postern/handlers/problem"
)

// Limits of a connection. No file passes through this server, so requests are small and short.
// Routes that wait for long calls to the store extend the write timeout themselves.
const (
	headerTimeout = 5 * time.Second
	readTimeout   = 20 * time.Second
	writeTimeout  = time.Minute
	idleTimeout   = 2 * time.Minute
	maxHeader     = 32 << 10 // bytes; a ticket has at most 8 KiB, an upload token fewer
)

// readMethods are those of pages: the answer to HEAD has the headers of GET, and net/http leaves out
// its body.
var readMethods = []string{http.MethodGet, http.MethodHead}

// listen listens on host:port. flag is named in errors: a usageError where the address can't be
// read, otherwise one with a hint where it is in use.
func listen(flag, address string) (net.Listener, error) {
	if err := checkAddress(flag, address); err != nil {
		return nil, err
	}
	l, err := net.Listen("tcp", address)
	if err != nil {
		return nil, listenError(flag, address, err)
	}
	return l, nil
}

func listenError(flag, address string, err error) error {
	if errors.Is(err, syscall.EADDRINUSE) {
		return fmt.Errorf("%s is already in use, perhaps by another postern: stop that one, or choose another address with %s (port 0 picks a free one)", address, flag)
	}
	return fmt.Errorf("%s %s: %w", flag, address, err)
}

func checkAddress(flag, address string) error {
	if !config.IsAddress(address) {
		return badUsage("%s %q: wanted host:port, such as 127.0.0.1:8080", flag, address)
	}
	return nil
}

// newEcho returns an Echo that logs every request, turns panics into errors and then applies more
// middleware, before anything of a request is answered. ip finds the visitor's address.
func newEcho(h *handlers.Handlers, log *slog.Logger, ip echo.IPExtractor, more ...echo.MiddlewareFunc) *echo.Echo {
	e := echo.New()
	e.HideBanner, e.HidePort = true, true
	e.Logger.SetOutput(logWriter{log}) // Echo's own goes to standard output
	e.HTTPErrorHandler = h.HTTPErrorHandler
	e.IPExtractor = ip
	e.Use(handlers.AccessLog(log), middleware.RecoverWithConfig(middleware.RecoverConfig{
		LogErrorFunc: func(c echo.Context, err error, stack []byte) error {
			log.Error("panic", slog.String("error", problem.LogText(err.Error())), slog.String("stack", string(stack)), handlers.UploadAttr(c))
			return err
		},
	}))
	e.Use(more...)
	e.Match(readMethods, "/favicon.ico", showIcon)
	return e
}

// logWriter writes Echo's own messages to a logger.
type logWriter struct{ *slog.Logger }

func (w logWriter) Write(line []byte) (int, error) {
	w.Warn("web server", slog.String("message", problem.LogText(string(line))))
	return len(line), nil
}

// serve serves each handler at its listener until ctx ends. Then the listeners are closed at once,
// and requests under way may take as long as drain. It returns an error where a listener failed or
// where requests had to be cut off.
func serve(ctx context.Context, log *slog.Logger, drain time.Duration, handlers map[net.Listener]http.Handler) error {
	failed := make(chan error, len(handlers))
	var servers []*http.Server
	for listener, handler := range handlers {
		server := newHTTPServer(log, handler)
		servers = append(servers, server)
		go func() { failed <- server.Serve(listener) }()
	}
	var failure error
	select {
	case <-ctx.Done():
		log.Info("stopping", slog.Duration("drain", drain))
	case failure = <-failed:
	}
	return errors.Join(failure, shutDown(servers, drain))
}

func newHTTPServer(log *slog.Logger, h http.Handler) *http.Server {
	return &http.Server{
		Handler:           h,
		ReadHeaderTimeout: headerTimeout,
		ReadTimeout:       readTimeout,
		WriteTimeout:      writeTimeout,
		IdleTimeout:       idleTimeout,
		MaxHeaderBytes:    maxHeader,
		// At level debug: net/http reports nothing but the mistakes of clients.
		ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelDebug),
	}
}

func shutDown(servers []*http.Server, drain time.Duration) error {
	ctx, cancel := context.WithTimeout(context.Background(), drain)
	defer cancel()
	var found []error
	for _, s := range servers {
		if err := s.Shutdown(ctx); err != nil {
			found = append(found, fmt.Errorf("requests were still under way after %v: %w", drain, errors.Join(err, s.Close())))
		}
	}
	return errors.Join(found...)
}

// printReady prints the ready line, the only line on standard output.
func (c *console) printReady(url, store string) error {
	_, err := fmt.Fprintf(c.stdout, "postern: ready at %s (store %s)\n", url, store)
	return err
}
