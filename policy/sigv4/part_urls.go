package sigv4

import (
	"errors"
	"fmt"
	"strconv"
	"sync"
	"time"
)

// MaxParts is how many parts a multipart upload has at most ("Amazon S3 multipart upload limits" in
// the S3 documentation).
const MaxParts = 10_000

// maxPartHeaders is how many headers a part may sign besides content-length and host.
const maxPartHeaders = 6

// PartsRequest describes what the part URLs of one multipart upload share.
type PartsRequest struct {
	// URL is the object's, as ObjectURL returns it.
	URL string
	// Bucket is as in PresignRequest.
	Bucket string
	// UploadID is the store's.
	UploadID string
	// Operation is the value of the parameter x-id, which SDKs add and stores ignore. Empty leaves
	// the parameter out.
	Operation string
	// Expires is when the URLs end: at least one second after signing, and no later than
	// Signer.LatestExpiration.
	Expires time.Time
}

// PartPresigner makes the part URLs of one upload. It is safe for concurrent use.
type PartPresigner struct {
	urlSigner
	// The canonical query has two gaps, for the names of the signed headers and for the part
	// number. With OSS the number comes first, since it sorts before OSS's own parameters.
	queryStart, queryMiddle, queryEnd string
}

// PresignParts prepares the part URLs of one upload, signed at now.
func (s *Signer) PresignParts(r PartsRequest, now time.Time) (*PartPresigner, error) {
	if r.UploadID == "" {
		return nil, errors.New("sigv4: parts: upload ID is missing")
	}
	u, err := s.newURLSigner("PUT", r.URL, r.Bucket, r.Expires, now)
	if err != nil {
		return nil, err
	}
	u.headers = append([]Param{{Name: contentLength}}, u.headers...)
	own := []Param{{"uploadId", r.UploadID}}
	if r.Operation != "" {
		own = append(own, Param{"x-id", r.Operation})
	}
	if err := sortParams(u.params, "query parameter"); err != nil {
		return nil, err
	}
	names := u.dialect.query.headers + "="
	p := &PartPresigner{urlSigner: u}
	if u.dialect == OSS {
		p.queryStart = "partNumber="
		p.queryMiddle = "&" + string(u.appendQuery(nil, own)) + "&" + names
		p.queryEnd = "&" + string(u.appendQuery(nil, u.params))
	} else {
		p.queryStart = string(u.appendQuery(nil, u.params)) + "&" + names
		p.queryMiddle = "&partNumber="
		p.queryEnd = "&" + string(u.appendQuery(nil, own))
	}
	return p, nil
}

// contentLength is the header of a part's size. Its value is written for each URL.
const contentLength = "content-length"

// partBuffers holds buffers in which part URLs are written.
var partBuffers = sync.Pool{New: func() any { return new([]byte) }}

// URL returns the URL for the part of the given number, from 1 to MaxParts, which must have exactly
// size bytes. The headers, at most six, must be sent with exactly these values, as those of a
// PresignRequest.
func (p *PartPresigner) URL(number int, size int64, headers ...Param) (url string, err error) {
	if number < 1 || number > MaxParts {
		return "", fmt.Errorf("sigv4: part number %d: wanted 1 to %d", number, MaxParts)
	}
	if size < 0 {
		return "", fmt.Errorf("sigv4: part size %d: wanted at least 0", size)
	}
	if len(headers) > maxPartHeaders {
		return "", fmt.Errorf("sigv4: presign: %d headers of a part: wanted at most %d", len(headers), maxPartHeaders)
	}
	all := p.headers
	if len(headers) > 0 {
		if all, err = p.addHeaders(headers); err != nil {
			return "", err
		}
	}
	buffer := partBuffers.Get().(*[]byte)
	defer partBuffers.Put(buffer)
	b := append((*buffer)[:0], p.requestStart...)
	b = p.appendPartQuery(b, all, number)
	queryEnd := len(b)
	for i := range all {
		if all[i].Name == contentLength {
			b = strconv.AppendInt(append(b, "\n"+contentLength+":"...), size, 10)
		} else {
			b = p.appendHeader(b, &all[i])
		}
	}
	url, *buffer, err = p.finish(b, len(p.requestStart), queryEnd, all)
	return url, err
}

// appendPartQuery appends the canonical query of one part.
func (p *PartPresigner) appendPartQuery(b []byte, headers []Param, number int) []byte {
	b = append(b, p.queryStart...)
	if p.dialect == OSS {
		b = append(strconv.AppendInt(b, int64(number), 10), p.queryMiddle...)
		b = p.appendNames(b, headers, "%3B")
	} else {
		b = append(p.appendNames(b, headers, "%3B"), p.queryMiddle...)
		b = strconv.AppendInt(b, int64(number), 10)
	}
	return append(b, p.queryEnd...)
}
