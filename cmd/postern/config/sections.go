package config

import (
	"cmp"
	"fmt"
	"maps"
	"math"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/postern-dev/postern/handlers/scoped"
)

// config reads the values of a document whose keys are all known.
func (l *loader) config(d *document) *Config {
	c := &Config{
		Listen:    l.address("listen", cmp.Or(d.Listen, "127.0.0.1:8080")),
		PublicURL: l.publicURL(d.PublicURL),
		TokenKeys: l.tokenKeys(d.Keys.Tokens),
		Tickets:   l.tickets(d.Tickets),
		Receipts:  l.receipts(d.Receipts),
		Store:     l.store(d.Store),
		Profiles:  l.profiles(d.Profiles),
		Webhooks:  l.webhooks(d),
		IPHeader:  l.oneOf("ip_header", d.IPHeader, "X-Forwarded-For", "X-Real-IP"),
		Hosts:     l.hosts(d.Hosts),
		Metrics:   d.Metrics.Listen,
		Explain:   d.Explain,
		Drain:     cmp.Or(l.duration("drain", d.Drain), 20*time.Second),
		Log: Log{
			Format: cmp.Or(l.oneOf("log.format", d.Log.Format, "json", "text"), "json"),
			Level:  cmp.Or(l.oneOf("log.level", d.Log.Level, "debug", "info", "warn", "error"), "info"),
		},
		TrustedProxies:       l.trustedProxies(d),
		Limits:               l.limits(d.Limits),
		Sweep:                Sweep{Every: l.duration("sweep.every", d.Sweep.Every), Older: l.duration("sweep.older", d.Sweep.Older)},
		Ledger:               l.ledger(d.Ledger),
		Backend:              l.backend(d),
		ScopedCredentials:    l.scopedCredentials(d),
		InsecureProxySubject: l.proxySubject(d),
	}
	if c.Metrics != "" {
		l.address("metrics.listen", c.Metrics)
	}
	l.unclaimed(d)
	l.checkStore(c)
	l.checkSweep(c, d.Sweep)
	return c
}

func (l *loader) publicURL(text string) string {
	if text == "" {
		l.fail("public_url", "is missing; set it to the address at which browsers reach this server, such as https://uploads.example.com")
		return ""
	}
	l.secureURL("public_url", text, "whoever sees a form that is sent unencrypted can use it")
	return strings.TrimSuffix(text, "/")
}

func (l *loader) hosts(texts []string) []string {
	var names []string
	for i, text := range texts {
		name, ok := HostName(text)
		if !ok {
			l.fail(fmt.Sprintf("hosts[%d]", i), "wants a host name such as uploads.internal, without scheme, port and wildcard, got %q", shorten(text))
		}
		names = append(names, name)
	}
	return names
}

// tickets reads how tickets are verified: by a shared secret or by a key set, not both. A key set
// needs issuer and audience, since it may sign for other services too.
func (l *loader) tickets(d ticketsSection) Tickets {
	t := Tickets{JWKS: d.JWKS, Issuer: d.Issuer, Audience: d.Audience}
	if d.Secret != "" {
		t.Secret = l.secret("tickets.secret", d.Secret)
	}
	if d.JWKS != "" {
		l.secureURL("tickets.jwks", d.JWKS, "whoever can change the keys can mint tickets")
	}
	switch {
	case d.Secret != "" && d.JWKS != "":
		l.fail("tickets", "wants secret or jwks, not both")
	case d.JWKS != "" && (d.Issuer == "" || d.Audience == ""):
		l.fail("tickets", "wants issuer and audience beside jwks: a key set may sign for other services too")
	}
	return t
}

func (l *loader) limits(d limitsSection) Limits {
	if d.AddressFactor < 0 {
		l.fail("limits.address_factor", "wants 1 or more, got \"%d\"", d.AddressFactor)
	}
	if d.Burst < 0 || d.Burst > math.MaxInt32 {
		l.fail("limits.burst", "wants 1 to %d, got \"%d\"", math.MaxInt32, d.Burst)
	}
	return Limits{Issues: l.countRate("limits.issues", d.Issues), Burst: d.Burst, AddressFactor: d.AddressFactor}
}

