package handlers

import (
	"context"
	"fmt"
	"net/http"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/labstack/echo/v4"

	"github.com/postern-dev/postern/policy/profile"
)

type completeRequest struct {
	Checksum string `json:"checksum"`
}

type completeResponse struct {
	ID       string `json:"id"`
	Profile  string `json:"profile"`
	Bucket   string `json:"bucket"`
	Key      string `json:"key"`
	Size     int64  `json:"size"`
	Type     string `json:"type"`
	ETag     string `json:"etag"`
	Checksum string `json:"checksum,omitempty"`
}

// completeUpload finishes an upload of any method and answers with what the store has. Asking again
// gives the same answer.
func (h *Handlers) completeUpload(c echo.Context) error {
	up, err := h.hold(c)
	if err != nil {
		return err
	}
	var body completeRequest
	if err := readOptionalJSON(c, &body); err != nil {
		return err
	}
	if body.Checksum != "" {
		if err := checkChecksum("checksum", up.checksum, body.Checksum); err != nil {
			return err
		}
	}
	done, err := h.complete(c.Request().Context(), up, body.Checksum)
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, completeResponse{ID: done.ID, Profile: done.Profile, Bucket: done.Bucket,
		Key: done.Key, Size: done.Size, Type: done.Type, ETag: done.ETag, Checksum: done.Checksum})
}

func (h *Handlers) complete(ctx context.Context, up held, checksum string) (Completed, error) {
	if up.method == profile.MethodMultipart {
		if err := h.assemble(ctx, up, checksum); err != nil {
			return Completed{}, err
		}
	}
	done, err := h.accept(ctx, up)
	if err == nil && checksum != "" && done.Checksum != "" && done.Checksum != checksum {
		return Completed{}, &Error{Code: CodeSizeMismatch, Field: "checksum", Detail: "the object has another checksum"}
	}
	return done, err
}

// assemble compares the parts at the store with the plan and puts them together. An upload the
// store doesn't know any more was completed or aborted before: the object tells which.
func (h *Handlers) assemble(ctx context.Context, up held, checksum string) error {
	parts, err := h.partsAt(ctx, up)
	if noSuchUpload(err) {
		return nil
	}
	if err != nil {
		return storeError(err)
	}
	if err := up.compareParts(parts); err != nil {
		if asError(err).Code == CodeSizeMismatch {
			h.dismiss(ctx, up)
		}
		return err
	}
	_, err = h.config.Store.CompleteMultipartUpload(ctx, h.completeInput(up, parts, checksum), bareChecksums)
	if err == nil || noSuchUpload(err) {
		return nil
	}
	return h.assembleError(ctx, up, err)
}

// compareParts wants every planned part with its planned size and no other.
func (up held) compareParts(parts []types.Part) error {
	there := make(map[int]bool, len(parts))
	for _, part := range parts {
		number := int(aws.ToInt32(part.PartNumber))
		size, err := up.plan.PartLength(number)
		if err != nil || aws.ToInt64(part.Size) != size {
			return refuse(CodeSizeMismatch, fmt.Sprintf("part %d is not as planned; the upload was aborted", number))
		}
		there[number] = true
	}
	var missing []int
	for number := 1; number <= up.plan.PartCount; number++ {
		if !there[number] {
			missing = append(missing, number)
		}
	}
	if missing == nil {
		return nil
	}
	detail := fmt.Sprintf("%d of %d parts are missing", len(missing), up.plan.PartCount)
	return &Error{Code: CodeIncomplete, Detail: detail, Missing: missing}
}

// completeInput names all parts and, where the store can compare them, what the result has to be: a
// new object of the planned size and checksum.
func (h *Handlers) completeInput(up held, parts []types.Part, checksum string) *s3.CompleteMultipartUploadInput {
	in := &s3.CompleteMultipartUploadInput{Bucket: &up.bucket, Key: &up.key, UploadId: &up.uploadID,
		MultipartUpload: &types.CompletedMultipartUpload{Parts: make([]types.CompletedPart, len(parts))}}
	for i, p := range parts {
		in.MultipartUpload.Parts[i] = types.CompletedPart{PartNumber: p.PartNumber, ETag: p.ETag,
			ChecksumCRC32: p.ChecksumCRC32, ChecksumCRC32C: p.ChecksumCRC32C, ChecksumCRC64NVME: p.ChecksumCRC64NVME}
	}
	if h.config.Provider.ConditionalComplete {
		in.IfNoneMatch = aws.String("*")
	}
	if h.config.Provider.CompleteSize {
		in.MpuObjectSize = &up.maxSize
	}
	if up.checksum == "" {
		return in
	}
	in.ChecksumType = types.ChecksumTypeFullObject
	switch up.checksum {
	case "crc32":
		in.ChecksumCRC32 = text(checksum)
	case "crc32c":
		in.ChecksumCRC32C = text(checksum)
	case "crc64nvme":
		in.ChecksumCRC64NVME = text(checksum)
	}
	return in
}

// assembleError reads what the store says against putting the parts together.
func (h *Handlers) assembleError(ctx context.Context, up held, err error) error {
	switch {
	case badChecksum(err):
		return &Error{Code: CodeSizeMismatch, Field: "checksum", Detail: "the parts have another checksum", Err: err}
	case !conflict(err):
		return storeError(err)
	}
	// Another request may have completed this very upload in between.
	if _, listed := h.partsAt(ctx, up); noSuchUpload(listed) {
		return nil
	}
	if storeCode(err) == "ConditionalRequestConflict" {
		return storeError(err)
	}
	h.dismiss(ctx, up)
	return &Error{Code: CodeAlreadyExists, Err: err}
}
