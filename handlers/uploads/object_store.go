package uploads

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/gabriel-vasile/mimetype"

	"github.com/postern-dev/postern/handlers/problem"
	"github.com/postern-dev/postern/policy/profile"
	"github.com/postern-dev/postern/policy/sigv4"
)

// objectStore makes the calls to the store that are about one upload. It decides nothing: it says
// in the SDK's words what an Upload is, and reads the answers.
type objectStore struct {
	client   StoreClient
	provider Provider
	timeout  time.Duration // of one call, see Store.Timeout
}

// headObject looks the object of an upload up; nil where there is none, or one that is older than
// the upload and so belongs to somebody else.
func (s objectStore) headObject(ctx context.Context, up OpenUpload) (*s3.HeadObjectOutput, error) {
	in := &s3.HeadObjectInput{Bucket: &up.Bucket, Key: &up.Key}
	if up.Checksum != "" {
		in.ChecksumMode = types.ChecksumModeEnabled
	}
	out, err := within(ctx, s.timeout, s.client.HeadObject, in)
	if isNoSuchObject(err) {
		return nil, nil
	}
	if err != nil {
		return nil, problem.Unavailable(err)
	}
	if out.LastModified != nil && out.LastModified.Before(up.notBefore()) {
		return nil, nil
	}
	return out, nil
}

// detectType finds the type of the object that was found, and only of that one: an object that was
// replaced meanwhile fails with a conflict. Where it begins with nothing but blanks, more of it is
// read.
func (s objectStore) detectType(ctx context.Context, up OpenUpload, found *s3.HeadObjectOutput) (detectedType, error) {
	size := aws.ToInt64(found.ContentLength)
	if size == 0 {
		return detectedType{mimetype.Lookup(profile.OctetStream)}, nil
	}
	first, err := s.readRange(ctx, up, found, 0, sniffBytes)
	if err == nil && size > sniffBytes && isBlank(first) {
		first, err = s.readRange(ctx, up, found, sniffBytes, sniffBytesBehindBlanks)
	}
	if err != nil {
		return detectedType{}, err
	}
	return detect(first), nil
}

// readRange reads at most length bytes of the object that was found.
func (s objectStore) readRange(ctx context.Context, up OpenUpload, found *s3.HeadObjectOutput, from, length int64) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, s.timeout)
	defer cancel()
	out, err := s.client.GetObject(ctx, &s3.GetObjectInput{Bucket: &up.Bucket, Key: &up.Key,
		Range: aws.String(fmt.Sprintf("bytes=%d-%d", from, from+length-1)), IfMatch: found.ETag}, withoutSDKChecksums)
	if err != nil {
		return nil, problem.Unavailable(err)
	}
	defer func() { _ = out.Body.Close() }()
	content, err := io.ReadAll(io.LimitReader(out.Body, length))
	return content, problem.Unavailable(err)
}

// readACL reads the ACL of the object that was found.
func (s objectStore) readACL(ctx context.Context, up OpenUpload, found *s3.HeadObjectOutput) (*s3.GetObjectAclOutput, error) {
	in := &s3.GetObjectAclInput{Bucket: &up.Bucket, Key: &up.Key, VersionId: found.VersionId}
	out, err := within(ctx, s.timeout, s.client.GetObjectAcl, in)
	return out, problem.Unavailable(err)
}

// readTags reads the tags of the object that was found.
func (s objectStore) readTags(ctx context.Context, up OpenUpload, found *s3.HeadObjectOutput) ([]types.Tag, error) {
	in := &s3.GetObjectTaggingInput{Bucket: &up.Bucket, Key: &up.Key, VersionId: found.VersionId}
	out, err := within(ctx, s.timeout, s.client.GetObjectTagging, in)
	if err != nil {
		return nil, problem.Unavailable(err)
	}
	return out.TagSet, nil
}

// lacksType reports whether an object came by a form that couldn't carry all: a plain form doesn't
// carry the content type that its bytes have, and "POST Object" has no field for the content
// language.
func (up OpenUpload) lacksType(found *s3.HeadObjectOutput, contentType string) bool {
	otherType := up.Method == profile.MethodForm && aws.ToString(found.ContentType) != contentType
	return up.byForm() && (otherType || aws.ToString(found.ContentLanguage) != up.Served.Settings.ContentLanguage)
}

