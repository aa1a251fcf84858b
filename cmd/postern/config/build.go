package config

import (
	"cmp"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// build reads the values of a document whose keys are all right.
func (s *source) build(d *document) *Config {
	c := &Config{
		Listen:    s.address("listen", cmp.Or(d.Listen, "127.0.0.1:8080")),
		PublicURL: s.publicURL(d.PublicURL),
		TokenKeys: s.tokenKeys(d.Keys.Tokens),
		Tickets:   s.tickets(d.Tickets),
		Store:     s.store(d.Store),
		Profiles:  s.profiles(d.Profiles),
		IPHeader:  s.oneOf("ip_header", d.IPHeader, "X-Forwarded-For", "X-Real-IP"),
		Explain:   d.Explain,
		Drain:     cmp.Or(s.duration("drain", d.Drain), 20*time.Second),
		Log: Log{
			Format: cmp.Or(s.oneOf("log.format", d.Log.Format, "json", "text"), "json"),
			Level:  cmp.Or(s.oneOf("log.level", d.Log.Level, "debug", "info", "warn", "error"), "info"),
		},
	}
	if c.Metrics = d.Metrics.Listen; c.Metrics != "" && c.Metrics != "none" {
		c.Metrics = s.address("metrics.listen", d.Metrics.Listen)
	}
	c.TrustedProxies = s.proxies(d)
	c.Limits = s.limits(d.Limits)
	c.Scoped = s.scoped(d)
	c.InsecureProxySubject = s.proxySubject(d)
	s.abilities(c)
	return c
}

// address accepts host:port with a port in figures; an empty host is every interface.
func (s *source) address(path, text string) string {
	_, port, err := net.SplitHostPort(text)
	if n, bad := strconv.ParseUint(port, 10, 16); err != nil || bad != nil || n > 65535 {
		s.fail(path, "wants host:port such as 127.0.0.1:8080, got %q", clip(text))
	}
	return text
}

func (s *source) publicURL(text string) string {
	if text == "" {
		s.fail("public_url", "is missing; set it to the address at which browsers reach this server, such as https://uploads.example.com")
		return ""
	}
	if u := s.baseURL("public_url", text); u != nil && u.Scheme == "http" && !loopback(u.Hostname()) {
		s.fail("public_url", "wants https, or http on loopback: a form sent in the clear can be used by whoever sees it, got %q", clip(text))
	}
	return strings.TrimSuffix(text, "/")
}

// baseURL accepts http and https addresses that paths can be added to.
func (s *source) baseURL(path, text string) *url.URL {
	u, err := url.Parse(text)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "" ||
		u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		s.fail(path, "wants an http or https address without user, query and fragment, got %q", clip(text))
		return nil
	}
	return u
}

func loopback(host string) bool {
	ip, err := netip.ParseAddr(host)
	return host == "localhost" || strings.HasSuffix(host, ".localhost") || err == nil && ip.IsLoopback()
}

// storeURL is a baseURL without path, as the SDK wants an endpoint.
func (s *source) storeURL(path, text string) string {
	if text == "" {
		return ""
	}
	if u := s.baseURL(path, text); u != nil && strings.Trim(u.Path, "/") != "" {
		s.fail(path, "wants the store's address without a path; the bucket comes from the profile, got %q", clip(text))
	}
	return strings.TrimSuffix(text, "/")
}

func (s *source) store(d storeSection) Store {
	providers := []string{"aws", "minio", "ceph", "versity", "r2", "b2", "oss", "gcs", "other"}
	if d.Provider == "" {
		s.fail("store.provider", "is missing; name the kind of store: %s", strings.Join(providers, ", "))
	}
	store := Store{
		Provider:       s.oneOf("store.provider", d.Provider, providers...),
		Region:         d.Region,
		Endpoint:       s.storeURL("store.endpoint", d.Endpoint),
		PublicEndpoint: s.storeURL("store.public_endpoint", d.PublicEndpoint),
		PathStyle:      d.PathStyle,
	}
	if d.Region == "" {
		s.fail("store.region", "is missing; it is part of every signature (stores without regions take us-east-1)")
	}
	if store.Provider != "aws" && store.Provider != "" && d.Endpoint == "" {
		s.fail("store.endpoint", "is missing; only aws can be found without one")
	}
	return store
}

// oneOf accepts one of a few words, in any case, and returns it as listed.
func (s *source) oneOf(path, text string, words ...string) string {
	i := slices.IndexFunc(words, func(w string) bool { return strings.EqualFold(w, text) })
	switch {
	case text == "":
		return ""
	case i >= 0:
		return words[i]
	}
	wanted := "one of " + strings.Join(words, ", ")
	if near := nearest(text, words); near != "" {
		wanted = fmt.Sprintf("%s; did you mean %q?", wanted, near)
	}
	s.fail(path, "got %q, wants %s", clip(text), wanted)
	return ""
}

// proxies are networks or single addresses. Half of the pair would either be without effect or let
// every visitor choose an address.
func (s *source) proxies(d *document) []netip.Prefix {
	var prefixes []netip.Prefix
	for i, text := range d.TrustedProxies {
		prefix, err := parsePrefix(text)
		if err != nil {
			s.fail(fmt.Sprintf("trusted_proxies[%d]", i), "wants an address or network such as 10.0.0.0/8, got %q", clip(text))
			continue
		}
		prefixes = append(prefixes, prefix)
	}
	switch {
	case d.IPHeader != "" && len(d.TrustedProxies) == 0:
		s.fail("ip_header", "wants trusted_proxies beside it; without them any visitor could write that header")
	case d.IPHeader == "" && d.InsecureProxySubject.Header == "" && len(d.TrustedProxies) > 0:
		s.fail("trusted_proxies", "wants ip_header beside it, X-Forwarded-For or X-Real-IP: the header those proxies set")
	}
	return prefixes
}

func parsePrefix(text string) (netip.Prefix, error) {
	if address, err := netip.ParseAddr(text); err == nil {
		return address.Prefix(address.BitLen())
	}
	return netip.ParsePrefix(text)
}

// duration is 0 for an empty text.
func (s *source) duration(path, text string) time.Duration {
	if text == "" {
		return 0
	}
	d, err := time.ParseDuration(text)
	if err != nil || d <= 0 {
		s.fail(path, "wants a duration above zero such as 15m or 24h, got %q", clip(text))
		return 0
	}
	return d
}
