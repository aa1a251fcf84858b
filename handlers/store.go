package handlers

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/smithy-go"
)

// Store is what the handlers ask of the object store; *s3.Client is one. It must be safe for
// concurrent use.
type Store interface {
	HeadBucket(context.Context, *s3.HeadBucketInput, ...func(*s3.Options)) (*s3.HeadBucketOutput, error)
	HeadObject(context.Context, *s3.HeadObjectInput, ...func(*s3.Options)) (*s3.HeadObjectOutput, error)
	GetObject(context.Context, *s3.GetObjectInput, ...func(*s3.Options)) (*s3.GetObjectOutput, error)
	CopyObject(context.Context, *s3.CopyObjectInput, ...func(*s3.Options)) (*s3.CopyObjectOutput, error)
	DeleteObject(context.Context, *s3.DeleteObjectInput, ...func(*s3.Options)) (*s3.DeleteObjectOutput, error)
	CreateMultipartUpload(context.Context, *s3.CreateMultipartUploadInput, ...func(*s3.Options)) (*s3.CreateMultipartUploadOutput, error)
	ListParts(context.Context, *s3.ListPartsInput, ...func(*s3.Options)) (*s3.ListPartsOutput, error)
	ListMultipartUploads(context.Context, *s3.ListMultipartUploadsInput, ...func(*s3.Options)) (*s3.ListMultipartUploadsOutput, error)
	CompleteMultipartUpload(context.Context, *s3.CompleteMultipartUploadInput, ...func(*s3.Options)) (*s3.CompleteMultipartUploadOutput, error)
	AbortMultipartUpload(context.Context, *s3.AbortMultipartUploadInput, ...func(*s3.Options)) (*s3.AbortMultipartUploadOutput, error)
}

var _ Store = (*s3.Client)(nil)

// storeRetryAfter is what a client is told to wait when the store is away.
const storeRetryAfter = 5 * time.Second

// bareChecksums keeps the SDK from adding checksums of its own: some stores refuse them, and ours
// are the ones of the plan.
func bareChecksums(o *s3.Options) {
	o.RequestChecksumCalculation = aws.RequestChecksumCalculationWhenRequired
	o.ResponseChecksumValidation = aws.ResponseChecksumValidationWhenRequired
}

// storeCode is the store's own code of an error, such as NoSuchKey. A HEAD answer has no body, so
// only its status says something.
func storeCode(err error) string {
	var api smithy.APIError
	if errors.As(err, &api) && api.ErrorCode() != "" {
		return api.ErrorCode()
	}
	return ""
}

func storeStatus(err error) int {
	var response *awshttp.ResponseError
	if errors.As(err, &response) {
		return response.HTTPStatusCode()
	}
	return 0
}

// noSuchObject and noSuchUpload read the answers that mean "not there".
func noSuchObject(err error) bool {
	switch storeCode(err) {
	case "NoSuchKey", "NotFound":
		return true
	case "NoSuchBucket":
		return false
	}
	return storeStatus(err) == http.StatusNotFound
}

func noSuchUpload(err error) bool {
	code := storeCode(err)
	return code == "NoSuchUpload" || code == "NoSuchKey" || code == "NotFound"
}

// conflict reports that a conditional request met an object with that key.
func conflict(err error) bool {
	code := storeCode(err)
	return code == "PreconditionFailed" || code == "ConditionalRequestConflict" ||
		storeStatus(err) == http.StatusPreconditionFailed
}

// badChecksum reports that the bytes are not those of the checksum named.
func badChecksum(err error) bool {
	code := storeCode(err)
	return code == "BadDigest" || code == "XAmzContentChecksumMismatch" || code == "InvalidDigest"
}

// storeError is what a caller learns of a failure of the store: that it is away. The rest is for
// the log.
func storeError(err error) error {
	if err == nil {
		return nil
	}
	var own *Error
	if errors.As(err, &own) {
		return err
	}
	return &Error{Code: CodeStoreUnavailable, RetryAfter: storeRetryAfter, Err: err}
}
