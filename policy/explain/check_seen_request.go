package explain

import (
	"slices"
	"strings"

	"github.com/postern-dev/postern/policy"
)

// signatureEvidence looks for what differs between the request that the store saw and the one that
// was signed. It returns nothing if the answer doesn't show the request.
func (x *explainer) signatureEvidence() (list []Finding) {
	s := x.storeError.readSeen()
	if s == nil {
		return nil
	}
	if s.policyText != "" {
		return []Finding{policyEvidence(s.policyText)}
	}
	if agent, ok := s.header("x-amz-user-agent"); ok {
		x.madeBy = sdkOfAgent(agent)
	} else if agent, ok := s.header("user-agent"); ok {
		x.madeBy = sdkOfAgent(agent)
	}
	x.addSeenFacts(s)
	for _, rule := range seenRules {
		if f, ok := rule(x, s); ok {
			list = append(list, f)
		}
	}
	for _, rule := range seenSuspicions {
		if f, ok := rule(x, s); ok && len(list) == 0 {
			list = append(list, f)
		}
	}
	return list[:min(len(list), 3)]
}

// addSeenFacts lists what the store saw. The query is left out, as it holds the session token.
func (x *explainer) addSeenFacts(s *seenRequest) {
	x.addFact("the store saw", strings.TrimSpace(s.method+" "+s.path))
	if s.version == 2 {
		x.addFact("content type seen", s.contentType)
		return
	}
	for _, h := range s.headers {
		if h.Name == "host" || h.Name == "content-type" || h.Name == "content-length" || h.Name == "content-md5" {
			x.addFact(h.Name+" seen", h.Value)
		}
	}
	x.addFact("signed headers seen", strings.Join(s.signedHeaders, ";"))
	if s.payload == emptyHash {
		x.addFact("body seen", "the hash of an empty body")
	} else if !hexSignature.MatchString(s.payload) {
		x.addFact("body seen", s.payload)
	}
	if len(s.scope) == 4 {
		x.addFact("signed for", strings.Join(s.scope, "/"))
	}
}

type seenRule func(x *explainer, s *seenRequest) (Finding, bool)

// seenRules find what can't be right whatever was signed. seenSuspicions find what most often
// differs; the first of them counts if no rule does.
var (
	seenRules = []seenRule{
		formBodySeen, versionsMixed, regionSeen, tokenUnseen, headerOrderSeen, encodedTwiceSeen, methodSeen, payloadSeen, rewrittenSeen, typeUnsent, headersUnsent, urlencodedSeen, differsFromSent,
	}
	seenSuspicions = []seenRule{charsetSeen, defaultPortSeen, proxyHostSeen, pathSeen, querySeen, chunksSeen, typeSeen, lengthSeen, readSeen, untypedSeen}
)

// formBodySeen: a presigned PUT that arrives with a form's content type.
func formBodySeen(_ *explainer, s *seenRequest) (Finding, bool) {
	value, ok := s.header("content-type")
	if s.version == 2 {
		value, ok = s.contentType, s.contentType != ""
	}
	f := Finding{Code: "body_sent_as_form", Field: "Content-Type", Wanted: "the file's own content type, as it was signed", Got: value}
	return f, ok && strings.HasPrefix(policy.LowerName(value), multipartType)
}

// versionsMixed: a signature of one version over what the other signs.
func versionsMixed(x *explainer, s *seenRequest) (Finding, bool) {
	sent := x.storeError.member("signatureprovided")
	isHex := hexSignature.MatchString(sent)
	isShort := len(sent) == 28 && strings.HasSuffix(sent, "=")
	f := Finding{Code: "signature_versions_mixed", Wanted: "a signature of version 4: 64 hex digits", Got: "one of version 2: base64 of 20 bytes"}
	if s.version == 2 {
		f.Wanted, f.Got = "a signature of version 2: base64 of 20 bytes", "one of version 4: 64 hex digits"
	}
	return f, s.version == 4 && isShort || s.version == 2 && isHex
}

