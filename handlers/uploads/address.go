package uploads

import (
	"cmp"
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"strings"

	"golang.org/x/net/idna"

	"github.com/postern-dev/postern/policy/sigv4"
)

// AddressError is a contradiction in how a store is reached. Key is that of the config file, below
// "store": "endpoint", "public_endpoint", "region", "path_style" or "provider".
type AddressError struct {
	Key, Wanted, Got string
}

// Error names the key, what was wanted and what was got.
func (e *AddressError) Error() string {
	return fmt.Sprintf("uploads: Store: %s: wants %s, got %q", e.Key, e.Wanted, e.Got)
}

// Warning is something that works and is rarely meant. Key is that of the config file.
type Warning struct {
	Key, Text string
}

// Resolve returns the store with its addresses as they are used: hosts in lower case and punycode,
// and the provider's own address where the region decides it and Endpoint is empty. What can't be
// read is left as it is, for CheckAddress to refuse.
func (s Store) Resolve() Store {
	s = s.withDefaults()
	if s.Endpoint == "" && s.Provider.DefaultEndpoint != "" && (s.Region != "" || !strings.Contains(s.Provider.DefaultEndpoint, "{")) {
		region := s.Region
		if s.Provider.Dialect == sigv4.OSS {
			region = strings.TrimPrefix(region, "oss-")
		}
		s.Endpoint = strings.ReplaceAll(s.Provider.DefaultEndpoint, "{region}", region)
	}
	s.Region = s.SigningRegion()
	s.Endpoint, s.PublicEndpoint = foldHost(s.Endpoint), foldHost(s.PublicEndpoint)
	if s.Provider.Dialect == sigv4.OSS { // the host of its S3 API takes no forms
		s.Endpoint = strings.Replace(s.Endpoint, "://s3.oss-", "://oss-", 1)
		s.PublicEndpoint = strings.Replace(s.PublicEndpoint, "://s3.oss-", "://oss-", 1)
	}
	return s
}

// foldHost writes the host of an address as browsers send it.
func foldHost(address string) string {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" {
		return address
	}
	host := strings.TrimSuffix(u.Hostname(), ".")
	ascii, err := idna.Lookup.ToASCII(host)
	if err != nil { // an address of IPv6, or an underscore in a name
		ascii = strings.ToLower(host)
	}
	if strings.Contains(ascii, ":") {
		ascii = "[" + ascii + "]"
	}
	if port := u.Port(); port != "" {
		ascii += ":" + port
	}
	u.Host = ascii
	return u.String()
}

// CheckAddress looks at the address as a whole: provider, region, endpoints and the buckets that
// are reached through them, for pages at publicURL ("" where pages aren't known). It returns,
// joined, an *AddressError for each contradiction.
func (s Store) CheckAddress(publicURL string, buckets []string) error {
	s = s.Resolve()
	found := []error{s.checkRegion(), s.checkStyle()}
	for _, e := range s.endpoints() {
		found = append(found, s.checkProviderHost(e), s.checkBucketHost(e, buckets))
	}
	found = append(found, s.checkMixedContent(publicURL))
	return errors.Join(found...)
}

// endpoint is one of the addresses of a store.
type endpoint struct {
	key, text string
	url       *url.URL
}

func (e endpoint) host() string { return e.url.Hostname() }

// endpoints returns the addresses that are set and can be read.
func (s Store) endpoints() (out []endpoint) {
	for _, e := range []endpoint{{key: "endpoint", text: s.Endpoint}, {key: "public_endpoint", text: s.PublicEndpoint}} {
		if e.text != "" && IsBaseURL(e.text) {
			e.url, _ = url.Parse(e.text)
			out = append(out, e)
		}
	}
	return out
}

// browserEndpoint is the address that browsers are told; false where the SDK's rules decide it.
func (s Store) browserEndpoint() (endpoint, bool) {
	key := "endpoint"
	if s.PublicEndpoint != "" {
		key = "public_endpoint"
	}
	for _, e := range s.endpoints() {
		if e.key == key {
			return e, true
		}
	}
	return endpoint{}, false
}

// checkRegion wants a region as AWS spells it where AWS is spoken to. Other providers name regions
// freely.
func (s Store) checkRegion() error {
	if s.Provider.Name != "aws" || s.Endpoint != "" || s.Region == "" || awsRegion.MatchString(s.Region) {
		return nil
	}
	return &AddressError{"region", "a region as AWS spells it, such as eu-central-1", s.Region}
}

