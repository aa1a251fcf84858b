package policy

import (
	"mime"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Bucket names the bucket. Every policy needs one. It becomes no field: the bucket is part of the
// form's URL.
func Bucket(name string) Condition { return Equal("bucket", name) }

// Key fixes the object key: 1 to 1,024 bytes of UTF-8 without control characters, '$', and the
// segments "." and "..".
func Key(key string) Condition { return Equal("key", key) }

// KeyPrefix leaves the rest of the key to whoever posts the form. The prefix isn't empty and ends
// in a slash, so that users/1 can't mean users/10.
func KeyPrefix(prefix string) Condition { return StartsWith("key", prefix) }

// CannedACL is one of S3's canned access control lists.
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

// ACL sets the object's canned ACL. Buckets whose ACLs are off, as they are by default, refuse any.
func ACL(acl CannedACL) Condition { return listed("acl", acl, cannedACLs) }

// ContentType fixes the media type, one and no list of them, such as "image/png" or "text/plain;
// charset=utf-8".
func ContentType(mediaType string) Condition {
	return Equal("Content-Type", mediaType).only(isMediaType(mediaType), "one media type")
}

// isMediaType looks at types without parameters by itself: most are.
func isMediaType(s string) bool {
	family, rest, ok := strings.Cut(s, "/")
	subtype, suffix, suffixed := strings.Cut(rest, "+")
	if ok && isToken(family) && isToken(subtype) && (!suffixed || isToken(suffix)) {
		return true
	}
	parsed, _, err := mime.ParseMediaType(s)
	return err == nil && strings.Contains(parsed, "/") && !strings.Contains(s, ",") && isHeaderValue(s)
}

// ContentTypePrefix allows a family of media types, such as "image/". Some stores look only at how
// a list of types begins: where the type matters, fix it with ContentType.
func ContentTypePrefix(prefix string) Condition {
	family, ok := strings.CutSuffix(prefix, "/")
	return StartsWith("Content-Type", prefix).only(ok && isToken(family), "a family such as image/")
}

// ContentDisposition sets how browsers present the object, such as `attachment; filename="a.pdf"`;
// mime.FormatMediaType writes it.
func ContentDisposition(value string) Condition {
	_, _, err := mime.ParseMediaType(value)
	return Equal("Content-Disposition", value).only(err == nil && isHeaderValue(value), "a disposition")
}

// ContentEncoding sets the codings that the file already has, such as "gzip".
func ContentEncoding(value string) Condition {
	ok := value != ""
	for coding := range strings.SplitSeq(value, ",") {
		ok = ok && isToken(strings.TrimSpace(coding))
	}
	return Equal("Content-Encoding", value).only(ok, "codings")
}

// CacheControl sets how the object may be cached, such as "max-age=3600".
func CacheControl(value string) Condition {
	return Equal("Cache-Control", value).only(isHeaderValue(value), "directives in ASCII")
}

// Expires sets when caches have to let go of the object.
func Expires(at time.Time) Condition {
	return Equal("Expires", at.UTC().Format(http.TimeFormat)).only(checkExpiration(at) == nil, "a year from 1 to 9999")
}

// SuccessActionStatus sets the status of a successful answer: 200, 201 (with XML naming the object)
// or 204. Scripts are best served with 201.
func SuccessActionStatus(status int) Condition {
	return Equal("success_action_status", strconv.Itoa(status))
}

// SuccessActionRedirect sets where the browser is sent after success: an absolute https URL, or
// http on loopback. The store adds bucket, key and etag to its query, and not all get that right if
// it has one already.
func SuccessActionRedirect(url string) Condition { return Equal("success_action_redirect", url) }

// Metadata fixes one entry of the user metadata. The name goes without x-amz-meta-.
func Metadata(name, value string) Condition {
	return Equal("x-amz-meta-"+name, value).only(isToken(name), "a name")
}

// MetadataPrefix lets the visitor fill in one entry of the user metadata, which has to begin with
// prefix.
func MetadataPrefix(name, prefix string) Condition {
	return StartsWith("x-amz-meta-"+name, prefix).only(isToken(name), "a name")
}

// MetadataAny lets the visitor fill in one entry of the user metadata.
func MetadataAny(name string) Condition { return MetadataPrefix(name, "") }

// Ignored adds a field that the store ignores. The name goes without x-ignore-.
func Ignored(name, value string) Condition {
	return Equal("x-ignore-"+name, value).only(isToken(name), "a name")
}

// only refuses the condition unless ok.
func (c Condition) only(ok bool, wanted string) Condition {
	if ok {
		return c
	}
	return c.as(c.fault(ErrValue, wanted, strconv.Quote(c.value)))
}

// listed is Equal for a field with a closed list of values.
func listed[T ~string](field string, value T, list []T) Condition {
	c := Equal(field, string(value))
	if slices.Contains(list, value) {
		return c
	}
	names := make([]string, len(list))
	for i := range list {
		names[i] = string(list[i])
	}
	return c.only(false, "one of "+strings.Join(names, ", "))
}

// isHeaderValue says whether s can be a header's value: printable ASCII without spaces around it.
func isHeaderValue(s string) bool {
	for i := range len(s) {
		if s[i] < ' ' || s[i] > '~' {
			return false
		}
	}
	return s != "" && strings.TrimSpace(s) == s
}
