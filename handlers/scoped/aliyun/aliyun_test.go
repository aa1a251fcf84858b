package aliyun_test

import (
	"context"
	"crypto/hmac"
	"crypto/sha1" // the token service wants it
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/aliyun/credentials-go/credentials/providers"

	"github.com/postern-dev/postern/handlers/scoped"
	"github.com/postern-dev/postern/handlers/scoped/aliyun"
	"github.com/postern-dev/postern/handlers/uploads"
	"github.com/postern-dev/postern/policy/sigv4"
)

var (
	noon  = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	alice = uploads.UploadGrant{Subject: "alice", Bucket: "media", Prefix: "users/alice/"}
)

const (
	role         = "acs:ram::1234567890123456:role/uploads"
	serverSecret = "server secret"
)

// TestMain makes the SDK, which speaks https with the default transport only, trust the certificate
// of httptest.
func TestMain(m *testing.M) {
	s := httptest.NewTLSServer(http.NotFoundHandler())
	pool := x509.NewCertPool()
	pool.AddCert(s.Certificate())
	s.Close()
	http.DefaultTransport.(*http.Transport).TLSClientConfig = &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12}
	os.Exit(m.Run())
}

// tokenService speaks the RPC protocol of Aliyun STS on loopback.
type tokenService struct {
	*httptest.Server
	asked  url.Values
	status int
	body   string
}

func newTokenService(t *testing.T) *tokenService {
	s := &tokenService{status: http.StatusOK, body: `{"RequestId":"1","Credentials":{"AccessKeyId":"STS.1","AccessKeySecret":"made-up secret",` +
		`"SecurityToken":"made-up token","Expiration":"2099-03-01T12:15:00Z"}}`}
	s.Server = httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_ = r.ParseForm()
		s.asked = r.Form
		w.WriteHeader(s.status)
		_, _ = fmt.Fprint(w, s.body)
	}))
	t.Cleanup(s.Close)
	return s
}

func (s *tokenService) maker(t *testing.T) *aliyun.STS {
	t.Helper()
	own, err := providers.NewStaticAKCredentialsProviderBuilder().WithAccessKeyId("LTAISERVER").WithAccessKeySecret(serverSecret).Build()
	if err != nil {
		t.Fatal(err)
	}
	maker, err := aliyun.New(aliyun.Config{Credentials: own, RoleARN: role, Now: func() time.Time { return noon },
		Endpoint: strings.TrimPrefix(s.URL, "https://")})
	if err != nil {
		t.Fatal(err)
	}
	return maker
}

func TestSTSIsAskedForOnePrefixAndAShortTime(t *testing.T) {
	t.Parallel()
	s := newTokenService(t)
	got, err := s.maker(t).Make(t.Context(), alice)
	if err != nil {
		t.Fatal(err)
	}
	want := sigv4.Credentials{AccessKeyID: "STS.1", SecretAccessKey: "made-up secret", SessionToken: "made-up token", Expires: noon.Add(15 * time.Minute)}
	if got != want {
		t.Errorf("credentials %v, wanted %v", got, want)
	}
	for name, value := range map[string]string{
		"Action": "AssumeRole", "RoleArn": role, "DurationSeconds": "900", "AccessKeyId": "LTAISERVER",
		"RoleSessionName": scoped.SessionName("alice"),
		"Policy": `{"Version":"1","Statement":[{"Effect":"Allow","Action":["oss:PutObject","oss:AbortMultipartUpload","oss:ListParts"],` +
			`"Resource":"acs:oss:*:*:media/users/alice/*"}]}`,
	} {
		if s.asked.Get(name) != value {
			t.Errorf("%s %q, wanted %q", name, s.asked.Get(name), value)
		}
	}
	if signature := s.asked.Get("Signature"); signature != expected(s.asked) {
		t.Errorf("signature %q, wanted %q", signature, expected(s.asked))
	}
}

// expected is the signature of an RPC call, written down a second time; see "RPC signature" in
// Aliyun's documentation.
func expected(asked url.Values) string {
	signed := url.Values{}
	for name, values := range asked {
		if name != "Signature" {
			signed[name] = values
		}
	}
	escape := strings.NewReplacer("+", "%20", "*", "%2A", "%7E", "~")
	mac := hmac.New(sha1.New, []byte(serverSecret+"&"))
	_, _ = mac.Write([]byte("POST&%2F&" + url.QueryEscape(escape.Replace(signed.Encode()))))
	return base64.StdEncoding.EncodeToString(mac.Sum(nil))
}

func TestIncompleteAnswersAreRefused(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		status int
		body   string
	}{
		"a refusal":            {http.StatusForbidden, `{"Code":"NoPermission"}`},
		"no expiration":        {http.StatusOK, `{"Credentials":{"AccessKeyId":"a","AccessKeySecret":"b","SecurityToken":"c"}}`},
		"an empty secret":      {http.StatusOK, `{"Credentials":{"AccessKeyId":"a","AccessKeySecret":"","SecurityToken":"c","Expiration":"2099-03-01T12:15:00Z"}}`},
		"no credentials":       {http.StatusOK, `{}`},
		"a page for people":    {http.StatusOK, `<html>`},
		"an unreadable moment": {http.StatusOK, `{"Credentials":{"AccessKeyId":"a","AccessKeySecret":"b","SecurityToken":"c","Expiration":"soon"}}`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newTokenService(t)
			s.status, s.body = c.status, c.body
			if got, err := s.maker(t).Make(t.Context(), alice); err == nil || got != (sigv4.Credentials{}) {
				t.Errorf("credentials %v, wanted a refusal", got)
			}
		})
	}
}

func TestGrantsThatAPolicyCouldReadAsMoreAreRefused(t *testing.T) {
	t.Parallel()
	for _, prefix := range []string{"", "/", "users/*/", "users/?/", "users/1", "users/../"} {
		grant := alice
		grant.Prefix = prefix
		if got, err := aliyun.SessionPolicy(grant); err == nil {
			t.Errorf("prefix %q: policy %s, wanted a refusal", prefix, got)
		}
	}
}

func TestMakeReturnsWhenItsContextEnds(t *testing.T) {
	t.Parallel()
	s := newTokenService(t)
	gone, leave := context.WithCancel(t.Context())
	leave()
	hang := make(chan struct{})
	defer close(hang)
	slow := s.slowMaker(t, hang)
	if _, err := slow.Make(gone, alice); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v, wanted %v", err, context.Canceled)
	}
}

// slowProvider gives the server's own credentials only when told.
type slowProvider struct{ wait <-chan struct{} }

func (p slowProvider) GetProviderName() string { return "slow" }
func (p slowProvider) GetCredentials() (*providers.Credentials, error) {
	<-p.wait
	return nil, errors.New("too late")
}

func (s *tokenService) slowMaker(t *testing.T, wait <-chan struct{}) *aliyun.STS {
	t.Helper()
	maker, err := aliyun.New(aliyun.Config{Credentials: slowProvider{wait}, RoleARN: role})
	if err != nil {
		t.Fatal(err)
	}
	return maker
}

func TestEveryMistakeInTheConfigIsReported(t *testing.T) {
	t.Parallel()
	_, err := aliyun.New(aliyun.Config{RoleARN: "arn:aws:iam::1:role/x", Endpoint: "https://sts.aliyuncs.com", Lifetime: time.Second})
	for _, want := range []string{"wanted credentials", "role", "endpoint", "lifetime"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, wanted %q in it", err, want)
		}
	}
}
