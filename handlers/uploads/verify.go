package uploads

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"github.com/postern-dev/postern/handlers/problem"
	"github.com/postern-dev/postern/policy"
	"github.com/postern-dev/postern/policy/profile"
)

// Completed is an upload whose object was verified at the store.
type Completed struct {
	ID, Profile, Subject string
	Bucket, Key          string
	Filename             string // what the visitor called the file, cleaned; "" where nobody said
	Nonce                string // of the session of the host that the upload is bound to; "" for none
	Size                 int64  // bytes
	Type, ETag           string
	Version              string            // "" where the bucket has no versions
	Checksum             string            // base64 of the whole object's checksum; "" where none was planned
	Metadata             map[string]string // user metadata, names without x-amz-meta-
	Receipt              string            // see package receipts; "" where none are minted
	URL                  string            // a link to the object, see Service.Link; "" where the profile has none
}

// Verify looks at what is stored for an upload, accepts or removes it, and tells the application.
// Like Complete it goes on when ctx ends.
func (s *Service) Verify(ctx context.Context, up OpenUpload) (Completed, error) {
	if err := s.followUps.allowCompletion(up.ID); err != nil {
		return Completed{}, err
	}
	return verifier{s}.complete(ctx, up, "")
}

// verifyUpload relies on nothing that the browser said, and on nothing that the store was told to
// enforce: an object that breaks the plan is removed. checksum is the caller's, "" for none.
// Whoever calls it holds the upload's lock.
func (s verifier) verifyUpload(ctx context.Context, up OpenUpload, checksum string) (Completed, error) {
	found, err := s.store.headObject(ctx, up)
	if err != nil {
		return Completed{}, err
	}
	accepted, known := s.accepted.get(up.ID)
	switch {
	case known && (found == nil || accepted.done.isObject(found)):
		return s.repeatAccepted(ctx, up, accepted, checksum)
	case found == nil:
		return Completed{}, s.whyMissing(up)
	case known:
		s.reportReplaced(ctx, up, accepted, found)
	}
	if !known {
		s.observer.once(up, Observation{Outcome: OutcomeArrived})
	}
	contentType, err := s.store.compareObject(ctx, up, found)
	if err != nil {
		return s.refuse(ctx, up, found, err, checksum)
	}
	if known { // what took its place is stored all the same, and counts
		s.charges.settle(ctx, up.Plan, aws.ToInt64(found.ContentLength), true)
		return Completed{}, errReplaced
	}
	if err := compareChecksum(checksum, wholeChecksum(up.Checksum, found)); err != nil {
		return Completed{}, err
	}
	if up.lacksType(found, contentType) {
		err := s.recorder.alone(ctx, up.ID, func() error { return s.store.setContentType(ctx, up, found, contentType) })
		if err != nil {
			return Completed{}, err
		}
	}
	if err := s.store.setTags(ctx, up, found); err != nil {
		return Completed{}, err
	}
	return s.finishUpload(ctx, up, found, contentType)
}

// whyMissing says why there is no object to verify: refused before, not arrived yet, or aborted.
func (s verifier) whyMissing(up OpenUpload) error {
	if refused, ok := s.refusals.get(up.ID); ok {
		return refused
	}
	if up.Method == profile.MethodMultipart {
		return errUnknownUpload
	}
	return problem.New(problem.Incomplete, "the store has no object of this upload")
}

// compareObject compares an object with its plan and returns the content type that it should have.
// An *ObjectError says that it breaks the plan; other errors say that the store couldn't be asked.
func (s objectStore) compareObject(ctx context.Context, up OpenUpload, found *s3.HeadObjectOutput) (string, error) {
	size := aws.ToInt64(found.ContentLength)
	if err := up.compareSize(size); err != nil {
		return "", err
	}
	if err := up.compareAttributes(found, s.provider); err != nil {
		return "", err
	}
	if err := s.compareUntold(ctx, up, found); err != nil {
		return "", err
	}
	detected, err := s.detectType(ctx, up, found)
	if err != nil {
		return "", err
	}
	if up.Method == profile.MethodForm {
		if contentType, ok := up.Served.typeFor(detected); ok {
			return contentType, nil
		}
		return "", up.wrongType(detected.base())
	}
	if stored := aws.ToString(found.ContentType); !isSameType(stored, up.Type) {
		return "", up.otherType(stored)
	}
	empty := size == 0 // no byte to contradict any type
	if !empty && !up.Served.admits(up.Type, detected) {
		return "", up.wrongType(detected.base())
	}
	return up.Type, nil
}

func (up OpenUpload) compareSize(size int64) error {
	switch {
	case size >= up.MinSize && size <= up.MaxSize:
		return nil
	case up.Method != profile.MethodForm:
		return up.objectError(problem.SizeMismatch, fmt.Sprintf("the object has another size than planned: wanted %d bytes, got %d", up.MaxSize, size))
	case size > up.MaxSize:
		return up.objectError(problem.SizeTooLarge, fmt.Sprintf("the object is larger than allowed: wanted at most %d bytes, got %d", up.MaxSize, size))
	}
	return up.objectError(problem.SizeTooSmall, fmt.Sprintf("the object is smaller than allowed: wanted at least %d bytes, got %d", up.MinSize, size))
}

func sortedMetadata(from map[string]string) []policy.Field {
	fields := make([]policy.Field, 0, len(from))
	for name, value := range from {
		fields = append(fields, policy.Field{Name: strings.ToLower(name), Value: value})
	}
	slices.SortFunc(fields, func(a, b policy.Field) int { return strings.Compare(a.Name, b.Name) })
	return fields
}

// finishUpload settles the quota, tells the application, records the acceptance and makes the
// answer. An application that is told of what another process aborts at the same moment is told of
// the removal too.
func (s verifier) finishUpload(ctx context.Context, up OpenUpload, found *s3.HeadObjectOutput, contentType string) (Completed, error) {
	done := up.completed(found, contentType)
	s.charges.settle(ctx, up.Plan, done.Size, true)
	answer, err := s.accepted.add(ctx, done)
	if err != nil {
		return Completed{}, err
	}
	return s.recordAccepted(ctx, up, answer)
}

// completed is an upload whose object fits its plan.
func (up OpenUpload) completed(found *s3.HeadObjectOutput, contentType string) Completed {
	done := Completed{ID: up.ID, Profile: up.Profile, Subject: up.Subject, Bucket: up.Bucket, Key: up.Key, Nonce: up.Nonce,
		Size: aws.ToInt64(found.ContentLength), Type: contentType, ETag: aws.ToString(found.ETag),
		Version: aws.ToString(found.VersionId), Checksum: wholeChecksum(up.Checksum, found), Metadata: decodedMetadata(found.Metadata)}
	done.Filename = cmp.Or(up.Filename, done.Metadata["filename"])
	return done
}

// wholeChecksum is the object's checksum by the plan's algorithm. One that was made of those of the
// parts ("…-5") isn't the file's.
func wholeChecksum(algorithm profile.Checksum, found *s3.HeadObjectOutput) string {
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
