package uploads

import (
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"github.com/postern-dev/postern/policy/profile"
)

// What verification does with each field of HeadObjectOutput.
var (
	comparedFields = []string{
		"CacheControl", "ContentDisposition", "ContentEncoding", "ContentLanguage", "ContentLength", "ContentType", "ETag",
		"Expires", "ExpiresString", "LastModified", "Metadata", "MissingMeta", "ObjectLockLegalHoldStatus", "ObjectLockEventHold", "SSECustomerAlgorithm",
		"SSECustomerKeyMD5", "SSEKMSKeyId", "ServerSideEncryption", "StorageClass", "TagCount", "VersionId", "WebsiteRedirectLocation",
		"ChecksumCRC32", "ChecksumCRC32C", "ChecksumCRC64NVME", "ChecksumType",
	}
	// What says nothing about how the object will be served or billed, or what only the bucket's
	// owner sets.
	ignoredFields = []string{
		"AcceptRanges", "ArchiveStatus", "BucketKeyEnabled", "ContentRange", "DeleteMarker", "Expiration",
		"ObjectLockEventHoldDurationDays", "ObjectLockEventHoldDurationYears", "ObjectLockMode", "ObjectLockRetainUntilDate", // a bucket's default retention sets them as well
		"PartsCount", "ReplicationStatus", "RequestCharged", "Restore", "ResultMetadata",
		"ChecksumMD5", "ChecksumSHA1", "ChecksumSHA256", "ChecksumSHA512", "ChecksumXXHASH128", "ChecksumXXHASH3", "ChecksumXXHASH64",
	}
)

func TestEveryFieldOfHeadObjectIsComparedOrKnownToBeHarmless(t *testing.T) {
	t.Parallel()
	output := reflect.TypeFor[s3.HeadObjectOutput]()
	for i := range output.NumField() {
		name := output.Field(i).Name
		if output.Field(i).IsExported() && !slices.Contains(comparedFields, name) && !slices.Contains(ignoredFields, name) {
			t.Errorf("HeadObjectOutput.%s is neither compared nor known to be harmless", name)
		}
	}
}

func TestAttributesOutsideThePlanAreRefused(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name     string
		change   func(*s3.HeadObjectOutput)
		accepted bool
	}{
		{"as planned", func(*s3.HeadObjectOutput) {}, true},
		{"the bucket's default encryption", func(o *s3.HeadObjectOutput) { o.ServerSideEncryption = types.ServerSideEncryptionAes256 }, true},
		{"the store's standard class by name", func(o *s3.HeadObjectOutput) { o.StorageClass = types.StorageClassStandard }, true},
		{"aws-chunked, as some stores keep it", func(o *s3.HeadObjectOutput) { o.ContentEncoding = aws.String("aws-chunked") }, true},
		{"no cache control, as of a store without any", func(o *s3.HeadObjectOutput) { o.CacheControl = nil }, true},
		{"foreign metadata", func(o *s3.HeadObjectOutput) { o.Metadata = map[string]string{"owner": "mallory"} }, false},
		{"metadata that the SDK can't read", func(o *s3.HeadObjectOutput) { o.MissingMeta = aws.Int32(1) }, false},
		{"a website redirect", func(o *s3.HeadObjectOutput) { o.WebsiteRedirectLocation = aws.String("https://evil.example") }, false},
		{"a disposition", func(o *s3.HeadObjectOutput) { o.ContentDisposition = aws.String("inline") }, false},
		{"an encoding", func(o *s3.HeadObjectOutput) { o.ContentEncoding = aws.String("gzip") }, false},
		{"a language", func(o *s3.HeadObjectOutput) { o.ContentLanguage = aws.String("de") }, false},
		{"an Expires header", func(o *s3.HeadObjectOutput) { o.ExpiresString = aws.String(time.Now().String()) }, false},
		{"another cache control", func(o *s3.HeadObjectOutput) { o.CacheControl = aws.String("max-age=9") }, false},
		{"another storage class", func(o *s3.HeadObjectOutput) { o.StorageClass = types.StorageClassDeepArchive }, false},
		{"a key of the visitor's own", func(o *s3.HeadObjectOutput) { o.SSECustomerAlgorithm = aws.String("AES256") }, false},
		{"a legal hold", func(o *s3.HeadObjectOutput) { o.ObjectLockLegalHoldStatus = types.ObjectLockLegalHoldStatusOn }, false},
		{"an event hold", func(o *s3.HeadObjectOutput) { o.ObjectLockEventHold = types.ObjectLockEventHoldOn }, false},
		{"tags", func(o *s3.HeadObjectOutput) { o.TagCount = aws.Int32(1) }, false},
	}
	up := OpenUpload{Served: &ServedProfile{Settings: profile.Profile{CacheControl: "no-cache"}}}
	for _, c := range cases {
		found := &s3.HeadObjectOutput{CacheControl: aws.String("no-cache")}
		c.change(found)
		if err := up.compareAttributes(found, Provider{}); (err == nil) != c.accepted {
			t.Errorf("%s: wanted accepted: %v, got %v", c.name, c.accepted, err)
		}
	}
	archived := &s3.HeadObjectOutput{StorageClass: "IA"}
	if err := up.compareAttributes(archived, Provider{BucketClasses: true}); err != nil {
		t.Errorf("the default class of a bucket: %v", err)
	}
}
