package handlers_test

import (
	"mime"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/postern-dev/postern/handlers"
	"github.com/postern-dev/postern/handlers/uploads"
	"github.com/postern-dev/postern/policy/profile"
)

// withDownload gives every profile links of five minutes.
func withDownload(disposition profile.Disposition) func(*handlers.Config) {
	return func(c *handlers.Config) {
		for i := range c.Profiles {
			c.Profiles[i].Download = profile.Download{Lifetime: 5 * time.Minute, Disposition: disposition}
		}
	}
}

// follow opens a link and returns the store's answer.
func (s *site) follow(link string) (answer, string) {
	s.t.Helper()
	path := strings.TrimPrefix(link, s.url)
	opened := s.call("GET", path, "")
	if opened.status != http.StatusFound || opened.header.Get("Cache-Control") != "no-store" || opened.header.Get("Referrer-Policy") != "no-referrer" {
		s.t.Fatalf("link: got %d %v %s", opened.status, opened.header, opened.body)
	}
	to := opened.header.Get("Location")
	request, err := http.NewRequestWithContext(s.t.Context(), "GET", to, nil)
	if err != nil {
		s.t.Fatal(err)
	}
	return send(s.t, request), to
}

func TestALinkOpensTheObjectUnderTheVisitorsFileName(t *testing.T) {
	t.Parallel()
	clock := newClock()
	s := newSite(t, withDownload(""), func(c *handlers.Config) { c.Now = clock.now })
	long := strings.Repeat("日", 296) + ".png"
	for _, name := range []string{"garden.png", `a "quoted" 50% été.png`, "\u202egnp.exe.png", long} {
		p := s.issue("pictures", name, "image/png", 4000)
		p.send(png(4000))
		var done struct{ URL, Receipt string }
		p.call("POST", "/complete", "").into(http.StatusOK, &done)
		got, to := s.follow(done.URL)
		kind, params, err := mime.ParseMediaType(got.header.Get("Content-Disposition"))
		if err != nil || kind != "attachment" || params["filename"] == "" || string(got.body) != string(png(4000)) {
			t.Errorf("%q: got %d %q %v", name, got.status, got.header.Get("Content-Disposition"), err)
		}
		if cleaned := s.completions()[len(s.completions())-1].Filename; params["filename"] != cleaned {
			t.Errorf("%q: saved as %q, wanted %q", name, params["filename"], cleaned)
		}
		if !strings.Contains(to, "X-Amz-Expires=60&") {
			t.Errorf("%q: the store's address is valid for longer than a minute: %s", name, to)
		}
		s.log.mustNotHold(t, done.URL[strings.LastIndexByte(done.URL, '/')+1:], to)
	}
}

// TestALinkCanBeShownInPagesOfOtherOrigins is about a picture in the application's page, which is
// often of another origin than ours: browsers heed the policy of a redirect too (Fetch, "HTTP
// fetch").
func TestALinkCanBeShownInPagesOfOtherOrigins(t *testing.T) {
	t.Parallel()
	s := newSite(t, withDownload(profile.DispositionInline))
	link, err := s.handlers.Link("pictures", uploads.Object{Key: "links/shown", ETag: storeObject(t, "links/shown", "image/png", png(4000))})
	if err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]string{strings.TrimPrefix(link, s.url): "cross-origin", "/objects/unknown": "same-origin"} {
		opened := s.call("GET", path, "")
		if got := opened.header.Get("Cross-Origin-Resource-Policy"); got != want {
			t.Errorf("%d: Cross-Origin-Resource-Policy: got %q, wanted %q", opened.status, got, want)
		}
	}
}

func TestALinkEndsWithItsLifetime(t *testing.T) {
	t.Parallel()
	clock := newClock()
	s := newSite(t, withDownload(""), func(c *handlers.Config) { c.Now = clock.now })
	p := s.issue("pictures", "garden.png", "image/png", 4000)
	p.send(png(4000))
	var done struct{ URL string }
	p.call("POST", "/complete", "").into(http.StatusOK, &done)
	path := strings.TrimPrefix(done.URL, s.url)
	clock.move(299)
	if opened := s.call("GET", path, ""); opened.status != http.StatusFound {
		t.Errorf("before its end: got %d", opened.status)
	}
	clock.move(2)
	if opened := s.call("GET", path, ""); opened.status != http.StatusNotFound {
		t.Errorf("after its end: got %d", opened.status)
	}
}

