package stores

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/postern-dev/postern/handlers/problem"
	"github.com/postern-dev/postern/handlers/uploads"
	"github.com/postern-dev/postern/policy/profile"
	"github.com/postern-dev/postern/policy/sigv4"
)

// forbidding is a profile whose key is always the same.
func forbidding() profile.Profile {
	p := basicProfile()
	p.Key, p.InsecureKey, p.Overwrite = "in/same{ext}", true, profile.OverwriteForbid
	return p
}

// TestAnObjectIsNotOverwrittenWhereTheStoreCanTell: elsewhere the record says so, and `serve` warns.
func TestAnObjectIsNotOverwrittenWhereTheStoreCanTell(t *testing.T) {
	t.Parallel()
	for _, name := range uploads.ProviderNames() {
		provider, err := uploads.ProviderNamed(name)
		if err != nil {
			t.Fatal(err)
		}
		canTell := map[string]bool{byPut: provider.ConditionalPut, byParts: provider.ConditionalComplete, byPost: name == "oss"}
		warned := len(provider.ProfileWarnings(forbidding())) > 0
		if all := canTell[byPut] && canTell[byParts] && (canTell[byPost] || !provider.PostPolicy); warned == all {
			t.Errorf("%s: wanted a warning %v, got %v", name, !all, warned)
		}
		for _, way := range []string{byPost, byPut, byParts} {
			s := siteFor(t, name, way, forbidding())
			if s == nil {
				continue
			}
			s.store.stored["in/same.txt"] = &object{data: []byte("was here before"), attributes: map[string]string{}}
			_, err := s.upload(way, content, nil)
			kept := string(s.store.stored["in/same.txt"].data) == "was here before"
			if kept != canTell[way] || kept && err == nil {
				t.Errorf("%s, %s: wanted the object kept: %v, got %v, %v", name, way, canTell[way], kept, err)
			}
		}
	}
}

// TestWithoutScriptPUTOnlyStoresIssueNothing: there is no form that they would take.
func TestWithoutScriptPUTOnlyStoresIssueNothing(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"r2", "b2", "swift", "other"} {
		s := siteFor(t, name, byPut, basicProfile())
		if issued, err := s.service.IssueForm(context.Background(), s.profile, uploads.Visitor{}); err == nil {
			t.Errorf("%s: issued %+v", name, issued.Form)
		}
		if done, err := s.upload(byPut, content, nil); err != nil || done.Size != int64(len(content)) {
			t.Errorf("%s: %+v, %v", name, done, err)
		}
	}
}

// TestADoubleRefusesWhatItsStoreRefuses: a table that passes against a lax double would show nothing.
func TestADoubleRefusesWhatItsStoreRefuses(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"aws", "oss", "gcs"} {
		s := siteFor(t, name, byPut, basicProfile())
		issued, err := s.service.IssueFile(context.Background(), s.profile, uploads.Visitor{}, profile.File{Name: "a.txt", Type: "text/plain", Size: int64(len(content))})
		if err != nil {
			t.Fatal(err)
		}
		prefix := s.store.prefix
		for what, extra := range map[string]sigv4.Param{
			"an unsigned header": {Name: prefix + "meta-x", Value: "1"}, "a header of another store": {Name: "x-other-", Value: ""},
			"another type": {Name: "content-type", Value: "text/html"},
		} {
			if what == "a header of another store" {
				extra = sigv4.Param{Name: map[string]string{"x-amz-": "x-oss-meta-x", "x-oss-": "x-goog-meta-x", "x-goog-": "x-amz-meta-x"}[prefix], Value: "1"}
			}
			if err := s.send("PUT", issued.Put.URL, content, append(issued.Put.Headers[:len(issued.Put.Headers):len(issued.Put.Headers)], extra)); err == nil {
				t.Errorf("%s: %s was taken", name, what)
			}
		}
		if err := s.send("PUT", issued.Put.URL, content[1:], issued.Put.Headers); err == nil {
			t.Errorf("%s: another length was taken", name)
		}
		if err := s.send("PUT", issued.Put.URL+"&x=1", content, issued.Put.Headers); err == nil {
			t.Errorf("%s: another query was taken", name)
		}
		if err := s.send("PUT", issued.Put.URL, content, issued.Put.Headers); err != nil {
			t.Errorf("%s: what was signed: %v", name, err)
		}
	}
}

// TestThePlainSDKIsRefusedByCloudStoragesFrontEnd shows why Store.ClientOptions has to set a client up.
func TestThePlainSDKIsRefusedByCloudStoragesFrontEnd(t *testing.T) {
	t.Parallel()
	s := siteFor(t, "gcs", byPost, basicProfile())
	plain := s3.NewFromConfig(aws.Config{Credentials: credentials.NewStaticCredentialsProvider(accessKey, secretKey, ""), HTTPClient: s.client,
		Region: "auto", RetryMaxAttempts: 1}, func(o *s3.Options) { o.UsePathStyle, o.BaseEndpoint = true, aws.String("http://store.example.com") })
	name := bucket
	if _, err := plain.HeadBucket(t.Context(), &s3.HeadBucketInput{Bucket: &name}); err == nil {
		t.Error("the plain SDK's signature was taken")
	}
	if err := s.service.Ready(t.Context()); err != nil {
		t.Errorf("with ClientOptions: %v", err)
	}
}

// FuzzProfiles gives random profiles and providers: either the load refuses with key and reason, or
// every way in stores an object with exactly the profile's attributes.
func FuzzProfiles(f *testing.F) {
	for i := range uploads.ProviderNames() {
		f.Add(uint(i), uint(0))
		f.Add(uint(i), ^uint(0))
		f.Add(uint(i), uint(0b0110_1001_0101_0010))
	}
	f.Fuzz(func(t *testing.T, provider, chosen uint) {
		names := uploads.ProviderNames()
		p := basicProfile()
		for i, setting := range settings {
			if chosen>>i&1 == 1 {
				setting.change(&p)
			}
		}
		for _, way := range ways {
			s := siteFor(t, names[provider%uint(len(names))], way, p)
			if s == nil {
				continue
			}
			if _, err := s.upload(way, content, nil); err != nil {
				t.Fatalf("%s: %v\nthe store: %v", way, err, s.store.refused)
			}
			checkObject(t, s, p, way)
		}
	})
}

// TestAFormThatIsTooLongForTheStoreIsNotIssued: what visitors add is known only then.
func TestAFormThatIsTooLongForTheStoreIsNotIssued(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"aws", "oss", "gcs"} {
		provider, err := uploads.ProviderNamed(name)
		if err != nil {
			t.Fatal(err)
		}
		provider.MaxForm = 4000
		p := basicProfile()
		p.AcceptMetadata = []string{"note"}
		s, err := newSite(t, provider, p)
		if err != nil {
			t.Fatal(err)
		}
		file := profile.File{Name: "a.txt", Type: "text/plain", Size: 10, Metadata: map[string]string{"note": "short"}}
		if _, err := s.service.IssueFile(t.Context(), s.profile, uploads.Visitor{}, file); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		file.Metadata["note"] = strings.Repeat("x", 1900)
		var refused *problem.Error
		_, err = s.service.IssueFile(t.Context(), s.profile, uploads.Visitor{}, file)
		if !errors.As(err, &refused) || refused.Code != problem.InvalidRequest || !strings.Contains(refused.Detail, "at most 4000 bytes") {
			t.Errorf("%s: wanted a refusal that names the limit, got %v", name, err)
		}
	}
}
