package attacks

import "encoding/base64"

// unsignedHeader is a header that a visitor adds to a presigned request, and what comes of it on a
// store that obeys it. An outcome is accepted, copied, or the status and code of the refusal: one
// in lower case is Postern's, after the store took the object.
type unsignedHeader struct {
	name, value string
	put, part   string // where one set of credentials does both
	two         twoSets
	ofCopy      bool // it is sent beside x-amz-copy-source, without which it means nothing
	kept        bool // the store refuses the PUT with one set and keeps an object without the attribute
}

// twoSets are the outcomes where visitors' URLs are signed with credentials that can only put; ""
// is as with one set.
type twoSets struct{ put, part string }

const (
	accepted   = "accepted" // and the object is as if the header hadn't been there
	copied     = "accepted with the bytes of another object"
	mismatch   = "409 size_mismatch"
	denied     = "403 AccessDenied"
	signed     = "403 SignatureDoesNotMatch"
	badDigest  = "400 BadDigest"
	secretName = "private/secret.png"
	everybody  = `uri="http://acs.amazonaws.com/groups/global/AllUsers"`
	far        = "Thu, 01 Dec 2033 16:00:00 GMT"
)

// Only somebody who can read the source may copy it.
var deniedCopy = twoSets{denied, denied}

// zeros is a checksum of so many bytes that no content here has.
func zeros(bytes int) string { return base64.StdEncoding.EncodeToString(make([]byte, bytes)) }

