package sigv4

import "strings"

const upperHex = "0123456789ABCDEF"

// unreserved holds the bytes that percent-encoding leaves alone (RFC 3986, 2.3).
var unreserved = func() (table [256]bool) {
	for _, c := range []byte("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~") {
		table[c] = true
	}
	return table
}()

// inPath is unreserved with the slash.
var inPath = func() [256]bool {
	table := unreserved
	table['/'] = true
	return table
}()

// appendEscaped appends s with everything percent-encoded that isn't unreserved.
func appendEscaped(dst []byte, s string) []byte { return appendEscapedBut(dst, s, &unreserved) }

// appendPath is appendEscaped, keeping the slashes.
func appendPath(dst []byte, s string) []byte { return appendEscapedBut(dst, s, &inPath) }

// appendEscapedBut escapes all bytes but the ones to keep. Runs of those are copied at once.
func appendEscapedBut(dst []byte, s string, keep *[256]bool) []byte {
	start := 0
	for i := range len(s) {
		if c := s[i]; !keep[c] {
			dst = append(append(dst, s[start:i]...), '%', upperHex[c>>4], upperHex[c&15])
			start = i + 1
		}
	}
	return append(dst, s[start:]...)
}

// ObjectURL returns the URL of the object called key under bucketURL, such as
// "https://media.s3.eu-central-1.amazonaws.com" or "http://127.0.0.1:9000/media"; a slash at its
// end makes no difference. The key is percent-encoded exactly once, its slashes are kept and
// nothing is normalised.
func ObjectURL(bucketURL, key string) string {
	bucketURL = strings.TrimSuffix(bucketURL, "/")
	dst := make([]byte, 0, len(bucketURL)+1+len(key)+len(key)/4)
	dst = append(append(dst, bucketURL...), '/')
	return string(appendPath(dst, key))
}
