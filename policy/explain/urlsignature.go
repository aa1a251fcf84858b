package explain

import (
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/postern-dev/postern/policy/sigv4"
)

// methods are tried one after the other: a URL doesn't say which it was signed for.
var methods = []string{"PUT", "GET", "HEAD", "POST", "DELETE"}

// verifyURL signs the URL's own parts again where the secret is at hand and every signed header is
// known: the length from the simulated size, the others from the simulated form.
func (s *session) verifyURL(p *presigned, sg *signed, life int64) {
	if s.options.Secret == nil || sg.accessKey == "" || sg.at.IsZero() || sg.signature == "" {
		return
	}
	secret, ok := s.options.Secret(sg.accessKey)
	headers, known := s.signedHeaders(p)
	if !ok || !known {
		return
	}
	token := sigv4.Secret(p.query.Get(p.dialect.SecurityTokenField()))
	signer, err := sigv4.NewSigner(p.dialect, sg.scope.Region, sigv4.Credentials{AccessKeyID: sg.accessKey, SecretAccessKey: secret, SessionToken: token})
	if err != nil {
		return
	}
	r := sigv4.PresignRequest{URL: p.url.Scheme + "://" + p.url.Host + p.url.EscapedPath(), Query: p.otherParameters(), Headers: headers,
		Expires: sg.at.Add(time.Duration(life) * time.Second)}
	for _, r.Method = range methods {
		again, err := signer.PresignURL(r, sg.at)
		if err != nil {
			return // nothing this signer could have made
		}
		if strings.HasSuffix(again, sg.signature) {
			s.fact("signature", "matches the credentials of this environment, for "+r.Method)
			return
		}
	}
	s.find(Finding{Code: "signature_mismatch", Field: p.prefix + "signature", Wanted: "the signature of this URL with this key"})
}

// signedHeaders returns the values of the signed headers, and whether all are known.
func (s *session) signedHeaders(p *presigned) (headers []sigv4.Param, known bool) {
	for name := range strings.SplitSeq(strings.ToLower(p.get("signedheaders")), ";") {
		text, ok := value(s.options.Form, name)
		switch {
		case name == "host":
			continue
		case name == "content-length" && s.options.Size != nil:
			text, ok = strconv.FormatInt(*s.options.Size, 10), true
		}
		if !ok {
			return nil, false
		}
		headers = append(headers, sigv4.Param{Name: name, Value: text})
	}
	return headers, true
}

// otherParameters are those that the signature doesn't add itself.
func (p *presigned) otherParameters() (list []sigv4.Param) {
	own := []string{"algorithm", "credential", "date", "expires", "signedheaders", "signature", "security-token"}
	query, err := url.ParseQuery(p.url.RawQuery)
	if err != nil {
		return nil
	}
	for name, values := range query {
		rest, prefixed := strings.CutPrefix(strings.ToLower(name), p.prefix)
		if !prefixed || !slices.Contains(own, rest) {
			list = append(list, sigv4.Param{Name: name, Value: values[0]})
		}
	}
	return list
}
