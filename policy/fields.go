package policy

import (
	"fmt"
	"mime"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Bucket fixes the bucket; IsBucketName says which names are allowed. Every policy needs this
// condition. It becomes no form field, since the bucket is part of the form's URL.
func Bucket(name string) Condition { return Equal("bucket", name) }

// Key fixes the object key: 1 to MaxKeyBytes bytes of UTF-8, without control characters, '$', and
// the segments "." and "..".
func Key(key string) Condition { return Equal("key", key) }

// KeyPrefix fixes the beginning of the key; the visitor fills in the rest. The prefix has to end in
// a slash, since users/1 would allow users/10 as well.
func KeyPrefix(prefix string) Condition { return StartsWith("key", prefix) }

// CannedACL is one of S3's canned ACLs ("Access control list (ACL) overview" in the S3
// documentation).
type CannedACL string

// The canned ACLs.
const (
	ACLPrivate                CannedACL = "private"
	ACLPublicRead             CannedACL = "public-read"
	ACLPublicReadWrite        CannedACL = "public-read-write"
	ACLAuthenticatedRead      CannedACL = "authenticated-read"
	ACLAWSExecRead            CannedACL = "aws-exec-read"
	ACLBucketOwnerRead        CannedACL = "bucket-owner-read"
	ACLBucketOwnerFullControl CannedACL = "bucket-owner-full-control"
)

var cannedACLs = []CannedACL{ACLPrivate, ACLPublicRead, ACLPublicReadWrite, ACLAuthenticatedRead,
	ACLAWSExecRead, ACLBucketOwnerRead, ACLBucketOwnerFullControl}

// ACL sets the object's canned ACL. Buckets with ACLs disabled, which is the default, refuse the
// field.
func ACL(acl CannedACL) Condition { return oneOf("acl", acl, cannedACLs) }

// ContentType fixes the media type, such as "image/png" or "text/plain; charset=utf-8". A comma
// list isn't allowed.
func ContentType(mediaType string) Condition {
	return Equal("Content-Type", mediaType).require(isMediaType(mediaType), "one media type")
}

// isMediaType has a shortcut for types without parameters: most have none.
func isMediaType(s string) bool {
	family, rest, ok := strings.Cut(s, "/")
	subtype, suffix, suffixed := strings.Cut(rest, "+")
	if ok && isToken(family) && isToken(subtype) && (!suffixed || isToken(suffix)) {
		return true
	}
	parsed, _, err := mime.ParseMediaType(s)
	return err == nil && strings.Contains(parsed, "/") && !strings.Contains(s, ",") && isHeaderValue(s)
}

// ContentTypePrefix allows all media types of one family, such as "image/". Some stores compare
// only the beginning of a comma list of types: where the type matters, use ContentType.
func ContentTypePrefix(prefix string) Condition {
	family, ok := strings.CutSuffix(prefix, "/")
	return StartsWith("Content-Type", prefix).require(ok && isToken(family), "a family such as image/")
}

// ContentDisposition sets how browsers present the object, such as `attachment; filename="a.pdf"`.
// mime.FormatMediaType writes such values.
func ContentDisposition(value string) Condition {
	_, _, err := mime.ParseMediaType(value)
	return Equal("Content-Disposition", value).require(err == nil && isHeaderValue(value), "a disposition")
}

// ContentEncoding sets the codings that were applied to the file, such as "gzip", as a comma list.
func ContentEncoding(value string) Condition {
	ok := value != ""
	for coding := range strings.SplitSeq(value, ",") {
		ok = ok && isToken(strings.TrimSpace(coding))
	}
	return Equal("Content-Encoding", value).require(ok, "codings")
}

// CacheControl sets how the object may be cached, such as "max-age=3600".
func CacheControl(value string) Condition {
	return Equal("Cache-Control", value).require(isHeaderValue(value), "directives in ASCII")
}

// Expires sets the instant from which caches have to treat the object as stale.
func Expires(at time.Time) Condition {
	return Equal("Expires", at.UTC().Format(http.TimeFormat)).require(checkExpiration(at) == nil, "a year from 1 to 9999")
}

// SuccessActionStatus sets the status of a successful answer: 200, 201 (with XML that names the
// object) or 204. Scripts need 201.
func SuccessActionStatus(status int) Condition {
	return Equal("success_action_status", strconv.Itoa(status))
}

// SuccessActionRedirect sets where the browser is sent after success: an absolute https URL, or
// http on loopback. The store appends bucket, key and etag as a query; not all stores do that right
// if the URL has a query already.
func SuccessActionRedirect(url string) Condition { return Equal("success_action_redirect", url) }

// Metadata fixes one entry of the user metadata. name is written without x-amz-meta-.
func Metadata(name, value string) Condition {
	return Equal("x-amz-meta-"+name, value).require(isToken(name), "a name")
}

// MetadataPrefix lets the visitor fill in one entry of the user metadata, whose value has to begin
// with prefix.
func MetadataPrefix(name, prefix string) Condition {
	return StartsWith("x-amz-meta-"+name, prefix).require(isToken(name), "a name")
}

// MetadataAny lets the visitor fill in one entry of the user metadata.
func MetadataAny(name string) Condition { return MetadataPrefix(name, "") }

// Ignored adds a field that the store ignores. name is written without x-ignore-.
func Ignored(name, value string) Condition {
	return Equal("x-ignore-"+name, value).require(isToken(name), "a name")
}

// oneOf is Equal for a field with a closed list of values.
func oneOf[T ~string](field string, value T, list []T) Condition {
	c := Equal(field, string(value))
	if slices.Contains(list, value) {
		return c
	}
	return c.require(false, fmt.Sprintf("one of %v", list))
}

// isHeaderValue reports whether s can be a header's value: printable ASCII without spaces around
// it.
func isHeaderValue(s string) bool {
	notPrintable := func(r rune) bool { return r < ' ' || r > '~' }
	return s != "" && strings.TrimSpace(s) == s && !strings.ContainsFunc(s, notPrintable)
}
