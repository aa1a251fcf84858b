package sigv4

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strconv"
	"sync"
	"time"
)

// builder writes one presigned URL. Builders are pooled: what they hold grows
// to what one URL needs and stays.
type builder struct {
	key     *Key
	dialect *Dialect
	target
	stamp   string
	params  []Header
	headers []Header
	buf     []byte
}

var builders = sync.Pool{New: func() any { return new(builder) }}

// begin fills in what the signer, the object and the time decide.
func (b *builder) begin(s *Signer, url string, expires, now time.Time) error {
	at, err := splitURL(url)
	if err != nil {
		return err
	}
	seconds, err := s.lifetime(expires, now)
	if err != nil {
		return err
	}
	b.key, b.dialect, b.target = s.Key(now), s.dialect, at
	b.stamp = string(b.key.AppendTimestamp(nil, now))
	b.headers = append(b.headers[:0], Header{"host", at.host})
	q := &s.dialect.query
	b.params = append(b.params[:0],
		Header{q.algorithm, s.dialect.algorithm},
		Header{q.credential, b.key.credential},
		Header{q.date, b.stamp},
		Header{q.expires, strconv.FormatInt(seconds, 10)})
	if token := s.credentials.SessionToken; token != "" {
		b.params = append(b.params, Header{q.token, string(token)})
	}
	b.params = append(b.params, Header{q.headers, ""})
	return nil
}

// insert puts h into the sorted list. It begins at the end, where most belong,
// and says whether the name is new.
func insert(list []Header, h Header) ([]Header, bool) {
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
func (b *builder) addParams(query []Header) error {
	for _, p := range query {
		if !isParam(p.Name) || p.Name == b.dialect.query.signature {
			return fmt.Errorf("sigv4: presign: query parameter %q: wanted letters, digits and -._~, and none of the signature's", p.Name)
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
	return name != ""
}

// insertHeaders adds the caller's headers to a sorted list, each name once.
func insertHeaders(list, callers []Header) ([]Header, error) {
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

func checkHeader(h Header) error {
	for i := range len(h.Name) {
		c := h.Name[i]
		if !unreserved[c] || 'A' <= c && c <= 'Z' {
			return fmt.Errorf("sigv4: presign: header %q: wanted a name in lower case", h.Name)
		}
	}
	if h.Name == "" {
		return fmt.Errorf("sigv4: presign: header without a name")
	}
	for i := range len(h.Value) {
		if c := h.Value[i]; c < ' ' || c == 0x7f {
			return fmt.Errorf("sigv4: presign: header %q: control byte in %q", h.Name, h.Value)
		}
	}
	return nil
}

// finish signs and returns the URL.
func (b *builder) finish(method string) (string, error) {
	b.buf = append(append(append(append(b.buf[:0], method...), '\n'), b.path...), '\n')
	from := len(b.buf)
	b.appendQuery()
	to := len(b.buf)
	b.appendHeaders()
	digest := sha256.Sum256(b.buf)
	text := len(b.buf)
	b.appendStringToSign(&digest)
	url := len(b.buf)
	b.buf = append(append(append(b.buf, b.base...), b.path...), '?')
	b.buf = append(b.buf, b.buf[from:to]...)
	b.buf = append(append(append(b.buf, '&'), b.dialect.query.signature...), '=')
	var err error
	b.buf, err = b.key.AppendSignature(b.buf, b.buf[text:url])
	return string(b.buf[url:]), err
}

func (b *builder) appendQuery() {
	for i, p := range b.params {
		if i > 0 {
			b.buf = append(b.buf, '&')
		}
		b.buf = append(append(b.buf, p.Name...), '=')
		if p.Name == b.dialect.query.headers {
			b.buf = appendNames(b.buf, b.headers, "%3B")
		} else {
			b.buf = appendEscaped(b.buf, p.Value)
		}
	}
}

func appendNames(dst []byte, headers []Header, separator string) []byte {
	for i := range headers {
		if i > 0 {
			dst = append(dst, separator...)
		}
		dst = append(dst, headers[i].Name...)
	}
	return dst
}

func (b *builder) appendHeaders() {
	for _, h := range b.headers {
		b.buf = append(append(append(b.buf, '\n'), h.Name...), ':')
		b.buf = appendFolded(b.buf, h.Value)
	}
	b.buf = appendNames(append(b.buf, "\n\n"...), b.headers, ";")
	b.buf = append(b.buf, "\nUNSIGNED-PAYLOAD"...)
}

// appendFolded appends a header value without outer spaces and with single
// inner ones.
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
