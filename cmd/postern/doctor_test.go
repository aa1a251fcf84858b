package main

import (
	"encoding/json"
	"path/filepath"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/postern-dev/postern/cmd/postern/doctor"
	"github.com/postern-dev/postern/cmd/postern/findings"
	"github.com/postern-dev/postern/cmd/postern/gateway"
)

// doctorEnvironment is the server's.
var doctorEnvironment = map[string]string{"TOKEN_KEY": serveTokenKey, "TICKET_KEY": serveTicketKey, "UP_ID": uploaderKey, "UP_SECRET": uploaderSecret,
	"WIDE_ID": "operator", "WIDE_SECRET": serveSecret, "NOBODY_ID": "nobody"}

// examine runs postern doctor with a config file's text, and reads its JSON.
func examine(t *testing.T, config string, flags ...string) (doctor.Result, outcome) {
	t.Helper()
	name := filepath.Join(t.TempDir(), "postern.yaml")
	write(t, name, config)
	got := invoke(t, doctorEnvironment, append([]string{"doctor", "--config", name, "--json"}, flags...)...)
	var result doctor.Result
	if err := json.Unmarshal([]byte(got.stdout), &result); err != nil {
		t.Fatalf("doctor: %v\n%s\n%s", err, got.stdout, got.stderr)
	}
	return result, got
}

// useOperator puts the store's credentials where the SDK's chain looks for them.
func useOperator(t *testing.T) {
	t.Helper()
	t.Setenv("AWS_ACCESS_KEY_ID", "operator")
	t.Setenv("AWS_SECRET_ACCESS_KEY", serveSecret)
	t.Setenv("AWS_EC2_METADATA_DISABLED", "true")
}

// wantNothingLeft wants a bucket without an object and without a multipart upload.
func wantNothingLeft(t *testing.T, g *gateway.Gateway, bucket string) {
	t.Helper()
	objects, err := g.Client().ListObjectsV2(t.Context(), &s3.ListObjectsV2Input{Bucket: &bucket})
	if err != nil || len(objects.Contents) > 0 {
		t.Errorf("objects left: %v, %v", objects.Contents, err)
	}
	uploads, err := g.Client().ListMultipartUploads(t.Context(), &s3.ListMultipartUploadsInput{Bucket: &bucket})
	if err != nil || len(uploads.Uploads) > 0 {
		t.Errorf("multipart uploads left: %v, %v", uploads.Uploads, err)
	}
}

func TestDoctorFindsNothingToMendInASoundStore(t *testing.T) {
	store := startStore(t)
	useOperator(t)
	result, got := examine(t, serveConfig(store.URL(), "127.0.0.1:0"))
	for _, f := range result.Findings {
		if f.Severity != findings.Note {
			t.Errorf("%+v", f)
		}
	}
	if got.code != exitDone || result.Checks == 0 {
		t.Errorf("exit code %d after %d checks", got.code, result.Checks)
	}
	wantNothingLeft(t, store, "media")
}