func TestALinkOpensNoOtherObjectAndNoLaterVersion(t *testing.T) {
	t.Parallel()
	s := newSite(t, withDownload(""))
	p := s.issue("pictures", "garden.png", "image/png", 4000)
	p.send(png(4000))
	var done struct{ URL, Key, ETag string }
	p.call("POST", "/complete", "").into(http.StatusOK, &done)
	path := strings.TrimPrefix(done.URL, s.url)
	token := strings.TrimPrefix(path, "/objects/")
	for name, changed := range map[string]string{
		"a changed one": flip(token), "an upload token": p.Token, "nothing": "x", "a dot": ".", "a ticket": "eyJhbGciOiJub25lIn0.e30.",
	} {
		if opened := s.call("GET", "/objects/"+changed, ""); opened.status != http.StatusNotFound {
			t.Errorf("%s: got %d", name, opened.status)
		}
	}
	p.call("POST", "/parts", `{"parts":[{"number":1}]}`, "Upload-Token", token).refused("unauthorized")
	storeObject(t, done.Key, "image/png", png(5000))
	if opened := s.call("GET", path, ""); opened.status != http.StatusNotFound {
		t.Errorf("a later version: got %d", opened.status)
	}
	if _, err := store.Client().DeleteObject(t.Context(), &s3.DeleteObjectInput{Bucket: aws.String(bucket), Key: &done.Key}); err != nil {
		t.Fatal(err)
	}
	if opened := s.call("GET", path, ""); opened.status != http.StatusNotFound {
		t.Errorf("a deleted object: got %d", opened.status)
	}
}

// storeObject stores an object beside every plan.
func storeObject(t *testing.T, key, contentType string, content []byte) string {
	t.Helper()
	out, err := store.Client().PutObject(t.Context(), &s3.PutObjectInput{Bucket: aws.String(bucket), Key: &key, ContentType: &contentType, Body: reader(content)})
	if err != nil {
		t.Fatal(err)
	}
	return aws.ToString(out.ETag)
}

func TestWhatCanRunScriptIsNeverShownInline(t *testing.T) {
	t.Parallel()
	s := newSite(t, withDownload(profile.DispositionInline))
	for contentType, want := range map[string]string{
		"image/png": "inline", "application/pdf": "inline", "text/plain; charset=utf-8": "inline",
		"text/html": "attachment", "image/svg+xml": "attachment", "TEXT/HTML; charset=utf-7": "attachment", "application/xml": "attachment",
		"unknown/unknown": "attachment", "multipart/x-mixed-replace; boundary=x": "attachment", "text/html, image/png": "attachment",
	} {
		key := "links/" + strings.Map(func(r rune) rune {
			if r < '0' || r > 'z' {
				return '-'
			}
			return r
		}, contentType)
		link, err := s.handlers.Link("files", uploads.Object{Key: key, ETag: storeObject(t, key, contentType, []byte("content"))})
		if err != nil {
			t.Fatal(err)
		}
		if got, _ := s.follow(link); got.header.Get("Content-Disposition") != want {
			t.Errorf("%s: got %q, wanted %q", contentType, got.header.Get("Content-Disposition"), want)
		}
	}
}

func TestALinkNamesAnObjectOfAProfileThatHasLinks(t *testing.T) {
	t.Parallel()
	s := newSite(t, only("pictures", func(p *profile.Profile) { p.Download.Lifetime = time.Minute }))
	without := newSite(t)
	for name, c := range map[string]struct {
		s       *site
		profile string
		object  uploads.Object
	}{
		"an unknown profile":    {s, "none", uploads.Object{Key: "k", ETag: "e"}},
		"no key":                {s, "pictures", uploads.Object{ETag: "e"}},
		"neither version, ETag": {s, "pictures", uploads.Object{Key: "k"}},
		"a profile without any": {without, "pictures", uploads.Object{Key: "k", ETag: "e"}},
	} {
		if link, err := c.s.handlers.Link(c.profile, c.object); err == nil {
			t.Errorf("%s: got %s, wanted an error", name, link)
		}
	}
}

func TestTheLandingPageLinksToTheFile(t *testing.T) {
	t.Parallel()
	s := newSite(t, withDownload(""))
	page := s.form("pictures").send(png(4000))
	if page.status != http.StatusOK || !strings.Contains(string(page.body), s.url+"/objects/") {
		t.Errorf("got %d %s", page.status, page.body)
	}
}
