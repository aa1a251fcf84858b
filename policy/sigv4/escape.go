package sigv4

import "strings"

const upperHex = "0123456789ABCDEF"

// unreserved holds the bytes that are never percent-encoded (RFC 3986, 2.3).
var unreserved = func() (table [256]bool) {
	for _, c := range []byte("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~") {
		table[c] = true
	}
	return table
}()

var unreservedOrSlash = func() [256]bool {
	table := unreserved
	table['/'] = true
	return table
}()

// appendEncoded appends s, percent-encoding all but the unreserved bytes.
func appendEncoded(dst []byte, s string) []byte { return appendEncodedExcept(dst, s, &unreserved) }

// appendEncodedExcept percent-encodes all bytes but those to keep.
func appendEncodedExcept(dst []byte, s string, keep *[256]bool) []byte {
	start := 0
	for i := range len(s) {
		if c := s[i]; !keep[c] {
			dst = append(append(dst, s[start:i]...), '%', upperHex[c>>4], upperHex[c&15])
			start = i + 1
		}
	}
	return append(dst, s[start:]...)
}

// ObjectURL returns the URL of the object with the given key. bucketURL is the bucket's, such as
// "https://media.s3.eu-central-1.amazonaws.com" or "http://127.0.0.1:9000/media", with or without a
// slash at its end. The key is percent-encoded once; its slashes are kept, and nothing is
// normalised.
func ObjectURL(bucketURL, key string) string {
	bucketURL = strings.TrimSuffix(bucketURL, "/")
	return string(appendEncodedExcept([]byte(bucketURL+"/"), key, &unreservedOrSlash))
}
