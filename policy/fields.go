package policy

import (
	"net/http"
	"strconv"
	"time"
)

// Bucket names the bucket. Every policy needs one.
func Bucket(name string) Condition { return Equal("bucket", name) }

// Key fixes the object key.
func Key(key string) Condition { return Equal("key", key) }

// KeyPrefix leaves the rest of the key to whoever posts the form. The prefix
// isn't empty and ends in a slash.
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

// ACL sets the object's canned ACL. Buckets whose ACLs are off, as they are by
// default, refuse any.
func ACL(acl CannedACL) Condition { return Equal("acl", string(acl)) }

// ContentType fixes the media type.
func ContentType(mediaType string) Condition { return Equal("Content-Type", mediaType) }

// ContentTypePrefix allows a family of media types, such as "image/".
func ContentTypePrefix(prefix string) Condition { return StartsWith("Content-Type", prefix) }

// ContentDisposition sets how browsers present the object.
func ContentDisposition(value string) Condition { return Equal("Content-Disposition", value) }

// ContentEncoding sets the codings the file has.
func ContentEncoding(value string) Condition { return Equal("Content-Encoding", value) }

// CacheControl sets how long the object may be cached.
func CacheControl(value string) Condition { return Equal("Cache-Control", value) }

// Expires sets when caches have to let go of the object.
func Expires(at time.Time) Condition {
	return Equal("Expires", at.UTC().Format(http.TimeFormat))
}

// SuccessActionStatus sets the status of a successful answer: 200, 201 or 204.
func SuccessActionStatus(status int) Condition {
	return Equal("success_action_status", strconv.Itoa(status))
}

// SuccessActionRedirect sets where the browser is sent after success: an
// absolute https URL, or http on loopback.
func SuccessActionRedirect(url string) Condition { return Equal("success_action_redirect", url) }

// Tag is one object tag.
type Tag struct{ Key, Value string }

// Tagging sets the object's tags, at most ten.
func Tagging(tags ...Tag) Condition { return Equal("tagging", "") }

// Metadata fixes one entry of the user metadata. The name goes without x-amz-meta-.
func Metadata(name, value string) Condition { return Equal("x-amz-meta-"+name, value) }

// MetadataOpen lets the visitor fill in one entry of the user metadata.
func MetadataOpen(name string) Condition { return StartsWith("x-amz-meta-"+name, "") }

// Class is a storage class.
type Class string

// The storage classes.
const (
	ClassStandard           Class = "STANDARD"
	ClassReducedRedundancy  Class = "REDUCED_REDUNDANCY"
	ClassStandardIA         Class = "STANDARD_IA"
	ClassOneZoneIA          Class = "ONEZONE_IA"
	ClassIntelligentTiering Class = "INTELLIGENT_TIERING"
	ClassGlacier            Class = "GLACIER"
	ClassGlacierIR          Class = "GLACIER_IR"
	ClassDeepArchive        Class = "DEEP_ARCHIVE"
	ClassExpressOneZone     Class = "EXPRESS_ONEZONE"
)

// StorageClass sets the object's storage class.
func StorageClass(class Class) Condition { return Equal("x-amz-storage-class", string(class)) }

// SSES3 has the store encrypt the object with its own keys.
func SSES3() Condition { return Equal("x-amz-server-side-encryption", "AES256") }

// KMS describes encryption with a key of the key management service.
type KMS struct {
	// KeyID is the key's ID, alias or ARN. Empty means the account's default.
	KeyID string
	// Context is the encryption context. Empty leaves it out.
	Context map[string]string
	// BucketKey turns the bucket key on for this object.
	BucketKey bool
}

// SSEKMS has the store encrypt the object with a key of the key management service.
func SSEKMS(kms KMS) []Condition {
	return []Condition{Equal("x-amz-server-side-encryption", "aws:kms")}
}

// Algorithm is a checksum algorithm as S3 writes it.
type Algorithm string

// The checksum algorithms.
const (
	CRC32     Algorithm = "CRC32"
	CRC32C    Algorithm = "CRC32C"
	CRC64NVME Algorithm = "CRC64NVME"
	SHA1      Algorithm = "SHA1"
	SHA256    Algorithm = "SHA256"
)

// Checksum demands that the file has this checksum: the base64 of its big-endian bytes.
func Checksum(algorithm Algorithm, value string) []Condition { return nil }

// WebsiteRedirect has a website bucket answer for the object with a redirect.
func WebsiteRedirect(target string) Condition {
	return Equal("x-amz-website-redirect-location", target)
}

// Ignored adds a field that the store ignores. The name goes without x-ignore-.
func Ignored(name, value string) Condition { return Equal("x-ignore-"+name, value) }
