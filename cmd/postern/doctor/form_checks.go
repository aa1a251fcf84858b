package doctor

import (
	"bytes"
	"context"
	"fmt"
	"mime/multipart"
	"net/http"
	"strconv"

	"github.com/postern-dev/postern/handlers/uploads"
	"github.com/postern-dev/postern/policy"
	"github.com/postern-dev/postern/policy/profile"
	"github.com/postern-dev/postern/policy/sigv4"
)

const formSize = 4096 // bytes of a file that is sent by form or PUT

// issue issues an upload of one file by a service, and lists its key.
func (t *trial) issue(ctx context.Context, s *uploads.Service, size int) (uploads.Issued, error) {
	p := t.served(s)
	issued, err := s.IssueFile(ctx, p, visitorOf(t.profile), profile.File{Name: "postern-doctor", Type: sampleOf(p).contentType, Size: int64(size)})
	if err == nil {
		t.written.add(object{issued.Bucket, issued.Key, issued.StoreUploadID})
		t.written.add(object{issued.Bucket, issued.Key, ""})
	}
	return issued, err
}

// postForm sends a form as a browser does.
func (t *trial) postForm(ctx context.Context, url string, fields []policy.Field, content []byte) answer {
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	for _, f := range fields {
		_ = form.WriteField(f.Name, f.Value) // a buffer never fails
	}
	file, _ := form.CreateFormFile("file", "postern-doctor")
	_, _ = file.Write(content)
	_ = form.Close()
	return t.request(ctx, http.MethodPost, url, []sigv4.Param{{Name: "Content-Type", Value: form.FormDataContentType()}}, body.Bytes())
}

// head looks an object up with the server's own credentials.
func (t *trial) head(ctx context.Context, key string) answer {
	return t.send(ctx, t.server, call{method: http.MethodHead, bucket: t.bucket, key: key})
}

// checkForm sends a form as visitors get it, and looks what the store has then.
func (t *trial) checkForm(ctx context.Context) {
	if !t.Store.Provider.PostPolicy && !t.Learn {
		return
	}
	issued, err := t.issue(ctx, t.forms, formSize)
	if err != nil {
		t.add(formRefused, err.Error(), "no form can be signed", "see the evidence")
		return
	}
	a := t.postForm(ctx, issued.Form.URL, issued.Form.Fields, sampleOf(t.served(t.forms)).content(formSize))
	if a.err != nil {
		t.add(storeUnreachable, a.String(), "the store doesn't answer a form", "store.public_endpoint: an address that answers")
		return
	}
	if lacksPost(a) {
		t.observe("post_policy", false)
		if t.Store.Provider.PostPolicy {
			t.add(noPostPolicy, a.String(), "the store takes no forms", canLine("post_policy", false))
		}
		return
	}
	if !a.ok() {
		t.add(formRefused, a.String(), "the store refuses the form that visitors get", t.inConfig("iam", "")+"   # s3:PutObject for the upload credentials")
		return
	}
	found := t.head(ctx, issued.Key)
	if found.status == http.StatusNotFound || found.ok() && found.header.Get("Content-Length") != strconv.Itoa(formSize) {
		t.observe("post_policy", false)
		t.add(formStoredNothing, fmt.Sprintf("the form: %s; the object: %s", a, found), "the store accepts a form and doesn't store the file", canLine("post_policy", false)+"   # or use upload credentials without a session policy")
		return
	}
	t.observe("post_policy", true)
}

// lacksPost reports that a store knows no forms: their codes and statuses differ, and none of them
// is a refusal of this form.
func lacksPost(a answer) bool {
	switch a.status {
	case http.StatusNotImplemented, http.StatusMethodNotAllowed, http.StatusPreconditionFailed:
		return true
	}
	return a.code == "NotImplemented" || a.code == "MethodNotAllowed"
}
