package gateway

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"hash/maphash"
	"io/fs"
	"os"
	"path/filepath"
	"sync"

	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/versity/versitygw/backend/posix"
	"github.com/versity/versitygw/s3err"
	"github.com/versity/versitygw/s3response"
)

// abortableStore answers requests that meet the end of their multipart upload as S3 does. The store
// keeps an upload as a folder and looks into it several times for one request. Where the folder was
// removed meanwhile it would answer 500, or try without end to link a part into it.
type abortableStore struct {
	*posix.Posix
	ends endLocks
}

// AbortMultipartUpload waits for parts that are being linked.
func (s *abortableStore) AbortMultipartUpload(ctx context.Context, input *s3.AbortMultipartUploadInput) error {
	lock := s.ends.of(input.UploadId)
	lock.Lock()
	defer lock.Unlock()
	return s.Posix.AbortMultipartUpload(ctx, input)
}

// CompleteMultipartUpload waits for parts that are being linked.
func (s *abortableStore) CompleteMultipartUpload(ctx context.Context, input *s3.CompleteMultipartUploadInput) (s3response.CompleteMultipartUploadResult, string, error) {
	lock := s.ends.of(input.UploadId)
	lock.Lock()
	defer lock.Unlock()
	return s.Posix.CompleteMultipartUpload(ctx, input)
}

// UploadPart returns NoSuchUpload where the upload ended before the part was linked. The upload can
// end while the part's bytes come in, but not while it is linked.
func (s *abortableStore) UploadPart(ctx context.Context, input *s3.UploadPartInput) (*s3.UploadPartOutput, error) {
	lock := s.ends.of(input.UploadId)
	locked := false
	defer func() {
		if locked {
			lock.RUnlock()
		}
	}()
	result, err := s.UploadPartWithPostFunc(ctx, input, func(*os.File) error {
		lock.RLock()
		locked = true
		_, err := os.Stat(uploadFolder(input))
		return err
	})
	return result, noSuchUpload(err, input.UploadId)
}

// uploadFolder returns where the store keeps the parts of an upload, below its working directory.
func uploadFolder(input *s3.UploadPartInput) string {
	sum := sha256.Sum256([]byte(*input.Key))
	return filepath.Join(*input.Bucket, posix.MetaTmpMultipartDir, hex.EncodeToString(sum[:]), *input.UploadId)
}

// ListParts returns NoSuchUpload where the upload ended.
func (s *abortableStore) ListParts(ctx context.Context, input *s3.ListPartsInput) (s3response.ListPartsResult, error) {
	lock := s.ends.of(input.UploadId)
	lock.RLock()
	defer lock.RUnlock()
	return s.Posix.ListParts(ctx, input)
}

// listTries bounds how often a list is begun again.
const listTries = 100

// ListMultipartUploads lists again where an upload ended while it was listed.
func (s *abortableStore) ListMultipartUploads(ctx context.Context, input *s3.ListMultipartUploadsInput) (result s3response.ListMultipartUploadsResult, err error) {
	for range listTries {
		if result, err = s.Posix.ListMultipartUploads(ctx, input); !errors.Is(err, fs.ErrNotExist) {
			break
		}
	}
	return result, err
}

// noSuchUpload puts S3's own error in place of that of a missing folder.
func noSuchUpload(err error, uploadID *string) error {
	if errors.Is(err, fs.ErrNotExist) {
		return s3err.GetNoSuchUploadErr(*uploadID)
	}
	return err
}

// endLocks keep uploads from ending while something is done to them. An upload shares its lock with
// others by chance, so that the locks need no list of uploads.
type endLocks [64]sync.RWMutex

var endLockSeed = maphash.MakeSeed()

func (l *endLocks) of(uploadID *string) *sync.RWMutex {
	var id string
	if uploadID != nil { // the store itself refuses a request without one
		id = *uploadID
	}
	return &l[maphash.String(endLockSeed, id)%uint64(len(l))]
}
