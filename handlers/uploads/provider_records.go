package uploads

import (
	"github.com/postern-dev/postern/policy"
	"github.com/postern-dev/postern/policy/profile"
	"github.com/postern-dev/postern/policy/sigv4"
)

// record is a Provider with where its entries come from.
type record struct {
	Provider
	// tested names further abilities that a test here shows, beside testedWithDoubles.
	tested []string
	// sources are the pages that the record follows.
	sources []string
}

// testedWithDoubles are the abilities that cmd/postern/stores shows for every provider that has them,
// with a strict double. All others but record.tested are taken from documentation.
var testedWithDoubles = []string{"post_policy", "conditional_put", "conditional_complete", "crc32", "crc32c", "crc64nvme", "md5",
	"tags", "acl", "storage_class", "encryption"}

var (
	allChecksums = []string{"crc32", "crc32c", "crc64nvme"}
	allACLs      = []policy.CannedACL{policy.ACLPrivate, policy.ACLPublicRead, policy.ACLPublicReadWrite, policy.ACLAuthenticatedRead,
		policy.ACLAWSExecRead, policy.ACLBucketOwnerRead, policy.ACLBucketOwnerFullControl}
	// onlyPrivate is for stores whose objects are always private: they take the word.
	onlyPrivate = []policy.CannedACL{policy.ACLPrivate}
	cephACLs    = []policy.CannedACL{policy.ACLPrivate, policy.ACLPublicRead, policy.ACLPublicReadWrite, policy.ACLAuthenticatedRead,
		policy.ACLBucketOwnerRead, policy.ACLBucketOwnerFullControl}
	bothModes     = []profile.EncryptionMode{profile.EncryptionAES256, profile.EncryptionKMS}
	readableInAWS = []policy.S3Class{policy.ClassStandard, policy.ClassReducedRedundancy, policy.ClassStandardIA, policy.ClassOneZoneIA,
		policy.ClassIntelligentTiering, policy.ClassGlacierIR, policy.ClassOutposts, policy.ClassExpressOneZone}
	standardAndIA = []policy.S3Class{policy.ClassStandard, policy.ClassStandardIA}
	standardOnly  = []policy.S3Class{policy.ClassStandard}
)

