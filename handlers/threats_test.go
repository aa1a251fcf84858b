package handlers_test

import (
	"context"
	"net/http"
	"strings"
	"testing"

	"github.com/postern-dev/postern/handlers"
	"github.com/postern-dev/postern/handlers/problem"
	"github.com/postern-dev/postern/handlers/uploads"
)

func TestReplayOfAFormUntilItExpires(t *testing.T) {
	t.Parallel()
	var replaced []uploads.Replaced
	s := newSite(t, func(c *handlers.Config) {
		c.OnReplaced = func(_ context.Context, r uploads.Replaced) error {
			replaced = append(replaced, r)
			return nil
		}
	})
	p := s.issue("pictures", "garden.png", "image/png", 4000)
	p.send(png(4000))
	first := p.complete()
	other := png(4000)
	other[3999] = 'x'
	p.send(other) // the policy still holds
	for range 2 {
		p.call("POST", "/complete", "").refused(problem.SizeMismatch)
	}
	if told := s.completions(); len(told) != 1 || len(replaced) != 1 || replaced[0].ETag != first.ETag || replaced[0].NewETag == first.ETag {
		t.Errorf("wanted one completion and one replacement, got %+v and %+v", told, replaced)
	}
	p.send(pad("<html><script>", 4000))
	p.call("POST", "/complete", "").refused(problem.TypeNotAllowed)
	if _, object := stored(t, p.Key); object != nil {
		t.Error("a page took the place of a picture")
	}
}

func TestOriginGivenByQueryOrReferer(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	body := `{"profile":"pictures","filename":"garden.png","type":"image/png","size":4000}`
	a := s.call("POST", "/uploads?origin=https://app.example.com", body, "Origin", "https://evil.example.com",
		"Referer", "https://app.example.com/", "X-Forwarded-Host", "app.example.com", "Sec-Fetch-Site", "cross-site")
	a.refused(problem.OriginNotAllowed)
	if a.header.Get("Access-Control-Allow-Origin") != "" {
		t.Errorf("got %v", a.header)
	}
	page := s.call("GET", "/widget/pictures?origin=https://evil.example.com", "", "Referer", "https://evil.example.com/")
	if strings.Contains(page.header.Get("Content-Security-Policy"), "evil") || strings.Contains(string(page.body), "evil") {
		t.Errorf("the widget takes its parent's word: %s", page.header.Get("Content-Security-Policy"))
	}
}

func TestClientChoosesWhatTheProfileSets(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	f := s.form("pictures")
	for _, extra := range [][2]string{{"acl", "public-read"}, {"x-amz-storage-class", "GLACIER"}, {"x-amz-website-redirect-location", "/"},
		{"x-amz-meta-owner", "me"}, {"Content-Type", "text/html"}, {"Content-Disposition", "inline"}, {"x-amz-server-side-encryption", "AES256"}} {
		fields := append([][2]string{extra}, f.fields...)
		if a := postForm(t, f.action, fields, png(4000)); a.status != http.StatusForbidden {
			t.Errorf("%s: %d %s", extra[0], a.status, a.body)
		}
	}
	for _, name := range []string{"key", "tagging", "x-amz-meta-source", "success_action_redirect", "Cache-Control"} {
		fields := append([][2]string(nil), f.fields...)
		for i := range fields {
			if fields[i][0] == name {
				fields[i][1] += "x"
			}
		}
		if a := postForm(t, f.action, fields, png(4000)); a.status != http.StatusForbidden {
			t.Errorf("%s: %d %s", name, a.status, a.body)
		}
	}
	if page := s.call("GET", f.landing(), ""); page.status != http.StatusConflict {
		t.Errorf("something was stored: %d", page.status)
	}
}

func TestSigningOracle(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	for _, path := range []string{"/sign", "/s3/sign", "/uploads/sign", "/policy", "/signature", "/uploads/policy"} {
		for _, body := range []string{`{"policy":"e30="}`, `{"headers":"x"}`, `{"stringToSign":"x"}`} {
			if a := s.call("POST", path, body); a.status/100 != 4 || strings.Contains(string(a.body), "signature") {
				t.Errorf("%s: %d %s", path, a.status, a.body)
			}
		}
	}
	for _, member := range []string{"policy", "conditions", "stringToSign", "to_sign", "expires", "acl", "bucket", "uploadId"} {
		body := `{"profile":"pictures","filename":"garden.png","type":"image/png","size":4000,"` + member + `":"x"}`
		if refused := s.call("POST", "/uploads", body).refused(problem.InvalidRequest); refused.Field != member {
			t.Errorf("%s: got %+v", member, refused)
		}
	}
}

func TestScriptInTextThatIsShown(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	const script = `"><script>alert(1)</script>`
	for _, path := range []string{"/forms/%22%3E%3Cscript%3Ealert(1)%3C%2Fscript%3E", "/forms/pictures?lang=%22%3E%3Cscript%3E", "/forms/pictures/done/%3Cscript%3E", "/%3Cscript%3E"} {
		a := s.call("GET", path, "", "Accept", "text/html", "Accept-Language", script)
		if strings.Contains(string(a.body), "<script>") {
			t.Errorf("%s: %s", path, a.body)
		}
	}
}
