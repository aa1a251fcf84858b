package sigv4

import (
	"errors"
	"fmt"
	"strconv"
	"time"
)

// MaxParts is how many parts a multipart upload has at most.
const MaxParts = 10_000

// Parts describes what the part URLs of one multipart upload share.
type Parts struct {
	// URL is the object's, as ObjectURL returns it.
	URL string
	// UploadID is the store's.
	UploadID string
	// Operation is written as x-id, which SDKs add and stores ignore. Empty leaves it out.
	Operation string
	// Expires is when the URLs end, within what Signer.Latest allows.
	Expires time.Time
}

// PartPresigner makes the part URLs of one upload. It is safe for concurrent
// use and doesn't change.
type PartPresigner struct {
	signer *Signer
	parts  Parts
	now    time.Time
}

// Parts prepares the part URLs of one upload, signed at now.
func (s *Signer) Parts(p Parts, now time.Time) (*PartPresigner, error) {
	if p.UploadID == "" {
		return nil, errors.New("sigv4: parts: upload ID is missing")
	}
	pp := &PartPresigner{signer: s, parts: p, now: now}
	_, err := pp.URL(1, 0)
	return pp, err
}

// URL returns the URL for the part of the given number, from 1 to MaxParts,
// which must have exactly size bytes. The extra headers must be sent as given.
func (p *PartPresigner) URL(number int, size int64, extra ...Header) (string, error) {
	if number < 1 || number > MaxParts {
		return "", fmt.Errorf("sigv4: part number %d: wanted 1 to %d", number, MaxParts)
	}
	if size < 0 {
		return "", fmt.Errorf("sigv4: part size %d: wanted at least 0", size)
	}
	query := []Header{{"partNumber", strconv.Itoa(number)}, {"uploadId", p.parts.UploadID}}
	if p.parts.Operation != "" {
		query = append(query, Header{"x-id", p.parts.Operation})
	}
	headers := append([]Header{{"content-length", strconv.FormatInt(size, 10)}}, extra...)
	return p.signer.Presign(Presign{Method: "PUT", URL: p.parts.URL, Query: query, Headers: headers, Expires: p.parts.Expires}, p.now)
}
