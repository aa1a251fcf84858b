package explain

import (
	"cmp"
	"strings"

	"github.com/postern-dev/postern/policy"
)

// checkStoreError names the cause of a store's refusal. Everything that the answer holds is read
// before the store's code decides.
func (x *explainer) checkStoreError() {
	e := x.storeError
	x.addStoreFacts()
	evidence := x.signatureEvidence()
	for _, f := range evidence {
		x.add(f)
	}
	if len(evidence) == 0 {
		x.add(e.finding())
	}
}

// addStoreFacts lists what the answer says, apart from what only programs read.
func (x *explainer) addStoreFacts() {
	e := x.storeError
	x.addFact("code", e.Code)
	x.addFact("message", e.Message)
	x.addFact("store", e.store())
	for _, m := range []struct{ term, name string }{
		{"details", "details"}, {"condition", "condition"}, {"header", "header"}, {"headers not signed", "headersnotsigned"},
		{"method", "method"}, {"resource type", "resourcetype"}, {"argument", "argumentname"}, {"region", "region"}, {"endpoint", "endpoint"},
		{"part", "partnumber"}, {"ETag", "etag"}, {"proposed size", "proposedsize"}, {"largest size", "maxsizeallowed"}, {"smallest size", "minsizeallowed"},
		{"store's time", "servertime"}, {"request's time", "requesttime"}, {"largest difference in ms", "maxallowedskewmilliseconds"},
		{"expired at", "expires"}, {"lifetime in seconds", "x-amz-expires"}, {"error code", "ec"}, {"additional message", "additionalmessage"},
	} {
		x.addFact(m.term, e.member(m.name))
	}
	x.addFact("resource", cmp.Or(e.member("resource"), e.member("key")))
	x.addFact("bucket", e.member("bucketname"))
	x.addFact("request", e.member("requestid"))
}

// store names the store whose answer it is, "" if elements and names don't tell.
func (e *storeError) store() string {
	host, request := policy.LowerName(e.member("hostid")+" "+e.member("resource")+" "+e.member("endpoint")), e.member("requestid")
	switch {
	case e.members["ossaccesskeyid"] != "" || e.members["ec"] != "" || strings.Contains(host, "aliyuncs.com"):
		return ossTable.store
	case e.members["details"] != "":
		return gcsTable.store
	case strings.Contains(host, "digitaloceanspaces") || strings.HasPrefix(request, "tx0") && strings.Contains(host, "-zg"):
		return spacesTable.store
	case strings.HasPrefix(request, "tx0"):
		return cephTable.store
	}
	return ""
}

// finding names the cause: by the sentence, where the store has one for this cause alone, else by
// its code; then fills in what the other elements say.
func (e *storeError) finding() Finding {
	for _, text := range []string{e.member("details"), e.member("condition"), e.member("additionalmessage"), e.Message, e.Code} {
		text = strings.Join(strings.Fields(text[:min(len(text), maxSentenceBytes)]), " ")
		if f, ok := failedCondition(text); ok {
			return f
		}
		if m := matchSentence(text, e.store()); m != nil && !saysNothing(text) {
			return e.complete(m.finding())
		}
	}
	f := Finding{Code: cmp.Or(codeOfStore(e.Code), "store_code_unknown"), Got: e.Message}
	switch f.Code {
	case "store_code_unknown", "access_denied", "argument_invalid", "request_invalid", "document_malformed":
		text := e.member("details") + " " + e.Message
		if m := anyStoreTable.match(text, policy.LowerName(text)); m != nil {
			f.Code = m.code
		}
	}
	if f.Code == "access_denied" && !saysNothing(e.Message) {
		f.Code = "denial_unknown"
	}
	return e.complete(f)
}

// generalSentences are those that a store writes whatever the cause is.
var generalSentences = []string{
	"request signature we calculated does not match", "pre-conditions you specified did not hold", "implies functionality that is not implemented",
	"invalid argument.", "your proposed upload ", "the provided token has expired",
}

