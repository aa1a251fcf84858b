package uploads_test

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"github.com/postern-dev/postern/handlers/uploads"
	"github.com/postern-dev/postern/policy"
	"github.com/postern-dev/postern/policy/profile"
	"github.com/postern-dev/postern/policy/sigv4"
)

// fakeStore answers what a store would of one object, and counts what it is asked.
type fakeStore struct {
	uploads.StoreClient
	found   s3.HeadObjectOutput
	acl     s3.GetObjectAclOutput
	tags    []types.Tag
	err     error // of GetObjectAcl and GetObjectTagging
	calls   []string
	created *s3.CreateMultipartUploadInput
}

func (f *fakeStore) HeadObject(context.Context, *s3.HeadObjectInput, ...func(*s3.Options)) (*s3.HeadObjectOutput, error) {
	f.calls = append(f.calls, "HeadObject")
	found := f.found
	return &found, nil
}

func (f *fakeStore) GetObject(context.Context, *s3.GetObjectInput, ...func(*s3.Options)) (*s3.GetObjectOutput, error) {
	f.calls = append(f.calls, "GetObject")
	return &s3.GetObjectOutput{Body: http.NoBody}, nil
}

func (f *fakeStore) GetObjectAcl(context.Context, *s3.GetObjectAclInput, ...func(*s3.Options)) (*s3.GetObjectAclOutput, error) {
	f.calls = append(f.calls, "GetObjectAcl")
	return &f.acl, f.err
}

func (f *fakeStore) GetObjectTagging(context.Context, *s3.GetObjectTaggingInput, ...func(*s3.Options)) (*s3.GetObjectTaggingOutput, error) {
	f.calls = append(f.calls, "GetObjectTagging")
	return &s3.GetObjectTaggingOutput{TagSet: f.tags}, f.err
}

func (f *fakeStore) DeleteObject(context.Context, *s3.DeleteObjectInput, ...func(*s3.Options)) (*s3.DeleteObjectOutput, error) {
	f.calls = append(f.calls, "DeleteObject")
	return &s3.DeleteObjectOutput{}, nil
}

func (f *fakeStore) CreateMultipartUpload(_ context.Context, in *s3.CreateMultipartUploadInput, _ ...func(*s3.Options)) (*s3.CreateMultipartUploadOutput, error) {
	f.created = in
	return &s3.CreateMultipartUploadOutput{UploadId: aws.String("store-upload")}, nil
}

var noon = time.Date(2026, 11, 27, 12, 0, 0, 0, time.UTC)

// service returns a service with one public profile, in front of a store of the kind named.
func service(t *testing.T, client uploads.StoreClient, provider string, edit func(*uploads.Config)) (*uploads.Service, *uploads.ServedProfile) {
	t.Helper()
	record, err := uploads.ProviderNamed(provider)
	if err != nil {
		t.Fatal(err)
	}
	config := uploads.Config{
		PublicURL: "https://uploads.example.com", TokenKeys: []sigv4.Secret{"token-key-0123456789-0123456789-0123456789"},
		Profiles: []profile.Profile{{Name: "files", Bucket: "media", Key: "in/{id}", Types: []string{"*/*"}, MaxSize: 1 << 30,
			Lifetime: time.Hour, Access: profile.AccessPublic}},
		Store: uploads.Store{Client: client, Provider: record, Region: "eu-central-1", Endpoint: "https://store.example.com",
			Credentials: credentials.NewStaticCredentialsProvider("SERVER", "server-secret", "")},
		Now: func() time.Time { return noon },
	}
	if edit != nil {
		edit(&config)
	}
	s, err := uploads.New(config)
	if err != nil {
		t.Fatal(err)
	}
	p, err := s.Profile("files")
	if err != nil {
		t.Fatal(err)
	}
	return s, p
}

// expiring are credentials that end.
type expiring struct {
	id  string
	end time.Time
}

func (e expiring) Retrieve(context.Context) (aws.Credentials, error) {
	return aws.Credentials{AccessKeyID: e.id, SecretAccessKey: "secret", SessionToken: "session", CanExpire: true, Expires: e.end}, nil
}

func issueFile(t *testing.T, s *uploads.Service, p *uploads.ServedProfile, size int64) uploads.Issued {
	t.Helper()
	issued, err := s.IssueFile(t.Context(), p, uploads.Visitor{}, profile.File{Name: "a.bin", Size: size})
	if err != nil {
		t.Fatal(err)
	}
	return issued
}

