package sigv4

import (
	"fmt"
	"strings"
)

// target is the object's URL, taken apart.
type target struct {
	origin string // scheme and host, as given
	host   string // as browsers send it
	path   string // encoded
}

// splitURL takes the URL of an object apart, and refuses what browsers or stores would change.
func splitURL(url string) (target, error) {
	scheme, rest, ok := strings.Cut(url, "://")
	if !ok || (scheme != "https" && scheme != "http") {
		return target{}, fmt.Errorf("sigv4: url %q: wanted https:// or http://", url)
	}
	slash := strings.IndexByte(rest, '/')
	if slash < 0 {
		slash, rest = len(rest), rest+"/"
	}
	host, path := rest[:slash], rest[slash:]
	if !isHost(host) {
		return target{}, fmt.Errorf("sigv4: url %q: wanted a host in lower case, without user", url)
	}
	if !isEncodedPath(path) {
		return target{}, fmt.Errorf("sigv4: url %q: wanted a path as ObjectURL encodes it, without a query", url)
	}
	return target{url[:len(scheme)+len("://")+slash], withoutDefaultPort(scheme, host), path}, nil
}

// resource returns the path as it is signed. OSS puts the bucket before it: the first label of the
// host, unless that is a domain of the bucket's owner.
func (t *target) resource(d *Dialect, bucket string) (string, error) {
	if d != OSS {
		return t.path, nil
	}
	if bucket == "" && strings.HasSuffix(t.host, ".aliyuncs.com") {
		bucket, _, _ = strings.Cut(t.host, ".")
	}
	if bucket == "" || !isHost(bucket) || strings.HasPrefix(bucket, "oss-") {
		return "", fmt.Errorf("sigv4: url %q: wanted a host that begins with the bucket, or the bucket besides", t.origin+t.path)
	}
	return "/" + bucket + t.path, nil
}

// withoutDefaultPort returns the host as browsers send it in the Host header.
func withoutDefaultPort(scheme, host string) string {
	if scheme == "https" {
		return strings.TrimSuffix(host, ":443")
	}
	return strings.TrimSuffix(host, ":80")
}

func isHost(host string) bool {
	for i := range len(host) {
		c := host[i]
		if !unreserved[c] && c != ':' && c != '[' && c != ']' || 'A' <= c && c <= 'Z' {
			return false
		}
	}
	return host != ""
}

// isEncodedPath reports whether the path is percent-encoded as ObjectURL does. Stores decode the
// path and encode it again: the signature holds only if that gives the same text.
func isEncodedPath(path string) bool {
	for i := 0; i < len(path); i++ {
		c := path[i]
		if unreserved[c] || c == '/' {
			continue
		}
		if c != '%' || !isEscape(path[i:]) {
			return false
		}
		i += 2
	}
	return true
}

// isEscape reports whether s begins with an escape in upper case, of a byte that needs one.
func isEscape(s string) bool {
	if len(s) < 3 {
		return false
	}
	high := strings.IndexByte(upperHex, s[1])
	low := strings.IndexByte(upperHex, s[2])
	return high >= 0 && low >= 0 && !unreserved[byte(high<<4|low)] && byte(high<<4|low) != '/'
}
