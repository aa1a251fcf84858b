package gateway_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"
	"golang.org/x/sync/errgroup"

	"github.com/postern-dev/postern/cmd/postern/gateway"
)

// TestRequestsThatMeetTheEndOfAnUploadAreAnsweredAsByS3 lists and sends parts while uploads are
// aborted and completed: none of these requests may find the store broken, or never end.
func TestRequestsThatMeetTheEndOfAnUploadAreAnsweredAsByS3(t *testing.T) {
	const uploads = 150
	client := start(t, gateway.Options{}).Client()
	for number := range uploads {
		u := beginUpload(t, client, fmt.Sprintf("ends/%d.bin", number))
		requests := map[string]func(context.Context) error{
			"list the uploads": u.listAll, "list its parts": u.list, "send a part": u.send, "abort": u.abort,
		}
		if number%2 == 0 {
			delete(requests, "abort")
			requests["complete"] = u.complete
		}
		var group errgroup.Group
		for name, request := range requests {
			for range 2 {
				group.Go(func() error {
					if err := request(t.Context()); err != nil && !isNoSuchUpload(err) {
						return fmt.Errorf("%s: %w", name, err)
					}
					return nil
				})
			}
		}
		if err := group.Wait(); err != nil {
			t.Errorf("while upload %d ends: wanted success or 404 NoSuchUpload, got %v", number, err)
		}
	}
}

func isNoSuchUpload(err error) bool {
	var api smithy.APIError
	var response *smithyhttp.ResponseError
	return errors.As(err, &api) && errors.As(err, &response) && api.ErrorCode() == "NoSuchUpload" && response.HTTPStatusCode() == 404
}

// upload is a multipart upload with one part.
type upload struct {
	client          *s3.Client
	bucket, key, id *string
	etag            *string
}

func beginUpload(t *testing.T, client *s3.Client, key string) *upload {
	t.Helper()
	u := &upload{client: client, bucket: aws.String("media"), key: &key}
	created, err := client.CreateMultipartUpload(t.Context(), &s3.CreateMultipartUploadInput{Bucket: u.bucket, Key: u.key})
	if err != nil {
		t.Fatal(err)
	}
	u.id = created.UploadId
	part, err := u.sendPart(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	u.etag = part.ETag
	return u
}

func (u *upload) sendPart(ctx context.Context) (*s3.UploadPartOutput, error) {
	return u.client.UploadPart(ctx, &s3.UploadPartInput{
		Bucket: u.bucket, Key: u.key, UploadId: u.id, PartNumber: aws.Int32(1), Body: strings.NewReader("part"),
	}, once)
}

func (u *upload) send(ctx context.Context) error {
	_, err := u.sendPart(ctx)
	return err
}

func (u *upload) listAll(ctx context.Context) error {
	_, err := u.client.ListMultipartUploads(ctx, &s3.ListMultipartUploadsInput{Bucket: u.bucket}, once)
	return err
}

func (u *upload) list(ctx context.Context) error {
	_, err := u.client.ListParts(ctx, &s3.ListPartsInput{Bucket: u.bucket, Key: u.key, UploadId: u.id}, once)
	return err
}

func (u *upload) abort(ctx context.Context) error {
	_, err := u.client.AbortMultipartUpload(ctx, &s3.AbortMultipartUploadInput{Bucket: u.bucket, Key: u.key, UploadId: u.id}, once)
	return err
}

func (u *upload) complete(ctx context.Context) error {
	parts := []types.CompletedPart{{ETag: u.etag, PartNumber: aws.Int32(1)}}
	_, err := u.client.CompleteMultipartUpload(ctx, &s3.CompleteMultipartUploadInput{
		Bucket: u.bucket, Key: u.key, UploadId: u.id, MultipartUpload: &types.CompletedMultipartUpload{Parts: parts},
	}, once)
	return err
}

// once makes an operation end with its first answer: by default the client asks again after a 500.
func once(o *s3.Options) { o.Retryer = aws.NopRetryer{} }
