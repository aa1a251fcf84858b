package uploads

import (
	"context"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/s3"
)

// longCallFactor is how much longer than other calls the store may take to copy an object or to
// complete a multipart upload: it answers when all bytes are moved.
const longCallFactor = 30

// timedClient gives every call a time limit of its own, so that a store that hangs doesn't hold on
// to requests for ever. GetObject isn't among them: its body is read after it returns, and whoever
// reads it sets the limit.
type timedClient struct {
	StoreClient
	timeout time.Duration
}

// callFunc is one method of a StoreClient.
type callFunc[I, O any] func(context.Context, I, ...func(*s3.Options)) (O, error)

func within[I, O any](ctx context.Context, timeout time.Duration, call callFunc[I, O], in I, o []func(*s3.Options)) (O, error) {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	return call(ctx, in, o...)
}

func (c timedClient) HeadBucket(ctx context.Context, in *s3.HeadBucketInput, o ...func(*s3.Options)) (*s3.HeadBucketOutput, error) {
	return within(ctx, c.timeout, c.StoreClient.HeadBucket, in, o)
}

func (c timedClient) HeadObject(ctx context.Context, in *s3.HeadObjectInput, o ...func(*s3.Options)) (*s3.HeadObjectOutput, error) {
	return within(ctx, c.timeout, c.StoreClient.HeadObject, in, o)
}

func (c timedClient) CopyObject(ctx context.Context, in *s3.CopyObjectInput, o ...func(*s3.Options)) (*s3.CopyObjectOutput, error) {
	return within(ctx, longCallFactor*c.timeout, c.StoreClient.CopyObject, in, o)
}

func (c timedClient) DeleteObject(ctx context.Context, in *s3.DeleteObjectInput, o ...func(*s3.Options)) (*s3.DeleteObjectOutput, error) {
	return within(ctx, c.timeout, c.StoreClient.DeleteObject, in, o)
}

func (c timedClient) CreateMultipartUpload(ctx context.Context, in *s3.CreateMultipartUploadInput, o ...func(*s3.Options)) (*s3.CreateMultipartUploadOutput, error) {
	return within(ctx, c.timeout, c.StoreClient.CreateMultipartUpload, in, o)
}

func (c timedClient) ListParts(ctx context.Context, in *s3.ListPartsInput, o ...func(*s3.Options)) (*s3.ListPartsOutput, error) {
	return within(ctx, c.timeout, c.StoreClient.ListParts, in, o)
}

func (c timedClient) CompleteMultipartUpload(ctx context.Context, in *s3.CompleteMultipartUploadInput, o ...func(*s3.Options)) (*s3.CompleteMultipartUploadOutput, error) {
	return within(ctx, longCallFactor*c.timeout, c.StoreClient.CompleteMultipartUpload, in, o)
}

func (c timedClient) AbortMultipartUpload(ctx context.Context, in *s3.AbortMultipartUploadInput, o ...func(*s3.Options)) (*s3.AbortMultipartUploadOutput, error) {
	return within(ctx, c.timeout, c.StoreClient.AbortMultipartUpload, in, o)
}
