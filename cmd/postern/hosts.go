package main

import (
	"log/slog"
	"net"
	"net/netip"
	"net/url"
	"strconv"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/postern-dev/postern/cmd/postern/config"
	"github.com/postern-dev/postern/handlers/problem"
)

// ownHosts answers requests that name a host of this server, and refuses all others. A foreign site
// whose name resolves to this server (DNS rebinding) is for a browser the same site as this one, so
// that its pages could read ours; the name in the request gives it away.
//
// An address can't be rebound, and so can't localhost; both are always ours. The port doesn't
// matter: it may be another one outside a container or in front of a proxy. A request that names no
// host, as HTTP/1.0 allows, is refused: no browser sends one, and the routes for health checks,
// whose clients do, are exempt.
type ownHosts struct {
	names  map[string]bool // as config.HostName returns them
	exempt map[string]bool // routes of health checks
	log    *slog.Logger
}

// newOwnHosts returns the hosts of a server: that of its public URL, and more.
func newOwnHosts(public *url.URL, more []string, log *slog.Logger) *ownHosts {
	base := strings.TrimSuffix(public.EscapedPath(), "/")
	o := &ownHosts{
		names:  map[string]bool{"localhost": true},
		exempt: map[string]bool{base + "/healthz": true, base + "/readyz": true, "/healthz": true, "/readyz": true},
		log:    log,
	}
	for _, name := range append([]string{public.Hostname()}, more...) {
		if folded, ok := config.HostName(name); ok {
			o.names[folded] = true
		}
	}
	return o
}

// check is the middleware. net/http has put the host of an absolute request target in the place of
// the header.
func (o *ownHosts) check(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		host := c.Request().Host
		if o.includes(host) || o.exempt[c.Path()] {
			return next(c)
		}
		o.log.LogAttrs(c.Request().Context(), slog.LevelWarn,
			"request for another host refused; if the name is this server's, add it to hosts in the config file",
			slog.String("host", loggedHost(host)))
		c.Error(&problem.Error{Code: problem.Misdirected}) // at once, so that the metrics know the status
		return nil
	}
}

// includes reports whether host, as in a request, is ours: an IP address or one of the names, with
// or without a port.
func (o *ownHosts) includes(host string) bool {
	name, isIPv6, ok := splitHost(host)
	if !ok {
		return false
	}
	if isIPv6 {
		ip, err := netip.ParseAddr(name)
		return err == nil && ip.Is6()
	}
	folded, ok := config.HostName(name)
	if ip, err := netip.ParseAddr(folded); err == nil {
		return ip.Is4()
	}
	return ok && o.names[folded]
}

// splitHost takes the port and the brackets of an IPv6 address off a host.
func splitHost(host string) (name string, isIPv6, ok bool) {
	name, port := host, ""
	if strings.LastIndexByte(host, ':') > strings.LastIndexByte(host, ']') {
		var err error
		if name, port, err = net.SplitHostPort(host); err != nil {
			return "", false, false
		}
		isIPv6 = host[0] == '['
	} else if inner, found := strings.CutPrefix(host, "["); found {
		name, isIPv6 = strings.TrimSuffix(inner, "]"), true
	}
	if port != "" {
		if _, err := strconv.ParseUint(port, 10, 16); err != nil {
			return "", false, false
		}
	}
	return name, isIPv6, true
}

// maxLoggedHost is longer than any host name with a port, which has at most 259 bytes.
const maxLoggedHost = 260

// loggedHost is a host as it may be logged: short, in one line, and without anything that looks
// like a secret.
func loggedHost(host string) string {
	if len(host) > maxLoggedHost {
		host = host[:maxLoggedHost] + "…"
	}
	quoted := strconv.QuoteToASCII(problem.LogText(host))
	return quoted[1 : len(quoted)-1]
}
