package uploads

import (
	"context"
	"time"

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
