package handlers

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"github.com/postern-dev/postern/policy"
	"github.com/postern-dev/postern/policy/profile"
)

// head looks the object of an upload up; nil where there is none, or one that is older than the
// upload and so belongs to somebody else.
func (h *Handlers) head(ctx context.Context, up held) (*s3.HeadObjectOutput, error) {
	in := &s3.HeadObjectInput{Bucket: &up.bucket, Key: &up.key}
	if up.checksum != "" {
		in.ChecksumMode = types.ChecksumModeEnabled
	}
	out, err := h.config.Store.HeadObject(ctx, in)
	if noSuchObject(err) {
		return nil, nil
	}
	if err != nil {
		return nil, storeError(err)
	}
	if out.LastModified != nil && out.LastModified.Before(up.since()) {
		return nil, nil
	}
	return out, nil
}

// accept verifies what is stored for an upload and tells the application. It relies on nothing the
// browser said, and on nothing the store was told to enforce: an object outside the plan is
// removed.
func (h *Handlers) accept(ctx context.Context, up held) (Completed, error) {
	found, err := h.head(ctx, up)
	if err != nil {
		return Completed{}, err
	}
	if found == nil {
		return Completed{}, h.absent(up)
	}
	contentType, err := h.examine(ctx, up, found)
	if err != nil {
		return Completed{}, h.reject(ctx, up, found, err)
	}
	if err := h.retype(ctx, up, found, contentType); err != nil {
		return Completed{}, err
	}
	return h.announce(ctx, up, found, contentType)
}

// absent says why there is nothing to verify: refused before, not arrived yet, or aborted.
func (h *Handlers) absent(up held) error {
	if refused := h.verdicts.of(up.id); refused != nil {
		return refused
	}
	if up.method == profile.MethodMultipart {
		return errUnknownUpload
	}
	return refuse(CodeIncomplete, "the store has no object of this upload")
}

// examine holds an object against its plan and returns the content type it ought to have. A refusal
// is an *Error of this package; what the store didn't answer is store_unavailable.
func (h *Handlers) examine(ctx context.Context, up held, found *s3.HeadObjectOutput) (string, error) {
	if err := up.checkSize(aws.ToInt64(found.ContentLength)); err != nil {
		return "", err
	}
	if err := up.checkSettings(found); err != nil {
		return "", err
	}
	detected, err := h.sniff(ctx, up, found)
	if err != nil {
		return "", err
	}
	if up.method != profile.MethodForm {
		empty := aws.ToInt64(found.ContentLength) == 0 // no byte to contradict any type
		if !sameType(aws.ToString(found.ContentType), up.contentType) || !empty && !up.gate.admits(up.contentType, detected) {
			return "", up.wrongType(baseType(detected))
		}
		return up.contentType, nil
	}
	contentType, ok := up.gate.typeFor(detected)
	if !ok {
		return "", up.wrongType(baseType(detected))
	}
	return contentType, nil
}

func (up held) checkSize(size int64) error {
	switch {
	case size >= up.minSize && size <= up.maxSize:
		return nil
	case up.method != profile.MethodForm:
		return up.refusal(CodeSizeMismatch, "the object has another size than planned")
	case size > up.maxSize:
		return up.refusal(CodeSizeTooLarge, "the object is larger than allowed")
	}
	return up.refusal(CodeSizeTooSmall, "the object is smaller than allowed")
}

// checkSettings finds what a policy would have refused: foreign metadata, a website redirect,
// headers the profile doesn't set.
func (up held) checkSettings(found *s3.HeadObjectOutput) error {
	same := digestFields(sortedMetadata(found.Metadata)) == up.metadata
	none := aws.ToString(found.WebsiteRedirectLocation) == "" && aws.ToString(found.ContentDisposition) == "" &&
		aws.ToString(found.ContentEncoding) == ""
	cache := aws.ToString(found.CacheControl)
	if same && none && (cache == "" || cache == up.gate.profile.CacheControl) {
		return nil
	}
	return up.refusal(CodeSizeMismatch, "the object has other metadata than planned")
}

func (up held) wrongType(detected string) error {
	refused := up.refusal(CodeTypeNotAllowed, "the content of the object is not of an allowed type")
	refused.Field, refused.found = "type", detected
	return refused
}

func (up held) refusal(code Code, detail string) *Error {
	return &Error{Code: code, Detail: detail, limits: &limits{minSize: up.minSize, maxSize: up.maxSize, types: up.gate.profile.Types}}
}

// sameType compares content types as stores give them back; an object posted without one is
// binary/octet-stream at S3.
func sameType(stored, planned string) bool {
	if stored == "binary/octet-stream" {
		stored = profile.OctetStream
	}
	clean, ok := profile.CleanType(stored)
	return ok && clean == planned
}

func sortedMetadata(from map[string]string) []policy.Field {
	fields := make([]policy.Field, 0, len(from))
	for name, value := range from {
		fields = append(fields, policy.Field{Name: strings.ToLower(name), Value: value})
	}
	slices.SortFunc(fields, func(a, b policy.Field) int { return strings.Compare(a.Name, b.Name) })
	return fields
}

// announce settles the quota, tells the application and makes the answer.
func (h *Handlers) announce(ctx context.Context, up held, found *s3.HeadObjectOutput, contentType string) (Completed, error) {
	done := Completed{ID: up.id, Profile: up.upload.profile, Subject: up.subject, Bucket: up.bucket, Key: up.key,
		Size: aws.ToInt64(found.ContentLength), Type: contentType, ETag: aws.ToString(found.ETag),
		Checksum: wholeChecksum(up.checksum, found), Metadata: decodedMetadata(found.Metadata)}
	h.settle(ctx, up.plan, done.Size, true)
	if err := h.config.OnComplete(ctx, done); err != nil {
		var own *Error
		if errors.As(err, &own) {
			return Completed{}, own
		}
		return Completed{}, &Error{Code: CodeInternal, Err: err}
	}
	return done, nil
}

// wholeChecksum is the object's checksum by the plan's algorithm. One that was put together from
// those of the parts ("…-5") isn't the file's.
func wholeChecksum(algorithm string, found *s3.HeadObjectOutput) string {
	value := ""
	switch algorithm {
	case "crc32":
		value = aws.ToString(found.ChecksumCRC32)
	case "crc32c":
		value = aws.ToString(found.ChecksumCRC32C)
	case "crc64nvme":
		value = aws.ToString(found.ChecksumCRC64NVME)
	}
	if strings.Contains(value, "-") || found.ChecksumType == types.ChecksumTypeComposite {
		return ""
	}
	return value
}

func decodedMetadata(from map[string]string) map[string]string {
	out := make(map[string]string, len(from))
	for name, value := range from {
		out[strings.ToLower(name)] = decodeWord(value)
	}
	return out
}
