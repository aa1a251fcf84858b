package handlers

import (
	"context"
	"net/http"

	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/labstack/echo/v4"

	"github.com/postern-dev/postern/policy/profile"
)

// abortUpload gives an upload up and frees its parts. An object that is there already stays: it may
// have been completed, and what was accepted isn't the browser's to delete.
func (h *Handlers) abortUpload(c echo.Context) error {
	up, err := h.hold(c)
	if err != nil {
		return err
	}
	if up.method == profile.MethodMultipart {
		if err := h.abort(c.Request().Context(), up); err != nil {
			return err
		}
	}
	return c.NoContent(http.StatusNoContent)
}

// abortTries is how often an abort is repeated: parts on their way may arrive after it, says S3's
// documentation of AbortMultipartUpload.
const abortTries = 3

// abort frees the parts and gives the charge back, unless the upload was over before.
func (h *Handlers) abort(ctx context.Context, up held) error {
	in := &s3.AbortMultipartUploadInput{Bucket: &up.bucket, Key: &up.key, UploadId: &up.uploadID}
	for try := range abortTries {
		_, err := h.config.Store.AbortMultipartUpload(ctx, in)
		if noSuchUpload(err) && try == 0 {
			return nil
		}
		if err != nil && !noSuchUpload(err) {
			return storeError(err)
		}
		parts, err := h.partsAt(ctx, up)
		if err != nil || len(parts) == 0 {
			break
		}
	}
	h.settle(ctx, up.plan, 0, false)
	return nil
}

// dismiss aborts an upload that can't be completed any more. Where that fails the bucket's
// lifecycle rule will do it.
func (h *Handlers) dismiss(ctx context.Context, up held) {
	if err := h.abort(context.WithoutCancel(ctx), up); err != nil {
		h.config.Logger.WarnContext(ctx, "abort failed", "id", up.id, "error", LogText(err.Error()))
	}
}
