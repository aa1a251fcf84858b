package explain

import (
	"cmp"
	"regexp"
	"strings"
)

// checkStoreError names the cause of a store's refusal.
func (x *explainer) checkStoreError() {
	e := x.storeError
	x.addFact("code", e.Code)
	x.addFact("message", e.Message)
	x.addFact("resource", cmp.Or(e.Resource, e.Key))
	x.addFact("bucket", e.BucketName)
	x.addFact("request", e.RequestID)
	x.add(e.finding())
}

// finding names the cause by the store's code, and by the message where the code says too little.
func (e *storeError) finding() Finding {
	f := Finding{Code: cmp.Or(storeErrorCodes[e.Code], "store_code_unknown"), Got: e.Message}
	switch e.Code {
	case "AccessDenied":
		return e.accessDenied()
	case "InvalidArgument":
		return e.invalidArgument()
	case "InvalidRequest":
		f.Code = codeOfMessage(invalidRequests, e.Message, "request_invalid")
	case "EntityTooLarge", "EntityTooSmall":
		f.Field, f.Got = "file", cmp.Or(withUnit("", e.ProposedSize), e.Message)
		f.Wanted = cmp.Or(withUnit("at most ", e.MaxSizeAllowed), withUnit("at least ", e.MinSizeAllowed))
		if e.PartNumber != "" && e.Code == "EntityTooSmall" {
			f.Code, f.Field = "part_too_small", "part "+e.PartNumber
		}
	case "RequestTimeTooSkewed":
		f.Wanted, f.Got = e.ServerTime, cmp.Or(e.RequestTime, e.Message)
	case "AuthorizationHeaderMalformed", "AuthorizationQueryParametersError", "PermanentRedirect", "TemporaryRedirect", "IllegalLocationConstraintException":
		f.Wanted = cmp.Or(e.Region, e.Endpoint)
		if f.Wanted == "" && !strings.Contains(e.Message, "region") && !strings.Contains(e.Code, "Redirect") {
			f.Code = "parameter_invalid"
		}
	}
	return f
}

// withUnit returns "" for a size that isn't known.
func withUnit(prefix, size string) string {
	if size == "" {
		return ""
	}
	return prefix + size + " bytes"
}

// phrase is a part of a message, in lower case, with the code of its cause.
type phrase struct{ text, code string }

// codeOfMessage returns the code of the first phrase in a message.
func codeOfMessage(phrases []phrase, message, otherwise string) string {
	message = strings.ToLower(message)
	for _, p := range phrases {
		if strings.Contains(message, p.text) {
			return p.code
		}
	}
	return otherwise
}

// The phrases in messages of AccessDenied, InvalidArgument and InvalidRequest, the more special
// first.
var (
	accessDenials = []phrase{
		{"policy expired", "policy_expired"},
		{"request has expired", "url_expired"},
		{"not signed", "header_unsigned"},
		{"kms:", "kms_denied"},
		{"explicit deny", "denied_explicitly"},
		{"not authorized to perform", "permission_missing"},
		{"invalid according to policy", "condition_failed"},
	}
	invalidArguments = []phrase{
		{"field named 'key'", "key_missing"},
		{"user key must", "key_missing"},
		{"exactly one file", "file_repeated"},
		{"file upload", "file_repeated"},
		{"exactly one value", "field_repeated"},
		{"signature version 4", "signature_v2"},
		{"aws kms managed keys require", "signature_v2"},
	}
	invalidRequests = []phrase{
		{"aws4-hmac-sha256", "signature_v2"},
		{"checksum", "checksum_mismatch"},
		{"content-type", "form_enctype"},
		{"enclosure-type", "form_enctype"},
	}
)

var failedCondition = regexp.MustCompile(`Policy Condition failed: (\[\s*"([a-z-]+)",\s*"?\$?([^",\]]+)"?,\s*(.*)\])`)

// accessDenied names the cause of an AccessDenied: the condition or the fields in its message.
func (e *storeError) accessDenied() Finding {
	f := Finding{Got: e.Message}
	if m := failedCondition.FindStringSubmatch(e.Message); m != nil {
		f.Condition, f.Field, f.Wanted = m[1], m[3], strings.Trim(m[4], `" `)
		f.Code = cmp.Or(map[string]string{"eq": "value_mismatch", "starts-with": "prefix_mismatch"}[m[2]], "condition_failed")
		return f
	}
	if _, names, ok := strings.Cut(e.Message, "Extra input fields: "); ok {
		f.Code, f.Field = "field_uncovered", strings.TrimRight(names, ". ")
		return f
	}
	f.Code = codeOfMessage(accessDenials, e.Message, "access_denied")
	return f
}

// invalidArgument names the cause of an InvalidArgument: the argument, or what the message says.
func (e *storeError) invalidArgument() Finding {
	f := Finding{Code: codeOfMessage(invalidArguments, e.Message, "argument_invalid"), Field: e.ArgumentName, Got: cmp.Or(e.ArgumentValue, e.Message)}
	switch f.Code {
	case "key_missing":
		f.Field = "key"
	case "file_repeated":
		f.Field = "file"
	}
	return f
}
