package uploads

import (
	"context"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/service/s3"
)

// longCallFactor is how much longer than other calls the store may take to copy an object or to
// complete a multipart upload: it answers when all bytes are moved.
const longCallFactor = 30

// callFunc is one method of a StoreClient.
type callFunc[I, O any] func(context.Context, I, ...func(*s3.Options)) (O, error)

// within makes one call with a time limit of its own, so that a store that hangs doesn't hold on to
// requests for ever.
func within[I, O any](ctx context.Context, timeout time.Duration, call callFunc[I, O], in I) (O, error) {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	return call(ctx, in, withoutSDKChecksums)
}

// A list is asked for six times within seconds. While uploads end, a store may not find a part of
// what it lists and answer 500, more often than the SDK's three tries allow for.
const (
	listTries = 6
	listPause = 500 * time.Millisecond // at most, between two tries
)

// patiently is within for the lists of a sweep.
func patiently[I, O any](ctx context.Context, timeout time.Duration, call callFunc[I, O], in I) (O, error) {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	return call(ctx, in, withoutSDKChecksums, func(o *s3.Options) {
		o.Retryer = retry.NewStandard(func(r *retry.StandardOptions) { r.MaxAttempts, r.MaxBackoff = listTries, listPause })
	})
}