// providers follow the stores' own documentation of the S3 calls that they support. Where unsigned
// headers are refused, nothing depends on ACLs, and Provider.ACLs is left out. The sources of both:
//
//   - aws: "Authenticating Requests: Using Query Parameters" in the S3 reference: x-amz- headers
//     have to be signed; else 403 AccessDenied with HeadersNotSigned, as in many public threads.
//   - minio: all but x-amz-meta- obeyed by the releases of minio/minio, which is archived; forks
//     refuse since 2026-09 (github.com/pgsty/silo pull 173, github.com/juicedata/minio pull 85).
//     Objects have no ACLs.
//   - ceph: obeyed before the release with the fix of CVE-2026-54330, and after it with
//     rgw_sigv4_insecure. Objects have ACLs.
//   - versity: refused with 403 AccessDenied, as the tests in cmd/postern/attacks show.
//   - r2, b2, spaces, seaweedfs, swift: not documented. R2 and SeaweedFS have no ACLs; in B2 an
//     object's ACL is the bucket's.
//   - oss: "Include a V4 signature in the URL" in the OSS reference: every x-oss- header of a
//     request is part of what is signed. From the documentation alone.
//   - gcs: Google's own client has to sign all x-goog- and x-amz- headers
//     (github.com/googleapis/google-cloud-dotnet issue 5361). From that thread alone.
//
// OSS and Cloud Storage have calls for CORS and lifecycle rules too, whose documents aren't those of
// S3 ("PutBucketLifecycle" in the OSS reference, "Set bucket CORS" in the Cloud Storage XML API).
var providers = map[string]record{
	"aws": {
		Provider: Provider{Dialect: sigv4.AWS, PostPolicy: true, CoversFields: true, StrictRanges: true,
			ConditionalPut: true, ConditionalComplete: true, CompleteSize: true, RefusesUnsigned: true, Checksums: allChecksums, MD5: true,
			Tags: true, Versions: true, CORSCalls: true, LifecycleCalls: true, ListsUploads: true, MaxForm: policy.MaxFormBytes,
			CannedACLs: allACLs, Classes: readableInAWS, Encryptions: bothModes},
		sources: []string{"https://docs.aws.amazon.com/AmazonS3/latest/API/RESTObjectPOST.html",
			"https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObject.html", "https://docs.aws.amazon.com/AmazonS3/latest/userguide/qfacts.html"},
	},
	"minio": {
		Provider: Provider{Dialect: sigv4.AWS, PostPolicy: true, CoversFields: true, ConditionalPut: true, ConditionalComplete: true,
			Checksums: allChecksums, MD5: true, Tags: true, Versions: true, LifecycleCalls: true, ListsUploads: true,
			CannedACLs: onlyPrivate, Classes: []policy.S3Class{policy.ClassStandard, policy.ClassReducedRedundancy}, Encryptions: bothModes},
		sources: []string{"https://min.io/docs/minio/linux/reference/s3-api-compatibility.html", "public reports: of two size ranges in one policy the last counts"},
	},
	"ceph": {
		Provider: Provider{Dialect: sigv4.AWS, PostPolicy: true, CoversFields: true, ConditionalPut: true, ACLs: true, MD5: true,
			Tags: true, Versions: true, CORSCalls: true, LifecycleCalls: true, ListsUploads: true,
			CannedACLs: cephACLs, Classes: readableInAWS, Encryptions: bothModes},
		sources: []string{"https://docs.ceph.com/en/latest/radosgw/s3/objectops/", "https://docs.ceph.com/en/latest/radosgw/encryption/"},
	},
	"versity": {
		Provider: Provider{Dialect: sigv4.AWS, PostPolicy: true, CoversFields: true, StrictRanges: true,
			ConditionalPut: true, ConditionalComplete: true, CompleteSize: true, RefusesUnsigned: true, Checksums: allChecksums, MD5: true,
			Tags: true, Versions: true, CORSCalls: true, ListsUploads: true, CannedACLs: onlyPrivate},
		tested:  []string{"refuses_unsigned", "versions", "covers_fields"}, // against the real one
		sources: []string{"https://github.com/versity/versitygw/wiki"},
	},
	"r2": {
		Provider: Provider{Dialect: sigv4.AWS, ConditionalPut: true, MD5: true, CORSCalls: true, LifecycleCalls: true, ListsUploads: true,
			EqualParts: true, Classes: standardAndIA},
		sources: []string{"https://developers.cloudflare.com/r2/api/s3/api/"},
	},
	"b2": {
		Provider: Provider{Dialect: sigv4.AWS, DefaultEndpoint: "https://s3.{region}.backblazeb2.com", MD5: true,
			Versions: true, CORSCalls: true, LifecycleCalls: true, ListsUploads: true,
			Classes: standardOnly, Encryptions: []profile.EncryptionMode{profile.EncryptionAES256}},
		sources: []string{"https://www.backblaze.com/docs/cloud-storage-s3-compatible-api"},
	},
	"oss": {
		Provider: Provider{Dialect: sigv4.OSS, DefaultEndpoint: "https://oss-{region}.aliyuncs.com", VirtualHostOnly: true,
			PostPolicy: true, CoversFields: true, StrictRanges: true, ConditionalPut: true, ConditionalComplete: true,
			BucketClasses: true, RefusesUnsigned: true, MD5: true, Tags: true, Versions: true,
			MinPart: 100 << 10, MaxForm: 8 << 20, CannedACLs: []policy.CannedACL{policy.ACLPrivate, policy.ACLPublicRead, policy.ACLPublicReadWrite},
			Classes: standardAndIA, Encryptions: bothModes},
		sources: []string{"https://www.alibabacloud.com/help/en/oss/developer-reference/postobject",
			"https://www.alibabacloud.com/help/en/oss/developer-reference/putobject", "https://www.alibabacloud.com/help/en/oss/developer-reference/initiatemultipartupload",
			"https://www.alibabacloud.com/help/en/oss/user-guide/0006-00000112"},
	},
	"gcs": {
		Provider: Provider{Dialect: sigv4.GCS, DefaultEndpoint: "https://storage.googleapis.com", PostPolicy: true, CoversFields: true, StrictRanges: true,
			ConditionalPut: true, BucketClasses: true, RefusesUnsigned: true, MD5: true, Versions: true, ListsUploads: true,
			CannedACLs: cephACLs},
		sources: []string{"https://cloud.google.com/storage/docs/xml-api/post-object-forms",
			"https://cloud.google.com/storage/docs/xml-api/put-object-upload", "https://cloud.google.com/storage/docs/xml-api/reference-headers"},
	},
	"spaces": {
		Provider: Provider{Dialect: sigv4.AWS, DefaultEndpoint: "https://{region}.digitaloceanspaces.com", PostPolicy: true, CoversFields: true,
			ACLs: true, MD5: true, Versions: true, CORSCalls: true, LifecycleCalls: true, ListsUploads: true,
			CannedACLs: []policy.CannedACL{policy.ACLPrivate, policy.ACLPublicRead}, Classes: standardOnly},
		sources: []string{"https://docs.digitalocean.com/reference/api/spaces/"},
	},
	"seaweedfs": {
		Provider: Provider{Dialect: sigv4.AWS, PostPolicy: true, MD5: true, Tags: true, Versions: true, CORSCalls: true, ListsUploads: true},
		sources:  []string{"https://github.com/seaweedfs/seaweedfs/wiki/Amazon-S3-API"},
	},
	"swift": {
		Provider: Provider{Dialect: sigv4.AWS, MD5: true, ListsUploads: true},
		sources:  []string{"https://docs.openstack.org/swift/latest/s3_compat.html"},
	},
	"other": {Provider: Provider{Dialect: sigv4.AWS, MD5: true}, sources: []string{"what all of these stores document: Content-MD5"}},
}
