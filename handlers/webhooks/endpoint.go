package webhooks

import (
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"net/url"
	"slices"

	"github.com/postern-dev/postern/policy/sigv4"
)

// EndpointConfig is what NewEndpoint needs: Profile, URL and Secrets.
type EndpointConfig struct {
	// Profile is the name of the profile whose events the endpoint gets.
	Profile string
	// URL is where deliveries are posted: https, or http to an address in Networks. It has neither
	// user nor fragment.
	URL string
	// Secrets sign every delivery, all of them: to rotate, put a new one in front, and remove the
	// old one when the receiver knows the new one. Each is "whsec_" and base64, or the key itself,
	// of 24 to 64 bytes.
	Secrets []sigv4.Secret
	// Types are those of the events wanted. Empty: all.
	Types []Type
	// Networks are private networks that may be dialled, such as 10.0.0.0/8. Empty: none.
	Networks []netip.Prefix
	// RootCAs are the authorities that sign the certificates of receivers. nil: the system's.
	RootCAs *x509.CertPool
	// Network looks names up and dials. The zero value does so by the system's means.
	Network Network
}

// Endpoint is a receiver of deliveries. It is immutable, safe for concurrent use, and has
// connections of its own.
type Endpoint struct {
	profile   string
	url       *url.URL
	signers   []signer
	types     []Type
	transport *http.Transport
}

// NewEndpoint checks c and returns its Endpoint, or an error that joins every mistake and shows no
// secret.
func NewEndpoint(c EndpointConfig) (*Endpoint, error) {
	u, urlError := parseURL(c.URL, c.Networks)
	signers, secretError := newSigners(c.Secrets)
	mistakes := []error{urlError, secretError}
	for _, wanted := range c.Types {
		if !slices.Contains(types, wanted) {
			mistakes = append(mistakes, fmt.Errorf("webhooks: type %q: wanted one of %q", wanted, types))
		}
	}
	for _, network := range c.Networks {
		mistakes = append(mistakes, checkNetwork(network))
	}
	if c.Profile == "" {
		mistakes = append(mistakes, errors.New("webhooks: wanted the name of a profile"))
	}
	if err := errors.Join(mistakes...); err != nil {
		return nil, err
	}
	d := dialler{c.Network.orSystem(), slices.Clone(c.Networks), u.Scheme == "http", c.RootCAs}
	return &Endpoint{c.Profile, u, signers, slices.Clone(c.Types), newTransport(d)}, nil
}

// Name tells the endpoint from all others, also after a restart: profile and URL. In place of the
// URL's query, which can hold a password, there is a digest of it.
func (e *Endpoint) Name() string {
	shown := e.profile + " " + withoutQuery(e.url)
	if e.url.RawQuery != "" {
		digest := sha256.Sum256([]byte(e.url.RawQuery))
		shown += "?" + hex.EncodeToString(digest[:4])
	}
	return shown
}

// Wants reports whether the endpoint gets events of a type.
func (e *Endpoint) Wants(t Type) bool { return len(e.types) == 0 || slices.Contains(e.types, t) }

// parseURL reads the URL of an endpoint. What its name resolves to is only known when it is
// dialled; an address in place of a name is checked now. No error shows the URL's query, which can
// hold a password.
func parseURL(text string, networks []netip.Prefix) (*url.URL, error) {
	u, err := url.Parse(text)
	if err != nil {
		return nil, errors.New("webhooks: URL: wanted an absolute https URL, got one that can't be read")
	}
	shown := withoutQuery(u)
	address, notAddress := netip.ParseAddr(u.Hostname())
	switch {
	case u.Scheme != "https" && u.Scheme != "http" || u.Hostname() == "":
		return nil, fmt.Errorf("webhooks: URL %q: wanted an absolute https URL", shown)
	case u.User != nil || u.Fragment != "":
		return nil, fmt.Errorf("webhooks: URL %q: wanted neither user nor fragment", shown)
	case u.Scheme == "http" && len(networks) == 0:
		return nil, fmt.Errorf("webhooks: URL %q: wanted https; http is for addresses in networks alone", shown)
	case notAddress == nil:
		if err := checkAddress(address, networks, u.Scheme == "http"); err != nil {
			return nil, err
		}
	}
	return u, nil
}

// withoutQuery is a URL as it may be shown and logged.
func withoutQuery(u *url.URL) string {
	return (&url.URL{Scheme: u.Scheme, Host: u.Host, Path: u.Path}).String()
}