// unsignedHeaders has a row for each header of sdkHeaders, and some that only signers send. The
// embedded store ignores ACLs, storage classes and encryption.
var unsignedHeaders = []unsignedHeader{
	{name: "cache-control", value: "max-age=31536000", put: mismatch, part: accepted},
	{name: "content-disposition", value: "inline", put: mismatch, part: accepted},
	{name: "content-encoding", value: "gzip", put: mismatch, part: accepted},
	{name: "content-language", value: "de", put: mismatch, part: accepted},
	{name: "content-length", value: "", put: signed, part: signed},
	{name: "content-md5", value: zeros(16), put: badDigest, part: badDigest},
	{name: "content-type", value: "text/html", put: signed, part: accepted},
	{name: "expires", value: far, put: mismatch, part: accepted},
	{name: "if-match", value: `"0123"`, put: "501 NotImplemented", part: accepted},
	{name: "if-none-match", value: `"0123"`, put: signed, part: accepted},
	{name: "authorization", value: "AWS4-HMAC-SHA256 Credential=mine", put: accepted, part: accepted},
	{name: "x-amz-acl", value: "public-read", put: accepted, part: accepted},
	{name: "x-amz-grant-full-control", value: everybody, put: accepted, part: accepted},
	{name: "x-amz-grant-read", value: everybody, put: accepted, part: accepted},
	{name: "x-amz-grant-read-acp", value: everybody, put: accepted, part: accepted},
	{name: "x-amz-grant-write-acp", value: everybody, put: accepted, part: accepted},
	{name: "x-amz-bypass-governance-retention", value: "true", put: accepted, part: accepted},
	{name: "x-amz-checksum-algorithm", value: "CRC32", put: accepted, part: accepted},
	{name: "x-amz-checksum-type", value: "COMPOSITE", put: accepted, part: accepted},
	{name: "x-amz-checksum-crc32", value: zeros(4), put: badDigest, part: badDigest},
	{name: "x-amz-checksum-crc32c", value: zeros(4), put: badDigest, part: badDigest},
	{name: "x-amz-checksum-crc64nvme", value: zeros(8), put: badDigest, part: badDigest},
	{name: "x-amz-checksum-md5", value: zeros(16), put: badDigest, part: badDigest},
	{name: "x-amz-checksum-sha1", value: zeros(20), put: badDigest, part: badDigest},
	{name: "x-amz-checksum-sha256", value: zeros(32), put: badDigest, part: badDigest},
	{name: "x-amz-checksum-sha512", value: zeros(64), put: badDigest, part: badDigest},
	{name: "x-amz-checksum-xxhash128", value: zeros(16), put: badDigest, part: badDigest},
	{name: "x-amz-checksum-xxhash3", value: zeros(8), put: badDigest, part: badDigest},
	{name: "x-amz-checksum-xxhash64", value: zeros(8), put: badDigest, part: badDigest},
	{name: "x-amz-sdk-checksum-algorithm", value: "CRC32", put: "400 InvalidRequest", part: "400 InvalidRequest"},
	{name: "x-amz-trailer", value: "x-amz-checksum-crc32", put: accepted, part: accepted},
	{name: "x-amz-content-sha256", value: zeros(8), put: accepted, part: accepted},
	{name: "x-amz-date", value: "20200101T000000Z", put: accepted, part: accepted},
	{name: "x-amz-security-token", value: "mine", put: accepted, part: accepted},
	{name: "x-amz-copy-source", value: obeyingBucket + "/" + secretName, put: mismatch, part: mismatch, two: deniedCopy},
	{name: "x-amz-copy-source-if-match", value: `"0123"`, put: "412 PreconditionFailed", part: "412 PreconditionFailed", two: deniedCopy, ofCopy: true},
	{name: "x-amz-copy-source-if-none-match", value: `"0123"`, put: mismatch, part: mismatch, two: deniedCopy, ofCopy: true},
	{name: "x-amz-copy-source-if-modified-since", value: far, put: mismatch, part: mismatch, two: deniedCopy, ofCopy: true},
	{name: "x-amz-copy-source-if-unmodified-since", value: far, put: mismatch, part: mismatch, two: deniedCopy, ofCopy: true},
	{name: "x-amz-copy-source-range", value: "bytes=0-499", put: mismatch, part: copied, two: deniedCopy, ofCopy: true},
	{name: "x-amz-copy-source-server-side-encryption-customer-algorithm", value: "AES256", put: mismatch, part: mismatch, two: deniedCopy, ofCopy: true},
	{name: "x-amz-copy-source-server-side-encryption-customer-key", value: zeros(32), put: mismatch, part: mismatch, two: deniedCopy, ofCopy: true},
	{name: "x-amz-copy-source-server-side-encryption-customer-key-md5", value: zeros(16), put: mismatch, part: mismatch, two: deniedCopy, ofCopy: true},
	{name: "x-amz-source-expected-bucket-owner", value: "somebody", put: denied, part: denied, ofCopy: true},
	{name: "x-amz-metadata-directive", value: "REPLACE", put: mismatch, part: mismatch, two: deniedCopy, ofCopy: true},
	{name: "x-amz-tagging-directive", value: "REPLACE", put: mismatch, part: mismatch, two: deniedCopy, ofCopy: true},
	{name: "x-amz-object-annotation-directive", value: "COPY", put: mismatch, part: mismatch, two: deniedCopy, ofCopy: true},
	{name: "x-amz-expected-bucket-owner", value: "somebody", put: denied, part: denied},
	{name: "x-amz-meta-note", value: "mine", put: mismatch, part: accepted},
	{name: "x-amz-mp-object-size", value: "1", put: accepted, part: accepted},
	{name: "x-amz-object-lock-event-hold", value: "ON", put: accepted, part: accepted},
	{name: "x-amz-object-lock-event-hold-duration-days", value: "1", put: accepted, part: accepted},
	{name: "x-amz-object-lock-event-hold-duration-years", value: "1", put: accepted, part: accepted},
	{name: "x-amz-object-lock-legal-hold", value: "ON", put: "400 InvalidRequest", part: accepted, two: twoSets{put: denied}, kept: true},
	{name: "x-amz-object-lock-mode", value: "GOVERNANCE", put: "400 InvalidArgument", part: accepted, two: twoSets{put: denied}},
	{name: "x-amz-object-lock-retain-until-date", value: "2033-01-02T03:04:05Z", put: "400 InvalidArgument", part: accepted, two: twoSets{put: denied}},
	{name: "x-amz-request-payer", value: "requester", put: accepted, part: accepted},
	{name: "x-amz-server-side-encryption", value: "aws:kms", put: accepted, part: accepted},
	{name: "x-amz-server-side-encryption-aws-kms-key-id", value: "mine", put: accepted, part: accepted},
	{name: "x-amz-server-side-encryption-bucket-key-enabled", value: "true", put: accepted, part: accepted},
	{name: "x-amz-server-side-encryption-context", value: "e30=", put: accepted, part: accepted},
	{name: "x-amz-server-side-encryption-customer-algorithm", value: "AES256", put: accepted, part: accepted},
	{name: "x-amz-server-side-encryption-customer-key", value: zeros(32), put: accepted, part: accepted},
	{name: "x-amz-server-side-encryption-customer-key-md5", value: zeros(16), put: accepted, part: accepted},
	{name: "x-amz-storage-class", value: "GLACIER", put: accepted, part: accepted},
	{name: "x-amz-tagging", value: "stage=done", put: mismatch, part: accepted, two: twoSets{put: denied}},
	{name: "x-amz-website-redirect-location", value: "https://evil.test/", put: mismatch, part: accepted},
	{name: "x-amz-write-offset-bytes", value: "1", put: accepted, part: accepted},
}
