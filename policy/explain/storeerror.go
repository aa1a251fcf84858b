package explain

import (
	"encoding/xml"
	"regexp"
	"strings"
)

// storeError is an answer of a store, as far as stores agree on it.
type storeError struct {
	Code, Message, Resource, Key, BucketName string
	Region, Endpoint                         string
	MaxSizeAllowed, MinSizeAllowed           string
	ProposedSize, ServerTime, RequestTime    string
	ArgumentName, ArgumentValue              string
	RequestID                                string `xml:"RequestId"`
	PartNumber                               string
}

// isStoreMessage recognises the sentence alone, without its XML.
func isStoreMessage(text string) bool {
	return strings.HasPrefix(text, "Invalid according to Policy") || strings.Contains(text, "Policy Condition failed") ||
		strings.HasPrefix(text, "AccessDenied")
}

// readStoreError explains a store's answer. It was refused already; what is left is why.
func (s *session) readStoreError() {
	e := storeError{Code: "AccessDenied", Message: s.text}
	if strings.HasPrefix(s.text, "<") {
		e = storeError{}
		decoder := xml.NewDecoder(strings.NewReader(s.text))
		if err := decoder.Decode(&e); err != nil || e.Code == "" {
			s.find(Finding{Code: "answer_unreadable", Wanted: "an <Error> with a <Code>"})
			return
		}
	}
	s.fact("code", e.Code)
	s.fact("message", e.Message)
	for _, f := range []Fact{{"resource", or(e.Resource, e.Key)}, {"bucket", e.BucketName}, {"request", e.RequestID}} {
		if f.Value != "" {
			s.fact(f.Term, f.Value)
		}
	}
	s.find(e.finding())
}

// finding names the cause: by the message where the code says too little.
func (e *storeError) finding() Finding {
	f := Finding{Code: storeCodes[e.Code]}
	switch e.Code {
	case "AccessDenied":
		return e.denied()
	case "EntityTooLarge":
		f.Field = "file"
		f.Wanted, f.Got = sized("at most ", e.MaxSizeAllowed), sized("", e.ProposedSize)
	case "EntityTooSmall":
		f.Field = "file"
		f.Wanted, f.Got = sized("at least ", e.MinSizeAllowed), sized("", e.ProposedSize)
		if e.PartNumber != "" {
			f.Code, f.Field = "part_too_small", "part "+e.PartNumber
		}
	case "RequestTimeTooSkewed":
		f.Wanted, f.Got = e.ServerTime, e.RequestTime
	case "AuthorizationHeaderMalformed", "AuthorizationQueryParametersError", "PermanentRedirect", "TemporaryRedirect", "IllegalLocationConstraintException":
		f.Wanted = or(e.Region, e.Endpoint)
		if f.Wanted == "" && !strings.Contains(e.Message, "region") && !strings.Contains(e.Code, "Redirect") {
			f.Code = "parameter_invalid"
		}
	case "InvalidArgument":
		return e.argument()
	case "InvalidRequest":
		return e.request()
	}
	if f.Code == "" {
		f.Code = "store_code_unknown"
	}
	f.Got = or(f.Got, e.Message)
	return f
}

func sized(prefix, n string) string {
	if n == "" {
		return ""
	}
	return prefix + n + " bytes"
}

var failedCondition = regexp.MustCompile(`Policy Condition failed: (\[\s*"([a-z-]+)",\s*"?\$?([^",\]]+)"?,\s*(.*)\])`)

// denied reads the sentence of an AccessDenied.
func (e *storeError) denied() Finding {
	f := Finding{Got: e.Message}
	if m := failedCondition.FindStringSubmatch(e.Message); m != nil {
		f.Condition, f.Field, f.Wanted = m[1], m[3], strings.Trim(m[4], `" `)
		f.Code = map[string]string{"eq": "value_mismatch", "starts-with": "prefix_mismatch"}[m[2]]
		f.Code = or(f.Code, "condition_failed")
		return f
	}
	if _, names, ok := strings.Cut(e.Message, "Extra input fields: "); ok {
		f.Code, f.Field = "field_uncovered", strings.TrimRight(names, ". ")
		return f
	}
	for _, known := range denials {
		if strings.Contains(strings.ToLower(e.Message), known.text) {
			f.Code = known.code
			return f
		}
	}
	f.Code = "access_denied"
	return f
}

// denials are phrases of AccessDenied messages, the more special first.
var denials = []struct{ text, code string }{
	{"policy expired", "policy_expired"},
	{"request has expired", "url_expired"},
	{"not signed", "header_unsigned"},
	{"kms:", "kms_denied"},
	{"explicit deny", "denied_explicitly"},
	{"not authorized to perform", "permission_missing"},
	{"invalid according to policy", "condition_failed"},
}

// argument reads the sentence of an InvalidArgument.
func (e *storeError) argument() Finding {
	f := Finding{Code: "argument_invalid", Field: e.ArgumentName, Got: or(e.ArgumentValue, e.Message)}
	message := strings.ToLower(e.Message)
	switch {
	case strings.Contains(message, "field named 'key'") || strings.Contains(message, "user key must"):
		f.Code, f.Field = "key_missing", "key"
	case strings.Contains(message, "exactly one file") || strings.Contains(message, "file upload"):
		f.Code, f.Field = "file_repeated", "file"
	case strings.Contains(message, "exactly one value"):
		f.Code = "field_repeated"
	case strings.Contains(message, "signature version 4") || strings.Contains(message, "aws kms managed keys require"):
		f.Code = "signature_v2"
	}
	return f
}

// request reads the sentence of an InvalidRequest.
func (e *storeError) request() Finding {
	f := Finding{Code: "request_invalid", Got: e.Message}
	message := strings.ToLower(e.Message)
	switch {
	case strings.Contains(message, "aws4-hmac-sha256"):
		f.Code = "signature_v2"
	case strings.Contains(message, "checksum"):
		f.Code = "checksum_mismatch"
	case strings.Contains(message, "content-type") || strings.Contains(message, "enclosure-type"):
		f.Code = "form_enctype"
	}
	return f
}
