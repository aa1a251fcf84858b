package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"github.com/postern-dev/postern/cmd/postern/gateway"
	"github.com/postern-dev/postern/cmd/postern/testclient"
)

// recordedConfig has a profile for each way in and each right: parts, tags, versions, links,
// quarantine, removal and credentials for one prefix.
const recordedConfig = `
listen: 127.0.0.1:0
public_url: http://127.0.0.1:8080
keys: {tokens: ["env:TOKEN_KEY"]}
tickets: {secret: "env:TICKET_KEY"}
store:
  provider: PROVIDER
  region: us-east-1
  endpoint: "STORE"
  path_style: true
  upload_credentials: {access_key_id: "env:UP_ID", secret_access_key: "env:UP_SECRET"}
scoped_credentials: {role_arn: "arn:aws:iam::123456789012:role/scoped", endpoint: "STS"}
profiles:
  plain: {bucket: media, key: "in/plain/{subject}/{id}{ext}", types: ["*/*"], size: 1..20MiB, access: public, removable: 1h, download: {lifetime: 5m}}
  tagged: {bucket: media, key: "in/tagged/{subject}/{id}{ext}", types: ["image/png"], size: 1..20MiB, access: public, tags: {stage: inbox}, quarantine: refused/}
  kept: {bucket: kept, key: "in/kept/{subject}/{id}{ext}", types: ["*/*"], size: 1..20MiB, access: public, removable: 1h, download: {lifetime: 5m}, tags: {stage: inbox}}
  native: {bucket: media, key: "in/native/{subject}/{id}{ext}", types: ["*/*"], size: 1..20MiB, scoped_credentials: true}
`

var onePixel = []byte("\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x00\x01\x00\x00\x00\x01\x08\x06\x00\x00\x00\x1f\x15\xc4\x89\x00\x00\x00\rIDATx\x9cc\xf8\xff\xff?\x00\x05\xfe\x02\xfe\xa7\x9a\xa0\xa0\x00\x00\x00\x00IEND\xaeB`\x82")

// recordedSite is a serve whose every call to its store goes through a recorder.
type recordedSite struct {
	*recorder
	gateway *gateway.Gateway
	config  string
	url     string
	client  testclient.Client
}

// identities of the two accounts of the gateway while the server runs.
var whileServing = map[string]string{"operator": "server", "uploader": "uploads"}

// newRecordedSite starts a site for a provider; without is left out of its config.
func newRecordedSite(t *testing.T, provider, without string) *recordedSite {
	t.Helper()
	g, err := gateway.Start(t.Context(), gateway.Options{
		Dir: t.TempDir(), AccessKey: "operator", SecretKey: serveSecret, Buckets: []string{"media", "kept"}, Versions: true,
		Uploader: gateway.Uploader{AccessKey: "uploader", SecretKey: uploaderSecret, Prefix: "in/"},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = g.Close() })
	_, err = g.Client().PutBucketVersioning(t.Context(), &s3.PutBucketVersioningInput{Bucket: aws.String("kept"),
		VersioningConfiguration: &types.VersioningConfiguration{Status: types.BucketVersioningStatusEnabled}})
	if err != nil {
		t.Fatal(err)
	}
	sts := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprintf(w, `<AssumeRoleResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleResult><Credentials><AccessKeyId>operator</AccessKeyId>`+
			`<SecretAccessKey>%s</SecretAccessKey><SessionToken>session</SessionToken><Expiration>%s</Expiration></Credentials></AssumeRoleResult></AssumeRoleResponse>`,
			serveSecret, time.Now().Add(10*time.Minute).UTC().Format(time.RFC3339))
	}))
	t.Cleanup(sts.Close)
	site := &recordedSite{recorder: newRecorder(t, g.URL()), gateway: g, config: filepath.Join(t.TempDir(), "postern.yaml")}
	site.identify(whileServing)
	write(t, site.config, strings.NewReplacer("PROVIDER", provider, "STORE", site.URL, "STS", sts.URL).Replace(strings.ReplaceAll(recordedConfig, without, "")))
	var env []string
	for name, value := range twoKeys {
		env = append(env, name+"="+value)
	}
	site.url = start(t, env, "serve", "--config", site.config).URL
	minted := invoke(t, twoKeys, "ticket", "--config", site.config, "--profile", "*", "--subject", "alice")
	site.client = testclient.Client{Base: site.url, Ticket: strings.TrimSpace(minted.stdout)}
	return site
}

