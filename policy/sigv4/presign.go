package sigv4

import (
	"errors"
	"fmt"
	"time"
)

// Param is a header or query parameter: a name and an unencoded value.
type Param struct{ Name, Value string }

// PresignRequest describes the request a presigned URL shall allow.
type PresignRequest struct {
	// Method is the HTTP method, "PUT" for an object or part.
	Method string
	// URL is the object's, as ObjectURL returns it: encoded, without a query.
	URL string
	// Bucket is needed by OSS alone, and there only if URL has a domain of its own: otherwise the
	// host's name tells.
	Bucket string
	// Query are further parameters, such as partNumber and uploadId, each name once. The
	// signature's own are added.
	Query []Param
	// Headers must be sent with exactly these values, printable ASCII: content-length,
	// content-type, x-amz-checksum-crc32, if-none-match and so on. Names are lower-case, each at
	// most once. The host is added, except at OSS, which signs the bucket instead.
	Headers []Param
	// Expires is when the URL ends, within what Signer.Latest allows.
	Expires time.Time
}

// PresignRequest returns the URL that allows the request until it expires.
func (s *Signer) PresignURL(r PresignRequest, now time.Time) (string, error) {
	if r.Method == "" {
		return "", errors.New("sigv4: presign: method is missing")
	}
	b := builders.Get().(*builder)
	defer builders.Put(b)
	if err := b.begin(s, &r, now); err != nil {
		return "", err
	}
	if err := b.addParams(r.Query); err != nil {
		return "", err
	}
	return b.finish(r.Method)
}

// lifetime returns for how many seconds a URL signed at now and ending at expires is valid.
func (s *Signer) lifetime(expires, now time.Time) (int64, error) {
	if err := checkYear(now); err != nil {
		return 0, err
	}
	latest, err := s.LatestExpiration(now)
	if err != nil {
		return 0, err
	}
	seconds := expires.Unix() - now.Unix()
	if seconds < 1 || expires.After(latest) {
		return 0, fmt.Errorf("sigv4: expiration %s: wanted after %s and at most %s",
			expires.UTC().Format(time.RFC3339), now.UTC().Format(time.RFC3339), latest.Format(time.RFC3339))
	}
	return seconds, nil
}
