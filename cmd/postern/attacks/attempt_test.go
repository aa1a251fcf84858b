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

// attempt is one test's visit: a subject of its own, so that what it stores can be told from what
// others store.
type attempt struct {
	*testing.T
	site    *site
	Subject string
	Visitor testclient.Client
}

func newAttempt(t *testing.T, s *site) *attempt {
	t.Helper()
	hash := fnv.New64a()
	_, _ = hash.Write([]byte(t.Name()))
	subject := fmt.Sprintf("s%016x", hash.Sum64())
	return &attempt{T: t, site: s, Subject: subject, Visitor: s.visitor(t, subject)}
}

// content is a body of the given size that begins like a PNG.
func content(size int) []byte {
	const signature = "\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x00\x01\x00\x00\x00\x01\x08\x02\x00\x00\x00\x90wS\xde"
	return append([]byte(signature)[:min(size, len(signature))], bytes.Repeat([]byte{0xa5}, max(0, size-len(signature)))...)
}

// picture and film are the good requests that attacks spoil.
func picture(size int64) testclient.Request {
	return testclient.Request{Profile: "pictures", Filename: "garden.png", Type: "image/png", Size: size}
}

func film(size int64) testclient.Request {
	return testclient.Request{Profile: "films", Filename: "garden.bin", Type: "application/octet-stream", Size: size}
}

// issue requires a plan.
func (a *attempt) issue(r testclient.Request) *testclient.Upload {
	a.Helper()
	u, answer, err := a.Visitor.Issue(a.Context(), r)
	if err != nil || u == nil {
		a.Fatalf("issue %+v: %v %v", r, answer, err)
	}
	a.site.keep(u.Token)
	if u.Post != nil {
		a.site.keep(u.Post.Get("policy"), u.Post.Get("x-amz-signature"))
	}
	if u.Put != nil {
		a.site.keep(signatureOf(u.Put.URL))
	}
	return u
}

// ask sends a request for a plan and returns what it is answered.
func (a *attempt) ask(r testclient.Request) testclient.Answer {
	a.Helper()
	_, answer, err := a.Visitor.Issue(a.Context(), r)
	return a.got(answer, err)
}

// sign requires the URL of one part.
func (a *attempt) sign(u *testclient.Upload, number int) testclient.Part {
	a.Helper()
	parts, answer, err := u.Sign(a.Context(), testclient.PartRequest{Number: number})
	if err != nil || len(parts) != 1 {
		a.Fatalf("sign part %d: %v %v", number, answer, err)
	}
	a.site.keep(signatureOf(parts[0].URL))
	return parts[0]
}

// signatureOf returns what makes a presigned URL worth having.
func signatureOf(address string) string {
	_, signature, _ := strings.Cut(address, "X-Amz-Signature=")
	return signature
}

// got passes an answer on and fails without one.
func (a *attempt) got(answer testclient.Answer, err error) testclient.Answer {
	a.Helper()
	if err != nil {
		a.Fatal(err)
	}
	return answer
}

// refused requires the status and the code, and that the refusal itself tells no secret.
func (a *attempt) refused(answer testclient.Answer, status int, code string) {
	a.Helper()
	if answer.Status != status || answer.Code() != code {
		a.Errorf("wanted %d %s, got %v", status, code, answer)
	}
	a.discreet(answer)
}

// discreet requires that a refusal of ours repeats nothing secret, and one of the store's no key of
// ours.
func (a *attempt) discreet(answer testclient.Answer) {
	a.Helper()
	secret := a.site.leaked(string(answer.Body))
	if strings.Contains(answer.Header.Get("Content-Type"), "xml") && secret != storeSecret {
		return // the store may tell the sender what the sender sent
	}
	if secret != "" {
		a.Errorf("the refusal holds %q: %v", secret, answer)
	}
}

// accepted requires a success.
func (a *attempt) accepted(answer testclient.Answer) {
	a.Helper()
	if !answer.OK() {
		a.Fatalf("wanted a success, got %v", answer)
	}
}

// completes requires that the upload can still be carried out and completed.
func (a *attempt) completes(u *testclient.Upload, body []byte) {
	a.Helper()
	a.accepted(a.got(u.Send(a.Context(), "garden.png", body)))
	a.accepted(a.got(u.Complete(a.Context())))
	if keys := a.stored(); len(keys) != 1 || keys[0] != u.Key {
		a.Errorf("stored: wanted %q alone, got %q", u.Key, keys)
	}
}

// nothing requires that the store holds no object of this attempt's subject.
func (a *attempt) nothing() {
	a.Helper()
	if keys := a.stored(); len(keys) != 0 {
		a.Errorf("stored: wanted nothing, got %q", keys)
	}
}

// stored lists what the store holds of this attempt's subject.
func (a *attempt) stored() []string {
	a.Helper()
	return keysBelow(a.T, "users/"+a.Subject+"/")
}

func keysBelow(t *testing.T, prefix string) []string {
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

// uploads lists the store's open multipart uploads of this attempt's subject.
func (a *attempt) uploads() []string {
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

// call sends a JSON request of the visitor's.
func (a *attempt) call(method, path, token string, body any) testclient.Answer {
	a.Helper()
	return a.got(a.Visitor.Call(a.Context(), method, path, token, body))
}

// raw sends a body as it is, as JSON unless the header says otherwise.
func (a *attempt) raw(path, token, body string, edit func(http.Header)) testclient.Answer {
	a.Helper()
	header := http.Header{"Content-Type": {"application/json"}}
	if token != "" {
		header.Set("Upload-Token", token)
	}
	if edit != nil {
		edit(header)
	}
	return a.got(a.Visitor.Raw(a.Context(), http.MethodPost, path, header, []byte(body)))
}
