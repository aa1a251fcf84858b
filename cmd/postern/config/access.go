package config

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"github.com/postern-dev/postern/handlers/scoped"
	"github.com/postern-dev/postern/handlers/uploads"
)

func (s *source) limits(d limitsSection) Limits {
	if d.AddressFactor < 0 {
		s.fail("limits.address_factor", "wants 1 or more, got \"%d\"", d.AddressFactor)
	}
	return Limits{Issues: s.rate("limits.issues", d.Issues, false), AddressFactor: d.AddressFactor}
}

// scoped also finds profiles that promise credentials nobody can make.
func (s *source) scoped(d *document) ScopedCredentials {
	t := d.ScopedCredentials
	for _, name := range slices.Sorted(maps.Keys(d.Profiles)) {
		if d.Profiles[name].ScopedCredentials && t.RoleARN == "" {
			s.fail("profiles."+name+".scoped_credentials", "wants scoped_credentials with a role_arn at the top of the file: the role whose rights are handed out")
		}
	}
	if t.RoleARN == "" && t != (scopedSection{}) {
		s.fail("scoped_credentials", "wants role_arn: the role whose rights are handed out")
	}
	if t.RoleARN != "" && !strings.HasPrefix(t.RoleARN, "arn:") {
		s.fail("scoped_credentials.role_arn", "wants an ARN such as arn:aws:iam::123456789012:role/uploads, got %q", clip(t.RoleARN))
	}
	lifetime := s.duration("scoped_credentials.lifetime", t.Lifetime)
	if _, err := scoped.CheckLifetime(lifetime); err != nil {
		s.fail("scoped_credentials.lifetime", "wants whole seconds from %v to %v, got %q", scoped.MinLifetime, scoped.MaxLifetime, clip(t.Lifetime))
	}
	return ScopedCredentials{
		RoleARN: t.RoleARN, ExternalID: t.ExternalID, Lifetime: lifetime,
		Endpoint: s.storeURL("scoped_credentials.endpoint", t.Endpoint),
	}
}

// proxySubject needs the proxies named: a header that anybody can send would make everybody whoever
// they say.
func (s *source) proxySubject(d *document) ProxySubject {
	t := d.InsecureProxySubject
	switch {
	case t.Header == "" && len(t.Profiles) == 0:
		return ProxySubject{}
	case t.Header == "":
		s.fail("insecure_proxy_subject", "wants header: the one in which the proxy names the visitor, such as X-Forwarded-User")
	case len(t.Profiles) == 0:
		s.fail("insecure_proxy_subject", "wants profiles: what such visitors may use, such as [\"*\"]")
	case len(d.TrustedProxies) == 0 && d.IPHeader == "": // else ip_header has said so
		s.fail("insecure_proxy_subject", "wants trusted_proxies: without them anybody could say who they are")
	}
	return ProxySubject(t)
}

// abilities finds profiles that ask more of the store than it can do.
func (s *source) abilities(c *Config) {
	provider, err := uploads.ProviderNamed(c.Store.Provider)
	if err != nil {
		return // said already, with its place
	}
	for _, name := range slices.Sorted(maps.Keys(c.Profiles)) {
		p, path := c.Profiles[name], "profiles."+name
		if p.Checksum != "" && !slices.Contains(provider.Checksums, string(p.Checksum)) {
			known := strings.Join(provider.Checksums, ", ")
			s.fail(path+".checksum", "store.provider %s can't verify %q; it can verify: %s", provider.Name, p.Checksum, cmp.Or(known, "none"))
		}
		if p.Redirect != "" && !provider.PostPolicy {
			s.fail(path+".redirect", "store.provider %s takes no form posts, so nothing could be redirected; remove it", provider.Name)
		}
	}
}
