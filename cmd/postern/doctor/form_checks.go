package doctor

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"mime/multipart"
	"net/http"
	"strings"

	"github.com/postern-dev/postern/handlers/problem"
	"github.com/postern-dev/postern/handlers/uploads"
	"github.com/postern-dev/postern/policy"
	"github.com/postern-dev/postern/policy/profile"
	"github.com/postern-dev/postern/policy/sigv4"
)

const formSize = 4096 // bytes of a file that is sent by form or PUT

// issue issues an upload of one file by a service, and lists its key.
func (t *trial) issue(ctx context.Context, s *uploads.Service, size int) (uploads.Issued, error) {
	p := t.served(s)
	if err := ctx.Err(); err != nil {
		return uploads.Issued{}, err
	}
	// A multipart upload that has begun has to be listed: its call doesn't end with ctx.
	issued, err := s.IssueFile(context.WithoutCancel(ctx), p, visitorOf(t.profile), profile.File{Name: "postern-doctor", Type: sampleOf(p).contentType, Size: int64(size)})
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

// takesForms reports whether forms are tried: the record says that the store takes them, or it is
// to be learnt.
func (t *trial) takesForms() bool { return t.Store.Provider.PostPolicy || t.Learn }

// checkForm sends a form as a script does, and looks what the store has then.
func (t *trial) checkForm(ctx context.Context) {
	if !t.takesForms() {
		return
	}
	issued, err := t.issue(ctx, t.forms, formSize)
	if err != nil {
		t.add(formRefused, err.Error(), "no form can be signed", "see the evidence")
		return
	}
	a := t.postForm(ctx, issued.Form.URL, issued.Form.Fields, sampleOf(t.served(t.forms)).content(formSize))
	if !t.judgeForm(a) {
		return
	}
	if there, found := t.holds(ctx, issued.Key, formSize); !there && !found.denied() && found.err == nil {
		t.observe("post_policy", false)
		t.add(formStoredNothing, fmt.Sprintf("the form: %s; the object: %s", a, found), "the store accepts a form and doesn't store the file",
			canLine("post_policy", false)+"   # or upload credentials without a session policy")
		return
	}
	t.observe("post_policy", true)
	t.complete(ctx, t.forms, issued)
}

// judgeForm reports a form that the store didn't take.
func (t *trial) judgeForm(a answer) bool {
	switch {
	case a.err != nil: // who doesn't answer is reported by checkCredentials
	case lacksPost(a):
		t.observe("post_policy", false)
		if t.Store.Provider.PostPolicy {
			t.add(noPostPolicy, a.String(), "the store takes no forms", canLine("post_policy", false))
		}
	case a.refused():
		t.add(formRefused, a.String(), "the store refuses the form that visitors get", t.inConfig("iam", "")+"   # s3:PutObject for the upload credentials")
	}
	return a.err == nil && !a.refused()
}

// complete finishes an upload as the server does, twice: the object is looked up and verified, and
// a second time gives the same answer.
func (t *trial) complete(ctx context.Context, s *uploads.Service, issued uploads.Issued) {
	visitor := visitorOf(t.profile)
	up, err := s.Open(issued.Token, issued.ID, visitor)
	if err != nil {
		t.add(verificationFailed, err.Error(), "an upload token of the server's own can't be opened", "see the evidence")
		return
	}
	t.written.noteKey(issued.Key)
	first, err := s.Complete(ctx, up, "")
	if err != nil {
		t.reportVerification(s, err)
		return
	}
	if again, err := s.Complete(ctx, up, ""); err != nil || again.ETag != first.ETag {
		t.add(verificationFailed, fmt.Sprintf("second answer: %v", err), "completing an upload twice doesn't give the same answer", "another store or release: an object changed by itself")
	}
}

// reportVerification reports why the server wouldn't accept an upload that is as planned. A file
// whose bytes couldn't be made shows nothing.
func (t *trial) reportVerification(s *uploads.Service, err error) {
	refusal := problem.From(err)
	if refusal.Code == problem.TypeNotAllowed && !sampleOf(t.served(s)).exact {
		return
	}
	evidence := string(refusal.Code) + " " + clip(refusal.Detail)
	if inner := errors.Unwrap(refusal); inner != nil {
		evidence += ": " + clip(inner.Error())
	}
	t.add(verificationFailed, evidence, "the server wouldn't accept an upload that is as planned", t.inConfig("iam", "")+"   # rights of the server; or an object that the store has changed: see the evidence")
}

// checkPlainForm sends a form as a browser without script does: the store has to send it back to
// the landing page.
func (t *trial) checkPlainForm(ctx context.Context) {
	if !t.Store.Provider.PostPolicy {
		return
	}
	p := t.served(t.forms)
	issued, err := t.forms.IssueForm(ctx, p, visitorOf(t.profile))
	if err != nil {
		t.add(formRefused, err.Error(), "no form without script can be signed", "see the evidence")
		return
	}
	t.written.add(object{issued.Bucket, issued.Key, ""})
	a := t.postForm(ctx, issued.Form.URL, issued.Form.Fields, sampleOf(p).content(formSize))
	if a.err != nil || lacksPost(a) || !t.judgeForm(a) {
		return
	}
	if landing := t.Config.PublicURL + "/forms/" + t.profile.Name + "/done/"; !strings.HasPrefix(a.header.Get("Location"), landing) {
		t.add(redirectMissing, a.String()+", Location: "+clip(strings.SplitN(a.header.Get("Location"), "?", 2)[0]), "the store doesn't send a browser without script back to the landing page",
			canLine("post_policy", false)+"   # uploads then need script")
		return
	}
	up, err := t.forms.OpenForm(issued.Token, t.profile.Name, visitorOf(t.profile))
	if err == nil {
		_, err = t.forms.Verify(ctx, up)
	}
	if err != nil {
		t.reportVerification(t.forms, err)
	}
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
