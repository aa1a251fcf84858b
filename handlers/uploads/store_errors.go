package uploads

import (
	"errors"
	"net/http"
	"time"

	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/smithy-go"

	"github.com/postern-dev/postern/handlers/problem"
)

// storeRetryAfter is what a client is told to wait when the store is away.
const storeRetryAfter = 5 * time.Second

// unavailable is StoreUnavailable with a cause: nobody can tell, or sign, or count right now, and
// the visitor can't mend it.
func unavailable(err error) error {
	return &problem.Error{Code: problem.StoreUnavailable, RetryAfter: storeRetryAfter, Err: err}
}

// storeError is what a caller learns of a failed call: that the store is away. The rest is for the
// log. A *problem.Error stays what it is.
func storeError(err error) error {
	var refusal *problem.Error
	if err == nil || errors.As(err, &refusal) {
		return err
	}
	return unavailable(err)
}

// storeCode is the store's own code of an error, such as NoSuchKey. The answer to a HEAD has no
// body, so only its status says something.
func storeCode(err error) string {
	var api smithy.APIError
	if errors.As(err, &api) {
		return api.ErrorCode()
	}
	return ""
}

func storeStatus(err error) int {
	var response *awshttp.ResponseError
	if errors.As(err, &response) {
		return response.HTTPStatusCode()
	}
	return 0
}

// isNoSuchObject reports that the store has no object with the key.
func isNoSuchObject(err error) bool {
	switch storeCode(err) {
	case "NoSuchKey", "NotFound":
		return true
	case "NoSuchBucket":
		return false
	}
	return storeStatus(err) == http.StatusNotFound
}

// isNoSuchUpload reports that a multipart upload was completed or aborted, or never existed.
func isNoSuchUpload(err error) bool {
	code := storeCode(err)
	return code == "NoSuchUpload" || code == "NoSuchKey" || code == "NotFound"
}

// isConflict reports that a conditional request met an object with that key.
func isConflict(err error) bool {
	code := storeCode(err)
	return code == "PreconditionFailed" || code == "ConditionalRequestConflict" ||
		storeStatus(err) == http.StatusPreconditionFailed
}

// isWrongChecksum reports that the bytes don't have the checksum that was named.
func isWrongChecksum(err error) bool {
	code := storeCode(err)
	return code == "BadDigest" || code == "XAmzContentChecksumMismatch" || code == "InvalidDigest"
}
