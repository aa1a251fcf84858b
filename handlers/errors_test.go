package handlers_test

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/postern-dev/postern/handlers"
	"github.com/postern-dev/postern/handlers/problem"
	"github.com/postern-dev/postern/handlers/uploads"
)

func TestEachCodeHasTheStatusOfTheContract(t *testing.T) {
	t.Parallel()
	wanted := map[problem.Code]int{
		"invalid_request": 400, "unauthorized": 401, "forbidden": 403, "origin_not_allowed": 403, "unknown_profile": 404,
		"unknown_upload": 404, "size_mismatch": 409, "incomplete": 409, "already_exists": 409, "already_completed": 409, "upload_expired": 410,
		"size_too_large": 413, "type_not_allowed": 415, "size_too_small": 422, "filename_invalid": 422,
		"part_out_of_plan": 422, "quota_exceeded": 429, "rate_limited": 429, "store_unavailable": 503,
		"misdirected_request": 421, "not_found": 404, "method_not_allowed": 405, "internal": 500, "nobody_knows": 500,
	}
	for code, status := range wanted {
		if code.Status() != status {
			t.Errorf("%s: wanted %d, got %d", code, status, code.Status())
		}
	}
}

// away is a store that answers nothing.
func away(c *handlers.Config) {
	c.Store.Client = s3.New(s3.Options{Region: "us-east-1", BaseEndpoint: aws.String("http://127.0.0.1:1"), UsePathStyle: true,
		RetryMaxAttempts: 1, Credentials: credentials.NewStaticCredentialsProvider("server-access", storeSecret, "")})
}

func TestAnUnreachableStoreIsReportedOnEveryRoute(t *testing.T) {
	t.Parallel()
	up, down := newSite(t), newSite(t, away)
	p := up.issue("films", "plot.txt", "text/plain", 6<<20, "Authorization", "Bearer alice").at(down)
	f := up.form("pictures")
	q := up.issue("pictures", "garden.png", "image/png", 4000).at(down)
	answers := map[string]answer{
		"issue":           down.call("POST", "/uploads", `{"profile":"files","filename":"x","size":20000000}`),
		"list":            p.call("GET", "/parts", ""),
		"complete":        p.call("POST", "/complete", ""),
		"abort":           p.call("DELETE", "", ""),
		"complete a POST": q.call("POST", "/complete", ""),
		"ready":           down.call("GET", "/readyz", ""),
	}
	for name, a := range answers {
		if refused := a.refused(problem.StoreUnavailable); refused.RetryAfter != 5 || a.header.Get("Retry-After") != "5" || strings.Contains(string(a.body), "127.0.0.1:1") {
			t.Errorf("%s: got %v %s", name, a.header, a.body)
		}
	}
	page := down.call("GET", f.landing(), "", "Accept-Language", "de")
	if page.status != http.StatusServiceUnavailable || !bytes.Contains(page.body, []byte(`lang="de"`)) || !bytes.Contains(page.body, []byte("store_unavailable")) {
		t.Errorf("landing: %d %s", page.status, page.body)
	}
	if a := down.call("GET", "/healthz", ""); a.status != http.StatusOK {
		t.Errorf("healthz: %d", a.status)
	}
	for i := range answers {
		if !strings.Contains(down.log.String(), answers[i].header.Get("X-Request-Id")) {
			t.Errorf("%s: the log doesn't name the request", i)
		}
	}
	_, claims := claimsOf(t, p.Token)
	down.log.mustNotHold(t, p.Token, q.Token, claims["uid"].(string))
}

// hanging is a store that never answers some calls.
type hanging struct{ uploads.StoreClient }

func (hanging) HeadObject(ctx context.Context, _ *s3.HeadObjectInput, _ ...func(*s3.Options)) (*s3.HeadObjectOutput, error) {
	<-ctx.Done()
	return nil, ctx.Err()
}

func (hanging) ListParts(ctx context.Context, _ *s3.ListPartsInput, _ ...func(*s3.Options)) (*s3.ListPartsOutput, error) {
	<-ctx.Done()
	return nil, ctx.Err()
}

