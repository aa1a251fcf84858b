package handlers

import (
	"context"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/s3"
)

// putTogether is how much longer than other calls the store may take to copy an object or to put
// its parts together: it answers when all bytes are moved.
const putTogether = 30

// timedStore gives every call a time of its own, so that a store that hangs doesn't hold on to
// requests for ever. GetObject isn't among them: its body is read after it returns, and whoever
// reads it sets the time.
type timedStore struct {
	Store
	most time.Duration
}

// call is one method of a Store.
type call[I, O any] func(context.Context, I, ...func(*s3.Options)) (O, error)

func within[I, O any](ctx context.Context, most time.Duration, do call[I, O], in I, o []func(*s3.Options)) (O, error) {
	ctx, cancel := context.WithTimeout(ctx, most)
	defer cancel()
	return do(ctx, in, o...)
}

func (s timedStore) HeadBucket(ctx context.Context, in *s3.HeadBucketInput, o ...func(*s3.Options)) (*s3.HeadBucketOutput, error) {
	return within(ctx, s.most, s.Store.HeadBucket, in, o)
}

func (s timedStore) HeadObject(ctx context.Context, in *s3.HeadObjectInput, o ...func(*s3.Options)) (*s3.HeadObjectOutput, error) {
	return within(ctx, s.most, s.Store.HeadObject, in, o)
}

func (s timedStore) CopyObject(ctx context.Context, in *s3.CopyObjectInput, o ...func(*s3.Options)) (*s3.CopyObjectOutput, error) {
	return within(ctx, putTogether*s.most, s.Store.CopyObject, in, o)
}

func (s timedStore) DeleteObject(ctx context.Context, in *s3.DeleteObjectInput, o ...func(*s3.Options)) (*s3.DeleteObjectOutput, error) {
	return within(ctx, s.most, s.Store.DeleteObject, in, o)
}

func (s timedStore) CreateMultipartUpload(ctx context.Context, in *s3.CreateMultipartUploadInput, o ...func(*s3.Options)) (*s3.CreateMultipartUploadOutput, error) {
	return within(ctx, s.most, s.Store.CreateMultipartUpload, in, o)
}

func (s timedStore) ListParts(ctx context.Context, in *s3.ListPartsInput, o ...func(*s3.Options)) (*s3.ListPartsOutput, error) {
	return within(ctx, s.most, s.Store.ListParts, in, o)
}

func (s timedStore) CompleteMultipartUpload(ctx context.Context, in *s3.CompleteMultipartUploadInput, o ...func(*s3.Options)) (*s3.CompleteMultipartUploadOutput, error) {
	return within(ctx, putTogether*s.most, s.Store.CompleteMultipartUpload, in, o)
}

func (s timedStore) AbortMultipartUpload(ctx context.Context, in *s3.AbortMultipartUploadInput, o ...func(*s3.Options)) (*s3.AbortMultipartUploadOutput, error) {
	return within(ctx, s.most, s.Store.AbortMultipartUpload, in, o)
}