// setContentType gives an object content type and language, by copying it in place with all else
// that it has.
func (s objectStore) setContentType(ctx context.Context, up OpenUpload, found *s3.HeadObjectOutput, contentType string) error {
	out, err := within(ctx, longCallFactor*s.timeout, s.client.CopyObject, copyInput(up, found, contentType))
	if err != nil {
		return problem.Unavailable(err)
	}
	if out.CopyObjectResult != nil && out.CopyObjectResult.ETag != nil {
		found.ETag, found.VersionId = out.CopyObjectResult.ETag, out.VersionId
	}
	return nil
}

// tagsComeLater reports whether an upload's tags are set after verification: it was sent by a form,
// and the store's forms have no field for them.
func (s objectStore) tagsComeLater(up OpenUpload) bool {
	return up.byForm() && len(up.Served.Settings.Tags) > 0 && s.provider.Attributes().TagsField == ""
}

// setTags gives a verified object the tags that its form couldn't carry.
func (s objectStore) setTags(ctx context.Context, up OpenUpload, found *s3.HeadObjectOutput) error {
	if !s.tagsComeLater(up) {
		return nil
	}
	in := &s3.PutObjectTaggingInput{Bucket: &up.Bucket, Key: &up.Key, VersionId: found.VersionId, Tagging: &types.Tagging{}}
	tags := up.Served.Settings.Tags
	for _, name := range slices.Sorted(maps.Keys(tags)) {
		in.Tagging.TagSet = append(in.Tagging.TagSet, types.Tag{Key: aws.String(name), Value: aws.String(tags[name])})
	}
	_, err := within(ctx, s.timeout, s.client.PutObjectTagging, in)
	return problem.Unavailable(err)
}

// quarantine copies a refused object to the quarantine prefix, as bytes that no browser renders and
// without an ACL that could make them public.
func (s objectStore) quarantine(ctx context.Context, up OpenUpload, found *s3.HeadObjectOutput) error {
	in := copyInput(up, found, profile.OctetStream)
	in.Key = aws.String(up.Served.Settings.Quarantine + up.Key)
	in.ACL = ""
	_, err := within(ctx, longCallFactor*s.timeout, s.client.CopyObject, in)
	return err
}

// copyInput names all that a copy would otherwise lose. Tags are copied by default.
func copyInput(up OpenUpload, found *s3.HeadObjectOutput, contentType string) *s3.CopyObjectInput {
	a := attributesOf(up.Served, up.Plan)
	return &s3.CopyObjectInput{
		Bucket: &up.Bucket, Key: &up.Key, CopySource: aws.String(copySource(up.Bucket, up.Key)),
		CopySourceIfMatch: found.ETag, MetadataDirective: types.MetadataDirectiveReplace,
		ContentType: &contentType, Metadata: found.Metadata, CacheControl: found.CacheControl,
		ContentDisposition: found.ContentDisposition, ContentEncoding: optional(a.codings), ContentLanguage: optional(a.language), Expires: a.expires,
		ACL: a.acl, StorageClass: a.storageClass, ServerSideEncryption: a.encryption, SSEKMSKeyId: optional(a.kmsKey),
	}
}

// copySource is bucket and key, percent-encoded once.
func copySource(bucket, key string) string {
	return bucket + "/" + strings.NewReplacer("+", "%20", "%2F", "/").Replace(url.QueryEscape(key))
}

// createMultipart begins a multipart upload at the store and returns the store's upload ID. That
// goes into the upload token only: it is no secret, but a caller could swap it.
func (s objectStore) createMultipart(ctx context.Context, p *ServedProfile, plan profile.Plan) (string, error) {
	a := attributesOf(p, plan)
	in := &s3.CreateMultipartUploadInput{Bucket: &plan.Bucket, Key: &plan.Key, ContentType: &plan.Type,
		ACL: types.ObjectCannedACL(s.provider.signedACL(p.Settings.ACL)), CacheControl: optional(a.cacheControl),
		ContentDisposition: optional(a.disposition), ContentEncoding: optional(a.codings), ContentLanguage: optional(a.language), Expires: a.expires, StorageClass: a.storageClass, Tagging: optional(a.tagging),
		ServerSideEncryption: a.encryption, SSEKMSKeyId: optional(a.kmsKey), Metadata: a.metadata}
	if plan.Checksum != "" && plan.Checksum != profile.ChecksumMD5 {
		in.ChecksumAlgorithm = types.ChecksumAlgorithm(plan.Checksum.Algorithm())
		in.ChecksumType = types.ChecksumTypeFullObject
	}
	out, err := within(ctx, s.timeout, s.client.CreateMultipartUpload, in)
	if err != nil {
		return "", problem.Unavailable(err)
	}
	if out.UploadId == nil || *out.UploadId == "" {
		return "", problem.Unavailable(errors.New("uploads: CreateMultipartUpload: wanted an upload ID, got none"))
	}
	return *out.UploadId, nil
}

