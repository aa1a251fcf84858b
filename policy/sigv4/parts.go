package sigv4

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"strconv"
	"sync"
	"time"
)

// MaxParts is how many parts a multipart upload has at most.
const MaxParts = 10_000

// maxExtra is how many headers a part may sign besides content-length and host.
const maxExtra = 6

// Parts describes what the part URLs of one multipart upload share.
type Parts struct {
	// URL is the object's, as ObjectURL returns it.
	URL string
	// UploadID is the store's.
	UploadID string
	// Operation is written as x-id, which SDKs add and stores ignore. Empty
	// leaves it out.
	Operation string
	// Expires is when the URLs end, within what Signer.Latest allows.
	Expires time.Time
}

// PartPresigner makes the part URLs of one upload. It is safe for concurrent
// use and doesn't change.
type PartPresigner struct {
	key  *Key
	host string
	// A URL is address, query, signed header names, "&partNumber=" and the
	// number, tail, signature.
	address, query, tail, signature string
	// request and text are what the canonical request and the string to sign
	// begin with.
	request, text string
}

// Parts prepares the part URLs of one upload, signed at now.
func (s *Signer) Parts(p Parts, now time.Time) (*PartPresigner, error) {
	if p.UploadID == "" {
		return nil, errors.New("sigv4: parts: upload ID is missing")
	}
	at, err := splitURL(p.URL)
	if err != nil {
		return nil, err
	}
	seconds, err := s.lifetime(p.Expires, now)
	if err != nil {
		return nil, err
	}
	key := s.Key(now)
	stamp := string(key.AppendTimestamp(nil, now))
	return &PartPresigner{
		key:       key,
		host:      at.host,
		address:   at.base + at.path + "?",
		query:     s.partQuery(key, stamp, seconds),
		tail:      p.tail(),
		signature: "&" + s.dialect.query.signature + "=",
		request:   "PUT\n" + at.path + "\n",
		text:      s.dialect.algorithm + "\n" + stamp + "\n" + key.scopeText + "\n",
	}, nil
}

// partQuery is the canonical query up to the names of the signed headers. The
// parameters are in order already: capitals sort before small letters.
func (s *Signer) partQuery(key *Key, stamp string, seconds int64) string {
	q := &s.dialect.query
	dst := appendParam(nil, "", q.algorithm, s.dialect.algorithm)
	dst = appendParam(dst, "&", q.credential, key.credential)
	dst = appendParam(dst, "&", q.date, stamp)
	dst = appendParam(dst, "&", q.expires, strconv.FormatInt(seconds, 10))
	if token := s.credentials.SessionToken; token != "" {
		dst = appendParam(dst, "&", q.token, string(token))
	}
	return string(appendParam(dst, "&", q.headers, ""))
}

// tail is the canonical query behind the part number.
func (p *Parts) tail() string {
	dst := appendParam(nil, "&", "uploadId", p.UploadID)
	if p.Operation != "" {
		dst = appendParam(dst, "&", "x-id", p.Operation)
	}
	return string(dst)
}

func appendParam(dst []byte, separator, name, value string) []byte {
	dst = append(append(append(dst, separator...), name...), '=')
	return appendEscaped(dst, value)
}

// partScratch is what one URL is written in.
type partScratch struct {
	headers [maxExtra + 2]Header
	size    [20]byte
	buf     []byte
}

var partScratches = sync.Pool{New: func() any { return new(partScratch) }}

// URL returns the URL for the part of the given number, from 1 to MaxParts,
// which must have exactly size bytes. The extra headers, at most six, must be
// sent as given.
func (p *PartPresigner) URL(number int, size int64, extra ...Header) (string, error) {
	if number < 1 || number > MaxParts {
		return "", fmt.Errorf("sigv4: part number %d: wanted 1 to %d", number, MaxParts)
	}
	if size < 0 {
		return "", fmt.Errorf("sigv4: part size %d: wanted at least 0", size)
	}
	scratch := partScratches.Get().(*partScratch)
	defer partScratches.Put(scratch)
	headers, err := scratch.sorted(p.host, extra)
	if err != nil {
		return "", err
	}
	return p.finish(scratch, headers, number, size)
}

// sorted returns the signed headers in order. The value of content-length is
// left to finish.
func (s *partScratch) sorted(host string, extra []Header) ([]Header, error) {
	headers := append(s.headers[:0], Header{"content-length", ""}, Header{"host", host})
	if len(extra) == 0 {
		return headers, nil
	}
	if len(extra) > maxExtra {
		return nil, fmt.Errorf("sigv4: presign: %d extra headers: wanted at most %d", len(extra), maxExtra)
	}
	return insertHeaders(headers, extra)
}

func (p *PartPresigner) finish(s *partScratch, headers []Header, number int, size int64) (string, error) {
	b := append(s.buf[:0], p.request...)
	from := len(b)
	b = appendNames(append(b, p.query...), headers, "%3B")
	b = strconv.AppendInt(append(b, "&partNumber="...), int64(number), 10)
	b = append(b, p.tail...)
	to := len(b)
	for i := range headers {
		b = append(append(append(b, '\n'), headers[i].Name...), ':')
		if headers[i].Name == "content-length" {
			b = strconv.AppendInt(b, size, 10)
		} else {
			b = appendFolded(b, headers[i].Value)
		}
	}
	b = append(appendNames(append(b, "\n\n"...), headers, ";"), "\nUNSIGNED-PAYLOAD"...)
	digest := sha256.Sum256(b)
	text := len(b)
	b = hex.AppendEncode(append(b, p.text...), digest[:])
	url := len(b)
	b = append(append(append(b, p.address...), b[from:to]...), p.signature...)
	b, err := p.key.AppendSignature(b, b[text:url])
	s.buf = b
	if err != nil {
		return "", err
	}
	return string(b[url:]), nil
}
