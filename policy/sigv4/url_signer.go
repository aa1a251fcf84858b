package sigv4

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// urlSigner signs URLs of one object, made with one signer at one time.
type urlSigner struct {
	key     *SigningKey
	dialect *Dialect
	headers []Param // to be signed besides the caller's, sorted
	params  []Param // the signature's, without those for the signed headers and for the signature

	address      string // the URL up to its query, with the question mark
	requestStart string // of the canonical request: method and path
	textStart    string // of the string to sign, up to the hash of the canonical request
	signature    string // the name of the signature's parameter, between '&' and '='
}

// newURLSigner checks the object's URL and the expiration, and writes what does not depend on query
// and headers.
func (s *Signer) newURLSigner(method, url, bucket string, expires, now time.Time) (urlSigner, error) {
	at, err := splitURL(url)
	if err != nil {
		return urlSigner{}, err
	}
	resource, err := at.resource(s.dialect, bucket)
	if err != nil {
		return urlSigner{}, err
	}
	seconds, err := s.secondsUntil(expires, now)
	if err != nil {
		return urlSigner{}, err
	}
	key, names := s.SigningKey(now), &s.dialect.query
	timestamp := string(AppendTimestamp(nil, now))
	u := urlSigner{
		key: key, dialect: s.dialect,
		params: []Param{
			{names.algorithm, s.dialect.algorithm}, {names.credential, key.credential},
			{names.date, timestamp}, {names.expires, strconv.FormatInt(seconds, 10)},
		},
		address:      at.origin + at.path + "?",
		requestStart: method + "\n" + resource + "\n",
		textStart:    s.dialect.algorithm + "\n" + timestamp + "\n" + key.scopeText + "\n",
		signature:    "&" + names.signature + "=",
	}
	if s.dialect != OSS { // OSS signs the bucket instead
		u.headers = []Param{{"host", at.host}}
	}
	if token := string(s.credentials.SessionToken); token != "" {
		u.params = append(u.params, Param{names.token, token})
	}
	return u, nil
}

// secondsUntil returns for how many seconds a URL is valid that is signed at now.
func (s *Signer) secondsUntil(expires, now time.Time) (int64, error) {
	if year := now.UTC().Year(); year < 1 || year > 9999 {
		return 0, fmt.Errorf("sigv4: year %d: wanted 1 to 9999", year)
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

// addHeaders returns the caller's headers and the signer's own, sorted.
func (u *urlSigner) addHeaders(headers []Param) ([]Param, error) {
	for _, h := range headers {
		if err := checkHeader(h); err != nil {
			return nil, err
		}
	}
	all := append(u.headers[:len(u.headers):len(u.headers)], headers...)
	return all, sortParams(all, "header")
}

// sortParams sorts by name. It is an error if two have the same name; kind is for its text. There
// are few, and most are in order.
func sortParams(params []Param, kind string) error {
	for i := 1; i < len(params); i++ {
		at := i
		for ; at > 0 && params[at].Name < params[at-1].Name; at-- {
			params[at], params[at-1] = params[at-1], params[at]
		}
		if at > 0 && params[at].Name == params[at-1].Name {
			return fmt.Errorf("sigv4: presign: %s %q is repeated", kind, params[at].Name)
		}
	}
	return nil
}

// checkHeader refuses headers that browsers, signers or stores would change.
func checkHeader(h Param) error {
	if h.Name == "" {
		return fmt.Errorf("sigv4: presign: header without a name")
	}
	for i := range len(h.Name) {
		if c := h.Name[i]; !unreserved[c] || 'A' <= c && c <= 'Z' {
			return fmt.Errorf("sigv4: presign: header %q: wanted a name in lower case", h.Name)
		}
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

// appendHeader appends a line of the canonical request.
func (u *urlSigner) appendHeader(dst []byte, h *Param) []byte {
	dst = append(append(append(dst, '\n'), h.Name...), ':')
	if u.dialect == OSS {
		return append(dst, strings.TrimSpace(h.Value)...)
	}
	return appendCollapsed(dst, h.Value)
}

// appendCollapsed appends a header's value without spaces around it and with single spaces in it.
func appendCollapsed(dst []byte, value string) []byte {
	if strings.IndexByte(value, ' ') < 0 {
		return append(dst, value...)
	}
	start := len(dst)
	for i := range len(value) {
		if value[i] != ' ' || len(dst) > start && dst[len(dst)-1] != ' ' {
			dst = append(dst, value[i])
		}
	}
	if len(dst) > start && dst[len(dst)-1] == ' ' {
		dst = dst[:len(dst)-1]
	}
	return dst
}

// appendNames appends the names of those headers that the dialect lists.
func (u *urlSigner) appendNames(dst []byte, headers []Param, separator string) []byte {
	start := len(dst)
	for i := range headers {
		if !u.dialect.listsHeader(headers[i].Name) {
			continue
		}
		if len(dst) > start {
			dst = append(dst, separator...)
		}
		dst = append(dst, headers[i].Name...)
	}
	return dst
}

// finish completes the canonical request in b, whose query is b[from:to], and returns the URL. It
// writes the string to sign and the URL after the request, and returns the buffer as well.
func (u *urlSigner) finish(b []byte, from, to int, headers []Param) (string, []byte, error) {
	b = u.appendNames(append(b, "\n\n"...), headers, ";")
	b = append(b, "\nUNSIGNED-PAYLOAD"...)
	digest := sha256.Sum256(b)
	text := len(b)
	b = hex.AppendEncode(append(b, u.textStart...), digest[:])
	url := len(b)
	b = append(append(append(b, u.address...), b[from:to]...), u.signature...)
	b, err := u.key.AppendSignature(b, b[text:url])
	if err != nil {
		return "", b, err
	}
	return string(b[url:]), b, nil
}

// appendQuery appends sorted parameters whose names are encoded. OSS writes no equals sign before
// an empty value.
func (u *urlSigner) appendQuery(dst []byte, params []Param) []byte {
	for i, p := range params {
		if i > 0 {
			dst = append(dst, '&')
		}
		dst = append(dst, p.Name...)
		if p.Value != "" || u.dialect != OSS {
			dst = appendEncoded(append(dst, '='), p.Value)
		}
	}
	return dst
}
