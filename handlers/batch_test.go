package handlers_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/postern-dev/postern/handlers"
	"github.com/postern-dev/postern/handlers/problem"
	"github.com/postern-dev/postern/handlers/quota"
	"github.com/postern-dev/postern/handlers/uploads"
	"github.com/postern-dev/postern/policy/profile"
)

// batchAnswer is the answer to both routes of batches.
type batchAnswer struct {
	Uploads []struct {
		Upload    *struct{ ID, Key, Token, Method string }
		Completed *struct{ ID, Key, Receipt string }
		Problem   *problem.Document
	}
}

// batch issues uploads for files, each a JSON object.
func (s *site) batch(profileName string, files []string, header ...string) batchAnswer {
	s.t.Helper()
	var out batchAnswer
	s.call("POST", "/uploads/batch", `{"profile":"`+profileName+`","files":[`+strings.Join(files, ",")+`]}`, header...).into(http.StatusOK, &out)
	return out
}

func file(name, contentType string, size int) string {
	return fmt.Sprintf(`{"filename":%q,"type":%q,"size":%d}`, name, contentType, size)
}

func TestABatchAnswersForEachFileInOrder(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	refused := map[int]struct {
		file string
		code problem.Code
	}{
		3: {file("a.exe", "application/x-msdownload", 100), problem.TypeNotAllowed}, 17: {file("b.png", "image/png", 5), problem.SizeTooSmall},
		18: {file("c.png", "image/png", 2<<20), problem.SizeTooLarge}, 40: {file("../d.png", "image/png", 100), problem.FilenameInvalid},
		41: {`{"type":"image/png","size":100}`, problem.InvalidRequest}, 77: {`{"filename":"e.png","type":"image/png"}`, problem.InvalidRequest},
		99: {`{"filename":"f.png","type":"image/png","size":100,"metadata":{"acl":"public"}}`, problem.InvalidRequest},
	}
	files := make([]string, 100)
	for i := range files {
		files[i] = file(fmt.Sprintf("%d.png", i), "image/png", 100+i)
		if r, ok := refused[i]; ok {
			files[i] = r.file
		}
	}
	answer := s.batch("pictures", files)
	if len(answer.Uploads) != 100 {
		t.Fatalf("got %d answers", len(answer.Uploads))
	}
	ids := map[string]bool{}
	for i, u := range answer.Uploads {
		r, isRefused := refused[i]
		switch {
		case isRefused && (u.Upload != nil || u.Problem == nil || u.Problem.Code != r.code || u.Problem.Status != r.code.Status() || u.Problem.RequestID == ""):
			t.Errorf("file %d: got %+v %+v, wanted %s", i, u.Upload, u.Problem, r.code)
		case !isRefused && (u.Upload == nil || u.Problem != nil || ids[u.Upload.ID]):
			t.Errorf("file %d: got %+v %+v, wanted an upload of its own", i, u.Upload, u.Problem)
		case !isRefused:
			ids[u.Upload.ID] = true
		}
	}
}

func TestTheQuotaEndsABatchAtTheFileThatMeetsIt(t *testing.T) {
	t.Parallel()
	s := newSite(t, func(c *handlers.Config) {
		for i := range c.Profiles {
			c.Profiles[i].Quota.Uploads = profile.Rate{Limit: 59, Window: time.Hour}
		}
		limiter, err := quota.New(quota.Config{Profiles: c.Profiles})
		if err != nil {
			t.Fatal(err)
		}
		c.Limiter = limiter
	})
	files := make([]string, 100)
	for i := range files {
		files[i] = file("a.bin", "application/octet-stream", 6<<20) // in parts: the store is asked for each
	}
	answer := s.batch("files", files)
	for i, u := range answer.Uploads {
		if issued := i < 59; issued != (u.Upload != nil) || !issued && (u.Problem.Code != problem.QuotaExceeded || u.Problem.RetryAfter == 0) {
			t.Errorf("file %d: got %+v %+v", i, u.Upload, u.Problem)
		}
	}
	// Nothing was charged for what wasn't issued: what is aborted makes room again.
	p := &plan{site: s, ID: answer.Uploads[0].Upload.ID, Token: answer.Uploads[0].Upload.Token}
	if gone := p.call("DELETE", "", ""); gone.status != http.StatusNoContent {
		t.Fatalf("abort: got %d %s", gone.status, gone.body)
	}
	if again := s.batch("files", files[:2]); again.Uploads[0].Upload == nil || again.Uploads[1].Problem == nil {
		t.Errorf("after one was aborted: got %+v, wanted one upload", again.Uploads)
	}
}