// trustedProxies requires the proxies and their header together. The proxies alone would have no
// effect; with the header alone every visitor could choose an address.
func (l *loader) trustedProxies(d *document) []netip.Prefix {
	var networks []netip.Prefix
	for i, text := range d.TrustedProxies {
		networks = append(networks, l.network(fmt.Sprintf("trusted_proxies[%d]", i), text))
	}
	switch {
	case d.IPHeader != "" && len(d.TrustedProxies) == 0:
		l.fail("ip_header", "wants trusted_proxies beside it; without them any visitor could write that header")
	case d.IPHeader == "" && d.InsecureProxySubject.Header == "" && len(d.TrustedProxies) > 0:
		l.fail("trusted_proxies", "wants ip_header beside it, X-Forwarded-For or X-Real-IP: the header those proxies set")
	}
	return networks
}

// proxySubject requires trusted proxies: otherwise every visitor could send the header and choose a
// subject.
func (l *loader) proxySubject(d *document) ProxySubject {
	p := d.InsecureProxySubject
	switch {
	case p.Header == "" && len(p.Profiles) == 0:
	case p.Header == "":
		l.fail("insecure_proxy_subject", "wants header: the one in which the proxy names the visitor, such as X-Forwarded-User")
	case len(p.Profiles) == 0:
		l.fail("insecure_proxy_subject", "wants profiles: those that such visitors may use, such as [\"*\"]")
	case len(d.TrustedProxies) == 0 && d.IPHeader == "": // with ip_header, trustedProxies has added the mistake
		l.fail("insecure_proxy_subject", "wants trusted_proxies: without them any visitor could write that header")
	}
	return p
}

// scopedRole wants a role of the token service that belongs to the provider.
func (l *loader) scopedRole(role, provider string) {
	const path = "scoped_credentials.role_arn"
	switch {
	case provider == "oss" && !scoped.IsAliyunRole(role):
		l.fail(path, "wants a RAM role such as acs:ram::1234567890123456:role/uploads, since store.provider is oss, got %q", shorten(role))
	case provider != "oss" && strings.HasPrefix(role, "acs:"):
		l.fail(path, "wants an ARN such as arn:aws:iam::123456789012:role/uploads, since RAM roles are for store.provider oss alone, got %q", shorten(role))
	case provider != "oss":
		l.roleARN(path, role)
	}
}

// scopedCredentials also finds profiles that allow credentials while the file has no role for them.
func (l *loader) scopedCredentials(d *document) ScopedCredentials {
	s := d.ScopedCredentials
	for _, name := range slices.Sorted(maps.Keys(d.Profiles)) {
		if d.Profiles[name].ScopedCredentials && s.RoleARN == "" {
			l.fail("profiles."+name+".scoped_credentials", "wants scoped_credentials with a role_arn at the top of the file: the role whose rights are handed out")
		}
	}
	if s.RoleARN == "" && s != (scopedSection{}) {
		l.fail("scoped_credentials", "wants role_arn: the role whose rights are handed out")
	}
	if s.RoleARN != "" {
		l.scopedRole(s.RoleARN, d.Store.Provider)
	}
	lifetime := l.duration("scoped_credentials.lifetime", s.Lifetime)
	if _, err := scoped.CheckLifetime(lifetime); err != nil {
		l.fail("scoped_credentials.lifetime", "wants whole seconds from %v to %v, got %q", scoped.MinLifetime, scoped.MaxLifetime, shorten(s.Lifetime))
	}
	return ScopedCredentials{
		RoleARN: s.RoleARN, ExternalID: s.ExternalID, Lifetime: lifetime,
		Endpoint: l.endpoint("scoped_credentials.endpoint", s.Endpoint),
	}
}
