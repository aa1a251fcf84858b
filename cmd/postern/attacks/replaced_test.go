package attacks

import (
	"bytes"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/postern-dev/postern/cmd/postern/testclient"
)

// completeAfterReplacingTheObject stores an object of another size under the upload's key, as a
// store does that ignores the conditions of its policy, and asks for completion.
func completeAfterReplacingTheObject(bytes int) func(*attempt) testclient.Answer {
	return func(a *attempt) testclient.Answer {
		u := a.issue(pictureRequest(pictureSize))
		a.storeDirectly(u.Key, "image/png", pngOfSize(bytes))
		return a.requireAnswer(u.Complete(a.Context()))
	}
}

// storeDirectly stores content with the server's own credentials.
func (a *attempt) storeDirectly(key, contentType string, body []byte) {
	a.Helper()
	_, err := store.Client().PutObject(a.Context(), &s3.PutObjectInput{
		Bucket: aws.String(bucket), Key: aws.String(key), ContentType: aws.String(contentType), Body: bytes.NewReader(body),
	})
	if err != nil {
		a.Fatal(err)
	}
}

// completeAfterReplacingAPart replaces a part by a larger one with the server's own credentials,
// and asks for completion.
func completeAfterReplacingAPart(a *attempt) testclient.Answer {
	u := a.issue(filmRequest(filmSize))
	a.requireSuccess(a.requireAnswer(u.Send(a.Context(), "garden.bin", pngOfSize(filmSize))))
	list, err := store.Client().ListMultipartUploads(a.Context(), &s3.ListMultipartUploadsInput{Bucket: aws.String(bucket), Prefix: aws.String(u.Key)})
	if err != nil || len(list.Uploads) != 1 {
		a.Fatalf("open uploads of %s: %v %v", u.Key, list, err)
	}
	_, err = store.Client().UploadPart(a.Context(), &s3.UploadPartInput{
		Bucket: aws.String(bucket), Key: aws.String(u.Key), UploadId: list.Uploads[0].UploadId, PartNumber: aws.Int32(3), Body: bytes.NewReader(pngOfSize(partSize)),
	})
	if err != nil {
		a.Fatal(err)
	}
	return a.requireAnswer(u.Complete(a.Context()))
}
