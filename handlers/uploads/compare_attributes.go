package uploads

import (
	"net/http"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"github.com/postern-dev/postern/handlers/problem"
	"github.com/postern-dev/postern/policy"
)

// compareAttributes finds whatever HeadObject tells that the plan doesn't know: what a policy would
// have refused, and what unsigned headers can set on a store that obeys them. comparedFields and
// ignoredFields name every field of the answer; a test fails when the SDK gets another.
func (up OpenUpload) compareAttributes(found *s3.HeadObjectOutput, provider Provider) error {
	p := up.Served.Settings
	for _, attribute := range []struct {
		name string
		ok   bool
	}{
		{"user metadata", digestMetadata(sortedMetadata(found.Metadata)) == up.MetadataDigest && aws.ToInt32(found.MissingMeta) == 0},
		{"website redirect", aws.ToString(found.WebsiteRedirectLocation) == ""},
		{"content disposition", aws.ToString(found.ContentDisposition) == up.Served.Settings.DispositionOf(up.Plan)},
		{"content encoding", isEncoding(aws.ToString(found.ContentEncoding), p.ContentEncoding)},
		{"content language", aws.ToString(found.ContentLanguage) == p.ContentLanguage || found.ContentLanguage == nil && up.byForm()},
		{"expires header", isExpires(aws.ToString(found.ExpiresString), p.Expires)},
		{"cache control", found.CacheControl == nil || *found.CacheControl == p.CacheControl || *found.CacheControl == ""},
		{"storage class", isStorageClass(string(found.StorageClass), string(p.StorageClass), provider)},
		{"encryption", isEncryption(found, string(p.Encryption.Mode), p.Encryption.KeyID)},
		{"legal hold", found.ObjectLockLegalHoldStatus != types.ObjectLockLegalHoldStatusOn},
		{"event hold", found.ObjectLockEventHold != types.ObjectLockEventHoldOn},
		{"number of tags", found.TagCount == nil || *found.TagCount == 0 && up.byForm() && provider.Attributes().TagsField == "" || int(*found.TagCount) == len(p.Tags)},
	} {
		if !attribute.ok {
			return up.objectError(problem.SizeMismatch, "the object has another "+attribute.name+" than planned")
		}
	}
	return nil
}

// isEncoding compares the encoding with the planned one. aws-chunked says how the object was sent,
// and some stores keep it.
func isEncoding(found, planned string) bool {
	return found == planned || planned == "" && (strings.EqualFold(found, "aws-chunked") || strings.EqualFold(found, "identity"))
}

// isExpires compares the header with the planned instant, in whole seconds.
func isExpires(found string, planned time.Time) bool {
	if planned.IsZero() || found == "" {
		return planned.IsZero() && found == ""
	}
	at, err := http.ParseTime(found)
	return err == nil && at.Unix() == planned.Unix()
}

// isStorageClass compares a class with the planned one. Stores leave out STANDARD; where buckets
// have a default class of their own, an unplanned class is that.
func isStorageClass(found, planned string, provider Provider) bool {
	if own := provider.Attributes().ClassName(policy.S3Class(planned)); planned != "" && found == own {
		return true
	}
	if planned == "" && provider.BucketClasses {
		return true
	}
	standard := func(class string) bool { return class == "" || class == string(types.StorageClassStandard) }
	return found == planned || standard(found) && standard(planned)
}

// isEncryption compares the encryption with the planned one. Unplanned encryption with the store's
// keys is the bucket's default; a key of the visitor's own (SSE-C) never is, since nobody but the
// visitor could read the object.
func isEncryption(found *s3.HeadObjectOutput, mode, keyID string) bool {
	if aws.ToString(found.SSECustomerAlgorithm) != "" || aws.ToString(found.SSECustomerKeyMD5) != "" {
		return false
	}
	if mode != "" && found.ServerSideEncryption != "" && string(found.ServerSideEncryption) != mode {
		return false
	}
	// A store answers with the key's ARN where its ID was asked for.
	key := aws.ToString(found.SSEKMSKeyId)
	return keyID == "" || key == "" || key == keyID || strings.HasSuffix(key, "/"+keyID)
}
