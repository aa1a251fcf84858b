package explain

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"strings"

	"github.com/postern-dev/postern/policy"
)

// maxPolicyBytes bounds the memory for a policy. Stores read 20,480 bytes of a form's fields.
const maxPolicyBytes = 128 << 10

// readPolicy reads a policy as strictly as a store does. What a store can't read is looked at again
// to say why; behind a fault of its base64 alone, the document is read all the same.
func (e *evidence) readPolicy(text string) {
	if len(text) > maxPolicyBytes {
		e.addFault(Finding{Code: "form_too_large", Wanted: "at most 20480 bytes before the file", Got: formatCount(len(text), "byte")})
		return
	}
	if e.readWrappedPolicy(text) {
		return
	}
	d, err := policy.Parse(text)
	var syntax *policy.SyntaxError
	switch {
	case err == nil:
		e.document = &d
	case !errors.As(err, &syntax):
		e.addFault(Finding{Code: "policy_malformed", Got: err.Error()})
	case syntax.Kind == policy.SyntaxBase64:
		e.addFault(Finding{Code: base64Code(text), Field: "policy", Wanted: syntax.Wanted, Got: syntax.Got})
		if decoded := decodeLoosely(text); decoded != "" {
			e.readPolicy(decoded)
		}
	case syntax.Kind == policy.SyntaxLength:
		e.addFault(Finding{Code: "form_too_large", Wanted: syntax.Wanted})
	case strings.HasPrefix(strings.TrimSpace(decodeLoosely(text)), "{'"):
		e.addFault(Finding{Code: "policy_single_quotes", Field: "policy", Wanted: "JSON, which has double quotes", Got: "{'…"})
	default:
		e.addFault(Finding{Code: syntaxCode(decodeLoosely(text), syntax), Field: position(syntax), Wanted: syntax.Wanted, Got: syntax.Got})
	}
}

// position names the condition and the place of a syntax error.
func position(e *policy.SyntaxError) string {
	place := fmt.Sprintf("line %d, column %d", e.Line, e.Column)
	if e.Condition >= 0 {
		return fmt.Sprintf("conditions[%d], %s", e.Condition, place)
	}
	return place
}

// base64Code tells the usual faults of base64 apart.
func base64Code(text string) string {
	switch {
	case strings.ContainsAny(text, " \r\n\t"):
		return "base64_line_ends"
	case strings.ContainsAny(text, "-_"):
		return "base64_url_alphabet"
	case len(strings.TrimRight(text, "="))%4 != 1 && !strings.HasSuffix(text, "="):
		return "base64_unpadded"
	}
	return "base64_malformed"
}

// decodeLoosely returns the JSON in a text that may be base64 of either alphabet, with or without
// padding and line ends. It returns "" if there is none.
func decodeLoosely(text string) string {
	if strings.HasPrefix(strings.TrimSpace(text), "{") {
		return text
	}
	decoded, err := base64.RawStdEncoding.DecodeString(plainBase64.Replace(text))
	if err != nil || !strings.HasPrefix(strings.TrimSpace(string(decoded)), "{") {
		return ""
	}
	return string(decoded)
}

// comment matches a string, which is the group, or a comment.
var comment = regexp.MustCompile(`("(?:[^"\\]|\\.)*")|//[^\n]*|(?s:/\*.*?\*/)`)

// isCutShort reports whether a text is the beginning of JSON: it has no mistake but its end.
func isCutShort(text string) bool {
	var syntax *json.SyntaxError
	err := json.Unmarshal([]byte(text), new(json.RawMessage))
	return errors.As(err, &syntax) && strings.Contains(syntax.Error(), "unexpected end") && strings.Contains(text, `"conditions"`)
}

// syntaxCode tells the usual syntax errors of a policy apart.
func syntaxCode(text string, e *policy.SyntaxError) string {
	switch valid := json.Valid([]byte(text)); {
	case !valid && isCutShort(text):
		return "policy_cut_short"
	case !valid && comment.MatchString(text) && json.Valid(comment.ReplaceAll([]byte(text), []byte("$1"))):
		return "policy_comment"
	case !valid && e.Condition >= 0:
		return "policy_injected"
	case !valid, e.Kind == policy.SyntaxJSON:
		return "policy_malformed"
	case e.Kind == policy.SyntaxMissing && e.Member == "conditions":
		return "conditions_missing"
	case e.Kind == policy.SyntaxMissing:
		return "expiration_missing"
	case e.Kind == policy.SyntaxExpiration:
		return "expiration_malformed"
	case e.Kind == policy.SyntaxMember:
		return "member_unknown"
	}
	return "condition_malformed"
}

// decodesTwice reports whether a text is base64 of base64 of JSON.
func decodesTwice(text string) bool {
	once, err := base64.StdEncoding.DecodeString(text)
	return err == nil && decodeLoosely(string(once)) != ""
}