func TestBatchesAreBounded(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	hundredAndOne := make([]string, 101)
	for i := range hundredAndOne {
		hundredAndOne[i] = file("a.png", "image/png", 100)
	}
	for name, c := range map[string]struct {
		route, body string
		code        problem.Code
		field       string
	}{
		"no files":           {"/uploads/batch", `{"profile":"pictures","files":[]}`, problem.InvalidRequest, "files"},
		"101 files":          {"/uploads/batch", `{"profile":"pictures","files":[` + strings.Join(hundredAndOne, ",") + `]}`, problem.InvalidRequest, "files"},
		"no profile":         {"/uploads/batch", `{"files":[` + file("a.png", "image/png", 100) + `]}`, problem.InvalidRequest, "profile"},
		"an unknown profile": {"/uploads/batch", `{"profile":"none","files":[` + file("a.png", "image/png", 100) + `]}`, problem.UnknownProfile, "profile"},
		"an unknown member":  {"/uploads/batch", `{"profile":"pictures","files":[{"filename":"a","size":1,"acl":"x"}]}`, problem.InvalidRequest, "files[0].acl"},
		"a body too large":   {"/uploads/batch", `{"profile":"` + strings.Repeat("x", 257<<10) + `","files":[]}`, problem.InvalidRequest, ""},
		"no uploads":         {"/uploads/complete", `{"uploads":[]}`, problem.InvalidRequest, "uploads"},
		"no body":            {"/uploads/complete", ``, problem.InvalidRequest, "Content-Type"},
	} {
		refused := s.call("POST", c.route, c.body).refused(c.code)
		if refused.Field != c.field {
			t.Errorf("%s: got field %q, wanted %q", name, refused.Field, c.field)
		}
	}
}

func TestABatchOfCompletionsAnswersForEachUpload(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	good, missing := s.issue("pictures", "a.png", "image/png", 4000), s.issue("pictures", "b.png", "image/png", 4000)
	parts := s.issue("files", "c.bin", "application/octet-stream", 6<<20)
	alices := s.issue("films", "d.txt", "text/plain", 100, "Authorization", "Bearer alice")
	good.send(png(4000))
	parts.send(pad("x", 6<<20))
	alices.send(prose(100))
	body, err := json.Marshal(map[string]any{"uploads": []map[string]string{
		{"id": good.ID, "token": good.Token}, {"id": missing.ID, "token": missing.Token}, {"id": parts.ID, "token": parts.Token},
		{"id": alices.ID, "token": alices.Token}, {"id": good.ID, "token": parts.Token}, {"id": good.ID, "token": good.Token}, {"id": "x", "token": "x"},
	}})
	if err != nil {
		t.Fatal(err)
	}
	var out batchAnswer
	s.call("POST", "/uploads/complete", string(body), "Authorization", "Bearer bob").into(http.StatusOK, &out)
	want := []problem.Code{problem.UnknownUpload, problem.UnknownUpload, problem.UnknownUpload, problem.UnknownUpload, problem.UnknownUpload, problem.UnknownUpload, problem.Unauthorized}
	for i, u := range out.Uploads { // bob's
		if u.Problem == nil || u.Problem.Code != want[i] {
			t.Errorf("upload %d of somebody else: got %+v %+v", i, u.Completed, u.Problem)
		}
	}
	out = batchAnswer{}
	s.call("POST", "/uploads/complete", string(body)).into(http.StatusOK, &out)
	want = []problem.Code{"", problem.Incomplete, "", "", problem.UnknownUpload, "", problem.Unauthorized}
	for i, u := range out.Uploads {
		if (u.Problem == nil) != (want[i] == "") || u.Problem != nil && u.Problem.Code != want[i] || u.Completed != nil && u.Completed.Receipt == "" {
			t.Errorf("upload %d: got %+v %+v, wanted %q", i, u.Completed, u.Problem, want[i])
		}
	}
	if told := s.completions(); len(told) != 3 {
		t.Errorf("the application was told of %d uploads, wanted 3", len(told))
	}
}

func TestAPanicOfTheApplicationSpoilsNoBatch(t *testing.T) {
	t.Parallel()
	s := newSite(t, func(c *handlers.Config) {
		c.OnComplete = func(_ context.Context, done uploads.Completed) error {
			if done.Size == 4000 {
				panic("application")
			}
			return nil
		}
	})
	bad, good := s.issue("pictures", "a.png", "image/png", 4000), s.issue("pictures", "b.png", "image/png", 4001)
	bad.send(png(4000))
	good.send(png(4001))
	var out batchAnswer
	s.call("POST", "/uploads/complete", fmt.Sprintf(`{"uploads":[{"id":%q,"token":%q},{"id":%q,"token":%q}]}`, bad.ID, bad.Token, good.ID, good.Token)).into(http.StatusOK, &out)
	if out.Uploads[0].Problem == nil || out.Uploads[0].Problem.Code != problem.Internal || out.Uploads[1].Completed == nil {
		t.Errorf("got %+v", out.Uploads)
	}
}
