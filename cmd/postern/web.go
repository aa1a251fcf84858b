package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"strconv"
	"syscall"
	"time"

	"github.com/labstack/echo/v4"
	"github.com/labstack/echo/v4/middleware"

	"github.com/postern-dev/postern/handlers"
	"github.com/postern-dev/postern/handlers/problem"
)

// What a connection may take. No file passes through this server, so requests are small and end
// soon. Routes that wait for the store's long work extend the write timeout themselves.
const (
	headerTimeout = 5 * time.Second
	readTimeout   = 20 * time.Second
	writeTimeout  = time.Minute
	idleTimeout   = 2 * time.Minute
	maxHeader     = 32 << 10 // a ticket is at most 8 KiB, an upload token less
)

// listen takes host:port. An address in use is a failed run with a hint; one that can't be an
// address is a mistake of whoever typed it.
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
	_, port, err := net.SplitHostPort(address)
	if err == nil {
		_, err = strconv.ParseUint(port, 10, 16)
	}
	if err != nil {
		return badUsage("%s %q: wanted host:port, such as 127.0.0.1:8080", flag, address)
	}
	return nil
}

// newEcho is a server for the handlers: access log, panics as errors, the visitor's address as ip
// finds it.
func newEcho(h *handlers.Handlers, log *slog.Logger, ip echo.IPExtractor) *echo.Echo {
	e := echo.New()
	e.HideBanner, e.HidePort = true, true
	e.Logger.SetOutput(logWriter{log}) // Echo's own goes to standard output
	e.HTTPErrorHandler = h.HTTPErrorHandler
	e.IPExtractor = ip
	e.Use(handlers.AccessLog(log), middleware.RecoverWithConfig(middleware.RecoverConfig{
		LogErrorFunc: func(_ echo.Context, err error, stack []byte) error {
			log.Error("panic", slog.String("error", problem.LogText(err.Error())), slog.String("stack", string(stack)))
			return err
		},
	}))
	e.GET("/favicon.ico", showIcon)
	return e
}

// logWriter sends whole lines to a logger.
type logWriter struct{ *slog.Logger }

func (w logWriter) Write(line []byte) (int, error) {
	w.Warn("web server", slog.String("message", problem.LogText(string(line))))
	return len(line), nil
}

// addresses finds visitors' addresses: in the header that the trusted proxies set, or else from the
// connection alone. Nothing is trusted by guess.
func addresses(header string, trusted []netip.Prefix) echo.IPExtractor {
	options := []echo.TrustOption{echo.TrustLoopback(false), echo.TrustLinkLocal(false), echo.TrustPrivateNet(false)}
	for _, p := range trusted {
		options = append(options, echo.TrustIPRange(&net.IPNet{
			IP: p.Masked().Addr().AsSlice(), Mask: net.CIDRMask(p.Bits(), p.Addr().BitLen()),
		}))
	}
	switch header {
	case "X-Forwarded-For":
		return echo.ExtractIPFromXFFHeader(options...)
	case "X-Real-IP":
		return echo.ExtractIPFromRealIPHeader(options...)
	}
	return echo.ExtractIPDirect()
}

// site is what answers at one listener.
type site struct {
	listener net.Listener
	handler  http.Handler
}

// serve answers at every site until ctx ends, then drains: listeners close at once, requests under
// way get as long as drain. It returns an error where a site broke down, or where requests had to
// be cut off.
func serve(ctx context.Context, log *slog.Logger, drain time.Duration, sites ...site) error {
	broken := make(chan error, len(sites))
	servers := make([]*http.Server, len(sites))
	for i, s := range sites {
		servers[i] = newServer(log, s.handler)
		go func() { broken <- servers[i].Serve(s.listener) }()
	}
	var failure error
	select {
	case <-ctx.Done():
		log.Info("stopping", slog.Duration("drain", drain))
	case failure = <-broken:
	}
	return errors.Join(failure, shutdown(servers, drain))
}

func newServer(log *slog.Logger, h http.Handler) *http.Server {
	return &http.Server{
		Handler:           h,
		ReadHeaderTimeout: headerTimeout,
		ReadTimeout:       readTimeout,
		WriteTimeout:      writeTimeout,
		IdleTimeout:       idleTimeout,
		MaxHeaderBytes:    maxHeader,
		// What net/http complains of are broken clients.
		ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelDebug),
	}
}

func shutdown(servers []*http.Server, drain time.Duration) error {
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

// announce prints the one line that goes to standard output.
func (c *console) announce(url, store string) error {
	_, err := fmt.Fprintf(c.stdout, "postern: ready at %s (store %s)\n", url, store)
	return err
}
