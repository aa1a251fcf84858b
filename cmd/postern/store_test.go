package main

import (
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"syscall"
	"testing"

	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"github.com/postern-dev/postern/handlers/uploads"
)

func TestTheInnermostReasonOfACredentialFailureIsTold(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		err    error
		wanted string
	}{
		"a file that isn't there": {fmt.Errorf("failed to refresh: %w", &fs.PathError{Op: "open", Path: "/run/token", Err: syscall.ENOENT}),
			"no credentials: open /run/token: no such file or directory"},
		"the token service's own reason": {fmt.Errorf("failed to refresh: %w", &smithy.GenericAPIError{Code: "InvalidIdentityToken", Message: "No OpenIDConnect\nprovider"}),
			"no credentials: InvalidIdentityToken: No OpenIDConnect provider"},
		"another chain": {fmt.Errorf("outer: %w", errors.New("profile \"prod\" has no keys")), `no credentials: profile "prod" has no keys`},
	}
	for name, c := range cases {
		if got := noCredentials(c.err).Error(); got != c.wanted {
			t.Errorf("%s: wanted %q, got %q", name, c.wanted, got)
		}
	}
}

func TestTroubleWithABucketIsToldApart(t *testing.T) {
	t.Parallel()
	answer := func(status int, region string) error {
		header := http.Header{}
		if region != "" {
			header.Set("x-amz-bucket-region", region)
		}
		return &awshttp.ResponseError{ResponseError: &smithyhttp.ResponseError{
			Response: &smithyhttp.Response{Response: &http.Response{StatusCode: status, Header: header}}, Err: errors.New("x")}}
	}
	store := uploads.Store{Region: "eu-central-1"}
	seen := map[string]string{}
	for name, err := range map[string]error{
		"missing": answer(404, ""), "denied": answer(403, ""), "denied in this region": answer(403, "eu-central-1"),
		"another region": answer(301, "us-east-2"), "another region, denied": answer(403, "us-east-2"), "a redirect": answer(301, ""),
		"broken": answer(500, ""), "silent": errors.New("connection refused"),
	} {
		seen[name] = bucketTrouble(store, err, func() string { return "" })
		if seen[name] == "" {
			t.Errorf("%s: nothing said", name)
		}
	}
	for _, same := range [][2]string{{"denied", "denied in this region"}, {"another region", "another region, denied"}} {
		if seen[same[0]] != seen[same[1]] {
			t.Errorf("wanted one text, got %q and %q", seen[same[0]], seen[same[1]])
		}
	}
	for _, different := range [][2]string{{"missing", "denied"}, {"missing", "another region"}, {"denied", "another region"}, {"silent", "broken"}} {
		if seen[different[0]] == seen[different[1]] {
			t.Errorf("%v: one text: %q", different, seen[different[0]])
		}
	}
	for code, wanted := range map[string]string{
		"NoSuchBucket": seen["missing"], "AccessDenied": seen["denied"], "SignatureDoesNotMatch": "the store refuses the signature: the secret access key isn't the one of this access key ID",
		"XAdminUserNotFound": "the store refuses to show the bucket: XAdminUserNotFound; postern doctor says what to mend",
	} {
		for _, status := range []int{400, 403, 404} { // stores answer HEAD with different ones
			if got := bucketTrouble(store, answer(status, ""), func() string { return code }); got != wanted {
				t.Errorf("%s by %d: wanted %q, got %q", code, status, wanted, got)
			}
		}
	}
	unanswered := &awshttp.ResponseError{ResponseError: &smithyhttp.ResponseError{Response: &smithyhttp.Response{}, Err: syscall.ECONNREFUSED}}
	if got := bucketTrouble(store, unanswered, func() string { return "" }); got != "the store doesn't answer: connection refused" {
		t.Errorf("no answer: got %q", got)
	}
	if got := bucketTrouble(store, nil, nil); got != "" {
		t.Errorf("all is well: got %q", got)
	}
}
