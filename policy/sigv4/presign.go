package sigv4

import (
	"errors"
	"fmt"
	"time"
)

// Param is a header or query parameter: a name and an unencoded value.
type Param struct{ Name, Value string }

// PresignRequest describes the request that a presigned URL allows.
type PresignRequest struct {
	// Method is the HTTP method, such as "PUT".
	Method string
	// URL is the object's, as ObjectURL returns it: encoded, without a query.
	URL string
	// Bucket is for OSS alone. It is needed if the host in URL is a domain of the bucket's owner;
	// empty means the first label of the host.
	Bucket string
	// Query holds further parameters, such as partNumber and uploadId, each name once. Those of the
	// signature are added.
	Query []Param
	// Headers must be sent with exactly these values: content-length, content-type,
	// x-amz-checksum-crc32, if-none-match and so on. Names are lower-case, each at most once;
	// values are printable ASCII. The host is added, except for OSS, which signs the bucket
	// instead. A request may carry other headers as well: S3 refuses those that begin with x-amz-
	// and weren't signed, other stores may obey them. What must not be set has to be signed with
	// our value, or the signer must not have the right to it.
	Headers []Param
	// Expires is when the URL ends: at least one second after signing, and no later than
	// Signer.LatestExpiration.
	Expires time.Time
}

// PresignURL returns a URL, signed at now, that allows the request until it expires.
func (s *Signer) PresignURL(r PresignRequest, now time.Time) (string, error) {
	if r.Method == "" {
		return "", errors.New("sigv4: presign: method is missing")
	}
	u, err := s.newURLSigner(r.Method, r.URL, r.Bucket, r.Expires, now)
	if err != nil {
		return "", err
	}
	headers, err := u.addHeaders(r.Headers)
	if err != nil {
		return "", err
	}
	params, err := u.addParams(r.Query, string(u.appendNames(nil, headers, ";")))
	if err != nil {
		return "", err
	}
	b := u.appendQuery([]byte(u.requestStart), params)
	queryEnd := len(b)
	for i := range headers {
		b = u.appendHeader(b, &headers[i])
	}
	url, _, err := u.finish(b, len(u.requestStart), queryEnd, headers)
	return url, err
}

// addParams returns all parameters but the signature, sorted, their names encoded. names lists the
// signed headers; OSS leaves its parameter out if there are none.
func (u *urlSigner) addParams(query []Param, names string) ([]Param, error) {
	params := u.params
	if names != "" || u.dialect != OSS {
		params = append(params, Param{u.dialect.query.headers, names})
	}
	for _, p := range query {
		if p.Name == "" || p.Name == u.dialect.query.signature {
			return nil, fmt.Errorf("sigv4: presign: query parameter %q: wanted a name, and none of the signature's", p.Name)
		}
		params = append(params, Param{string(appendEncoded(nil, p.Name)), p.Value})
	}
	return params, sortParams(params, "query parameter")
}
