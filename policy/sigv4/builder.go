package sigv4

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"time"
)

// builder writes one presigned URL. Builders are pooled: what they hold grows to what one URL needs
// and stays.
type builder struct {
	key      *SigningKey
	dialect  *Dialect
	target   target
	resource string
	stamp    string
	params   []Param
	headers  []Param
	buf      []byte
}

var builders = sync.Pool{New: func() any { return new(builder) }}

// begin fills in what the signer, the object, the headers and the time decide.
func (b *builder) begin(s *Signer, r *PresignRequest, now time.Time) (err error) {
	if b.target, err = splitURL(r.URL); err != nil {
		return err
	}
	if b.resource, err = b.target.resource(s.dialect, r.Bucket); err != nil {
		return err
	}
	seconds, err := s.lifetime(r.Expires, now)
	if err != nil {
		return err
	}
	b.key, b.dialect = s.SigningKey(now), s.dialect
	b.stamp = string(b.key.AppendTimestamp(nil, now))
	b.headers, err = s.dialect.signedHeaders(b.headers[:0], b.target.host, r.Headers)
	if err != nil {
		return err
	}
	b.params = s.params(b.params[:0], b.key, b.stamp, strconv.FormatInt(seconds, 10))
	if s.dialect == OSS && len(appendNames(nil, s.dialect, b.headers, ";")) == 0 {
		b.params = b.params[1:] // no names, no parameter for them
	}
	return nil
}

// params appends the signature's own parameters in order. The names of the headers are left to be
// written.
func (s *Signer) params(dst []Param, key *SigningKey, stamp, seconds string) []Param {
	q, token := &s.dialect.query, string(s.credentials.SessionToken)
	if s.dialect == OSS {
		dst = append(dst, Param{q.headers, ""})
	} else {
		dst = append(dst, Param{q.algorithm, s.dialect.algorithm})
	}
	dst = append(dst, Param{q.credential, key.credential}, Param{q.date, stamp}, Param{q.expires, seconds})
	if token != "" {
		dst = append(dst, Param{q.token, token})
	}
	if s.dialect == OSS {
		return append(dst, Param{q.algorithm, s.dialect.algorithm})
	}
	return append(dst, Param{q.headers, ""})
}

// signedHeaders appends the caller's headers, and the host where it is signed.
func (d *Dialect) signedHeaders(dst []Param, host string, callers []Param) ([]Param, error) {
	if d != OSS {
		dst = append(dst, Param{"host", host})
	}
	return insertHeaders(dst, callers)
}

// insert puts h into the sorted list. It begins at the end, where most belong, and says whether the
// name is new.
func insert(list []Param, h Param) ([]Param, bool) {
	list = append(list, h)
	at := len(list) - 1
	for at > 0 && list[at-1].Name > h.Name {
		list[at] = list[at-1]
		at--
	}
	list[at] = h
	return list, at == 0 || list[at-1].Name != h.Name
}

// addParams adds the caller's parameters, each name once.
func (b *builder) addParams(query []Param) error {
	for _, p := range query {
		if p.Name == "" || p.Name == b.dialect.query.signature {
			return fmt.Errorf("sigv4: presign: query parameter %q: wanted a name, and none of the signature's", p.Name)
		}
		if !isParam(p.Name) { // they are sorted as they are written
			p.Name = string(appendEscaped(nil, p.Name))
		}
		added := false
		if b.params, added = insert(b.params, p); !added {
			return fmt.Errorf("sigv4: presign: query parameter %q is repeated", p.Name)
		}
	}
	return nil
}

func isParam(name string) bool {
	for i := range len(name) {
		if !unreserved[name[i]] {
			return false
		}
	}
	return true
}

// insertHeaders adds the caller's headers to a sorted list, each name once.
func insertHeaders(list, callers []Param) ([]Param, error) {
	for _, h := range callers {
		if err := checkHeader(h); err != nil {
			return nil, err
		}
		added := false
		if list, added = insert(list, h); !added {
			return nil, fmt.Errorf("sigv4: presign: header %q is repeated", h.Name)
		}
	}
	return list, nil
}

