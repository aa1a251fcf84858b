package explain

import (
	"encoding/json"
	"regexp"
	"strings"

	"github.com/postern-dev/postern/policy"
)

// listedCondition matches a condition as stores repeat it: ["eq", "$key", "a"] with or without
// quotes. brokenCondition is Ceph's: eq: $key, a.
var (
	listedCondition = regexp.MustCompile(`(?i)\[\s*\\?"?\s*(eq|starts-with|content-length-range|in|not-in)\b`)
	brokenCondition = regexp.MustCompile(`(?i)condition failed: (eq|starts-with): ?\$?([^,]*), ?(.*)`)
)

// failedCondition reads the condition that a store's sentence repeats, and says what it means that
// it failed. Stores don't say which value they found: the field may be absent or have another
// value.
func failedCondition(text string) (Finding, bool) {
	text = text[:min(len(text), maxSentenceBytes)]
	if m := brokenCondition.FindStringSubmatch(text); m != nil {
		return conditionFinding(m[1], m[2], strings.TrimSpace(firstLine(m[3])), false), true
	}
	at := listedCondition.FindStringIndex(text)
	if at == nil {
		return failedPair(text)
	}
	list := text[at[0]:]
	repeated := strings.Contains(policy.LowerName(list), "multiple values")
	items := conditionItems(list)
	if len(items) < 3 {
		return Finding{Code: "condition_failed", Condition: firstLine(list)}, true
	}
	value := items[2]
	if len(items) > 3 {
		value = strings.Join(items[2:], ", ")
	}
	return conditionFinding(items[0], items[1], value, repeated), true
}

// failedPair reads a condition in the notation of an object: {"acl": "private"}.
func failedPair(text string) (Finding, bool) {
	_, object, ok := strings.Cut(text, "ondition failed: {")
	if !ok {
		return Finding{}, false
	}
	var pair map[string]string
	if json.NewDecoder(strings.NewReader("{"+strings.ReplaceAll(object, `\"`, `"`))).Decode(&pair) != nil || len(pair) != 1 {
		return Finding{Code: "condition_failed", Condition: "{" + firstLine(object)}, true
	}
	for name, value := range pair {
		return conditionFinding("eq", name, value, false), true
	}
	return Finding{}, false
}

// conditionItems returns the operator, the field and the value of a condition that begins a text.
// It is read as JSON, then as JSON inside a JSON text, then as MinIO writes it, without quotes.
func conditionItems(list string) []string {
	for _, text := range []string{list, strings.ReplaceAll(list, `\"`, `"`)} {
		var items []any
		if json.NewDecoder(strings.NewReader(text)).Decode(&items) == nil {
			return itemTexts(items)
		}
	}
	list = firstLine(list)
	if end := strings.LastIndexByte(list, ']'); end > 0 {
		list = list[:end]
	}
	if before, _, ok := strings.Cut(list, "]. FormValues"); ok {
		list = before
	}
	parts := strings.SplitN(strings.TrimLeft(list, "[ "), ",", 3)
	for i, part := range parts {
		parts[i] = strings.Trim(part, ` "'\`)
	}
	return parts
}

func itemTexts(items []any) (texts []string) {
	for _, item := range items {
		switch item := item.(type) {
		case string:
			texts = append(texts, item)
		default:
			text, _ := json.Marshal(item) // it was JSON
			texts = append(texts, string(text))
		}
	}
	return texts
}

// conditionFinding says what a failed condition means.
func conditionFinding(operator, field, value string, repeated bool) Finding {
	operator, field = policy.LowerName(operator), strings.TrimPrefix(strings.TrimSpace(field), "$")
	source, _ := json.Marshal([]string{operator, "$" + field, value}) // texts always are JSON
	f := Finding{Field: field, Wanted: value, Condition: strings.ReplaceAll(string(source), `","`, `", "`)}
	name, prefix := policy.LowerName(field), operator == "starts-with"
	switch {
	case operator == "content-length-range":
		f.Code, f.Field, f.Condition = "size_out_of_range", "file", `["content-length-range", `+field+", "+value+"]"
		f.Wanted = field + " to " + value + " bytes"
	case operator == "in" || operator == "not-in":
		f.Code, f.Wanted = "condition_failed", map[string]string{"in": "one of ", "not-in": "none of "}[operator]+value
	case repeated:
		f.Code = "field_repeated"
	case name == "content-length":
		f.Code, f.Wanted = "length_condition", ""
	case isSecretField(name):
		f.Code, f.Wanted, f.Condition = "signature_field_changed", "the value that was signed", `["`+operator+`", "$`+field+`", …]`
	case isSignatureField(name):
		f.Code = "signature_field_changed"
	case name == "bucket":
		f.Code = "bucket_mismatch"
	case strings.Contains(value, "${filename}"):
		f.Code = "filename_in_condition"
	case value == "" && prefix:
		f.Code, f.Wanted = missingCode(field), "the field, with any value"
	case name == "content-type" && !prefix && strings.HasSuffix(value, "/*"):
		f.Code = "type_wildcard"
	case prefix:
		f.Code = "prefix_mismatch"
	default:
		f.Code = "value_mismatch"
	}
	return f
}
