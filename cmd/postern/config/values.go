package config

import (
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"golang.org/x/net/idna"

	"github.com/postern-dev/postern/handlers/uploads"
	"github.com/postern-dev/postern/policy"
	"github.com/postern-dev/postern/policy/profile"
)

// Each of these methods reads the text at a path and adds a mistake where that fails. An empty text
// is the zero value.

// IsAddress reports whether text is host:port with a port from 0 to 65535. An empty host is every
// interface.
func IsAddress(text string) bool {
	_, port, err := net.SplitHostPort(text)
	if err == nil {
		_, err = strconv.ParseUint(port, 10, 16)
	}
	return err == nil
}

func (l *loader) address(path, text string) string {
	if !IsAddress(text) {
		l.fail(path, "wants host:port such as 127.0.0.1:8080, got %q", shorten(text))
	}
	return text
}

// baseURL reads an http or https address that paths can be added to.
func (l *loader) baseURL(path, text string) *url.URL {
	u, err := url.Parse(text)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "" ||
		u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		l.fail(path, "wants an http or https address without user, query and fragment, got %q", shorten(withoutUser(text)))
		return nil
	}
	if !uploads.IsBaseURL(text) {
		l.fail(path, "wants an address without blanks and the characters \\ ; , ' and \", got %q", shorten(text))
		return nil
	}
	return u
}

// withoutUser leaves out what stands before the host of an address: it may be a password.
func withoutUser(text string) string {
	scheme, rest, found := strings.Cut(text, "://")
	if at := strings.LastIndex(rest, "@"); found && at >= 0 {
		return scheme + "://…" + rest[at:]
	}
	return text
}

// secureURL reads a baseURL that is https, or http on loopback; reason says why.
func (l *loader) secureURL(path, text, reason string) {
	if u := l.baseURL(path, text); u != nil && u.Scheme == "http" && !policy.IsLoopback(u.Hostname()) {
		l.fail(path, "wants https, or http on loopback: %s, got %q", reason, shorten(text))
	}
}

// endpoint reads a baseURL without a path, as the SDK wants it.
func (l *loader) endpoint(path, text string) string {
	if text == "" {
		return ""
	}
	if u := l.baseURL(path, text); u != nil && strings.Trim(u.Path, "/") != "" {
		l.fail(path, "wants the store's address without a path; the bucket comes from the profile, got %q", shorten(text))
	}
	return strings.TrimSuffix(text, "/")
}

// oneOf reads one of a few words, in upper or lower case, and returns it as listed.
func (l *loader) oneOf(path, text string, words ...string) string {
	i := slices.IndexFunc(words, func(w string) bool { return strings.EqualFold(w, text) })
	switch {
	case text == "":
		return ""
	case i >= 0:
		return words[i]
	}
	wanted := "one of " + strings.Join(words, ", ")
	if similar := nearest(text, words); similar != "" {
		wanted = fmt.Sprintf("%s; did you mean %q?", wanted, similar)
	}
	l.fail(path, "got %q, wants %s", shorten(text), wanted)
	return ""
}

// network reads an address or a network.
func (l *loader) network(path, text string) netip.Prefix {
	prefix, err := netip.ParsePrefix(text)
	if address, notAddress := netip.ParseAddr(text); notAddress == nil {
		prefix, err = address.Prefix(address.BitLen())
	}
	if err != nil {
		l.fail(path, "wants an address or network such as 10.0.0.0/8, got %q", shorten(text))
	}
	if ip := prefix.Addr(); ip.Is4In6() && prefix.Bits() >= 96 {
		prefix = netip.PrefixFrom(ip.Unmap(), prefix.Bits()-96) // so that it holds the addresses of IPv4
	}
	return prefix
}

// maxDays is a hundred years: what a number of days may be.
const maxDays = 36500