// checkStyle refuses the bucket in the path where the store has it in the host name alone.
func (s Store) checkStyle() error {
	if !s.Provider.VirtualHostOnly {
		return nil
	}
	if s.PathStyle {
		return &AddressError{"path_style", fmt.Sprintf("false: provider %s has the bucket in the host name alone", s.Provider.Name), "true"}
	}
	for _, e := range s.endpoints() {
		if _, err := netip.ParseAddr(e.host()); err == nil {
			return &AddressError{e.key, fmt.Sprintf("a host name: provider %s puts the bucket before it", s.Provider.Name), e.text}
		}
	}
	return nil
}

// checkProviderHost compares the host with provider and region, where it belongs to a known
// provider.
func (s Store) checkProviderHost(e endpoint) error {
	provider, region := providerOfHost(e.host())
	if provider == "" {
		return nil
	}
	if name := s.Provider.Name; name != provider && name != "other" && providers[name].Dialect != nil {
		return &AddressError{e.key, fmt.Sprintf("an address of provider %s, or provider: %s", name, provider), e.text}
	}
	configured := s.Region
	if provider == "oss" {
		configured = strings.TrimPrefix(configured, "oss-")
	}
	if region == "" || configured == "" || configured == region || provider == "spaces" && configured == "us-east-1" {
		return nil
	}
	return &AddressError{"region", fmt.Sprintf("%s, which %s names", region, e.key), s.Region}
}

// checkBucketHost refuses a host of a known provider that begins with a bucket already.
func (s Store) checkBucketHost(e endpoint, buckets []string) error {
	for _, bucket := range buckets {
		rest, ok := strings.CutPrefix(e.host(), strings.ToLower(bucket)+".")
		if !ok {
			continue
		}
		if provider, _ := providerOfHost(rest); provider != "" {
			return &AddressError{e.key, fmt.Sprintf("the address without bucket %q, which is put before it: %s",
				bucket, strings.Replace(e.text, e.host(), rest, 1)), e.text}
		}
	}
	return nil
}

// checkMixedContent refuses a store that an https page can't upload to: browsers block requests to
// http addresses, other than the own machine's, as mixed content ("Mixed Content", W3C).
func (s Store) checkMixedContent(publicURL string) error {
	e, ok := s.browserEndpoint()
	if !ok || !strings.HasPrefix(publicURL, "https://") || e.url.Scheme != "http" || isLoopbackHost(e.host()) {
		return nil
	}
	return &AddressError{e.key, "https, or a public_endpoint with https: browsers block uploads from an https page to an http store as mixed content", e.text}
}

// AddressWarnings returns what is rarely meant about the store's address: hosts that browsers can't
// reach, a bucket that stands before the host already, a provider that could be named.
func (s Store) AddressWarnings(publicURL string, buckets []string) (out []Warning) {
	s = s.Resolve()
	page, _ := url.Parse(publicURL)
	if e, ok := s.browserEndpoint(); ok && isPrivateHost(e.host()) && (page == nil || !isPrivateHost(page.Hostname())) {
		out = append(out, Warning{"store." + e.key, fmt.Sprintf("browsers elsewhere can't reach %s: set store.public_endpoint to the address at which they can", e.host())})
	} else if ok && e.key == "endpoint" && !strings.Contains(e.host(), ".") && !strings.Contains(e.host(), ":") && !isLoopbackHost(e.host()) {
		out = append(out, Warning{"store." + e.key, fmt.Sprintf("%s has no domain, so browsers may not find it: set store.public_endpoint", e.host())})
	}
	for _, e := range s.endpoints() {
		for _, bucket := range buckets {
			if strings.HasPrefix(e.host(), strings.ToLower(bucket)+".") && !s.PathStyle {
				out = append(out, Warning{"store." + e.key, fmt.Sprintf("%s begins with bucket %q, which is put before it once more", e.host(), bucket)})
			}
		}
		if provider, _ := providerOfHost(e.host()); provider != "" && s.Provider.Name == "other" {
			out = append(out, Warning{"store.provider", fmt.Sprintf("%s belongs to %s; provider: %s can do more than other", e.host(), provider, provider)})
		}
	}
	return out
}

// SigningRegion is what signatures name where the provider has a rule and none is set: "auto" at Cloud
// Storage and R2.
func (s Store) SigningRegion() string {
	if s.Provider.Name == "r2" || s.Provider.Dialect == sigv4.GCS || s.Provider.Dialect == sigv4.GCSRSA {
		return cmp.Or(s.Region, "auto")
	}
	return s.Region
}
