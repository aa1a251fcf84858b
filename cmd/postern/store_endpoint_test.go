package main

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/credentials"

	"github.com/postern-dev/postern/cmd/postern/config"
)

// TestTheSDKsEndpointHoldsWhereTheFileHasNone: our calls and what browsers are told name one address.
func TestTheSDKsEndpointHoldsWhereTheFileHasNone(t *testing.T) {
	cases := []struct {
		name, variable, value, endpoint string
		bucket, logged                  string
	}{
		{"S3's variable", "AWS_ENDPOINT_URL_S3", "http://localhost:9000", "", "http://media.localhost:9000", "name the store's address"},
		{"the variable of all services", "AWS_ENDPOINT_URL", "http://localhost:9000", "", "http://media.localhost:9000", "name the store's address"},
		{"the file comes first", "AWS_ENDPOINT_URL_S3", "http://localhost:9000", "https://s3.example.com", "https://media.s3.example.com", "is ignored"},
		{"dual-stack", "AWS_USE_DUALSTACK_ENDPOINT", "true", "", "https://media.s3.dualstack.eu-west-1.amazonaws.com", ""},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Setenv("AWS_CONFIG_FILE", "/nonexistent/config")
			t.Setenv(c.variable, c.value)
			t.Setenv("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE")
			t.Setenv("AWS_SECRET_ACCESS_KEY", "secret")
			access, err := loadAccess(t.Context(), "eu-west-1")
			if err != nil {
				t.Fatal(err)
			}
			access.Credentials = credentials.NewStaticCredentialsProvider("AKIDEXAMPLE", "secret", "")
			var log bytes.Buffer
			store, err := newStore(t.Context(), access, config.Store{Provider: "aws", Region: "eu-west-1", Endpoint: c.endpoint}, slog.New(slog.NewTextHandler(&log, nil)))
			if err != nil {
				t.Fatal(err)
			}
			if got, err := store.BucketURL("media"); err != nil || got != c.bucket {
				t.Errorf("wanted %s, got %s, %v", c.bucket, got, err)
			}
			if !strings.Contains(log.String(), c.logged) || c.logged == "" && log.Len() > 0 {
				t.Errorf("wanted %q in the log, got %q", c.logged, log.String())
			}
		})
	}
}
