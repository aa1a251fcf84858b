package gateway

import (
	"errors"
	"io"

	"github.com/gofiber/fiber/v3"
	"github.com/versity/versitygw/s3api/utils"
	"github.com/versity/versitygw/s3err"
)

// rejectTruncatedBody makes the store refuse a PUT whose connection ended before the announced
// length. The server takes the end of the connection for the end of the body; the store would then
// keep an object of the announced length with zeros in place of the missing bytes.
func rejectTruncatedBody(ctx fiber.Ctx) error {
	body, length := ctx.Request().BodyStream(), ctx.Request().Header.ContentLength()
	if ctx.Method() == fiber.MethodPut && body != nil && length > 0 {
		utils.ContextKeyBodyReader.Set(ctx, io.Reader(&exactLengthReader{body: body, missing: length}))
	}
	return ctx.Next()
}

// exactLengthReader reads a body and fails where it ends early.
type exactLengthReader struct {
	body    io.Reader
	missing int // bytes announced and not yet read
}

// Read returns S3's own error when bytes are missing: the store turns io.ErrUnexpectedEOF into a
// plain end.
func (r *exactLengthReader) Read(p []byte) (int, error) {
	n, err := r.body.Read(p)
	r.missing -= n
	if errors.Is(err, io.EOF) && r.missing > 0 {
		err = s3err.GetAPIError(s3err.ErrIncompleteBody)
	}
	return n, err
}
