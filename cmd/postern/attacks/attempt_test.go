package attacks

import (
	"bytes"
	"context"
	"fmt"
	"hash/fnv"
	"net/http"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/postern-dev/postern/cmd/postern/testclient"
)

// attempt is the visit of one test. It has a subject of its own, so that a test knows which objects
// are its own.
type attempt struct {
	*testing.T
	site    *site
	Subject string
	Client  testclient.Client
}

func newAttempt(t *testing.T, s *site) *attempt {
	t.Helper()
	hash := fnv.New64a()
	_, _ = hash.Write([]byte(t.Name()))
	subject := fmt.Sprintf("s%016x", hash.Sum64())
	return &attempt{T: t, site: s, Subject: subject, Client: s.client(t, subject)}
}

// pngOfSize returns a body of the given size that begins like a PNG.
func pngOfSize(size int) []byte {
	const signature = "\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x00\x01\x00\x00\x00\x01\x08\x02\x00\x00\x00\x90wS\xde"
	return append([]byte(signature)[:min(size, len(signature))], bytes.Repeat([]byte{0xa5}, max(0, size-len(signature)))...)
}

// pictureRequest and filmRequest are the valid requests that attacks change.
func pictureRequest(size int64) testclient.Request {
	return testclient.Request{Profile: "pictures", Filename: "garden.png", Type: "image/png", Size: size}
}

func filmRequest(size int64) testclient.Request {
	return testclient.Request{Profile: "films", Filename: "garden.bin", Type: "application/octet-stream", Size: size}
}

// issue asks for an upload and requires a plan.
func (a *attempt) issue(r testclient.Request) *testclient.Upload {
	a.Helper()
	u, answer, err := a.Client.Issue(a.Context(), r)
	if err != nil || u == nil {
		a.Fatalf("issue %+v: %v %v", r, answer, err)
	}
	a.site.addSecret(u.Token)
	if u.Post != nil {
		a.site.addSecret(u.Post.Get("policy"), u.Post.Get("x-amz-signature"))
	}
	if u.Put != nil {
		a.site.addSecret(signatureOf(u.Put.URL))
	}
	return u
}

// tryToIssue asks for an upload and returns the answer.
func (a *attempt) tryToIssue(r testclient.Request) testclient.Answer {
	a.Helper()
	_, answer, err := a.Client.Issue(a.Context(), r)
	return a.requireAnswer(answer, err)
}

// sign asks for the URL of one part and requires it.
func (a *attempt) sign(u *testclient.Upload, number int) testclient.Part {
	a.Helper()
	parts, answer, err := u.Sign(a.Context(), testclient.PartRequest{Number: number})
	if err != nil || len(parts) != 1 {
		a.Fatalf("sign part %d: %v %v", number, answer, err)
	}
	a.site.addSecret(signatureOf(parts[0].URL))
	return parts[0]
}

// signatureOf returns the signature of a presigned URL.
func signatureOf(address string) string {
	_, signature, _ := strings.Cut(address, "X-Amz-Signature=")
	return signature
}

// requireAnswer returns the answer and fails if there is none.
func (a *attempt) requireAnswer(answer testclient.Answer, err error) testclient.Answer {
	a.Helper()
	if err != nil {
		a.Fatal(err)
	}
	return answer
}

// requireRefusal requires a status and a code, and that the refusal contains no secret.
func (a *attempt) requireRefusal(answer testclient.Answer, status int, code string) {
	a.Helper()
	if answer.Status != status || answer.Code() != code {
		a.Errorf("answer: wanted %d %s, got %v", status, code, answer)
	}
	a.requireNoSecret(answer)
}

// requireNoSecret requires that a refusal of Postern contains no secret, and one of the store no
// key of the server.
func (a *attempt) requireNoSecret(answer testclient.Answer) {
	a.Helper()
	secret := a.site.findSecret(string(answer.Body))
	if strings.Contains(answer.Header.Get("Content-Type"), "xml") && secret != storeSecret {
		return // the store may repeat what the request contained
	}
	if secret != "" {
		a.Errorf("refusal: wanted no secret in it, got %q: %v", secret, answer)
	}
}

// requireSuccess requires a status of 2xx.
func (a *attempt) requireSuccess(answer testclient.Answer) {
	a.Helper()
	if !answer.OK() {
		a.Fatalf("answer: wanted a success, got %v", answer)
	}
}

// requireCompletes requires that the upload can still be sent and completed.
func (a *attempt) requireCompletes(u *testclient.Upload, body []byte) {
	a.Helper()
	a.requireSuccess(a.requireAnswer(u.Send(a.Context(), "garden.png", body)))
	a.requireSuccess(a.requireAnswer(u.Complete(a.Context())))
	if keys := a.storedKeys(); len(keys) != 1 || keys[0] != u.Key {
		a.Errorf("stored keys: wanted only %q, got %q", u.Key, keys)
	}
}

// requireNothingStored requires that the store has no object of the attempt's subject.
func (a *attempt) requireNothingStored() {
	a.Helper()
	if keys := a.storedKeys(); len(keys) != 0 {
		a.Errorf("stored keys: wanted none, got %q", keys)
	}
}

// storedKeys returns the keys of all objects of the attempt's subject.
func (a *attempt) storedKeys() []string {
	a.Helper()
	return keysUnder(a.T, "users/"+a.Subject+"/")
}

func keysUnder(t *testing.T, prefix string) []string {
	t.Helper()
	var keys []string
	pages := s3.NewListObjectsV2Paginator(store.Client(), &s3.ListObjectsV2Input{Bucket: aws.String(bucket), Prefix: aws.String(prefix)})
	for pages.HasMorePages() {
		page, err := pages.NextPage(context.WithoutCancel(t.Context()))
		if err != nil {
			t.Fatal(err)
		}
		for _, o := range page.Contents {
			keys = append(keys, *o.Key)
		}
	}
	return keys
}

// openUploads returns the keys of all open multipart uploads of the attempt's subject.
func (a *attempt) openUploads() []string {
	a.Helper()
	list, err := store.Client().ListMultipartUploads(a.Context(), &s3.ListMultipartUploadsInput{Bucket: aws.String(bucket), Prefix: aws.String("users/" + a.Subject + "/")})
	if err != nil {
		a.Fatal(err)
	}
	var keys []string
	for _, u := range list.Uploads {
		keys = append(keys, *u.Key)
	}
	return keys
}

// call sends a JSON request with the ticket of the attempt.
func (a *attempt) call(method, path, token string, body any) testclient.Answer {
	a.Helper()
	return a.requireAnswer(a.Client.Call(a.Context(), method, path, token, body))
}

// postRaw sends a body unchanged, as JSON unless the headers say otherwise.
func (a *attempt) postRaw(path, token, body string, edit func(http.Header)) testclient.Answer {
	a.Helper()
	header := http.Header{"Content-Type": {"application/json"}}
	if token != "" {
		header.Set("Upload-Token", token)
	}
	if edit != nil {
		edit(header)
	}
	return a.requireAnswer(a.Client.Raw(a.Context(), http.MethodPost, path, header, []byte(body)))
}
