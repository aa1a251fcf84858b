package explain

import (
	"cmp"
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/postern-dev/postern/policy/sigv4"
)

// checkURL checks a presigned URL.
func (x *explainer) checkURL() {
	u := x.url
	for _, name := range slices.Sorted(maps.Keys(u.query)) {
		if n := len(u.query[name]); n > 1 {
			x.add(Finding{Code: "parameter_repeated", Field: name, Wanted: "once", Got: formatCount(n, "value")})
		}
	}
	if strings.HasSuffix(strings.ToLower(u.address.Hostname()), ".r2.dev") {
		x.add(Finding{Code: "public_address", Field: "host", Wanted: "ACCOUNT.r2.cloudflarestorage.com", Got: u.address.Hostname()})
	}
	x.addFact("address", u.address.Scheme+"://"+u.address.Host+u.address.EscapedPath())
	switch {
	case !u.signature.isEmpty():
		x.checkParameters()
		x.checkPath()
		x.checkSignature(u.signature, u.address.String())
		x.checkExpiry()
		x.checkPart()
		x.checkSignedHeaders()
	case x.checkOldURL(u.query):
	case otherSignature(u.query) != "":
		name := otherSignature(u.query)
		x.add(Finding{Code: "url_other_signature", Field: name, Wanted: "a signature of S3", Got: otherSignatures[name]})
	case x.storeError != nil && x.storeError.Message != "Access Denied":
		// The store says more than that, and a recorded request may be shown without its query.
	default:
		x.add(Finding{Code: "url_unsigned", Field: "X-Amz-Signature", Wanted: "a signature in the query"})
	}
}

// otherSignatures are the parameters for the signatures of other protocols, in lower case.
var otherSignatures = map[string]string{"sig": "Azure Blob Storage (shared access signature)", "q-signature": "Tencent COS", "temp_url_sig": "OpenStack Swift (temporary URL)"}

// otherSignature returns the name of the parameter that has another protocol's signature, "" if
// there is none.
func otherSignature(query url.Values) string {
	for name := range otherSignatures {
		if query.Get(name) != "" {
			return name
		}
	}
	return ""
}

// checkParameters finds missing parameters of the signature.
func (x *explainer) checkParameters() {
	x.checkAlgorithm(x.url.signature)
	needed := []string{"credential", "date", "expires", "signature"}
	if x.url.signature.dialect != sigv4.OSS {
		needed = append(needed, "algorithm", "signedheaders")
	}
	for _, name := range needed {
		if x.url.parameter(name) == "" {
			name = x.url.signature.dialect.FieldPrefix() + name
			x.add(Finding{Code: "parameter_missing", Field: name, Wanted: "a parameter " + name})
		}
	}
}

// checkPath finds segments and encodings of the path that browsers or proxies change.
func (x *explainer) checkPath() {
	path := x.url.address.EscapedPath()
	for segment := range strings.SplitSeq(path, "/") {
		if plain := unescape(segment); plain == "." || plain == ".." {
			x.add(Finding{Code: "path_collapses", Field: "path", Wanted: "no segment . or ..", Got: path})
			break
		}
	}
	if strings.Contains(path, "%25") && unescape(unescape(path)) != unescape(path) {
		x.add(Finding{Code: "encoded_twice", Field: "path", Wanted: "encoded once", Got: path})
	}
}

// checkExpiry checks how long the URL lasts. The signature depends on it.
func (x *explainer) checkExpiry() {
	text, s := x.url.parameter("expires"), x.url.signature
	if text == "" {
		return
	}
	field := s.dialect.FieldPrefix() + "expires"
	seconds, err := strconv.ParseInt(text, 10, 64)
	if err != nil || seconds < 1 || seconds > int64(maxLifetime/time.Second) {
		x.add(Finding{Code: "expires_invalid", Field: field, Wanted: "1 to 604800 seconds", Got: text})
		return
	}
	if s.signedAt.IsZero() {
		return
	}
	now, end := x.options.Now, s.signedAt.Add(time.Duration(seconds)*time.Second)
	x.addFact("expires", formatInstant(end)+" ("+formatDistance(end, now)+", "+formatCount(seconds, "second")+" after signing)")
	if !now.Before(end) {
		x.add(Finding{Code: "url_expired", Field: field, Wanted: "before " + formatInstant(end), Got: formatInstant(now)})
	}
	x.verifyURL(end)
}

// checkPart checks the parameters of a multipart upload's part.
func (x *explainer) checkPart() {
	number, upload := x.url.query.Get("partnumber"), x.url.query.Get("uploadid")
	if number == "" && upload == "" {
		return
	}
	x.addFact("part", cmp.Or(number, "none")+" of upload "+cmp.Or(upload, "none"))
	if number == "" || upload == "" {
		x.add(Finding{Code: "part_incomplete", Field: "partNumber", Wanted: "partNumber and uploadId together"})
	}
	if n, err := strconv.Atoi(number); number != "" && (err != nil || n < 1 || n > 10000) {
		x.add(Finding{Code: "part_number_invalid", Field: "partNumber", Wanted: "1 to 10000", Got: number})
	}
}

// emptyChecksums are the checksums of an empty body. Some SDKs put them into URLs that they sign
// without a body.
var emptyChecksums = map[string]string{
	"x-amz-checksum-crc32":     "AAAAAA==",
	"x-amz-checksum-crc32c":    "AAAAAA==",
	"x-amz-checksum-crc64nvme": "AAAAAAAAAAA=",
	"x-amz-checksum-sha1":      "2jmj7l5rSw0yVb/vlWAYkK/YBwk=",
	"x-amz-checksum-sha256":    "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=",
}

// checkSignedHeaders checks which headers are signed, and checksums in their place.
func (x *explainer) checkSignedHeaders() {
	u, headers := x.url, x.url.signedHeaders
	isSigned := func(name string) bool { return slices.Contains(headers, name) }
	if len(headers) > 0 && !isSigned("host") && u.signature.dialect != sigv4.OSS {
		x.add(Finding{Code: "host_unsigned", Field: "host", Wanted: "host among the signed headers", Got: strings.Join(headers, ";")})
	}
	for _, name := range slices.Sorted(maps.Keys(u.query)) {
		if !strings.HasPrefix(name, "x-amz-checksum-") {
			continue
		}
		got, emptyFile := u.query.Get(name), x.options.Size != nil && *x.options.Size == 0
		f := Finding{Code: "checksum_in_query", Field: name, Wanted: "a signed header", Got: got}
		if got == emptyChecksums[name] && !emptyFile {
			f.Code, f.Wanted = "checksum_of_nothing", "the checksum of the body, or none"
		}
		x.add(f)
	}
	others := slices.DeleteFunc(slices.Clone(headers), func(h string) bool { return h == "host" })
	if len(others) > 0 {
		x.add(Finding{Code: "headers_required", Field: strings.Join(others, ", "), Wanted: "the headers that were signed"})
	}
	if u.query.Has("partnumber") && !isSigned("content-length") {
		x.add(Finding{Code: "length_unsigned", Field: "content-length", Wanted: "content-length among the signed headers"})
	}
}