func checkHeader(h Param) error {
	for i := range len(h.Name) {
		c := h.Name[i]
		if !unreserved[c] || 'A' <= c && c <= 'Z' {
			return fmt.Errorf("sigv4: presign: header %q: wanted a name in lower case", h.Name)
		}
	}
	if h.Name == "" {
		return fmt.Errorf("sigv4: presign: header without a name")
	}
	// Beyond ASCII, signers and stores disagree on what is white space to be trimmed, and browsers
	// refuse to send most of it.
	for i := range len(h.Value) {
		if c := h.Value[i]; c < ' ' || c > '~' {
			return fmt.Errorf("sigv4: presign: header %q: wanted printable ASCII, got %q", h.Name, h.Value)
		}
	}
	return nil
}

// finish signs and returns the URL.
func (b *builder) finish(method string) (string, error) {
	b.buf = append(append(append(append(b.buf[:0], method...), '\n'), b.resource...), '\n')
	from := len(b.buf)
	b.appendQuery()
	to := len(b.buf)
	for i := range b.headers {
		b.buf = appendHeader(b.buf, b.dialect, &b.headers[i])
	}
	b.buf = appendNames(append(b.buf, "\n\n"...), b.dialect, b.headers, ";")
	b.buf = append(b.buf, "\nUNSIGNED-PAYLOAD"...)
	digest := sha256.Sum256(b.buf)
	text := len(b.buf)
	b.appendStringToSign(&digest)
	url := len(b.buf)
	b.buf = append(append(append(b.buf, b.target.base...), b.target.path...), '?')
	b.buf = append(b.buf, b.buf[from:to]...)
	b.buf = append(append(append(b.buf, '&'), b.dialect.query.signature...), '=')
	var err error
	if b.buf, err = b.key.AppendSignature(b.buf, b.buf[text:url]); err != nil {
		return "", err
	}
	return string(b.buf[url:]), nil
}

func (b *builder) appendQuery() {
	for i := range b.params {
		p := &b.params[i]
		if i > 0 {
			b.buf = append(b.buf, '&')
		}
		b.buf = append(b.buf, p.Name...)
		if p.Name == b.dialect.query.headers {
			b.buf = appendNames(append(b.buf, '='), b.dialect, b.headers, "%3B")
		} else if p.Value != "" || b.dialect != OSS {
			b.buf = appendEscaped(append(b.buf, '='), p.Value)
		}
	}
}

// appendNames appends the names of the headers that the dialect lists.
func appendNames(dst []byte, d *Dialect, headers []Param, separator string) []byte {
	start := len(dst)
	for i := range headers {
		if !d.names(headers[i].Name) {
			continue
		}
		if len(dst) > start {
			dst = append(dst, separator...)
		}
		dst = append(dst, headers[i].Name...)
	}
	return dst
}

// appendHeader appends a line of the canonical request.
func appendHeader(dst []byte, d *Dialect, h *Param) []byte {
	dst = append(append(append(dst, '\n'), h.Name...), ':')
	if d == OSS {
		return append(dst, strings.TrimSpace(h.Value)...)
	}
	return appendFolded(dst, h.Value)
}

// appendFolded appends a header value without outer spaces and with single inner ones.
func appendFolded(dst []byte, value string) []byte {
	start := len(dst)
	for i := range len(value) {
		if value[i] == ' ' && (len(dst) == start || dst[len(dst)-1] == ' ') {
			continue
		}
		dst = append(dst, value[i])
	}
	if len(dst) > start && dst[len(dst)-1] == ' ' {
		dst = dst[:len(dst)-1]
	}
	return dst
}

func (b *builder) appendStringToSign(digest *[sha256.Size]byte) {
	b.buf = append(append(append(b.buf, b.dialect.algorithm...), '\n'), b.stamp...)
	b.buf = append(append(b.buf, '\n'), b.key.scopeText...)
	b.buf = hex.AppendEncode(append(b.buf, '\n'), digest[:])
}