// ParseDuration reads a duration as time.ParseDuration does, or a whole number of days, such as
// "8d". Every day has 24 hours.
func ParseDuration(text string) (time.Duration, error) {
	number, inDays := strings.CutSuffix(text, "d")
	if !inDays {
		return time.ParseDuration(text)
	}
	days, err := strconv.Atoi(number)
	if err != nil || days < 0 || days > maxDays {
		return 0, fmt.Errorf("config: wanted 0d to %dd, got %q", maxDays, text)
	}
	return time.Duration(days) * 24 * time.Hour, nil
}

func (l *loader) duration(path, text string) time.Duration {
	if text == "" {
		return 0
	}
	d, err := ParseDuration(text)
	if err != nil || d <= 0 {
		l.fail(path, "wants a duration above zero such as 15m or 24h, got %q", shorten(text))
	}
	return d
}

// durationOrNone is duration for a setting that "0s" switches off.
func (l *loader) durationOrNone(path, text string) time.Duration {
	if text == "0s" {
		return 0
	}
	return l.duration(path, text)
}

// instant reads a time as RFC 3339 has it.
func (l *loader) instant(path, text string) time.Time {
	if text == "" {
		return time.Time{}
	}
	at, err := time.Parse(time.RFC3339, text)
	if err != nil {
		l.fail(path, "wants an instant such as 2030-01-01T00:00:00Z, got %q", shorten(text))
	}
	return at.UTC()
}

func (l *loader) size(path, text string) int64 {
	if text == "" {
		return 0
	}
	n, err := profile.ParseSize(text)
	if err != nil || n == 0 {
		l.fail(path, "wants a size above zero such as 16MiB, got %q", shorten(text))
	}
	return n
}

// sizeRange has no zero value: a profile has to say how large a file may be.
func (l *loader) sizeRange(path, text string) (smallest, largest int64) {
	if text == "" {
		l.fail(path, "is missing; say how large a file may be, such as 1..10MiB")
		return 0, 0
	}
	smallest, largest, err := profile.ParseRange(text)
	if err != nil {
		l.fail(path, "wants a range such as 1..10MiB, the smaller first, got %q", shorten(text))
	}
	return smallest, largest
}

// countRate reads a rate such as 100/1h.
func (l *loader) countRate(path, text string) profile.Rate {
	count, _, _ := strings.Cut(text, "/")
	return l.rate(path, text, "a count and a window such as 100/1h", !strings.ContainsAny(count, "BkKMGT"))
}

// byteRate reads a rate such as 10GiB/24h.
func (l *loader) byteRate(path, text string) profile.Rate {
	return l.rate(path, text, "a size and a window such as 10GiB/24h", true)
}

func (l *loader) rate(path, text, wanted string, valid bool) profile.Rate {
	if text == "" {
		return profile.Rate{}
	}
	limit, window, ok := strings.Cut(text, "/")
	n, err := profile.ParseSize(limit)
	if !ok || err != nil || n <= 0 || !valid {
		l.fail(path, "wants %s, got %q", wanted, shorten(text))
		return profile.Rate{}
	}
	return profile.Rate{Limit: n, Window: l.duration(path, window)}
}

// HostName returns a host name as names are compared: in lower case, in punycode and without the
// dot at its end. It reports false for what can't be a name.
func HostName(text string) (string, bool) {
	name := strings.TrimSuffix(text, ".")
	if !isASCII(name) {
		punycode, err := idna.Lookup.ToASCII(name)
		if err != nil {
			return "", false
		}
		name = punycode
	}
	name = strings.ToLower(name)
	const letters = "abcdefghijklmnopqrstuvwxyz0123456789-_."
	if name == "" || len(name) > 253 || strings.Trim(name, letters) != "" {
		return "", false
	}
	for label := range strings.SplitSeq(name, ".") {
		if label == "" || len(label) > 63 {
			return "", false
		}
	}
	return name, true
}

func isASCII(text string) bool {
	return !strings.ContainsFunc(text, func(r rune) bool { return r > unicode.MaxASCII })
}