// credentialsIn returns the access key IDs that a form, a presigned PUT and a part URL are signed
// with.
func credentialsIn(t *testing.T, edit func(*uploads.Config)) map[string]string {
	t.Helper()
	signedBy := map[string]string{}
	s, p := service(t, &fakeStore{}, "minio", edit)
	form, err := s.IssueForm(t.Context(), p, uploads.Visitor{})
	if err != nil {
		t.Fatal(err)
	}
	for _, field := range form.Form.Fields {
		if strings.EqualFold(field.Name, "x-amz-credential") {
			signedBy["form"] = field.Value
		}
	}
	issued := issueFile(t, s, p, 1<<29)
	open, err := s.Open(issued.Token, issued.ID, uploads.Visitor{})
	if err != nil {
		t.Fatal(err)
	}
	parts, err := s.SignParts(t.Context(), open, []uploads.PartRequest{{Number: 1}})
	if err != nil {
		t.Fatal(err)
	}
	signedBy["part"] = credentialOf(t, parts.Parts[0].URL)
	s, p = service(t, &fakeStore{}, "r2", edit)
	signedBy["put"] = credentialOf(t, issueFile(t, s, p, 10).Put.URL)
	for way, credential := range signedBy {
		signedBy[way], _, _ = strings.Cut(credential, "/")
	}
	return signedBy
}

func credentialOf(t *testing.T, presigned string) string {
	t.Helper()
	u, err := url.Parse(presigned)
	if err != nil {
		t.Fatal(err)
	}
	return u.Query().Get("X-Amz-Credential")
}

func TestWhatVisitorsHoldIsSignedWithTheUploadCredentials(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		upload aws.CredentialsProvider
		wanted string
	}{
		"none":           {nil, "SERVER"},
		"of another key": {credentials.NewStaticCredentialsProvider("UPLOADER", "secret", ""), "UPLOADER"},
	} {
		signedBy := credentialsIn(t, func(config *uploads.Config) { config.Store.UploadCredentials = c.upload })
		for _, way := range []string{"form", "put", "part"} {
			if signedBy[way] != c.wanted {
				t.Errorf("upload credentials: %s: wanted the %s signed by %s, got %q", name, way, c.wanted, signedBy[way])
			}
		}
	}
}

func TestLifetimesFollowTheCredentialsThatSign(t *testing.T) {
	t.Parallel()
	own, upload := expiring{"SERVER", noon.Add(10 * time.Minute)}, expiring{"UPLOADER", noon.Add(20 * time.Minute)}
	s, p := service(t, &fakeStore{}, "minio", func(c *uploads.Config) { c.Store.Credentials, c.Store.UploadCredentials = own, upload })
	form, err := s.IssueForm(t.Context(), p, uploads.Visitor{})
	if err != nil {
		t.Fatal(err)
	}
	issued := issueFile(t, s, p, 1<<29)
	open, err := s.Open(issued.Token, issued.ID, uploads.Visitor{})
	if err != nil {
		t.Fatal(err)
	}
	parts, err := s.SignParts(t.Context(), open, []uploads.PartRequest{{Number: 1}})
	if err != nil {
		t.Fatal(err)
	}
	for what, end := range map[string]time.Time{"form": form.Expires, "parts": parts.Expires} {
		if !end.After(own.end) || end.After(upload.end) {
			t.Errorf("%s: wanted an end between %s and %s, got %s", what, own.end, upload.end, end)
		}
	}
}

func TestTheACLIsSignedWhereUnsignedHeadersCouldSetIt(t *testing.T) {
	t.Parallel()
	cases := []struct {
		provider string
		planned  policy.CannedACL
		wanted   string
	}{
		{"aws", "", ""}, {"minio", "", ""}, {"versity", "", ""}, {"other", "", ""}, {"oss", "", ""},
		{"ceph", "", "private"}, {"ceph", "public-read", "public-read"}, {"spaces", "", "private"}, {"aws", "public-read", "public-read"},
	}
	for _, c := range cases {
		client := &fakeStore{}
		s, p := service(t, client, c.provider, func(config *uploads.Config) {
			config.Store.Provider.PostPolicy, config.Profiles[0].ACL = false, c.planned
		})
		put := issueFile(t, s, p, 10).Put
		got := ""
		for _, h := range put.Headers {
			if h.Name == "x-amz-acl" {
				got = h.Value
			}
		}
		if got != c.wanted || strings.Contains(put.URL, "x-amz-acl") != (c.wanted != "") {
			t.Errorf("%s with ACL %q: wanted %q signed, got %q and %s", c.provider, c.planned, c.wanted, got, put.URL)
		}
		issueFile(t, s, p, 1<<29)
		if string(client.created.ACL) != c.wanted {
			t.Errorf("%s with ACL %q: multipart upload: wanted %q, got %q", c.provider, c.planned, c.wanted, client.created.ACL)
		}
	}
}
