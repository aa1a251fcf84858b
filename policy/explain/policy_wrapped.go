package explain

import (
	"encoding/base64"
	"html"
	"net/url"
	"regexp"
	"strings"
)

var (
	// placeholder matches what templates put in the place of a value, and code that computes one.
	placeholder = regexp.MustCompile(`\{\{.*\}\}|\{%.*%\}|<%.*%>|<\?.*\?>|\$\{[^}]*\}|#\{[^}]*\}|^@?[A-Za-z_$][\w.]*\([^)]*\)$|^\$[A-Za-z_]\w*$|^%s$|^\{[\w.]*\}$`)
	// words matches a sentence in the place of a policy.
	words = regexp.MustCompile(`^[A-Za-z]{1,12}(?: [A-Za-z0-9]{1,12}){2,12}\.?$`)
	// leftOut matches what people put in the place of a value that they don't show.
	leftOut = regexp.MustCompile(`(?i)^(?:\.{2,}|…|<[^<>]*>|\[[^\]]*\]|x{3,}|\*{3,}|-{3,}|redacted|removed|omitted|hidden|policy|base64|my[-_ ]?policy|your[-_ ]?policy|long[-_ ]?string|string)(?:\.{3}|…)?$`)
)

// readWrappedPolicy reads a form's policy that is spoiled by what it is wrapped in: it says so, and
// reads on inside. It returns false for a policy without a wrapper.
func (e *evidence) readWrappedPolicy(text string) bool {
	if len(text) > maxPolicyBytes || strings.HasPrefix(strings.TrimSpace(text), "{\"") {
		return false
	}
	f := Finding{Field: "policy", Wanted: "the policy's base64 alone"}
	inner := ""
	switch trimmed := strings.TrimSpace(text); {
	case placeholder.MatchString(trimmed) && strings.Trim(trimmed, base64Runes) != "":
		f.Code, f.Got = "template_unfilled", trimmed
	case leftOut.MatchString(trimmed), strings.Count(trimmed, " ") >= 2 && words.MatchString(trimmed):
		f.Code, f.Got = "value_left_out", trimmed
	case isBytesLiteral(trimmed):
		f.Code, f.Got = "policy_bytes_literal", trimmed[:2]+"…"
		inner = strings.Trim(trimmed[1:], `'"`)
	case len(trimmed) > 2 && strings.Contains(`"'`, trimmed[:1]) && trimmed[0] == trimmed[len(trimmed)-1]:
		f.Code, f.Got, inner = "policy_quoted", trimmed[:1]+"…"+trimmed[:1], trimmed[1:len(trimmed)-1]
	case strings.Contains(trimmed, "%3D") || strings.Contains(trimmed, "%2B") || strings.Contains(trimmed, "%2F"):
		f.Code, f.Got = "policy_escaped", "%3D, %2B or %2F"
		inner, _ = url.PathUnescape(trimmed)
	case strings.Contains(trimmed, "&#") || strings.Contains(trimmed, "&equals;"):
		f.Code, f.Got, inner = "policy_escaped", "&#…;", html.UnescapeString(trimmed)
	case isEncodedTwice(trimmed):
		f.Code, f.Got = "policy_encoded_twice", "base64 of base64"
		inner = decoded(trimmed)
	default:
		return false
	}
	e.addFault(f)
	if inner != "" && inner != text {
		e.readPolicy(strings.TrimSpace(inner))
	}
	return true
}

// isBytesLiteral recognises b'…', also after a shell has taken its quotes.
func isBytesLiteral(text string) bool {
	if strings.HasPrefix(text, "b'") || strings.HasPrefix(text, `b"`) {
		return true
	}
	return strings.HasPrefix(text, "b") && decodeLoosely(text) == "" && decodeLoosely(text[1:]) != ""
}

// isEncodedTwice recognises base64 of base64 of JSON.
func isEncodedTwice(text string) bool {
	first, err := base64.RawStdEncoding.DecodeString(plainBase64.Replace(text))
	if err != nil {
		return false
	}
	once := strings.TrimSpace(string(first))
	return !strings.HasPrefix(once, "{") && strings.Trim(once, base64Runes) == "" && (decodeLoosely(once) != "" || isEncodedThrice(once))
}

func isEncodedThrice(text string) bool {
	inner := decoded(text)
	return inner != "" && strings.Trim(inner, base64Runes) == "" && decodeLoosely(inner) != ""
}
