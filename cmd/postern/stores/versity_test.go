package stores

import (
	"net/http"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"github.com/postern-dev/postern/cmd/postern/gateway"
	"github.com/postern-dev/postern/handlers/uploads"
	"github.com/postern-dev/postern/policy/profile"
	"github.com/postern-dev/postern/policy/sigv4"
)

// TestTheRealVersitygwKeepsVersionsInEachWay is the table against the store itself, with versions: an
// accepted object is named by its version, and a refused one leaves none behind.
func TestTheRealVersitygwKeepsVersionsInEachWay(t *testing.T) {
	store, err := gateway.Start(t.Context(), gateway.Options{Dir: t.TempDir(), Region: region, Buckets: []string{bucket}, Versions: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = store.Close() })
	checkVersions(t, store.Client(), store.Credentials(), store.URL())
	checkDoctor(t, store.Client(), store.Credentials(), store.URL()) // with versions
}

// checkVersions is the table against a versitygw with versions.
func checkVersions(t *testing.T, client *s3.Client, credentials aws.CredentialsProvider, url string) {
	t.Helper()
	enabled := &types.VersioningConfiguration{Status: types.BucketVersioningStatusEnabled}
	if _, err := client.PutBucketVersioning(t.Context(), &s3.PutBucketVersioningInput{Bucket: aws.String(bucket), VersioningConfiguration: enabled}); err != nil {
		t.Fatal(err)
	}
	serve := func(name string, change func(*profile.Profile), way string) *site {
		provider, err := uploads.ProviderNamed("versity")
		if err != nil {
			t.Fatal(err)
		}
		p := basicProfile()
		p.Key = name + "/{id}{ext}"
		change(&p)
		switch way {
		case byPut:
			provider.PostPolicy = false
		case byParts:
			p.Multipart.Threshold = 1
		}
		service, err := uploads.New(uploads.Config{PublicURL: "http://localhost:8080", Profiles: []profile.Profile{p}, TokenKeys: []sigv4.Secret{"0123456789012345678901234567890123456789"},
			Store: uploads.Store{Provider: provider, Client: client, Credentials: credentials, Region: region, Endpoint: url, PathStyle: true}})
		if err != nil {
			return nil
		}
		served, err := service.Profile(p.Name)
		if err != nil {
			t.Fatal(err)
		}
		noRedirect := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
		return &site{t: t, store: newDouble(awsLike, true), client: noRedirect, service: service, profile: served}
	}
	for i, setting := range settings {
		for j, way := range ways {
			t.Run(setting.name+"/"+way, func(t *testing.T) {
				s := serve(string(rune('a'+i))+string(rune('a'+j)), setting.change, way)
				if s == nil {
					return
				}
				done, err := s.upload(way, content, nil)
				if err != nil || done.Version == "" || done.Size != int64(len(content)) {
					t.Fatalf("%+v, %v", done, err)
				}
				found, err := client.HeadObject(t.Context(), &s3.HeadObjectInput{Bucket: &done.Bucket, Key: &done.Key, VersionId: &done.Version})
				if err != nil || aws.ToString(found.ETag) != done.ETag {
					t.Errorf("by its version: %+v, %v", found, err)
				}
			})
		}
	}
	pictures := serve("refused", func(p *profile.Profile) { p.Types = []string{"image/png"} }, byNobody)
	if _, err := pictures.upload(byNobody, content, nil); err == nil {
		t.Error("text was accepted for a picture")
	}
	left, err := client.ListObjectVersions(t.Context(), &s3.ListObjectVersionsInput{Bucket: aws.String(bucket), Prefix: aws.String("refused/")})
	if err != nil || len(left.Versions) != 0 {
		t.Errorf("a refused object left %d versions, %v", len(left.Versions), err)
	}
}
