package stores

import (
	"context"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/postern-dev/postern/cmd/postern/config"
	"github.com/postern-dev/postern/cmd/postern/doctor"
	"github.com/postern-dev/postern/cmd/postern/findings"
	"github.com/postern-dev/postern/cmd/postern/setup"
	"github.com/postern-dev/postern/handlers/uploads"
	"github.com/postern-dev/postern/policy/profile"
	"github.com/postern-dev/postern/policy/sigv4"
)

// doctorConfig is a config file with one profile for a provider.
func doctorConfig(provider string, p profile.Profile) *config.Config {
	return &config.Config{PublicURL: "http://localhost:8080", Listen: "127.0.0.1:8080", TokenKeys: []sigv4.Secret{"0123456789012345678901234567890123456789"},
		Store: config.Store{Provider: provider, Region: region}, Profiles: map[string]profile.Profile{p.Name: p}}
}

// TestTheDoctorSpeaksEachStoresLanguage runs the doctor against the strict doubles: whatever it
// signs by another store's names is refused. The doubles have neither CORS nor rules, and no server
// of ours.
func TestTheDoctorSpeaksEachStoresLanguage(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"aws", "oss", "gcs", "r2"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			provider, err := uploads.ProviderNamed(name)
			if err != nil {
				t.Fatal(err)
			}
			double := doubleOf(provider)
			server := httptest.NewServer(double)
			t.Cleanup(server.Close)
			transport := &http.Transport{DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
				return (&net.Dialer{}).DialContext(ctx, network, server.Listener.Addr().String())
			}}
			t.Cleanup(transport.CloseIdleConnections)
			client := &http.Client{Transport: transport, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
			store := uploads.Store{Provider: provider, Region: region, Endpoint: "http://store.example.com", PathStyle: !provider.VirtualHostOnly,
				Credentials: credentials.NewStaticCredentialsProvider(accessKey, secretKey, "")}
			if name == "gcs" {
				store.Region = ""
			}
			store.Client = s3.NewFromConfig(aws.Config{Credentials: store.Credentials, HTTPClient: client, Region: region, RetryMaxAttempts: 1}, store.ClientOptions)
			file := doctorConfig(name, basicProfile())
			result, err := doctor.Run(t.Context(), doctor.Options{Config: file, ConfigName: "postern.yaml", Store: store.Resolve(), HTTP: client})
			if err != nil {
				t.Fatal(err)
			}
			for _, f := range result.Findings {
				if f.Severity == findings.Fault && !strings.HasPrefix(f.Code, "cors_") && !strings.HasPrefix(f.Code, "server_") &&
					!strings.HasPrefix(f.Code, "rules_") && !strings.HasPrefix(f.Code, "lifecycle_") {
					t.Errorf("%+v", f)
				}
			}
			double.mu.Lock()
			defer double.mu.Unlock()
			if t.Failed() {
				t.Logf("refused: %s", strings.Join(double.refused, "\n"))
			}
			if len(double.stored)+len(double.open) > 0 {
				t.Errorf("%d objects and %d multipart uploads are left", len(double.stored), len(double.open))
			}
		})
	}
}

// checkDoctor is how an operator begins at a versitygw: the doctor, setup, the doctor once more.
func checkDoctor(t *testing.T, client *s3.Client, own aws.CredentialsProvider, url string) {
	t.Helper()
	provider, err := uploads.ProviderNamed("versity")
	if err != nil {
		t.Fatal(err)
	}
	p := basicProfile()
	p.Key, p.Checksum, p.Quarantine, p.Tags = "users/{subject}/{id}{ext}", profile.ChecksumCRC32, "refused/", map[string]string{"stage": "inbox"}
	p.Origins = []string{"https://app.example.com"}
	file := doctorConfig("versity", p)
	file.PublicURL = "http://127.0.0.1:1"
	store := uploads.Store{Provider: provider, Client: client, Credentials: own, Region: region, Endpoint: url, PathStyle: true}
	examine := func() doctor.Result {
		t.Helper()
		result, err := doctor.Run(t.Context(), doctor.Options{Config: file, ConfigName: "postern.yaml", Store: store})
		if err != nil {
			t.Fatal(err)
		}
		return result
	}
	if before := examine(); before.Faults() == 0 || before.Findings[0].Code != setup.CORSMissing {
		t.Errorf("before setup: %+v", before.Findings)
	}
	applied, err := setup.Task{File: file, Store: store, Client: client, Config: "postern.yaml", Apply: true}.Run(t.Context())
	if err != nil || applied.Faults() > 0 {
		t.Fatalf("setup: %+v, %v", applied, err)
	}
	for _, f := range examine().Findings {
		if f.Severity == findings.Fault {
			t.Errorf("after setup: %+v", f)
		}
	}
	name := bucket
	left, err := client.ListObjectVersions(t.Context(), &s3.ListObjectVersionsInput{Bucket: &name, Prefix: aws.String("users/" + doctor.Subject)})
	if err != nil || len(left.Versions)+len(left.DeleteMarkers) > 0 {
		t.Errorf("left: %+v, %v", left, err)
	}
}
