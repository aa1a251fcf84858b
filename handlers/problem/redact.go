package problem

import (
	"regexp"
	"strings"
	"unicode"
)

// Redacted stands in a log where a secret was.
const Redacted = "[redacted]"

// secretText finds what the error of another library may quote: URLs, queries, JWTs and policies
// (both are base64 of JSON, which begins with "eyJ"), long base64 such as session tokens, and
// signatures.
var secretText = regexp.MustCompile(
	`https?://[^\s"'<>?]+` +
		`|\?[^\s"'<>]+` +
		`|eyJ[A-Za-z0-9+/_=.-]*` +
		`|[A-Za-z0-9+/_=-]{60,}` +
		`|[0-9a-f]{64}`)

// jsonBase64 is base64 of JSON inside a URL's path: an upload token or a ticket.
var jsonBase64 = regexp.MustCompile(`eyJ[^/\s]*`)

// LogText returns a message as it may be logged: URL queries (a presigned URL has its signature
// there), JWTs, policies, session tokens and signatures are replaced. Object keys stay, however
// long, so that an operator sees which object failed.
func LogText(message string) string {
	return secretText.ReplaceAllStringFunc(message, func(found string) string {
		switch {
		case strings.HasPrefix(found, "http"):
			return jsonBase64.ReplaceAllString(found, Redacted)
		case strings.HasPrefix(found, "?"), strings.HasPrefix(found, "eyJ"), !isKey(found):
			return Redacted
		}
		return found
	})
}

// isKey reports whether a long text reads as an object key: segments between slashes, none of which
// looks random. Base64 of this length has a stretch of 20 characters without a slash that mixes
// upper case, lower case and digits; signatures have no slash at all.
func isKey(text string) bool {
	if !strings.Contains(text, "/") {
		return false
	}
	for segment := range strings.SplitSeq(text, "/") {
		if len(segment) >= 20 && looksRandom(segment) {
			return false
		}
	}
	return true
}

func looksRandom(segment string) bool {
	return strings.ContainsFunc(segment, unicode.IsUpper) && strings.ContainsFunc(segment, unicode.IsLower) &&
		strings.ContainsFunc(segment, unicode.IsDigit)
}
