package explain

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/postern-dev/postern/policy"
)

// readPolicy explains a bare policy: with a form to hold against it, or by itself.
func (s *session) readPolicy() {
	d, ok := s.parse(s.text)
	if !ok {
		return
	}
	f := &form{}
	d.Conditions = d.Conditions[:min(len(d.Conditions), maxItems+1)]
	if s.options.Form == nil {
		f.fields = derived(d)
	} else {
		f.fields = signatureFields(d)
	}
	s.override(f)
	s.judge(d, f)
}

// parse reads a policy as strictly as a store, and looks again at what it can't read to say why.
func (s *session) parse(text string) (policy.Document, bool) {
	d, err := policy.Parse(text)
	if err == nil {
		return d, true
	}
	var syntax *policy.SyntaxError
	if !errors.As(err, &syntax) {
		s.find(Finding{Code: "policy_malformed", Got: err.Error()})
		return d, false
	}
	if syntax.Kind == policy.SyntaxBase64 {
		return s.parseLoosely(text, syntax)
	}
	code := syntaxCode(looseJSON(text), syntax)
	s.find(Finding{Code: code, Field: at(syntax), Wanted: syntax.Wanted, Got: syntax.Got})
	return d, false
}

// at names the condition and position of a syntax error.
func at(e *policy.SyntaxError) string {
	position := fmt.Sprintf("line %d, column %d", e.Line, e.Column)
	if e.Condition >= 0 {
		return fmt.Sprintf("conditions[%d], %s", e.Condition, position)
	}
	return position
}

// parseLoosely explains base64 that stores don't take, and goes on with what it says.
func (s *session) parseLoosely(text string, syntax *policy.SyntaxError) (policy.Document, bool) {
	code := "base64_malformed"
	switch {
	case strings.ContainsAny(text, " \r\n\t"):
		code = "base64_line_ends"
	case strings.ContainsAny(text, "-_"):
		code = "base64_url_alphabet"
	case len(strings.TrimRight(text, "="))%4 != 1 && !strings.HasSuffix(text, "="):
		code = "base64_unpadded"
	}
	s.find(Finding{Code: code, Field: "policy", Wanted: syntax.Wanted, Got: syntax.Got})
	decoded := looseJSON(text)
	if decoded == "" {
		return policy.Document{}, false
	}
	return s.parse(decoded)
}

// looseJSON returns the JSON inside, however it was wrapped, or nothing.
func looseJSON(text string) string {
	if strings.HasPrefix(strings.TrimSpace(text), "{") {
		return text
	}
	plain := strings.NewReplacer("-", "+", "_", "/", " ", "", "\r", "", "\n", "", "\t", "", "=", "").Replace(text)
	decoded, err := base64.RawStdEncoding.DecodeString(plain)
	if err != nil || !strings.HasPrefix(strings.TrimSpace(string(decoded)), "{") {
		return ""
	}
	return string(decoded)
}

// syntaxCode tells the usual mistakes apart.
func syntaxCode(text string, e *policy.SyntaxError) string {
	var loose struct {
		Expiration any   `json:"expiration"`
		Conditions []any `json:"conditions"`
	}
	err := json.Unmarshal([]byte(text), &loose)
	var broken *json.SyntaxError
	switch {
	case errors.As(err, &broken) && e.Condition >= 0:
		return "policy_injected"
	case err != nil:
		return "policy_malformed"
	case loose.Expiration == nil:
		return "expiration_missing"
	case loose.Conditions == nil:
		return "conditions_missing"
	case e.Kind == policy.SyntaxExpiration:
		return "expiration_malformed"
	case e.Kind == policy.SyntaxMember:
		return "member_unknown"
	}
	return "condition_malformed"
}

// derived is the form that signing the document would make, with whatever the visitor would have to
// fill in set to the least that will do.
func derived(d policy.Document) []policy.Field {
	fields := signatureFields(d)
	for _, c := range d.Conditions {
		if c.Operator() != policy.OpRange && !c.Covers("bucket") && !has(fields, c.Field()) {
			fields = append(fields, sample(c))
		}
	}
	return fields
}

// sample is a field that satisfies a condition.
func sample(c policy.Condition) policy.Field {
	if c.Operator() == policy.OpStartsWith && c.Value() == "" {
		return policy.Field{Name: c.Field(), Value: "x"}
	}
	return policy.Field{Name: c.Field(), Value: c.Value()}
}

// signatureFields are the fields that signing adds, as far as the document tells.
func signatureFields(d policy.Document) (fields []policy.Field) {
	for _, c := range d.Conditions {
		if c.Operator() == policy.OpEqual && signatureField(c.Field()) && !has(fields, c.Field()) {
			fields = append(fields, policy.Field{Name: c.Field(), Value: c.Value()})
		}
	}
	return fields
}

func signatureField(name string) bool {
	_, rest, _ := strings.Cut(strings.ToLower(name), "-")
	_, rest, _ = strings.Cut(rest, "-")
	switch rest {
	case "algorithm", "credential", "date", "security-token", "signature", "signature-version":
		return true
	}
	return false
}

func has(fields []policy.Field, name string) bool {
	_, ok := value(fields, name)
	return ok
}

// value returns the first field of that name, whatever its case.
func value(fields []policy.Field, name string) (string, bool) {
	for _, f := range fields {
		if strings.EqualFold(f.Name, name) {
			return f.Value, true
		}
	}
	return "", false
}