// upload sends a file by the JSON API and completes it.
func (s *recordedSite) upload(profile, contentType string, content []byte, want int) map[string]any {
	s.t.Helper()
	upload, answer, err := s.client.Issue(s.t.Context(), testclient.Request{Profile: profile, Filename: "a.bin", Type: contentType, Size: int64(len(content))})
	if err != nil || upload == nil {
		s.t.Fatalf("%s: issue: %v, %v", profile, answer, err)
	}
	if answer, err := upload.Send(s.t.Context(), "a.bin", content); err != nil || !answer.OK() {
		s.t.Fatalf("%s: send: %v, %v", profile, answer, err)
	}
	if answer, err = upload.Complete(s.t.Context()); err != nil || answer.Status != want {
		s.t.Fatalf("%s: complete: want %d, got %v, %v", profile, want, answer, err)
	}
	var done map[string]any
	if err := json.Unmarshal(answer.Body, &done); err != nil {
		s.t.Fatal(err)
	}
	done["id"], done["token"] = upload.ID, upload.Token
	return done
}

// uploadWithoutScript sends the page's own form and opens its landing page.
func (s *recordedSite) uploadWithoutScript(profile string, content []byte, want int) {
	s.t.Helper()
	page, err := s.client.Call(s.t.Context(), http.MethodGet, "/forms/"+profile, "", nil)
	if err != nil {
		s.t.Fatal(err)
	}
	form, err := testclient.ParseForm(page.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	sent, err := form.Send(s.t.Context(), "a.png", content)
	if err != nil || sent.Status != http.StatusSeeOther {
		s.t.Fatalf("%s: form: %v, %v", profile, sent, err)
	}
	landing := strings.TrimPrefix(sent.Header.Get("Location"), "http://127.0.0.1:8080")
	if landed, err := s.client.Call(s.t.Context(), http.MethodGet, landing, "", nil); err != nil || landed.Status != want {
		s.t.Fatalf("%s: landing: want %d, got %v, %v", profile, want, landed, err)
	}
}

// openLink follows a link to an object.
func (s *recordedSite) openLink(done map[string]any) {
	s.t.Helper()
	link, _ := done["url"].(string)
	opened, err := s.client.Call(s.t.Context(), http.MethodGet, strings.TrimPrefix(link, "http://127.0.0.1:8080"), "", nil)
	if err != nil || opened.Status != http.StatusFound {
		s.t.Fatalf("link %q: %v, %v", link, opened, err)
	}
	request, err := http.NewRequestWithContext(s.t.Context(), http.MethodGet, opened.Header.Get("Location"), nil)
	if err != nil {
		s.t.Fatal(err)
	}
	if got, err := testclient.Do(request); err != nil || got.Status != http.StatusOK {
		s.t.Fatalf("object of a link: %v, %v", got, err)
	}
}

// takeBack removes an upload that was accepted.
func (s *recordedSite) takeBack(done map[string]any) {
	s.t.Helper()
	answer, err := s.client.Call(s.t.Context(), http.MethodDelete, "/uploads/"+done["id"].(string), done["token"].(string), nil)
	if err != nil || answer.Status != http.StatusNoContent {
		s.t.Fatalf("remove: %v, %v", answer, err)
	}
}

// everyWayIn uploads, is refused, takes back, opens links and gives up.
func (s *recordedSite) everyWayIn() {
	s.t.Helper()
	large := make([]byte, 17<<20)
	for _, profile := range []string{"plain", "kept"} {
		for _, content := range [][]byte{[]byte("text"), large} {
			done := s.upload(profile, "application/octet-stream", content, http.StatusOK)
			s.openLink(done)
			s.takeBack(done)
		}
	}
	s.upload("tagged", "image/png", onePixel, http.StatusOK)
	s.upload("tagged", "image/png", []byte("<html>not a picture"), http.StatusUnsupportedMediaType)
	given, answer, err := s.client.Issue(s.t.Context(), testclient.Request{Profile: "plain", Filename: "a", Type: "text/plain", Size: int64(len(large))})
	if err != nil || given == nil {
		s.t.Fatalf("issue: %v, %v", answer, err)
	}
	if _, err := given.List(s.t.Context()); err != nil {
		s.t.Fatal(err)
	}
	if answer, err := given.Abort(s.t.Context()); err != nil || answer.Status != http.StatusNoContent {
		s.t.Fatalf("abort: %v, %v", answer, err)
	}
}

// formsWithoutScript sends the pages' own forms.
func (s *recordedSite) formsWithoutScript() {
	s.t.Helper()
	s.uploadWithoutScript("plain", []byte("text"), http.StatusOK)
	s.uploadWithoutScript("kept", []byte("text"), http.StatusOK)
	s.uploadWithoutScript("tagged", onePixel, http.StatusOK)
	s.uploadWithoutScript("tagged", []byte("<html>not a picture"), http.StatusUnsupportedMediaType)
}

// nativeClient uses credentials for one prefix as a phone's S3 library would: PUT, parts, giving
// up.
func (s *recordedSite) nativeClient() {
	s.t.Helper()
	answer, err := s.client.Call(s.t.Context(), http.MethodPost, "/uploads/credentials", "", map[string]string{"profile": "native"})
	var made struct {
		Credentials    struct{ AccessKeyID, SecretAccessKey string }
		Bucket, Prefix string
	}
	if err != nil || answer.Status != http.StatusCreated || json.Unmarshal(answer.Body, &made) != nil {
		s.t.Fatalf("credentials: %v, %v", answer, err)
	}
	s.identify(map[string]string{"operator": "scoped", "uploader": "uploads"})
	defer s.identify(whileServing)
	ctx, key := s.t.Context(), made.Prefix+"a"
	client := s3.New(s3.Options{Region: "us-east-1", BaseEndpoint: &s.URL, UsePathStyle: true,
		Credentials: credentials.NewStaticCredentialsProvider(made.Credentials.AccessKeyID, made.Credentials.SecretAccessKey, "")})
	require := func(err error) {
		if s.t.Helper(); err != nil {
			s.t.Fatal(err)
		}
	}
	_, err = client.PutObject(ctx, &s3.PutObjectInput{Bucket: &made.Bucket, Key: &key, Body: strings.NewReader("a")})
	require(err)
	for _, completes := range []bool{true, false} {
		begun, err := client.CreateMultipartUpload(ctx, &s3.CreateMultipartUploadInput{Bucket: &made.Bucket, Key: &key})
		require(err)
		part, err := client.UploadPart(ctx, &s3.UploadPartInput{Bucket: &made.Bucket, Key: &key, UploadId: begun.UploadId, PartNumber: aws.Int32(1), Body: strings.NewReader("a")})
		require(err)
		_, err = client.ListParts(ctx, &s3.ListPartsInput{Bucket: &made.Bucket, Key: &key, UploadId: begun.UploadId})
		require(err)
		if completes {
			_, err = client.CompleteMultipartUpload(ctx, &s3.CompleteMultipartUploadInput{Bucket: &made.Bucket, Key: &key, UploadId: begun.UploadId,
				MultipartUpload: &types.CompletedMultipartUpload{Parts: []types.CompletedPart{{PartNumber: aws.Int32(1), ETag: part.ETag}}}})
		} else {
			_, err = client.AbortMultipartUpload(ctx, &s3.AbortMultipartUploadInput{Bucket: &made.Bucket, Key: &key, UploadId: begun.UploadId})
		}
		require(err)
	}
}

// Every call of real runs is allowed to whoever made it; the same call outside the prefixes, in
// another bucket or by an identity that has no business with it isn't.
func TestEveryRecordedCallIsAllowedAndNoneOutsideThePrefixes(t *testing.T) {
	for provider, without := range map[string]string{"aws": "", "versity": "", "minio": "", "other": ", tags: {stage: inbox}"} {
		t.Run(provider, func(t *testing.T) {
			site := newRecordedSite(t, provider, without)
			site.everyWayIn()
			if provider != "other" { // it has presigned PUT instead
				site.formsWithoutScript()
			}
			site.nativeClient()
			judgeRecorded(t, site, []string{"server", "uploads", "scoped"})
		})
	}
}

// judgeRecorded judges every recorded call by the policies of its identity.
func judgeRecorded(t *testing.T, site *recordedSite, identities []string) {
	t.Helper()
	documents := iamDocuments(t, site.config)
	seen := map[string][]string{}
	calls := site.take()
	for _, call := range calls {
		own := []policyDocument{documents[call.identity]}
		for _, bucket := range []string{"bucket-media", "bucket-kept"} {
			if p, has := documents[bucket]; has {
				own = append(own, p)
			}
		}
		for _, needed := range call.needs {
			if !allows(t, needed, own...) {
				t.Errorf("%s needs %s, and its policy doesn't allow it", call.identity, needed)
			}
			for _, elsewhere := range moved(needed) {
				if allows(t, elsewhere, own...) {
					t.Errorf("%s may %s", call.identity, elsewhere)
				}
			}
			if call.identity != "uploads" && !strings.HasPrefix(needed.action, "s3:Put") && allows(t, needed, documents["uploads"]) {
				t.Errorf("upload credentials may %s", needed)
			}
			if !slices.Contains(seen[call.identity], needed.action) {
				seen[call.identity] = append(seen[call.identity], needed.action)
			}
		}
	}
	for _, identity := range identities {
		if len(seen[identity]) == 0 {
			t.Errorf("no call of %s was recorded", identity)
		}
		for _, action := range allowedActions(documents[identity]) {
			if !slices.Contains(seen[identity], action) {
				t.Errorf("%s is allowed %s, which no run asked for", identity, action)
			}
		}
	}
	t.Logf("%d calls: %v", len(calls), seen)
}

// moved are a request in another bucket, and outside the profiles' prefixes in its own.
func moved(r storeRequest) (list []storeRequest) {
	bucket, key, isObject := strings.Cut(strings.TrimPrefix(r.resource, "arn:aws:s3:::"), "/")
	other := r
	other.resource = strings.Replace(r.resource, bucket, bucket+"2", 1)
	list = append(list, other)
	if isObject {
		other.resource = "arn:aws:s3:::" + bucket + "/else/" + key
		beside := r
		beside.resource = "arn:aws:s3:::" + bucket + "/in"
		list = append(list, other, beside)
	}
	return list
}

func allowedActions(p policyDocument) (list []string) {
	for _, s := range p.Statement {
		for _, action := range s.Action {
			if s.Effect == "Allow" && strings.HasPrefix(action, "s3:") && !slices.Contains(list, action) {
				list = append(list, action)
			}
		}
	}
	return list
}

// The rest of doctor's calls are those of the server and of visitors, and what must be refused.
func TestTheOperatorsCommandsNeedNoMoreThanTheirPolicy(t *testing.T) {
	site := newRecordedSite(t, "aws", "")
	env := []string{}
	for name, value := range twoKeys {
		env = append(env, name+"="+value)
	}
	site.identify(map[string]string{"operator": "operator"})
	site.take()
	for _, args := range [][]string{{"setup"}, {"setup", "--apply"}, {"sweep"}, {"sweep", "--apply"}} {
		if got := runProcess(t, "", env, append(args, "--config", site.config)...); got.code == exitUsage {
			t.Errorf("%s: got %+v", args, got)
		}
	}
	operator, seen := iamDocuments(t, site.config)["operator"], map[string]bool{}
	for _, call := range site.take() {
		for _, needed := range call.needs {
			if seen[needed.action] = true; !allows(t, needed, operator) {
				t.Errorf("the operator needs %s", needed)
			}
			for _, elsewhere := range moved(needed) {
				if allows(t, elsewhere, operator) {
					t.Errorf("the operator may %s", elsewhere)
				}
			}
		}
	}
	// The gateway has no lifecycle rules, so none is put.
	for _, wanted := range []string{"s3:GetBucketCORS", "s3:PutBucketCORS", "s3:GetLifecycleConfiguration", "s3:ListBucketMultipartUploads"} {
		if !seen[wanted] {
			t.Errorf("no run asked for %s: %v", wanted, seen)
		}
	}
}

// The store gives everybody the rights of their documents and nothing else, as AWS would: uploads
// work every way, and doctor, which tries what has to be refused too, finds nothing to mend.
func TestAStoreThatHoldsEverybodyToThesePoliciesServesAndSatisfiesDoctor(t *testing.T) {
	site := newRecordedSite(t, "aws", "")
	for _, bucket := range []string{"media", "kept"} { // the proxy judges the visitors' key instead of the gateway
		open := strings.ReplaceAll(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"uploader"},"Action":"s3:*","Resource":["arn:aws:s3:::B","arn:aws:s3:::B/*"]}]}`, "B", bucket)
		if _, err := site.gateway.Client().PutBucketPolicy(t.Context(), &s3.PutBucketPolicyInput{Bucket: &bucket, Policy: &open}); err != nil {
			t.Fatal(err)
		}
	}
	site.enforce(iamDocuments(t, site.config))
	var env []string
	for name, value := range twoKeys {
		env = append(env, name+"="+value)
	}
	site.everyWayIn()
	site.formsWithoutScript()
	site.nativeClient()
	site.identify(map[string]string{"operator": "operator"})
	if got := runProcess(t, "", env, "setup", "--config", site.config, "--apply"); got.code != exitDone {
		t.Errorf("setup: got %+v", got)
	}
	site.identify(whileServing)
	if got := runProcess(t, "", env, "doctor", "--config", site.config); got.code != exitDone {
		t.Errorf("doctor: got %d\n%s%s", got.code, got.stdout, got.stderr)
	}
	for _, bucket := range []string{"media", "kept"} {
		left, err := site.gateway.Client().ListObjectsV2(t.Context(), &s3.ListObjectsV2Input{Bucket: &bucket})
		if err != nil {
			t.Fatal(err)
		}
		for _, o := range left.Contents {
			if strings.Contains(*o.Key, "postern-doctor") {
				t.Errorf("doctor left %s", *o.Key)
			}
		}
	}
}