// saysNothing reports whether a text names no cause: it is empty, repeats the code, or is general.
func saysNothing(text string) bool {
	text = policy.LowerName(strings.TrimSpace(text))
	switch strings.Trim(text, ".!") {
	case "", "access denied", "accessdenied", "access denied by store", "forbidden", "403 forbidden", "403", "unauthorized", "none", "null", "undefined", "unknownerror":
		return true
	}
	for _, s := range generalSentences {
		if strings.Contains(text, s) {
			return true
		}
	}
	return false
}

// finding is the finding of a matched sentence.
func (m *matched) finding() Finding {
	f := Finding{Code: m.code, Field: m.field, Wanted: m.wanted, Got: m.got}
	switch m.code {
	case "field_uncovered":
		return uncoveredByStore(m.field)
	case "field_missing":
		f.Code = missingCode(m.field)
	case "condition_malformed":
		f.Wanted = cmp.Or(f.Wanted, `an object with one string, or ["operator", "$field", "value"]`)
	case "permission_missing", "denied_explicitly":
		action, _, _ := strings.Cut(f.Wanted, " ")
		if f.Wanted = action; strings.HasPrefix(action, "kms:") {
			f.Code = "kms_denied"
		} else if limit := limitIn(f.Got); limit != "" && m.code == "permission_missing" {
			f.Code, f.Got = "permission_limited", limit
		}
	case "wrong_region":
		if scope := strings.Split(f.Got, "/"); len(scope) == 4 {
			f.Got = scope[1]
		}
	case "header_unsupported":
		if strings.Contains(policy.LowerName(f.Field), "checksum") {
			f.Code = "checksum_unsupported"
		}
	case "operation_unsupported":
		f.Got = lastWord(f.Got)
		switch {
		case strings.HasPrefix(f.Got, "STREAMING-"):
			f.Code, f.Field, f.Wanted = "body_chunk_signed", "x-amz-content-sha256", "UNSIGNED-PAYLOAD, or the hash of the body"
		case f.Got == "" || f.Got == policy.LowerName(f.Got): // no operation is named
			f.Code, f.Got = "post_unsupported", ""
		case strings.HasPrefix(f.Got, "Post"):
			f.Code = "post_unsupported"
		}
	}
	return f
}

// limitIn returns the kind of policy, as AWS names it, that limits what other policies allow; "" if
// a text names none.
func limitIn(text string) string {
	text = policy.LowerName(text)
	for _, kind := range []string{"vpc endpoint policy", "session policy", "permissions boundary", "service control policy", "resource control policy"} {
		if strings.Contains(text, kind) {
			return kind
		}
	}
	return ""
}

func lastWord(text string) string {
	words := strings.Fields(text)
	if len(words) == 0 {
		return ""
	}
	return words[len(words)-1]
}

// uncoveredByStore is the finding about fields that no condition covers; several are separated by
// commas. Without a condition on the bucket, stores name the bucket as such a field.
func uncoveredByStore(names string) Finding {
	f := Finding{Code: "field_uncovered", Field: names}
	switch name := policy.LowerName(names); {
	case name == "bucket":
		f.Code = "bucket_unconditional"
	case strings.Contains(names, ","):
	case name == "submit" || name == "commit" || name == "upload" || name == "button" || name == "send":
		f.Code = "button_named"
	default:
		f.Code = uncoveredCode(names, nil)
	}
	if f.Code == "signature_v2" {
		f.Code = "field_uncovered" // the store names it as a field, whatever the signature is
	}
	return f
}

// missingCode tells apart which field a form lacks.
func missingCode(name string) string {
	switch name = policy.LowerName(name); {
	case name == "key":
		return "key_missing"
	case name == "policy":
		return "policy_missing"
	case name == "file":
		return "file_missing"
	case name == "content-type":
		return "content_type_missing"
	case name == "signature" || name == "awsaccesskeyid" || isSignatureField(name):
		return "signature_field_missing"
	}
	return "field_missing"
}

// complete fills in what the elements beside the sentence say, and names a more exact cause where
// they do.
func (e *storeError) complete(f Finding) Finding {
	if rule, ok := memberRules[f.Code]; ok {
		rule(e, &f)
	}
	if f.Got == "" && !strings.Contains(f.info().fix, "{got}") && f.Wanted == "" {
		f.Got = e.Message
	}
	return f
}
