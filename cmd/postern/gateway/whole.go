package gateway

import (
	"errors"
	"io"

	"github.com/gofiber/fiber/v3"
	"github.com/versity/versitygw/s3api/utils"
	"github.com/versity/versitygw/s3err"
)

// whole makes a body that breaks off an error. The server takes the end of the connection for the
// end of the body, and the store would keep an object of the announced length whose missing end is
// zeros.
func whole(ctx fiber.Ctx) error {
	body, length := ctx.Request().BodyStream(), ctx.Request().Header.ContentLength()
	if ctx.Method() == fiber.MethodPut && body != nil && length > 0 {
		utils.ContextKeyBodyReader.Set(ctx, io.Reader(&measured{body: body, left: length}))
	}
	return ctx.Next()
}

// measured reads exactly as many bytes as were announced.
type measured struct {
	body io.Reader
	left int
}

// Read answers with S3's own error when bytes are missing: the store mends io.ErrUnexpectedEOF into
// a plain end.
func (m *measured) Read(p []byte) (int, error) {
	n, err := m.body.Read(p)
	m.left -= n
	if errors.Is(err, io.EOF) && m.left > 0 {
		err = s3err.GetAPIError(s3err.ErrIncompleteBody)
	}
	return n, err
}
