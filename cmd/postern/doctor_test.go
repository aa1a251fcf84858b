package main

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/postern-dev/postern/cmd/postern/doctor"
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

// TestDoctorFindsNothingToMendAfterSetup is how an operator begins: the doctor names what is
// missing, setup adds it, the doctor is content.
func TestDoctorFindsNothingToMendAfterSetup(t *testing.T) {
	store := startStore(t)
	useOperator(t)
	config := serveConfig(store.URL(), "127.0.0.1:0")
	before, got := examine(t, config)
	if got.code != exitFailed || len(before.Findings) == 0 || before.Findings[0].Code != "cors_missing" {
		t.Errorf("before: exit code %d, %+v", got.code, before.Findings)
	}
	name := filepath.Join(t.TempDir(), "postern.yaml")
	write(t, name, config)
	if applied := invoke(t, doctorEnvironment, "setup", "--config", name, "--apply"); applied.code != exitDone {
		t.Errorf("setup: %+v", applied)
	}
	after, got := examine(t, config)
	if got.code != exitDone || after.Checks == 0 || len(faults(after.Findings)) > 0 {
		t.Errorf("after: exit code %d after %d checks, %+v", got.code, after.Checks, after.Findings)
	}
	wantNothingLeft(t, store, "media")
}

// TestDoctorFindsNothingFalseUnderLoad examines a sound store several times at once.
func TestDoctorFindsNothingFalseUnderLoad(t *testing.T) {
	runs := 2
	if os.Getenv("POSTERN_LONG") != "" {
		runs = 20
	}
	store, proxy := startFaultyStore(t)
	config := strings.NewReplacer("LISTEN", "127.0.0.1:0", "STORE", proxy.URL).Replace(soundConfig + morePhotos)
	work, stop := context.WithCancel(t.Context())
	defer stop()
	for range max(1, runtime.NumCPU()/2) {
		go func() {
			for work.Err() == nil {
				sha256.Sum256(make([]byte, 1<<20))
			}
		}()
	}
	for i := range runs {
		if result, _ := examine(t, config); len(faults(result.Findings)) > 0 {
			t.Errorf("run %d: %+v", i, faults(result.Findings))
		}
	}
	wantNothingLeft(t, store, "media")
}
