package main

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/postern-dev/postern/cmd/postern/gateway"
	"github.com/postern-dev/postern/cmd/postern/testclient"
	"github.com/postern-dev/postern/cmd/postern/testserver"
)

const uploaderSecret = "uploader-secret-0123456789"

// startStoreOfTwo runs the embedded store with a second account, and with its switch to obey
// unsigned headers.
func startStoreOfTwo(t *testing.T) *gateway.Gateway {
	t.Helper()
	g, err := gateway.Start(t.Context(), gateway.Options{
		Dir: t.TempDir(), AccessKey: "operator", SecretKey: serveSecret, Buckets: []string{"media"},
		Uploader: gateway.Uploader{AccessKey: "uploader", SecretKey: uploaderSecret, Prefix: "in/"}, InsecureUnsignedHeaders: []string{"media"},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := g.Close(); err != nil {
			t.Error(err)
		}
	})
	return g
}

// twoKeys is the environment of a server that has both accounts' keys.
var twoKeys = map[string]string{
	"TOKEN_KEY": serveTokenKey, "TICKET_KEY": serveTicketKey, "AWS_ACCESS_KEY_ID": "operator", "AWS_SECRET_ACCESS_KEY": serveSecret,
	"UP_ID": "uploader", "UP_SECRET": uploaderSecret,
}

// serveAs runs postern serve for a provider with upload credentials, "" for none, and with more
// environment. The client has a ticket.
func serveAs(t *testing.T, store, provider, credentials string, more ...string) (*testserver.Server, testclient.Client) {
	t.Helper()
	section := "provider: " + provider
	if credentials != "" {
		section += ", upload_credentials: " + credentials
	}
	name := filepath.Join(t.TempDir(), "postern.yaml")
	write(t, name, serveConfig(store, testserver.AnyPort, "provider: versity", section))
	for key, value := range twoKeys {
		more = append(more, key+"="+value)
	}
	s := start(t, more, "serve", "--config", name)
	minted := invoke(t, twoKeys, "ticket", "--config", name, "--profile", "inbox", "--subject", "alice")
	if minted.code != 0 {
		t.Fatalf("ticket: %s", minted.stderr)
	}
	return s, testclient.Client{Base: s.URL, Ticket: strings.TrimSpace(minted.stdout)}
}

func TestServeWarnsWhereOneSetOfCredentialsDoesBoth(t *testing.T) {
	store := startStoreOfTwo(t)
	for _, c := range []struct {
		name, provider, credentials string
		warned                      bool
	}{
		{"a store that refuses unsigned headers", "versity", "", false},
		{"a store that isn't known", "other", "", true},
		{"a store that obeys them", "minio", "", true},
		{"two sets", "other", `{access_key_id: "env:UP_ID", secret_access_key: "env:UP_SECRET"}`, false},
		{"the same key twice", "other", `{access_key_id: "env:AWS_ACCESS_KEY_ID", secret_access_key: "env:AWS_SECRET_ACCESS_KEY"}`, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			s, _ := serveAs(t, store.URL(), c.provider, c.credentials)
			if warned := strings.Contains(s.Log.String(), `"key":"store.upload_credentials"`); warned != c.warned {
				t.Errorf("warned: want %v, got %v\n%s", c.warned, warned, s.Log)
			}
			if strings.Contains(s.Log.String(), uploaderSecret) || strings.Contains(s.Log.String(), serveSecret) {
				t.Errorf("the log shows a secret:\n%s", s.Log)
			}
		})
	}
}

func TestUploadsWithTwoSetsOfCredentials(t *testing.T) {
	store := startStoreOfTwo(t)
	s, v := serveAs(t, store.URL(), "versity", `{access_key_id: "env:UP_ID", secret_access_key: "env:UP_SECRET"}`)
	for name, size := range map[string]int{"a form": 4, "parts": 6 << 20} {
		upload, answer, err := v.Issue(t.Context(), testclient.Request{Profile: "inbox", Filename: "a.bin", Type: "application/octet-stream", Size: int64(size)})
		if err != nil || upload == nil {
			t.Fatalf("%s: issue: %v, %v", name, answer, err)
		}
		if answer, err := upload.Send(t.Context(), "a.bin", make([]byte, size)); err != nil || !answer.OK() {
			t.Fatalf("%s: send: %v, %v", name, answer, err)
		}
		if answer, err := upload.Complete(t.Context()); err != nil || answer.Status != http.StatusOK {
			t.Errorf("%s: complete: %v, %v", name, answer, err)
		}
		if upload.Post != nil && !strings.HasPrefix(upload.Post.Get("x-amz-credential"), "uploader/") {
			t.Errorf("%s: want it signed by the uploader, got %q", name, upload.Post.Get("x-amz-credential"))
		}
	}
	if strings.Contains(s.Log.String(), uploaderSecret) {
		t.Errorf("the log shows the secret:\n%s", s.Log)
	}
}

func TestUploadCredentialsOfARole(t *testing.T) {
	service := newTokenService(t)
	_, v := serveAs(t, "http://127.0.0.1:1", "minio", `{role_arn: "arn:aws:iam::123456789012:role/uploads"}`, "AWS_ENDPOINT_URL_STS="+service.URL)
	upload, answer, err := v.Issue(t.Context(), testclient.Request{Profile: "inbox", Filename: "a", Size: 4})
	if err != nil || upload == nil {
		t.Fatalf("issue: %v, %v", answer, err)
	}
	if got := upload.Post.Get("x-amz-credential"); !strings.HasPrefix(got, "ASIAROLE/") || upload.Post.Get("x-amz-security-token") != "role-session" {
		t.Errorf("want a form signed by the role's session, got %q", upload.Post.Fields)
	}
	if upload.Expires.After(service.end) {
		t.Errorf("want a form that ends before its credentials at %s, got %s", service.end, upload.Expires)
	}
	asked := service.lastRequest()
	if asked.Get("RoleArn") != "arn:aws:iam::123456789012:role/uploads" || asked.Get("DurationSeconds") != "3600" {
		t.Errorf("AssumeRole: got %v", asked)
	}
}

