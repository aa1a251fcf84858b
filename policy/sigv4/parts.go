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

// PartsRequest describes what the part URLs of one multipart upload share.
type PartsRequest struct {
	// URL is the object's, as ObjectURL returns it.
	URL string
	// Bucket is as in Presign.
	Bucket string
	// UploadID is the store's.
	UploadID string
	// Operation is written as x-id, which SDKs add and stores ignore. Empty leaves it out.
	Operation string
	// Expires is when the URLs end, within what Signer.Latest allows.
	Expires time.Time
}

// PartPresigner makes the part URLs of one upload. It is safe for concurrent use and doesn't
// change.
type PartPresigner struct {
	key     *SigningKey
	dialect *Dialect
	host    string
	// A URL is address, query and signature. The query has two gaps: for the names of the signed
	// headers and for the part number, the number first with OSS, whose own parameters sort behind
	// it.
	address, before, between, behind, signature string
	// request and text are what the canonical request and the string to sign begin with.
	request, text string
}

// PresignParts prepares the part URLs of one upload, signed at now.
func (s *Signer) PresignParts(p PartsRequest, now time.Time) (*PartPresigner, error) {
	if p.UploadID == "" {
		return nil, errors.New("sigv4: parts: upload ID is missing")
	}
	at, err := splitURL(p.URL)
	if err != nil {
		return nil, err
	}
	resource, err := at.resource(s.dialect, p.Bucket)
	if err != nil {
		return nil, err
	}
	seconds, err := s.lifetime(p.Expires, now)
	if err != nil {
		return nil, err
	}
	key := s.SigningKey(now)
	stamp := string(key.AppendTimestamp(nil, now))
	pp := &PartPresigner{
		key:       key,
		dialect:   s.dialect,
		host:      at.host,
		address:   at.base + at.path + "?",
		signature: "&" + s.dialect.query.signature + "=",
		request:   "PUT\n" + resource + "\n",
		text:      s.dialect.algorithm + "\n" + stamp + "\n" + key.scopeText + "\n",
	}
	pp.setQuery(&p, s.params(nil, key, stamp, strconv.FormatInt(seconds, 10)))
	return pp, nil
}

// setQuery writes the canonical query around its two gaps. The parameters are in order already:
// capitals sort before small letters, and those before x.
func (pp *PartPresigner) setQuery(p *PartsRequest, signature []Param) {
	own := string(appendParam(nil, "uploadId", p.UploadID))
	if p.Operation != "" {
		own += "&" + string(appendParam(nil, "x-id", p.Operation))
	}
	if pp.dialect == OSS {
		pp.before, pp.between = "partNumber=", "&"+own+"&"+signature[0].Name+"="
		pp.behind = "&" + joinParams(signature[1:])
		return
	}
	pp.before, pp.between, pp.behind = joinParams(signature), "&partNumber=", "&"+own
}

func joinParams(params []Param) string {
	var dst []byte
	for i := range params {
		if i > 0 {
			dst = append(dst, '&')
		}
		dst = appendParam(dst, params[i].Name, params[i].Value)
	}
	return string(dst)
}

func appendParam(dst []byte, name, value string) []byte {
	return appendEscaped(append(append(dst, name...), '='), value)
}

// partScratch is what one URL is written in.
type partScratch struct {
	headers [maxExtra + 2]Param
	buf     []byte
}

var partScratches = sync.Pool{New: func() any { return new(partScratch) }}

// URL returns the URL for the part of the given number, from 1 to MaxParts, which must have exactly
// size bytes. The extra headers, at most six, must be sent as given.
func (p *PartPresigner) URL(number int, size int64, extra ...Param) (string, error) {
	if number < 1 || number > MaxParts {
		return "", fmt.Errorf("sigv4: part number %d: wanted 1 to %d", number, MaxParts)
	}
	if size < 0 {
		return "", fmt.Errorf("sigv4: part size %d: wanted at least 0", size)
	}
	scratch := partScratches.Get().(*partScratch)
	defer partScratches.Put(scratch)
	headers, err := p.headers(scratch, extra)
	if err != nil {
		return "", err
	}
	return p.finish(scratch, headers, number, size)
}

// headers returns the signed headers in order. The value of content-length is left to be written.
func (p *PartPresigner) headers(s *partScratch, extra []Param) ([]Param, error) {
	if len(extra) > maxExtra {
		return nil, fmt.Errorf("sigv4: presign: %d extra headers: wanted at most %d", len(extra), maxExtra)
	}
	headers := append(s.headers[:0], Param{"content-length", ""})
	if p.dialect != OSS {
		headers = append(headers, Param{"host", p.host})
	}
	return insertHeaders(headers, extra)
}

func (p *PartPresigner) finish(s *partScratch, headers []Param, number int, size int64) (string, error) {
	b := append(s.buf[:0], p.request...)
	from := len(b)
	b = p.appendQuery(b, headers, number)
	to := len(b)
	for i := range headers {
		if headers[i].Name == "content-length" {
			b = strconv.AppendInt(append(b, "\ncontent-length:"...), size, 10)
		} else {
			b = appendHeader(b, p.dialect, &headers[i])
		}
	}
	b = append(appendNames(append(b, "\n\n"...), p.dialect, headers, ";"), "\nUNSIGNED-PAYLOAD"...)
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

func (p *PartPresigner) appendQuery(b []byte, headers []Param, number int) []byte {
	b = append(b, p.before...)
	if p.dialect == OSS {
		b = append(strconv.AppendInt(b, int64(number), 10), p.between...)
		b = appendNames(b, p.dialect, headers, "%3B")
	} else {
		b = append(appendNames(b, p.dialect, headers, "%3B"), p.between...)
		b = strconv.AppendInt(b, int64(number), 10)
	}
	return append(b, p.behind...)
}
