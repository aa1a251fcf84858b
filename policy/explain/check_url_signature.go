package explain

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/postern-dev/postern/policy/sigv4"
)

// presignMethods are tried one after the other: a URL doesn't say which method it was signed for.
var presignMethods = []string{"PUT", "GET", "HEAD", "POST", "DELETE"}

// verifyURL signs the parts of a URL that ends at end again, where the secret and every signed
// header is known: the length from the simulated size, the others from the simulated form.
func (x *explainer) verifyURL(end time.Time) {
	u, s := x.url, x.url.signature
	headers, ok := x.headerValues()
	signer := x.signer(s)
	if signer == nil || !ok {
		return
	}
	r := sigv4.PresignRequest{URL: u.address.Scheme + "://" + u.address.Host + u.address.EscapedPath(), Query: u.otherParameters(), Headers: headers, Expires: end}
	for _, r.Method = range presignMethods {
		presigned, err := signer.PresignURL(r, s.signedAt)
		if err != nil {
			return // the signer can't have made the URL
		}
		if strings.HasSuffix(presigned, s.value) {
			x.addFact("signature", "matches the credentials of this environment, for "+r.Method)
			return
		}
	}
	x.add(Finding{Code: "signature_mismatch", Field: s.dialect.SignatureField(), Wanted: "the signature of this URL with this key"})
}

// headerValues returns the signed headers with their values. It returns false if one isn't known,
// and for OSS, which signs headers that the URL doesn't name.
func (x *explainer) headerValues() (headers []sigv4.Param, ok bool) {
	simulated := indexFields(x.options.Form)
	for _, name := range x.url.signedHeaders {
		i, given := simulated[name]
		switch size := x.options.Size; {
		case name == "host":
		case name == "content-length" && size != nil:
			headers = append(headers, sigv4.Param{Name: name, Value: strconv.FormatInt(*size, 10)})
		case given:
			headers = append(headers, sigv4.Param{Name: name, Value: x.options.Form[i].Value})
		default:
			return nil, false
		}
	}
	return headers, len(x.url.signedHeaders) > 0 && x.url.signature.dialect != sigv4.OSS
}

// signatureParameters are those that signing adds, without the store's prefix.
var signatureParameters = []string{"algorithm", "credential", "date", "expires", "signedheaders", "signature", "security-token"}

// otherParameters returns those that signing doesn't add.
func (u *presignedURL) otherParameters() (list []sigv4.Param) {
	for name, values := range u.address.Query() {
		rest, prefixed := strings.CutPrefix(strings.ToLower(name), u.signature.dialect.FieldPrefix())
		if !prefixed || !slices.Contains(signatureParameters, rest) {
			list = append(list, sigv4.Param{Name: name, Value: values[0]})
		}
	}
	return list
}
