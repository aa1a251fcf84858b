package setup

import (
	"bytes"
	"context"
	"crypto/md5"
	"encoding/base64"
	"fmt"
	"io"

	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/smithy-go/middleware"
	smithyhttp "github.com/aws/smithy-go/transport/http"
)

// maxRules is more than any store's rules take, in bytes; S3 takes 64 KB of CORS rules and 1,000
// lifecycle rules.
const maxRules = 16 << 20

// readBody keeps a copy of the answer's body, from which the SDK reads its own types.
func readBody(into *[]byte) func(*s3.Options) {
	read := middleware.DeserializeMiddlewareFunc("PosternReadBody", func(ctx context.Context, in middleware.DeserializeInput, next middleware.DeserializeHandler) (middleware.DeserializeOutput, middleware.Metadata, error) {
		out, metadata, err := next.HandleDeserialize(ctx, in)
		answer, ok := out.RawResponse.(*smithyhttp.Response)
		if err != nil || !ok {
			return out, metadata, err
		}
		body, err := io.ReadAll(io.LimitReader(answer.Body, maxRules+1))
		_ = answer.Body.Close()
		if err == nil && len(body) > maxRules {
			err = fmt.Errorf("setup: the store's rules have more than %d bytes", maxRules)
		}
		*into, answer.Body = body, io.NopCloser(bytes.NewReader(body))
		return out, metadata, err
	})
	return withStack(func(stack *middleware.Stack) error { return stack.Deserialize.Add(read, middleware.After) })
}

// sendBody sends a text instead of what the SDK writes. Its checksum is Content-MD5, which every
// store takes for these calls; the SDK's own checksums are left out, since some refuse them.
func sendBody(body []byte) func(*s3.Options) {
	sum := md5.Sum(body)
	send := middleware.SerializeMiddlewareFunc("PosternSendBody", func(ctx context.Context, in middleware.SerializeInput, next middleware.SerializeHandler) (middleware.SerializeOutput, middleware.Metadata, error) {
		request, ok := in.Request.(*smithyhttp.Request)
		if !ok {
			return middleware.SerializeOutput{}, middleware.Metadata{}, fmt.Errorf("setup: wanted an HTTP request, got %T", in.Request)
		}
		request, err := request.SetStream(bytes.NewReader(body))
		if err != nil {
			return middleware.SerializeOutput{}, middleware.Metadata{}, err
		}
		request.Header.Set("Content-Md5", base64.StdEncoding.EncodeToString(sum[:]))
		in.Request = request
		return next.HandleSerialize(ctx, in)
	})
	return withStack(func(stack *middleware.Stack) error {
		_, _ = stack.Initialize.Remove("AWSChecksum:SetupInputContext")
		_, _ = stack.Finalize.Remove("AWSChecksum:ComputeInputPayloadChecksum")
		return stack.Serialize.Add(send, middleware.After)
	})
}

func withStack(change func(*middleware.Stack) error) func(*s3.Options) {
	return func(o *s3.Options) { o.APIOptions = append(o.APIOptions, change) }
}