// storedParts lists every part at the store, page by page. It fails with NoSuchUpload once the
// upload was completed or aborted.
func (s objectStore) storedParts(ctx context.Context, up OpenUpload) ([]types.Part, error) {
	var out []types.Part
	in := &s3.ListPartsInput{Bucket: &up.Bucket, Key: &up.Key, UploadId: &up.StoreUploadID}
	for {
		page, err := within(ctx, s.timeout, s.client.ListParts, in)
		if err != nil {
			return nil, err
		}
		out = append(out, page.Parts...)
		next := aws.ToString(page.NextPartNumberMarker)
		if !aws.ToBool(page.IsTruncated) || next == "" || next == aws.ToString(in.PartNumberMarker) || len(out) > sigv4.MaxParts {
			return out, nil
		}
		in.PartNumberMarker = &next
	}
}

// completeInput names all parts and, where the store can compare them, what the result has to be: a
// new object of the planned size and checksum.
func (s objectStore) completeInput(up OpenUpload, parts []types.Part, checksum string) *s3.CompleteMultipartUploadInput {
	in := &s3.CompleteMultipartUploadInput{Bucket: &up.Bucket, Key: &up.Key, UploadId: &up.StoreUploadID,
		MultipartUpload: &types.CompletedMultipartUpload{Parts: make([]types.CompletedPart, len(parts))}}
	for i, p := range parts {
		in.MultipartUpload.Parts[i] = types.CompletedPart{PartNumber: p.PartNumber, ETag: p.ETag,
			ChecksumCRC32: p.ChecksumCRC32, ChecksumCRC32C: p.ChecksumCRC32C, ChecksumCRC64NVME: p.ChecksumCRC64NVME}
	}
	if s.provider.ConditionalComplete {
		in.IfNoneMatch = aws.String("*")
	}
	if s.provider.CompleteSize {
		in.MpuObjectSize = &up.MaxSize
	}
	if up.Checksum == "" || up.Checksum == profile.ChecksumMD5 {
		return in
	}
	in.ChecksumType = types.ChecksumTypeFullObject
	switch up.Checksum {
	case "crc32":
		in.ChecksumCRC32 = optional(checksum)
	case "crc32c":
		in.ChecksumCRC32C = optional(checksum)
	case "crc64nvme":
		in.ChecksumCRC64NVME = optional(checksum)
	}
	return in
}

// deleteAccepted deletes an accepted object and no other: that version where the bucket has
// versions, else the object as long as it still has that ETag.
func (s objectStore) deleteAccepted(ctx context.Context, up OpenUpload, done Completed) error {
	return s.deleteFound(ctx, up, &s3.HeadObjectOutput{VersionId: optional(done.Version), ETag: &done.ETag})
}

// deleteFound deletes the object that was found and no other: that version where the bucket has
// versions, else the object as long as it still has that ETag.
func (s objectStore) deleteFound(ctx context.Context, up OpenUpload, found *s3.HeadObjectOutput) error {
	in := &s3.DeleteObjectInput{Bucket: &up.Bucket, Key: &up.Key}
	if version := aws.ToString(found.VersionId); version != "" {
		in.VersionId = &version
	} else if now, err := s.headObject(ctx, up); err != nil || now == nil || aws.ToString(now.ETag) != aws.ToString(found.ETag) {
		return err
	}
	if _, err := within(ctx, s.timeout, s.client.DeleteObject, in); err != nil && !isNoSuchObject(err) {
		return err
	}
	return nil
}