// regionSeen: signed for another region than the one in the store's host.
func regionSeen(_ *explainer, s *seenRequest) (Finding, bool) {
	host, _ := s.header("host")
	_, region := awsNames("https://" + host)
	if len(s.scope) != 4 || region == "" || region == s.scope[1] {
		return Finding{}, false
	}
	return Finding{Code: "wrong_region", Wanted: region, Got: s.scope[1]}, true
}

// tokenUnseen: a temporary access key without its session token.
func tokenUnseen(x *explainer, s *seenRequest) (Finding, bool) {
	key := x.storeError.member("awsaccesskeyid")
	if credential := s.parameter("x-amz-credential"); credential != "" {
		key = credential
	}
	_, sent := s.header("x-amz-security-token")
	f := Finding{Code: "token_missing", Field: "x-amz-security-token", Wanted: "the session token"}
	return f, strings.HasPrefix(key, "ASIA") && !sent && s.parameter("x-amz-security-token") == "" && s.method != ""
}

func headerOrderSeen(_ *explainer, s *seenRequest) (Finding, bool) {
	signed := s.parameter("x-amz-signedheaders")
	if signed == "" {
		signed = strings.Join(s.signedHeaders, ";")
	}
	sorted := strings.Split(policy.LowerName(signed), ";")
	slices.Sort(sorted)
	f := Finding{Code: "header_order", Field: "X-Amz-SignedHeaders", Wanted: strings.Join(sorted, ";"), Got: signed}
	return f, f.Wanted != signed
}

func encodedTwiceSeen(_ *explainer, s *seenRequest) (Finding, bool) {
	f := Finding{Code: "path_encoding", Field: "path", Wanted: "a path that is encoded once", Got: s.path}
	return f, strings.Contains(s.path, "%25") && unescape(unescape(s.path)) != unescape(s.path)
}

// methodSeen: the query says what the URL is for.
func methodSeen(_ *explainer, s *seenRequest) (Finding, bool) {
	wanted := ""
	switch operation := s.parameter("x-id"); {
	case operation == "PutObject" || operation == "UploadPart", s.parameter("partnumber") != "" && s.parameter("uploadid") != "" && s.method == "POST":
		wanted = "PUT"
	case operation == "GetObject":
		wanted = "GET"
	case s.isPresigned() && s.method == "POST" && s.parameter("uploadid") == "" && !s.has("uploads") && !s.has("delete") && !s.has("restore") && !s.has("select"):
		wanted = "PUT" // a form's signature isn't in the query
	}
	return Finding{Code: "method_differs", Field: "method", Wanted: wanted, Got: s.method}, wanted != "" && s.method != wanted && s.method != ""
}

func (s *seenRequest) has(parameter string) bool {
	_, ok := s.query[parameter]
	return ok
}

// payloadSeen: presigned URLs are signed over UNSIGNED-PAYLOAD unless a hash is signed with them.
func payloadSeen(_ *explainer, s *seenRequest) (Finding, bool) {
	f := Finding{Code: "payload_hash_differs", Field: "x-amz-content-sha256", Wanted: "UNSIGNED-PAYLOAD", Got: "the hash of a body"}
	switch signed := slices.Contains(s.signedHeaders, "x-amz-content-sha256"); {
	case !s.isPresigned() || s.payload == "" || s.payload == "UNSIGNED-PAYLOAD" || signed || s.parameter("x-amz-content-sha256") == s.payload:
		return f, false
	case s.payload == emptyHash:
		f.Got = "the hash of an empty body"
	case strings.HasPrefix(s.payload, "STREAMING-"):
		f.Code, f.Field, f.Got = "body_chunk_signed", "x-amz-content-sha256", s.payload
	}
	return f, true
}

