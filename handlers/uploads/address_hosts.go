package uploads

import (
	"net/netip"
	"net/url"
	"regexp"
	"strings"
)

// knownHosts tell the provider of a store by its host. The group "region" is the region that the
// host names, in the provider's spelling.
var knownHosts = []struct {
	provider string
	host     *regexp.Regexp
}{
	{"aws", regexp.MustCompile(`^s3(?:-fips)?(?:\.dualstack)?(?:[.-](?P<region>` + awsRegionPattern + `))?\.amazonaws\.com(?:\.cn)?$`)},
	{"aws", regexp.MustCompile(`^s3-accelerate(?:\.dualstack)?\.amazonaws\.com$`)},
	{"oss", regexp.MustCompile(`^(?:s3\.)?oss-accelerate(?:-overseas)?\.aliyuncs\.com$`)},
	{"oss", regexp.MustCompile(`^(?:s3\.)?oss-(?P<region>[a-z0-9-]+?)(?:-internal)?\.aliyuncs\.com$`)},
	{"gcs", regexp.MustCompile(`^storage\.googleapis\.com$`)},
	{"r2", regexp.MustCompile(`^[0-9a-f]+(?:\.(?:eu|us|fedramp))?\.r2\.cloudflarestorage\.com$`)},
	{"b2", regexp.MustCompile(`^s3\.(?P<region>[a-z0-9-]+)\.backblazeb2\.com$`)},
	{"spaces", regexp.MustCompile(`^(?P<region>[a-z]+[0-9]+)\.digitaloceanspaces\.com$`)},
}

const awsRegionPattern = `[a-z]{2,4}(?:-[a-z]+)+-[0-9]+`

var awsRegion = regexp.MustCompile(`^` + awsRegionPattern + `$`)

// providerOfHost returns the provider that a store's host, without a bucket, belongs to, and the
// region that it names; "" for what can't be told.
func providerOfHost(host string) (provider, region string) {
	for _, known := range knownHosts {
		m := known.host.FindStringSubmatch(host)
		if m == nil {
			continue
		}
		if i := known.host.SubexpIndex("region"); i >= 0 {
			region = m[i]
		}
		return known.provider, region
	}
	return "", ""
}

// ProviderOfEndpoint returns the name of the provider that an endpoint belongs to by its host, ""
// where the host doesn't tell. A bucket before the host is no obstacle.
func ProviderOfEndpoint(endpoint string) string {
	u, err := url.Parse(endpoint)
	if err != nil {
		return ""
	}
	host := strings.ToLower(u.Hostname())
	for {
		if provider, _ := providerOfHost(host); provider != "" {
			return provider
		}
		_, rest, ok := strings.Cut(host, ".")
		if !ok {
			return ""
		}
		host = rest
	}
}

// isLoopbackHost reports whether a host is this machine's own.
func isLoopbackHost(host string) bool {
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.IsLoopback() || host == "localhost" || strings.HasSuffix(host, ".localhost")
}

// isPrivateHost reports whether browsers elsewhere can't reach a host: a name of one label, one of a
// domain for local networks (RFC 6762, RFC 8375, ICANN's .internal, Kubernetes), or a private
// address.
func isPrivateHost(host string) bool {
	if ip, err := netip.ParseAddr(host); err == nil {
		return ip.IsPrivate() || ip.IsLinkLocalUnicast() || ip.IsLoopback()
	}
	for _, suffix := range []string{".local", ".internal", ".home.arpa", ".svc", ".lan"} {
		if strings.HasSuffix(host, suffix) {
			return true
		}
	}
	return isLoopbackHost(host) || !strings.Contains(host, ".")
}