func TestACallToAStoreThatHangsTimesOut(t *testing.T) {
	t.Parallel()
	s := newSite(t, func(c *handlers.Config) {
		c.Store.Client, c.Store.Timeout = hanging{c.Store.Client}, 50*time.Millisecond
	})
	s.issue("pictures", "garden.png", "image/png", 4000).call("POST", "/complete", "").refused(problem.StoreUnavailable)
	s.issue("films", "plot.txt", "text/plain", 6<<20, "Authorization", "Bearer alice").call("GET", "/parts", "").refused(problem.StoreUnavailable)
}

func TestMissingCredentialsAreAnOutage(t *testing.T) {
	t.Parallel()
	s := newSite(t, func(c *handlers.Config) {
		c.Store.Credentials = aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{}, errors.New("no role at 169.254.169.254")
		})
	})
	a := s.call("POST", "/uploads", `{"profile":"files","filename":"x","size":20}`)
	if a.refused(problem.StoreUnavailable); bytes.Contains(a.body, []byte("169")) {
		t.Errorf("tells too much: %s", a.body)
	}
}

func TestAnUnexpectedErrorIsLoggedAndNotShown(t *testing.T) {
	t.Parallel()
	s := newSite(t, func(c *handlers.Config) {
		c.OnComplete = func(context.Context, uploads.Completed) error {
			return errors.New("duplicate key in table uploads_v2")
		}
	})
	p := s.issue("pictures", "garden.png", "image/png", 4000)
	p.send(png(4000))
	a := p.call("POST", "/complete", "")
	refused := a.refused(problem.Internal)
	if bytes.Contains(a.body, []byte("uploads_v2")) {
		t.Errorf("tells too much: %s", a.body)
	}
	if !strings.Contains(s.log.String(), "uploads_v2") || !strings.Contains(s.log.String(), refused.RequestID) {
		t.Error("the log doesn't say what happened")
	}
	if _, object := stored(t, p.Key); object == nil {
		t.Error("the object was removed because the application failed")
	}
}

func TestAnApplicationMayRefuseAVerifiedUpload(t *testing.T) {
	t.Parallel()
	s := newSite(t, func(c *handlers.Config) {
		c.OnComplete = func(context.Context, uploads.Completed) error {
			return &problem.Error{Code: problem.Forbidden, Detail: "the album is closed"}
		}
	})
	p := s.issue("pictures", "garden.png", "image/png", 4000)
	p.send(png(4000))
	if refused := p.call("POST", "/complete", "").refused(problem.Forbidden); refused.Detail != "the album is closed" {
		t.Errorf("got %+v", refused)
	}
}

func TestUnknownAddressesAndMethods(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	cases := []struct {
		method, path string
		code         problem.Code
	}{
		{"GET", "/nothing", problem.NotFound}, {"PATCH", "/uploads", problem.MethodNotAllowed},
		{"PUT", "/uploads", problem.MethodNotAllowed}, {"POST", "/uploads/x", problem.MethodNotAllowed},
		{"PUT", "/forms/pictures", problem.MethodNotAllowed}, {"POST", "/sign", problem.NotFound},
	}
	for _, c := range cases {
		s.call(c.method, c.path, "").refused(c.code)
		page := s.call(c.method, c.path, "", "Accept", "text/html,application/xhtml+xml")
		if page.status != c.code.Status() || !strings.HasPrefix(page.header.Get("Content-Type"), "text/html") ||
			page.header.Get("Content-Security-Policy") == "" || !bytes.Contains(page.body, []byte(page.header.Get("X-Request-Id"))) {
			t.Errorf("%s %s: %d %s", c.method, c.path, page.status, page.body)
		}
	}
}

func TestErrorPagesAreInTheVisitorsLanguageAndNameTheCode(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	for language, text := range map[string]string{"en": "There is no such form", "de": `lang="de"`, "ar": `dir="rtl"`, "ja-JP": `lang="ja"`, "xx": `lang="en"`} {
		page := s.call("GET", "/forms/nothing", "", "Accept-Language", language)
		if page.status != http.StatusNotFound || !bytes.Contains(page.body, []byte(text)) || !bytes.Contains(page.body, []byte("unknown_profile")) {
			t.Errorf("%s: %d %s", language, page.status, page.body)
		}
		if bytes.Contains(page.body, []byte("page.error")) || bytes.Contains(page.body, []byte("{")) {
			t.Errorf("%s: a text is missing: %s", language, page.body)
		}
	}
}
