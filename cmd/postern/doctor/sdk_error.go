package doctor

import (
	"errors"
	"net/http"
	"strings"

	smithy "github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"github.com/postern-dev/postern/cmd/postern/config"
	"github.com/postern-dev/postern/cmd/postern/findings"
	"github.com/postern-dev/postern/handlers/uploads"
)

// ExplainError reads an error of the SDK's client about a bucket as Run reads the store's answers:
// it returns a finding about the network, the credentials, the region or the bucket, none where the
// error is about something else. The second result is the evidence: what the store or the network
// said, without the SDK's words.
func ExplainError(err error, file *config.Config, store uploads.Store, bucket string) ([]findings.Finding, string) {
	store.PublicEndpoint = ""
	r := &run{Options: Options{Config: file, Store: store}, server: caller{name: "the credentials of whoever runs this command", store: store}}
	t := &trial{run: r, bucket: bucket}
	a := answerOf(err)
	if a.foreign() {
		t.reportNotS3(a)
		return t.found, a.String()
	}
	t.judgeCredentials(a, r.server, "AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and, for a session, AWS_SESSION_TOKEN: set them to valid ones")
	if len(t.found) == 0 {
		t.judgeBucket(a)
	}
	return t.found, a.String()
}

// answerOf is the answer that an error of the SDK's client holds.
func answerOf(err error) (a answer) {
	var api smithy.APIError
	if errors.As(err, &api) {
		a.code, a.message = api.ErrorCode(), api.ErrorMessage()
	}
	var response *smithyhttp.ResponseError
	if errors.As(err, &response) && response.HTTPStatusCode() != 0 {
		a.status = response.HTTPStatusCode()
		if response.Response != nil {
			a.header, a.region = response.Response.Header, response.Response.Header.Get("x-amz-bucket-region")
		}
		var broken *smithy.DeserializationError
		if errors.As(err, &broken) || a.message == http.StatusText(a.status) { // the SDK's own code for a body that isn't S3's
			a.code, a.message = "", ""
		}
		return a
	}
	if a.code == "" {
		a.err = innermost(err)
	}
	return a
}

// innermost is the error at the end of a chain, on one line.
func innermost(err error) error {
	for inner := errors.Unwrap(err); inner != nil; inner = errors.Unwrap(err) {
		if strings.HasPrefix(err.Error(), "dial ") { // which names the address
			break
		}
		err = inner
	}
	return errors.New(clip(err.Error()))
}
