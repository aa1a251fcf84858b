package stores

import (
	"crypto"
	"crypto/hmac"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

// The key that everything is signed with.
const accessKey, secretKey, region = "AKIDEXAMPLE", "a-secret-of-forty-characters-0123456789ab", "eu-central-1"

// language is how one class of store names and signs things. The tables are written down from the
// documentation once more, and share nothing with packages policy and sigv4.
type language struct {
	prefix                                      string // of headers and fields
	algorithm, secretPrefix, service, end, zone string
	algorithmField, algorithmParam              string
	params                                      string // prefix of the query's parameters
	headersParam                                string
	headers                                     map[string]string   // attribute by header
	fields                                      map[string]string   // attribute by form field
	words                                       map[string][]string // values of an attribute
	guard, fieldGuard                           string
	taken                                       int // status where a guard meets an object
	virtual, rewrites, generations, signsBucket bool
	public                                      *rsa.PublicKey // nil: signatures are HMACs
}

// plainHeaders are the same at all stores.
var plainHeaders = map[string]string{"content-type": "type", "cache-control": "cache", "content-disposition": "disposition",
	"content-encoding": "encoding", "content-language": "language", "expires": "expires"}

// plainFields are the form fields that S3 and those after it share; none has Content-Language.
var plainFields = map[string]string{"content-type": "type", "cache-control": "cache", "content-disposition": "disposition",
	"content-encoding": "encoding", "expires": "expires"}

func with(base map[string]string, pairs ...string) map[string]string {
	out := map[string]string{}
	for name, value := range base {
		out[name] = value
	}
	for i := 0; i < len(pairs); i += 2 {
		out[pairs[i]] = pairs[i+1]
	}
	return out
}

var (
	awsLike = language{prefix: "x-amz-", algorithm: "AWS4-HMAC-SHA256", secretPrefix: "AWS4", service: "s3", end: "aws4_request", zone: region,
		algorithmField: "x-amz-algorithm", algorithmParam: "X-Amz-Algorithm", params: "X-Amz-", headersParam: "X-Amz-SignedHeaders",
		headers: with(plainHeaders, "x-amz-acl", "acl", "x-amz-storage-class", "class", "x-amz-server-side-encryption", "encryption",
			"x-amz-server-side-encryption-aws-kms-key-id", "key", "x-amz-tagging", "tags"),
		fields: with(plainFields, "acl", "acl", "x-amz-storage-class", "class", "x-amz-server-side-encryption", "encryption",
			"x-amz-server-side-encryption-aws-kms-key-id", "key", "tagging", "tags"),
		words: map[string][]string{"class": {"STANDARD", "STANDARD_IA", "ONEZONE_IA", "INTELLIGENT_TIERING", "GLACIER_IR", "REDUCED_REDUNDANCY"},
			"encryption": {"AES256", "aws:kms"}},
		guard: "if-none-match", taken: 412}
	oss = language{prefix: "x-oss-", algorithm: "OSS4-HMAC-SHA256", secretPrefix: "aliyun_v4", service: "oss", end: "aliyun_v4_request", zone: region,
		algorithmField: "x-oss-signature-version", algorithmParam: "x-oss-signature-version", params: "x-oss-", headersParam: "x-oss-additional-headers",
		headers: with(plainHeaders, "x-oss-object-acl", "acl", "x-oss-storage-class", "class", "x-oss-server-side-encryption", "encryption",
			"x-oss-server-side-encryption-key-id", "key", "x-oss-tagging", "tags"),
		fields: with(plainFields, "x-oss-object-acl", "acl", "x-oss-storage-class", "class", "x-oss-server-side-encryption", "encryption",
			"x-oss-server-side-encryption-key-id", "key"),
		words: map[string][]string{"class": {"Standard", "IA", "Archive"}, "encryption": {"AES256", "KMS"}, "acl": {"default", "private", "public-read", "public-read-write"}},
		guard: "x-oss-forbid-overwrite", fieldGuard: "x-oss-forbid-overwrite", taken: 409, virtual: true, signsBucket: true}
	gcs = language{prefix: "x-goog-", algorithm: "GOOG4-HMAC-SHA256", secretPrefix: "GOOG4", service: "storage", end: "goog4_request", zone: "auto",
		algorithmField: "x-goog-algorithm", algorithmParam: "X-Goog-Algorithm", params: "X-Goog-", headersParam: "X-Goog-SignedHeaders",
		headers: with(plainHeaders, "x-goog-acl", "acl", "x-goog-storage-class", "class"),
		fields:  with(plainFields, "acl", "acl"),
		words:   map[string][]string{"class": {"STANDARD", "NEARLINE", "COLDLINE", "ARCHIVE"}},
		guard:   "x-goog-if-generation-match", taken: 412, rewrites: true, generations: true}
)

// verify checks the signature of a request in its query, or of AWS in its header, and that nothing of
// the store's own is unsigned.
func (l language) verify(r *http.Request, key string, body []byte) *refusal {
	for name := range r.Header {
		lower := strings.ToLower(name)
		for _, foreign := range []string{"x-amz-", "x-oss-", "x-goog-"} {
			if foreign != l.prefix && strings.HasPrefix(lower, foreign) {
				return refuse(400, "InvalidArgument", "a header of another store: %s", lower)
			}
		}
	}
	if authorization := r.Header.Get("Authorization"); authorization != "" {
		return l.verifyHeader(r, authorization)
	}
	q := r.URL.Query()
	date := q.Get(l.param("Date"))
	scope := strings.Join([]string{date[:min(8, len(date))], l.zone, l.service, l.end}, "/")
	if q.Get(l.algorithmParam) != l.algorithm || q.Get(l.param("Credential")) != accessKey+"/"+scope {
		return refuse(403, "AccessDenied", "signed as %s by %s", q.Get(l.algorithmParam), q.Get(l.param("Credential")))
	}
	at, err := time.Parse("20060102T150405Z", date)
	seconds, errSeconds := time.ParseDuration(q.Get(l.param("Expires")) + "s")
	if err != nil || errSeconds != nil || time.Now().After(at.Add(seconds)) {
		return refuse(403, "AccessDenied", "Request has expired")
	}
	signature := q.Get(l.param("Signature"))
	signed := l.signedHeaders(r, q.Get(l.headersParam))
	if bad := l.unsigned(r, signed); bad != nil {
		return bad
	}
	if slices.Contains(signed, "content-length") && r.ContentLength != int64(len(body)) {
		return refuse(403, "AccessDenied", "another length")
	}
	q.Del(l.param("Signature"))
	request := r.Method + "\n" + l.resource(r) + "\n" + l.canonicalQuery(q) + "\n" + l.canonicalHeaders(r, signed) + "\n" + l.listed(signed) + "\nUNSIGNED-PAYLOAD"
	if !l.isSigned(date, scope, request, signature) {
		return refuse(403, "SignatureDoesNotMatch", "the request is %q", request)
	}
	return nil
}

// param spells a parameter: those of OSS are in lower case.
func (l language) param(name string) string {
	if l.signsBucket {
		name = strings.ToLower(name)
	}
	return l.params + name
}

func (l language) verifyHeader(r *http.Request, authorization string) *refusal {
	rest, ok := strings.CutPrefix(authorization, "AWS4-HMAC-SHA256 Credential="+accessKey+"/")
	if !ok || l.prefix != "x-amz-" {
		return refuse(403, "AccessDenied", "Authorization %s", authorization)
	}
	parts := strings.Split(rest, ", ")
	scope, names, signature := parts[0], strings.TrimPrefix(parts[1], "SignedHeaders="), strings.TrimPrefix(parts[2], "Signature=")
	signed := strings.Split(names, ";")
	request := r.Method + "\n" + r.URL.EscapedPath() + "\n" + l.canonicalQuery(r.URL.Query()) + "\n" + l.canonicalHeaders(r, signed) + "\n" + names + "\n" + r.Header.Get("X-Amz-Content-Sha256")
	if !l.isSigned(r.Header.Get("X-Amz-Date"), scope, request, signature) {
		return refuse(403, "SignatureDoesNotMatch", "the request is %q", request)
	}
	return nil
}

// resource is the path as it is signed: OSS has the bucket before it.
func (l language) resource(r *http.Request) string {
	if l.signsBucket {
		return "/" + bucket + r.URL.EscapedPath()
	}
	return r.URL.EscapedPath()
}

// signedHeaders are the headers that the signature covers: OSS always takes its own and two more.
func (l language) signedHeaders(r *http.Request, listed string) []string {
	var names []string
	if listed != "" {
		names = strings.Split(listed, ";")
	}
	if l.signsBucket {
		for name := range r.Header {
			if lower := strings.ToLower(name); strings.HasPrefix(lower, l.prefix) || lower == "content-type" || lower == "content-md5" {
				names = append(names, lower)
			}
		}
	}
	slices.Sort(names)
	return names
}

// listed are the names that the request is signed with: those of OSS leave out what it always signs.
func (l language) listed(signed []string) string {
	var names []string
	for _, name := range signed {
		if !l.signsBucket || !strings.HasPrefix(name, l.prefix) && name != "content-type" && name != "content-md5" {
			names = append(names, name)
		}
	}
	return strings.Join(names, ";")
}

func (l language) unsigned(r *http.Request, signed []string) *refusal {
	for name := range r.Header {
		if lower := strings.ToLower(name); strings.HasPrefix(lower, l.prefix) && !slices.Contains(signed, lower) {
			return refuse(403, "AccessDenied", "HeadersNotSigned: %s", lower)
		}
	}
	if l.rewrites && slices.Contains(signed, "accept-encoding") {
		return refuse(403, "SignatureDoesNotMatch", "the front end has changed accept-encoding")
	}
	return nil
}

func (l language) canonicalHeaders(r *http.Request, signed []string) string {
	var b strings.Builder
	for _, name := range signed {
		value := r.Header.Get(name)
		switch name {
		case "host":
			value = r.Host
		case "content-length":
			value = contentLength(r)
		}
		b.WriteString(name + ":" + strings.TrimSpace(value) + "\n")
	}
	return b.String()
}

// canonicalQuery is the sorted query; OSS writes no equals sign before an empty value.
func (l language) canonicalQuery(q url.Values) string {
	var pairs []string
	for name, values := range q {
		pair := escape(name) + "=" + escape(values[0])
		if l.signsBucket && values[0] == "" {
			pair = escape(name)
		}
		pairs = append(pairs, pair)
	}
	slices.Sort(pairs)
	return strings.Join(pairs, "&")
}

func escape(text string) string { return strings.ReplaceAll(url.QueryEscape(text), "+", "%20") }

// isSigned reports whether a signature is that of a canonical request.
func (l language) isSigned(date, scope, request, signature string) bool {
	hash := sha256.Sum256([]byte(request))
	return l.isSignature(scope, l.algorithm+"\n"+date+"\n"+scope+"\n"+hex.EncodeToString(hash[:]), signature)
}

// isSignature reports whether a signature is that of a text: by the private key of a service account,
// or by the shared secret.
func (l language) isSignature(scope, text, signature string) bool {
	if l.public == nil {
		return l.mac(scope, text) == signature
	}
	raw, err := hex.DecodeString(signature)
	hash := sha256.Sum256([]byte(text))
	return err == nil && rsa.VerifyPKCS1v15(l.public, crypto.SHA256, hash[:], raw) == nil
}

// mac signs a text with the key of a scope.
func (l language) mac(scope, text string) string {
	key := []byte(l.secretPrefix + secretKey)
	for _, part := range append(strings.Split(scope, "/"), text) {
		h := hmac.New(sha256.New, key)
		h.Write([]byte(part))
		key = h.Sum(nil)
	}
	return hex.EncodeToString(key)
}
