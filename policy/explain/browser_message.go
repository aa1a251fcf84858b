package explain

import (
	"regexp"
	"strings"
)

// corsMessages are what browsers say about a request that CORS forbids: Chrome and Safari, Firefox.
var corsMessages = []*regexp.Regexp{
	regexp.MustCompile(`Access to (?:XMLHttpRequest|fetch|resource)[^\n]*? at '(?P<address>[^']*)'[^\n]*? from origin '(?P<origin>[^']*)' has been blocked by CORS policy: (?P<reason>[^\n]*)`),
	regexp.MustCompile(`Cross-Origin Request Blocked: [^\n]*?remote resource at (?P<address>\S+?)\.? \(Reason: (?P<reason>[^\n]*?)\)\.?`),
	regexp.MustCompile(`Failed to load (?P<address>\S+): (?P<reason>[^\n]*(?:preflight|Access-Control)[^\n]*)`),
	regexp.MustCompile(`XMLHttpRequest cannot load (?P<address>\S+?)\.? (?P<reason>[^\n]*)`),
	regexp.MustCompile(`(?P<reason>Origin (?P<origin>\S+) is not allowed by Access-Control-Allow-Origin[^\n]*)`),
}

var (
	corsHeader = regexp.MustCompile(`(?i)(?:request header field |header [‘']|header ['"])([\w-]+)`)
	corsMethod = regexp.MustCompile(`(?:Method |method )[‘']?([A-Z]+)\b`)
	corsOrigin = regexp.MustCompile(`[Oo]rigin '([^']+)' is therefore`)
)

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
	case strings.Contains(lower, "access-control-allow-headers"):
		if m := corsHeader.FindStringSubmatch(reason); m != nil {
			f.Field, f.Wanted = m[1], "a rule of the bucket that allows the header "+m[1]
		}
	case strings.Contains(lower, "access-control-allow-methods"):
		if m := corsMethod.FindStringSubmatch(reason); m != nil {
			f.Field, f.Wanted = m[1], "a rule of the bucket that allows the method "+m[1]
		}
	case strings.Contains(lower, "redirect"):
		f.Code, f.Field, f.Wanted = "preflight_redirected", "address", "the bucket's own address, in its region"
	case strings.Contains(lower, "allow-credentials") || strings.Contains(lower, "credentials mode"):
		f.Code, f.Field, f.Wanted = "credentials_sent", "withCredentials", "a request without cookies"
	}
	return f
}
