package policy

import (
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"unicode/utf8"
)

// MaxKeyBytes is how long an object key may be.
const MaxKeyBytes = 1024

// role is what Sign has to know about a condition's field.
type role uint8

const (
	roleOther role = iota
	roleBucket
	roleKey
	roleMetadata
	roleSignature // written by Sign alone
	roleRedirect
	roleStatus
	roleWebsite
	roleExact // of the store's own fields, which allow no prefixes
	roleIgnored
)

var roles = map[string]role{
	"bucket":                          roleBucket,
	"key":                             roleKey,
	"redirect":                        roleRedirect,
	"success_action_redirect":         roleRedirect,
	"success_action_status":           roleStatus,
	"policy":                          roleSignature,
	"file":                            roleSignature,
	"content-length-range":            roleSignature,
	"x-amz-website-redirect-location": roleWebsite,
}

// storePrefixes are what the dialects' own fields begin with.
var storePrefixes = [...]string{"x-amz-", "x-oss-", "x-goog-"}

func roleOf(field string) role {
	name := strings.ToLower(field)
	if r, ok := roles[name]; ok {
		return r
	}
	if strings.HasPrefix(name, "x-ignore-") {
		return roleIgnored
	}
	for _, prefix := range storePrefixes {
		if rest, ok := strings.CutPrefix(name, prefix); ok {
			return roleOfStore(rest)
		}
	}
	return roleOther
}

func roleOfStore(rest string) role {
	switch rest {
	case "algorithm", "signature-version", "credential", "date", "security-token", "signature":
		return roleSignature
	}
	if strings.HasPrefix(rest, "meta-") {
		return roleMetadata
	}
	return roleExact
}

// check returns what is wrong with the condition by itself; class is of its value.
func (c *Condition) check(class uint8) error {
	if !isToken(c.field) {
		return c.fault(ErrName, "letters, digits and -_.", strconv.Quote(c.field))
	}
	if err := c.checkText(class); err != nil {
		return err
	}
	switch c.role {
	case roleKey:
		return c.checkKey()
	case roleBucket:
		return c.exact(isBucket(c.value), ErrValue, "a bucket name")
	case roleRedirect:
		return c.exact(isRedirect(c.value), ErrRedirect, "an absolute https URL, or http on loopback")
	case roleStatus:
		return c.exact(c.value == "200" || c.value == "201" || c.value == "204", ErrValue, "200, 201 or 204")
	case roleWebsite:
		return c.exact(isWebsiteTarget(c.value), ErrValue, "a path from the root or an http or https URL")
	case roleExact:
		return c.exact(true, nil, "")
	}
	return nil
}

// exact refuses prefixes, and values that aren't ok.
func (c *Condition) exact(ok bool, kind error, wanted string) error {
	if c.op != opEqual {
		return c.fault(ErrOperator, "an exact value", string(operators[c.op]))
	}
	if !ok {
		return c.fault(kind, wanted, strconv.Quote(c.value))
	}
	return nil
}

// checkText refuses what stores or browsers read differently: a dollar begins a variable at some,
// browsers turn line ends into CR LF, and encoders replace invalid bytes in the policy but not in
// the form.
func (c *Condition) checkText(class uint8) error {
	if !utf8.ValidString(c.value) {
		return c.fault(ErrEncoding, "UTF-8", strconv.Quote(c.value))
	}
	if class&(classControl|classDollar) == 0 {
		return nil
	}
	for i := range len(c.value) {
		switch b := c.value[i]; {
		case b == '$':
			return c.fault(ErrDollar, "no $", strconv.Quote(c.value))
		case b < ' ' || b == 0x7f:
			return c.fault(ErrControl, "no control characters", strconv.Quote(c.value))
		}
	}
	return nil
}

func (c *Condition) checkKey() error {
	if len(c.value) > MaxKeyBytes {
		return c.fault(ErrKeyTooLong, "at most 1024 bytes", strconv.Itoa(len(c.value)))
	}
	if c.op == opStartsWith && !strings.HasSuffix(c.value, "/") {
		return c.fault(ErrKeyPrefix, "a prefix ending in /", strconv.Quote(c.value))
	}
	if c.value == "" {
		return c.fault(ErrValue, "a key", `""`)
	}
	for segment := range strings.SplitSeq(c.value, "/") {
		if segment == "." || segment == ".." {
			return c.fault(ErrKeySegment, "no segment . or ..", strconv.Quote(c.value))
		}
	}
	return nil
}

// isToken says whether s can be the name of a form field.
func isToken(s string) bool {
	for i := range len(s) {
		b := s[i]
		letter := 'a' <= b|0x20 && b|0x20 <= 'z'
		if !letter && (b < '0' || b > '9') && b != '-' && b != '_' && b != '.' {
			return false
		}
	}
	return s != ""
}

func isBucket(s string) bool { return isToken(s) && len(s) <= 255 }

// isRedirect says whether browsers may be sent to s: an absolute https URL, or http on loopback,
// that means the same however it is parsed.
func isRedirect(s string) bool {
	s = withoutPlainPath(s)
	return isPlainOrigin(s) || isParsedRedirect(s)
}

func isParsedRedirect(s string) bool {
	u, err := url.Parse(s)
	if err != nil || u.String() != s || u.Host == "" || u.User != nil || u.Opaque != "" || u.Fragment != "" {
		return false
	}
	if strings.ContainsAny(s, "\\ ") || !isHostName(u.Hostname()) {
		return false
	}
	return u.Scheme == "https" || u.Scheme == "http" && isLoopback(u.Hostname())
}

// withoutPlainPath cuts a path off that has nothing but unreserved characters and slashes: no
// parser reads it another way, and it may be long.
func withoutPlainPath(s string) string {
	_, rest, _ := strings.Cut(s, "://")
	slash := strings.IndexByte(rest, '/')
	if slash < 0 {
		return s
	}
	path := rest[slash:]
	if classOf(path)&classNotPath != 0 {
		return s
	}
	return s[:len(s)-len(path)+1]
}

// isPlainOrigin says whether s is https, a host name of small letters, digits, hyphens and dots,
// perhaps a port, and a slash: most redirects are, and it is a matter of some nanoseconds to see.
func isPlainOrigin(s string) bool {
	host, https := strings.CutPrefix(s, "https://")
	host, slash := strings.CutSuffix(host, "/")
	host, port, ported := strings.Cut(host, ":")
	if !https || !slash || host == "" || ported && (port == "" || len(port) > 5) {
		return false
	}
	return classOf(host)&classNotHost == 0 && classOf(port)&classNotDigit == 0
}

// isHostName leaves out what browsers would map to something else.
func isHostName(host string) bool {
	for i := range len(host) {
		b := host[i]
		if (b < 'a' || b > 'z') && (b < '0' || b > '9') && b != '-' && b != '.' && b != ':' && b != '_' {
			return false
		}
	}
	return host != ""
}

// isLoopback knows every name below localhost, as RFC 6761, 6.3 does.
func isLoopback(host string) bool {
	address, err := netip.ParseAddr(host)
	return host == "localhost" || strings.HasSuffix(host, ".localhost") || err == nil && address.IsLoopback()
}

// isWebsiteTarget says whether s can be where a website bucket redirects to.
func isWebsiteTarget(s string) bool {
	if strings.HasPrefix(s, "/") {
		return len(s) <= 2048 && !strings.HasPrefix(s, "//") && !strings.Contains(s, "\\")
	}
	u, err := url.Parse(s)
	return err == nil && len(s) <= 2048 && u.User == nil && isHostName(u.Hostname()) && (u.Scheme == "https" || u.Scheme == "http")
}
