package stores

import (
	"bytes"
	"context"
	"fmt"
	"mime/multipart"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/postern-dev/postern/handlers/uploads"
	"github.com/postern-dev/postern/policy/profile"
	"github.com/postern-dev/postern/policy/sigv4"
)

// The four ways in.
const (
	byPost   = "POST by script"
	byPut    = "PUT"
	byParts  = "multipart"
	byNobody = "form without script"
)

var ways = []string{byPost, byPut, byParts, byNobody}

// content is plain text, so that no content type is in doubt.
var content = []byte("What is written here is plain text, and nothing else.\n")

// site is a service in front of a double.
type site struct {
	t       testing.TB
	store   *double
	client  *http.Client
	service *uploads.Service
	profile *uploads.ServedProfile
}

// doubleOf returns the double that stands for a provider.
func doubleOf(p uploads.Provider) *double {
	switch p.Name {
	case "oss":
		return newDouble(oss, true)
	case "gcs":
		return newDouble(gcs, true)
	}
	return newDouble(awsLike, p.PostPolicy)
}

// basicProfile is what all tests begin with.
func basicProfile() profile.Profile {
	return profile.Profile{Name: "files", Bucket: bucket, Key: "in/{id}{ext}", Types: []string{"text/plain"}, MaxSize: 100 << 20, Access: profile.AccessPublic}
}

// newSite serves a profile with a provider's double. The error is that of loading.
func newSite(t testing.TB, provider uploads.Provider, p profile.Profile) (*site, error) {
	t.Helper()
	return newSiteWith(t, provider, p, doubleOf(provider), secretKey)
}

// newSiteWith serves a profile with this double, with a secret that the double knows.
func newSiteWith(t testing.TB, provider uploads.Provider, p profile.Profile, store *double, secret string) (*site, error) {
	t.Helper()
	s := &site{t: t, store: store}
	server := httptest.NewServer(s.store)
	t.Cleanup(server.Close)
	transport := &http.Transport{DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, network, server.Listener.Addr().String())
	}}
	t.Cleanup(transport.CloseIdleConnections)
	s.client = &http.Client{Transport: transport, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	described := uploads.Store{Provider: provider, Region: region, Endpoint: "http://store.example.com", PathStyle: !provider.VirtualHostOnly,
		Credentials: credentials.NewStaticCredentialsProvider(accessKey, secret, "")}
	if provider.Name == "gcs" {
		described.Region = ""
	}
	described.Client = s3.NewFromConfig(aws.Config{Credentials: described.Credentials, HTTPClient: s.client, Region: region, RetryMaxAttempts: 1}, described.ClientOptions)
	var err error
	if s.service, err = uploads.New(uploads.Config{PublicURL: "http://localhost:8080", Profiles: []profile.Profile{p}, Store: described,
		TokenKeys: []sigv4.Secret{"0123456789012345678901234567890123456789"}}); err != nil {
		return nil, err
	}
	s.profile, err = s.service.Profile(p.Name)
	return s, err
}

// upload sends data in one way and completes the upload. change may damage what is sent.
func (s *site) upload(way string, data []byte, change func([]byte) []byte) (uploads.Completed, error) {
	s.t.Helper()
	if change == nil {
		change = func(b []byte) []byte { return b }
	}
	ctx, nobody := context.Background(), uploads.Visitor{}
	if way == byNobody {
		issued, err := s.service.IssueForm(ctx, s.profile, nobody)
		if err != nil {
			return uploads.Completed{}, err
		}
		if err := s.post(issued, change(data)); err != nil {
			return uploads.Completed{}, err
		}
		up, err := s.service.OpenForm(issued.Token, s.profile.Settings.Name, nobody)
		if err != nil {
			return uploads.Completed{}, err
		}
		return s.service.Verify(ctx, up)
	}
	issued, err := s.service.IssueFile(ctx, s.profile, nobody, profile.File{Name: "a b.txt", Type: "text/plain", Size: int64(len(data))})
	if err != nil {
		return uploads.Completed{}, err
	}
	up, err := s.service.Open(issued.Token, issued.ID, nobody)
	if err != nil {
		return uploads.Completed{}, err
	}
	switch issued.Method {
	case profile.MethodPost:
		err = s.post(issued, change(data))
	case profile.MethodPut:
		err = s.send("PUT", issued.Put.URL, change(data), issued.Put.Headers)
	default:
		err = s.sendParts(up, data, change)
	}
	if err != nil {
		return uploads.Completed{}, err
	}
	named := "" // of what the visitor has, as the script names it
	if up.Checksum != "" && up.Checksum != profile.ChecksumMD5 {
		named = checksumOf(string(up.Checksum), data)
	}
	return s.service.Complete(ctx, up, named)
}

// sendParts sends every part; change damages the last one.
func (s *site) sendParts(up uploads.OpenUpload, data []byte, change func([]byte) []byte) error {
	for number := 1; number <= up.PartCount; number++ {
		from := int64(number-1) * up.PartSize
		size, err := up.PartLength(number)
		if err != nil {
			return err
		}
		part := data[from : from+size]
		asked := uploads.PartRequest{Number: number}
		if up.Checksum != "" {
			asked.Checksum = checksumOf(string(up.Checksum), part)
		}
		signed, err := s.service.SignParts(context.Background(), up, []uploads.PartRequest{asked})
		if err != nil {
			return err
		}
		if number == up.PartCount {
			part = change(part)
		}
		if err := s.send("PUT", signed.Parts[0].URL, part, signed.Parts[0].Headers); err != nil {
			return err
		}
	}
	return nil
}

func (s *site) post(issued uploads.Issued, data []byte) error {
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	for _, f := range issued.Form.Fields {
		if err := w.WriteField(f.Name, f.Value); err != nil {
			return err
		}
	}
	file, err := w.CreateFormFile("file", "a b.txt")
	if err != nil {
		return err
	}
	_, _ = file.Write(data) // a Buffer never fails
	if err := w.Close(); err != nil {
		return err
	}
	return s.send("POST", issued.Form.URL, b.Bytes(), []sigv4.Param{{Name: "content-type", Value: w.FormDataContentType()}})
}

// storeRefused is the store's answer to a visitor.
type storeRefused struct {
	status int
	why    []string
}

func (e *storeRefused) Error() string {
	return fmt.Sprintf("the store answered %d: %v", e.status, e.why)
}

func (s *site) send(method, to string, body []byte, headers []sigv4.Param) error {
	request, err := http.NewRequest(method, to, bytes.NewReader(body))
	if err != nil {
		return err
	}
	for _, h := range headers {
		request.Header.Set(h.Name, h.Value)
	}
	answer, err := s.client.Do(request)
	if err != nil {
		return err
	}
	defer func() { _ = answer.Body.Close() }()
	if answer.StatusCode >= 400 {
		s.store.mu.Lock()
		defer s.store.mu.Unlock()
		return &storeRefused{answer.StatusCode, s.store.refused}
	}
	return nil
}

// only returns the one object of the double.
func (s *site) only() *object {
	s.store.mu.Lock()
	defer s.store.mu.Unlock()
	if len(s.store.stored) != 1 {
		s.t.Fatalf("wanted one object, got %d", len(s.store.stored))
	}
	for _, o := range s.store.stored {
		return o
	}
	return nil
}
