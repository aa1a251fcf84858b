package uploads

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"github.com/postern-dev/postern/handlers/problem"
	"github.com/postern-dev/postern/policy/profile"
)

// Complete finishes an upload of any method: a multipart upload is completed at the store, then the
// object is verified and the application told. checksum is that of the whole file, "" where the
// caller names none. Asking again gives the same answer.
//
// Once begun it doesn't end with ctx: the store may take minutes to complete 10,000 parts, and a
// browser that leaves meanwhile must not undo it.
func (s *Service) Complete(ctx context.Context, up OpenUpload, checksum string) (Completed, error) {
	if checksum != "" {
		if up.Checksum == profile.ChecksumMD5 {
			return Completed{}, problem.InField("checksum", "wanted none: md5 is compared part by part, and a whole object of parts has none")
		}
		if err := checkChecksum("checksum", up.Checksum, checksum); err != nil {
			return Completed{}, err
		}
	}
	if err := s.followUps.allowCompletion(up.ID); err != nil {
		return Completed{}, err
	}
	return verifier{s}.complete(ctx, up, checksum)
}

// verifier is a Service that looks at what is stored for uploads and decides on it.
type verifier struct{ *Service }

// complete is Complete for any number of calls, and for an upload whose browser is gone. A plain
// form has nothing to complete before it is verified.
func (s verifier) complete(ctx context.Context, up OpenUpload, checksum string) (Completed, error) {
	ctx = context.WithoutCancel(ctx)
	defer s.followUps.lock(up.ID)()
	if _, err := s.recall(ctx, up); err != nil {
		return Completed{}, err
	}
	if s.aborted.has(up.ID) {
		return Completed{}, aborter(s).refuseAborted(ctx, up)
	}
	if up.Method == profile.MethodMultipart {
		if err := s.completeMultipart(ctx, up, checksum); err != nil {
			return Completed{}, err
		}
	}
	return s.verifyUpload(ctx, up, checksum)
}

// completeMultipart compares the parts at the store with the plan and completes the multipart
// upload. One that the store doesn't know any more was completed or aborted before: the object
// tells which.
func (s verifier) completeMultipart(ctx context.Context, up OpenUpload, checksum string) error {
	parts, err := s.store.storedParts(ctx, up)
	if isNoSuchUpload(err) {
		return nil
	}
	if err != nil {
		return problem.Unavailable(err)
	}
	if err := up.compareParts(parts); err != nil {
		if err.Code == problem.SizeMismatch {
			aborter(s).abortIgnoringErrors(ctx, up)
		}
		return err
	}
	return s.recorder.alone(ctx, up.ID, func() error {
		_, err := within(ctx, longCallFactor*s.store.timeout, s.store.client.CompleteMultipartUpload, s.store.completeInput(up, parts, checksum))
		if err == nil || isNoSuchUpload(err) {
			return nil
		}
		return s.completeError(ctx, up, err)
	})
}

// compareParts wants every planned part with its planned size and no other. It returns nil where
// all is as planned.
func (up OpenUpload) compareParts(parts []types.Part) *problem.Error {
	stored := make(map[int]bool, len(parts))
	for _, part := range parts {
		number := int(aws.ToInt32(part.PartNumber))
		size, err := up.PartLength(number)
		if err != nil || aws.ToInt64(part.Size) != size {
			return problem.New(problem.SizeMismatch, fmt.Sprintf("part %d is not as planned; the upload was aborted", number))
		}
		stored[number] = true
	}
	var missing []int
	for number := 1; number <= up.PartCount; number++ {
		if !stored[number] {
			missing = append(missing, number)
		}
	}
	if missing == nil {
		return nil
	}
	detail := fmt.Sprintf("%d of %d parts are missing", len(missing), up.PartCount)
	return &problem.Error{Code: problem.Incomplete, Detail: detail, Missing: missing}
}

// completeError reads the store's refusal to complete a multipart upload; nil where another request
// has completed this very upload in between.
func (s verifier) completeError(ctx context.Context, up OpenUpload, err error) error {
	switch {
	case isWrongChecksum(err):
		return &problem.Error{Code: problem.SizeMismatch, Field: "checksum", Detail: "the parts have another checksum", Err: err}
	case !isConflict(err):
		return problem.Unavailable(err)
	}
	if _, listed := s.store.storedParts(ctx, up); isNoSuchUpload(listed) {
		return nil
	}
	if storeCode(err) == "ConditionalRequestConflict" {
		return problem.Unavailable(err)
	}
	aborter(s).abortIgnoringErrors(ctx, up)
	return &problem.Error{Code: problem.AlreadyExists, Err: err}
}
