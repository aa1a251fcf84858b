package explain

import (
	"regexp"
	"strings"
)

// corsMessages are what browsers say about a request that CORS forbids: Chrome, Firefox, Safari.
var corsMessages = []*regexp.Regexp{
	regexp.MustCompile(`Access to (?:XMLHttpRequest|fetch|resource)[^\n]*? at '(?P<address>[^']*)'[^\n]*? from origin '(?P<origin>[^']*)' has been blocked by CORS policy: (?P<reason>[^\n]*)`),
	regexp.MustCompile(`Cross-Origin Request Blocked: [^\n]*?remote resource at (?P<address>\S+?)\.? \(Reason: (?P<reason>[^\n]*?)\)\.?`),
	regexp.MustCompile(`Failed to load (?P<address>\S+): (?P<reason>[^\n]*(?:preflight|Access-Control)[^\n]*)`),
	regexp.MustCompile(`XMLHttpRequest cannot load (?P<address>\S+?)\.? (?P<reason>[^\n]*)`),
	regexp.MustCompile(`(?P<reason>Origin (?P<origin>\S+) is not allowed by Access-Control-Allow-Origin[^\n]*)`),
	regexp.MustCompile(`Fetch API cannot load (?P<address>\S+?)\.? (?P<reason>due to access control checks[^\n]*)`),
	regexp.MustCompile(`(?P<reason>Preflight response is not successful[^\n]*)`),
	regexp.MustCompile(`(?P<reason>Request header field [\w-]+ is not allowed by Access-Control-Allow-Headers[^\n]*)`),
	regexp.MustCompile(`'(?P<address>https?://[^'\s]+)'[^\n]*?'(?P<origin>[^'\s]+)'[^\n]*?CORS(?P<reason>[^\n]*Access-Control-Allow-\w+[^\n]*)`),
	// Firefox in other languages, and Chrome's messages as its tools translate them: the address,
	// and behind it the reason with the header's name or no status.
	regexp.MustCompile(`(?i)(?:Cross-Origin|multiorigin|desde otro origen|origen cruzado|跨源|クロスオリジン|origem cruzada|постороннего источника|innego pochodzenia|CORS)[^\n]{0,200}?(?P<address>https?://[^\s'"”»]+)(?P<reason>[^\n]*(?:Access-Control-Allow-\w+|CORS[^\n]*null\))[^\n]*)`),
}

// consoleMessage is another message of a browser's console, and the finding for it.
type consoleMessage struct {
	pattern             *regexp.Regexp
	code, field, wanted string
}

// consoleMessages are messages about a request that never reaches the store, or whose answer the
// page may not read. The group of a pattern is what was found.
var consoleMessages = []consoleMessage{
	{regexp.MustCompile(`Mixed Content: [^\n]*?insecure [^\n]*?'(http://[^']{1,300})'`), "mixed_content", "address", "an address that begins with https"},
	{regexp.MustCompile(`Refused to (?:connect to|send form data to) '[^']*' because it violates [^\n]*?"((?:connect-src|default-src|form-action)[^"]{0,200})`), "csp_blocked", "Content-Security-Policy", "a directive that allows the store's address"},
	{regexp.MustCompile(`Refused to get unsafe header "([\w-]{1,60})"`), "header_unexposed", "ExposeHeaders", "a rule of the bucket that exposes the header"},
	{regexp.MustCompile(`net::(ERR_NAME_NOT_RESOLVED)`), "host_unresolved", "address", "a host that DNS knows"},
	{regexp.MustCompile(`net::(ERR_CERT_\w{1,40})`), "certificate_untrusted", "address", "a certificate that the browser trusts"},
	{regexp.MustCompile(`net::(ERR_BLOCKED_BY_CLIENT)`), "blocked_by_client", "address", "a request that no extension blocks"},
	{regexp.MustCompile(`net::(ERR_(?:CONNECTION|HTTP2|QUIC|SSL|NETWORK|TIMED|INTERNET|ADDRESS|EMPTY|SOCKET)\w{0,40})`), "connection_lost", "address", "a connection that lasts"},
	{regexp.MustCompile(`net::(ERR_FAILED)`), "cors_refused", "origin", "a rule of the bucket that allows the page's origin, on refusals, too"},
}

var (
	corsHeader = regexp.MustCompile(`(?i)(?:request header field |header [‘']|header ['"])([\w-]+)`)
	corsMethod = regexp.MustCompile(`(?:Method |method )[‘']?([A-Z]+)\b`)
	corsOrigin = regexp.MustCompile(`[Oo]rigin '([^']+)' is therefore`)
)

// readMessageFirst reads a browser's message before the address in it, in a text that holds no form
// and no store's error.
func (e *evidence) readMessageFirst(text string) bool {
	if strings.Contains(text, "eyJ") || answerIn(text) != "" {
		return false
	}
	return e.readBrowserMessage(text)
}

// readBrowserMessage reads what a browser's console says of a request that CORS forbids.
func (e *evidence) readBrowserMessage(text string) bool {
	text = text[:min(len(text), maxHeadBytes)]
	for _, pattern := range corsMessages {
		m := pattern.FindStringSubmatch(text)
		if m == nil {
			continue
		}
		part := func(name string) string {
			if i := pattern.SubexpIndex(name); i >= 0 {
				return m[i]
			}
			return ""
		}
		e.kind = KindConsole
		e.addFault(corsFinding(part("origin"), part("reason"), text))
		return true
	}
	for _, message := range consoleMessages {
		if m := message.pattern.FindStringSubmatch(text); m != nil {
			e.kind = KindConsole
			e.addFault(Finding{Code: message.code, Field: message.field, Wanted: message.wanted, Got: m[1]})
			return true
		}
	}
	return false
}

// corsFinding names what the bucket's rules lack: the page's origin, a method or a header.
func corsFinding(origin, reason, text string) Finding {
	f := Finding{Code: "cors_refused", Field: "origin", Wanted: "a rule of the bucket that allows the page's origin", Got: reason}
	if m := corsOrigin.FindStringSubmatch(text); m != nil && origin == "" {
		origin = m[1]
	}
	if origin != "" {
		f.Wanted = "a rule of the bucket that allows the origin " + origin
	}
	lower := strings.ToLower(reason)
	switch {
	case strings.Contains(lower, "more-private address space"):
		f.Code, f.Field, f.Wanted = "local_network", "address", "a page that may reach the private network"
	case strings.Contains(lower, "access-control-allow-headers"):
		if m := corsHeader.FindStringSubmatch(reason); m != nil {
			f.Code, f.Field, f.Wanted = "cors_header_refused", m[1], "a rule of the bucket that allows the header "+m[1]
		}
	case strings.Contains(lower, "access-control-allow-methods"):
		if m := corsMethod.FindStringSubmatch(reason); m != nil {
			f.Code, f.Field, f.Wanted = "cors_method_refused", m[1], "a rule of the bucket that allows the method "+m[1]
		}
	case strings.Contains(lower, "redirect"):
		f.Code, f.Field, f.Wanted = "preflight_redirected", "address", "the bucket's own address, in its region"
	case strings.Contains(lower, "did not succeed") || strings.Contains(lower, "(null)") && !strings.Contains(lower, "access-control"):
		f.Code, f.Field, f.Wanted = "cors_unreachable", "address", "an answer of the store"
	case origin == "null":
		f.Code, f.Wanted, f.Got = "origin_null", "a page that a server sends", "null"
	case strings.Contains(lower, "allow-credentials") || strings.Contains(lower, "credentials mode"):
		f.Code, f.Field, f.Wanted = "credentials_sent", "withCredentials", "a request without cookies"
	}
	return f
}