// rewrittenHeaders are signed by some clients and changed on the way: by proxies, browsers and
// front ends such as Google's, which rewrites accept-encoding.
var rewrittenHeaders = []string{
	"accept-encoding", "connection", "expect", "te", "transfer-encoding", "via", "x-forwarded-for", "x-forwarded-proto", "x-forwarded-host", "x-real-ip", "forwarded",
	"cdn-loop", "cf-ray", "cf-connecting-ip", "cf-visitor", "x-amzn-trace-id", "traceparent", "user-agent", "accept", "accept-language", "cache-control", "pragma",
	"origin", "referer", "cookie", "amz-sdk-request", "amz-sdk-invocation-id", "keep-alive", "proxy-connection", "upgrade", "x-request-id",
}

// rewrittenSeen: signed headers that don't arrive as they were sent.
func rewrittenSeen(_ *explainer, s *seenRequest) (Finding, bool) {
	var names []string
	for _, name := range rewrittenHeaders {
		if slices.Contains(s.signedHeaders, name) {
			names = append(names, name)
		}
	}
	if len(names) == 0 {
		return Finding{}, false
	}
	f := Finding{Code: "header_rewritten", Field: strings.Join(names, ", "), Wanted: "host and the store's own headers alone"}
	if value, ok := s.header(names[0]); ok && names[0] != "cookie" {
		f.Got = names[0] + ": " + value
	}
	return f, true
}

func typeUnsent(_ *explainer, s *seenRequest) (Finding, bool) {
	value, ok := s.header("content-type")
	f := Finding{Code: "content_type_unsent", Field: "Content-Type", Wanted: "the content type that was signed"}
	return f, s.version == 4 && ok && value == ""
}

// headersUnsent: signed headers that the store didn't see, or saw empty.
func headersUnsent(_ *explainer, s *seenRequest) (Finding, bool) {
	var names []string
	for _, name := range s.signedHeaders[:min(len(s.signedHeaders), maxItems)] {
		if value, _ := s.header(name); value == "" && strings.HasPrefix(name, "x-") {
			names = append(names, name)
		}
	}
	return Finding{Code: "signed_header_missing", Field: strings.Join(names, ", "), Wanted: "the values that were signed"}, len(names) > 0 && len(s.headers) > 0
}

// lengthSeen: a signed length, which has to be the body's.
func lengthSeen(_ *explainer, s *seenRequest) (Finding, bool) {
	value, ok := s.header("content-length")
	return Finding{Code: "length_differs", Field: "Content-Length", Wanted: "the length that was signed", Got: value}, ok && s.isPresigned()
}

// policyEvidence tells how the text that arrived as a form's policy differs from what is signed.
func policyEvidence(text string) Finding {
	f := Finding{Code: "policy_text_differs", Field: "policy", Wanted: "base64 in one line, as it was signed"}
	literal := strings.TrimSuffix(strings.TrimSuffix(strings.TrimLeft(strings.TrimPrefix(text, "b"), `'"`), `'`), `"`)
	decoded := decodeLoosely(text)
	switch {
	case strings.HasPrefix(text, "b") && decodeLoosely(literal) != "":
		f.Code, f.Got = "policy_bytes_literal", "base64 with the letter b in front"
	case strings.HasPrefix(text, "{"):
		f.Got = "JSON that isn't base64"
	case strings.Contains(text, "%3D") || strings.Contains(text, "%2B") || strings.Contains(text, "%2F") || strings.Contains(text, "%0A"):
		f.Code, f.Got, f.Wanted = "value_encoded", "percent-encoded base64", "the base64 text itself"
	case strings.HasPrefix(text, `'`) || strings.HasPrefix(text, `"`):
		f.Got = "base64 in quotes"
	case decoded == "" && decodesTwice(text):
		f.Got = "base64 of base64"
	case decoded == "":
		f.Code, f.Got = "base64_malformed", "a text that isn't base64 of JSON"
	case strings.ContainsAny(text, " \r\n\t-_"):
		f.Code, f.Got = base64Code(text), ""
	default:
		f = Finding{Code: "signature_mismatch", Field: "x-amz-signature", Wanted: "the signature of the policy that arrived"}
	}
	return f
}
