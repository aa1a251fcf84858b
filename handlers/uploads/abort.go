package uploads

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/postern-dev/postern/handlers/problem"
	"github.com/postern-dev/postern/policy/profile"
)

// abortTries is how often an abort is repeated: parts on their way may arrive after it, says S3's
// documentation of AbortMultipartUpload.
const abortTries = 3

// Abort gives an upload up and frees its parts. An object that is stored already stays: it may have
// been completed, and what was accepted isn't the browser's to delete.
func (s *Service) Abort(ctx context.Context, up OpenUpload) error {
	if up.Method != profile.MethodMultipart {
		return nil
	}
	return s.abortMultipart(ctx, up)
}

// abortMultipart frees the parts and gives the charge back, unless the upload had ended before.
func (s *Service) abortMultipart(ctx context.Context, up OpenUpload) error {
	in := &s3.AbortMultipartUploadInput{Bucket: &up.Bucket, Key: &up.Key, UploadId: &up.StoreUploadID}
	for try := range abortTries {
		_, err := within(ctx, s.store.timeout, s.store.client.AbortMultipartUpload, in)
		if isNoSuchUpload(err) && try == 0 {
			return nil
		}
		if err != nil && !isNoSuchUpload(err) {
			return problem.Unavailable(err)
		}
		parts, err := s.store.storedParts(ctx, up)
		if err != nil || len(parts) == 0 {
			break
		}
	}
	s.charges.settle(ctx, up.Plan, 0, false)
	return nil
}

// abortIgnoringErrors aborts an upload that can't be completed any more. Where that fails the
// bucket's lifecycle rule will do it.
func (s *Service) abortIgnoringErrors(ctx context.Context, up OpenUpload) {
	if err := s.abortMultipart(context.WithoutCancel(ctx), up); err != nil {
		s.config.Logger.WarnContext(ctx, "abort failed", "id", up.ID, "key", up.Key, "error", problem.LogText(err.Error()))
	}
}
