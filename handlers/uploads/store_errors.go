package uploads

import (
	"errors"
	"net/http"

	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/smithy-go"
)

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
