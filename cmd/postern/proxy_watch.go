package main

import (
	"log/slog"
	"net/netip"
	"sync"

	"github.com/labstack/echo/v4"
)

const (
	watchedRequests    = 1000 // after which the counts begin anew, so that they stay few
	minWatchedRequests = 200  // of which a share means something
)

// proxyWatch warns once where nearly all requests come from one address although the config names
// no proxy. It probably is one, whose visitors then share the limits of one address.
type proxyWatch struct {
	mu        sync.Mutex // guards the rest
	byPeer    map[netip.Addr]int
	requests  int
	hasWarned bool
}

// middleware counts requests, but not those of the exempt routes: a server that few people use
// answers more health checks than anything else.
func (w *proxyWatch) middleware(log *slog.Logger, exempt map[string]bool) echo.MiddlewareFunc {
	return func(next echo.HandlerFunc) echo.HandlerFunc {
		return func(c echo.Context) error {
			peer := parseAddress(c.Request().RemoteAddr)
			if !exempt[c.Path()] && w.count(peer) {
				log.LogAttrs(c.Request().Context(), slog.LevelWarn,
					"one address made over 90 % of the requests; if it is a reverse proxy, set ip_header and trusted_proxies in the config file: until then all its visitors share the limits of one address",
					slog.String("address", peer.String()))
			}
			return next(c)
		}
	}
}

// count counts one request and reports whether to warn about its peer now.
func (w *proxyWatch) count(peer netip.Addr) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.hasWarned {
		return false
	}
	if w.requests%watchedRequests == 0 {
		w.byPeer, w.requests = map[netip.Addr]int{}, 0
	}
	w.requests++
	w.byPeer[peer]++
	w.hasWarned = w.requests >= minWatchedRequests && w.byPeer[peer]*10 > w.requests*9
	return w.hasWarned
}