func TestUploadCredentialsOfAProfile(t *testing.T) {
	shared := filepath.Join(t.TempDir(), "config")
	write(t, shared, "[profile uploads]\naws_access_key_id = PROFILED\naws_secret_access_key = profile-secret\n")
	_, v := serveAs(t, "http://127.0.0.1:1", "minio", "{profile: uploads}", "AWS_CONFIG_FILE="+shared)
	upload, answer, err := v.Issue(t.Context(), testclient.Request{Profile: "inbox", Filename: "a", Size: 4})
	if err != nil || upload == nil || !strings.HasPrefix(upload.Post.Get("x-amz-credential"), "PROFILED/") {
		t.Errorf("want a form signed by the profile's key, got %v, %v", answer, err)
	}
}

// A role that can't be assumed, a profile that isn't there and a right that is missing show at
// start.
func TestServeFailsAtStartWhereUploadsWouldFailLater(t *testing.T) {
	t.Setenv("AWS_ACCESS_KEY_ID", "operator")
	t.Setenv("AWS_SECRET_ACCESS_KEY", serveSecret)
	t.Setenv("AWS_MAX_ATTEMPTS", "1")
	none := filepath.Join(t.TempDir(), "none")
	t.Setenv("AWS_CONFIG_FILE", none)
	t.Setenv("AWS_SHARED_CREDENTIALS_FILE", none)
	t.Setenv("AWS_EC2_METADATA_DISABLED", "true")
	denied := answering(t, http.StatusForbidden, "AccessDenied")
	t.Setenv("AWS_ENDPOINT_URL_STS", denied)
	for _, c := range []struct{ name, store, section, want string }{
		{"a role that can't be assumed", "http://127.0.0.1:1", `provider: minio, upload_credentials: {role_arn: "arn:aws:iam::1:role/a"}`, "postern: store.upload_credentials: "},
		{"a profile that isn't there", "http://127.0.0.1:1", "provider: minio, upload_credentials: {profile: uploads}", "postern: store.upload_credentials.profile: "},
		{"no right to read ACLs", denied, "provider: ceph", `postern: uploads: profile "inbox": the server's own credentials need s3:GetObjectAcl`},
		{"no ACLs at all", answering(t, http.StatusNotImplemented, "NotImplemented"), "provider: ceph", "postern: uploads: profile \"inbox\": the store can't answer"},
	} {
		name := filepath.Join(t.TempDir(), "postern.yaml")
		write(t, name, serveConfig(c.store, "127.0.0.1:0", "provider: versity", c.section))
		got := invoke(t, serveEnvironment, "serve", "--config", name)
		if got.code != exitUsage || !strings.HasPrefix(got.stderr, c.want) || strings.Count(got.stderr, "\n") != 1 {
			t.Errorf("%s: want exit code 2 and one sentence %q, got %+v", c.name, c.want, got)
		}
		if strings.Contains(got.stderr, serveSecret) {
			t.Errorf("%s: the sentence shows a secret: %s", c.name, got.stderr)
		}
	}
}

func TestServeStartsWhereTheRightToReadACLsIsThere(t *testing.T) {
	for name, store := range map[string]string{"a store that answers": answering(t, http.StatusNotFound, "NoSuchKey"), "a store that is down": "http://127.0.0.1:1"} {
		s, _ := serveAs(t, store, "ceph", "")
		if response, _ := fetch(t, s.URL+"/healthz"); response.StatusCode != http.StatusOK {
			t.Errorf("%s: want status 200, got %d", name, response.StatusCode)
		}
	}
}

// answering returns the address of a store that answers every request with one refusal.
func answering(t *testing.T, status int, code string) string {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/xml")
		w.WriteHeader(status)
		fmt.Fprintf(w, "<Error><Code>%s</Code><Message>made up</Message></Error>", code)
	}))
	t.Cleanup(s.Close)
	return s.URL
}

// tokenService answers AssumeRole with a session that ends after ten minutes.
type tokenService struct {
	*httptest.Server
	end time.Time

	mu    sync.Mutex
	asked url.Values
}

func newTokenService(t *testing.T) *tokenService {
	t.Helper()
	s := &tokenService{end: time.Now().Add(10 * time.Minute).UTC()}
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_ = r.ParseForm()
		s.mu.Lock()
		s.asked = r.PostForm
		s.mu.Unlock()
		w.Header().Set("Content-Type", "text/xml")
		fmt.Fprintf(w, `<AssumeRoleResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleResult><Credentials><AccessKeyId>ASIAROLE</AccessKeyId>`+
			`<SecretAccessKey>role-secret</SecretAccessKey><SessionToken>role-session</SessionToken><Expiration>%s</Expiration></Credentials></AssumeRoleResult></AssumeRoleResponse>`,
			s.end.Format(time.RFC3339))
	}))
	t.Cleanup(s.Close)
	return s
}

func (s *tokenService) lastRequest() url.Values {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.asked
}
