package handlers_test

import (
	"bytes"
	"html"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/postern-dev/postern/handlers"
	"github.com/postern-dev/postern/handlers/problem"
	"github.com/postern-dev/postern/policy/profile"
)

// form is a plain form as a browser without script reads it.
type form struct {
	site   *site
	action string
	fields [][2]string
}

var (
	actionPattern = regexp.MustCompile(`<form[^>]* action="([^"]*)"`)
	fieldPattern  = regexp.MustCompile(`<input type="hidden" name="([^"]*)" value="([^"]*)"`)
)

func (s *site) form(profile string, header ...string) form {
	s.t.Helper()
	page := s.call("GET", "/forms/"+profile, "", header...)
	if page.status != http.StatusOK {
		s.t.Fatalf("form: %d %s", page.status, page.body)
	}
	return readForm(s, page.body)
}

func readForm(s *site, page []byte) form {
	f := form{site: s}
	if action := actionPattern.FindSubmatch(page); action != nil {
		f.action = html.UnescapeString(string(action[1]))
	}
	for _, m := range fieldPattern.FindAllSubmatch(page, -1) {
		f.fields = append(f.fields, [2]string{html.UnescapeString(string(m[1])), html.UnescapeString(string(m[2]))})
	}
	return f
}

func (f form) get(name string) string {
	for _, field := range f.fields {
		if field[0] == name {
			return field[1]
		}
	}
	return ""
}

// landing is the path of the landing page, as the form has it.
func (f form) landing() string {
	return strings.TrimPrefix(f.get("success_action_redirect"), f.site.url)
}

// send posts the form and follows the store's redirect.
func (f form) send(content []byte) answer {
	f.site.t.Helper()
	posted := postForm(f.site.t, f.action, f.fields, content)
	to, query, _ := strings.Cut(posted.header.Get("Location"), "?")
	if posted.status != http.StatusSeeOther || to != f.site.url+f.landing() {
		f.site.t.Fatalf("post: %d %q %s", posted.status, to, posted.body)
	}
	return f.site.call("GET", f.landing()+"?"+query, "")
}

func TestAPlainFormEndsInAResultPage(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	f := s.form("pictures")
	content := png(5000)
	page := f.send(content)
	if page.status != http.StatusOK || !bytes.Contains(page.body, []byte("Your file has arrived")) {
		t.Fatalf("got %d %s", page.status, page.body)
	}
	body, object := stored(t, f.get("key"))
	if !bytes.Equal(body, content) || aws.ToString(object.ContentType) != "image/png" {
		t.Fatalf("got %d bytes of %s", len(body), aws.ToString(object.ContentType))
	}
	if object.Metadata["source"] != "web" || aws.ToString(object.CacheControl) != "no-cache" {
		t.Errorf("copying in place lost something: %v %q", object.Metadata, aws.ToString(object.CacheControl))
	}
	b, key := bucket, f.get("key")
	tags, err := store.Client().GetObjectTagging(t.Context(), &s3.GetObjectTaggingInput{Bucket: &b, Key: &key})
	if err != nil || len(tags.TagSet) != 1 || aws.ToString(tags.TagSet[0].Value) != "inbox" {
		t.Errorf("copying in place lost the tags: %+v %v", tags, err)
	}
	again := s.call("GET", f.landing(), "")
	if again.status != http.StatusOK || !bytes.Equal(again.body, page.body) {
		t.Errorf("reloading: %d %s", again.status, again.body)
	}
	if done := s.completions(); len(done) != 1 || done[0].Type != "image/png" {
		t.Errorf("OnComplete got %+v", done)
	}
	s.log.mustNotHold(t, strings.TrimPrefix(f.landing(), "/forms/pictures/done/"), f.get("policy"), f.get("x-amz-signature"))
}

func TestTheLandingPageKeepsTheLanguageChosenOnTheForm(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	f := s.form("pictures?lang=ar")
	page := f.send(png(5000))
	for _, wanted := range []string{`<html lang="ar" dir="rtl">`, `href="/up/forms/pictures?lang=ar"`} {
		if !bytes.Contains(page.body, []byte(wanted)) {
			t.Errorf("wanted %s in %s", wanted, page.body)
		}
	}
	if again := s.call("GET", f.landing()+"?lang=fr", ""); !bytes.Contains(again.body, []byte(`<html lang="fr"`)) {
		t.Errorf("chosen again: got %s", again.body)
	}
}

func TestATextFileRenamedPNGIsDeletedAndThePageSaysWhy(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	f := s.form("pictures")
	page := f.send(prose(4000))
	for range 2 {
		if page.status != http.StatusUnsupportedMediaType || !bytes.Contains(page.body, []byte("TXT")) ||
			!bytes.Contains(page.body, []byte("type_not_allowed")) || bytes.Contains(page.body, []byte("<?xml")) {
			t.Errorf("got %d %s", page.status, page.body)
		}
		page = s.call("GET", f.landing(), "") // reloading says the same
	}
	if _, object := stored(t, f.get("key")); object != nil {
		t.Error("the object is still there")
	}
	if done := s.completions(); len(done) != 0 {
		t.Errorf("OnComplete got %+v", done)
	}
}

func TestARefusedObjectIsQuarantinedWhereTheProfileSaysSo(t *testing.T) {
	t.Parallel()
	s := newSite(t, only("pictures", func(p *profile.Profile) { p.Quarantine = "refused/" }))
	f := s.form("pictures")
	if page := f.send(prose(4000)); !bytes.Contains(page.body, []byte("set aside")) {
		t.Errorf("got %d %s", page.status, page.body)
	}
	if _, object := stored(t, f.get("key")); object != nil {
		t.Error("the object is still there")
	}
	body, object := stored(t, "refused/"+f.get("key"))
	if !bytes.Equal(body, prose(4000)) || aws.ToString(object.ContentType) != "application/octet-stream" {
		t.Errorf("set aside: %d bytes", len(body))
	}
}

func TestAForgedLandingPageCallChangesNothing(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	f, other := s.form("pictures"), s.form("pictures")
	mine := s.issue("pictures", "garden.png", "image/png", 4000)
	mine.send(png(4000))
	other.send(png(3000))
	token := strings.TrimPrefix(f.landing(), "/forms/pictures/done/")
	cases := []struct {
		name, path string
		status     int
	}{
		{"before anything was sent", f.landing(), http.StatusConflict},
		{"with another object's key in the query", f.landing() + "?bucket=" + bucket + "&key=" + other.get("key") + "&etag=x", http.StatusConflict},
		{"with a made-up token", "/forms/pictures/done/eyJhbGciOiJIUzI1NiJ9.e30.AAAA", http.StatusUnauthorized},
		{"with a changed signature", "/forms/pictures/done/" + flip(token), http.StatusUnauthorized},
		{"for another profile", "/forms/files/done/" + token, http.StatusNotFound},
		{"with the token of a script's upload", "/forms/pictures/done/" + mine.Token, http.StatusNotFound},
	}
	for _, c := range cases {
		page := s.call("GET", c.path, "")
		if page.status != c.status || page.header.Get("Content-Type") != "text/html; charset=UTF-8" {
			t.Errorf("%s: wanted %d, got %d %s", c.name, c.status, page.status, page.body)
		}
	}
	for _, key := range []string{mine.Key, other.get("key")} {
		if _, object := stored(t, key); object == nil {
			t.Errorf("%q is gone", key)
		}
	}
	if done := s.completions(); len(done) != 1 {
		t.Errorf("OnComplete got %+v", done)
	}
}

// flip changes the first digit of a token's signature.
func flip(token string) string {
	i := strings.LastIndexByte(token, '.') + 1
	changed := byte('A')
	if token[i] == changed {
		changed = 'B'
	}
	return token[:i] + string(changed) + token[i+1:]
}

func TestAnotherPersonsLandingPageIsNotShown(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	f := s.form("films", "Authorization", "Bearer alice")
	cases := map[string]int{"Bearer alice": http.StatusConflict, "Bearer bob": http.StatusNotFound,
		"Bearer ended?": http.StatusConflict}
	for ticket, status := range cases {
		if page := s.call("GET", f.landing(), "", "Authorization", ticket); page.status != status {
			t.Errorf("%s: wanted %d, got %d", ticket, status, page.status)
		}
	}
}

func TestAVerifiedFormLeadsToTheProfilesRedirect(t *testing.T) {
	t.Parallel()
	s := newSite(t, only("pictures", func(p *profile.Profile) { p.Redirect = "https://app.example.com/thanks" }))
	good, bad := s.form("pictures"), s.form("pictures")
	if page := good.send(png(4000)); page.status != http.StatusSeeOther || !strings.HasPrefix(page.header.Get("Location"), "https://app.example.com/thanks?receipt=") {
		t.Errorf("got %d %q", page.status, page.header.Get("Location"))
	}
	if page := bad.send(prose(4000)); page.status != http.StatusUnsupportedMediaType {
		t.Errorf("a refused file: %d %q", page.status, page.header.Get("Location"))
	}
}

func TestAnExpiredUploadTokenIsReportedAsExpired(t *testing.T) {
	t.Parallel()
	clock := newClock()
	s := newSite(t, func(c *handlers.Config) { c.Now = clock.now })
	f := s.form("pictures")
	p := s.issue("pictures", "garden.png", "image/png", 4000)
	clock.move(8 * 24 * 3600)
	if page := s.call("GET", f.landing(), ""); page.status != http.StatusGone || !bytes.Contains(page.body, []byte("upload_expired")) {
		t.Errorf("got %d %s", page.status, page.body)
	}
	p.call("POST", "/complete", "").refused(problem.UploadExpired)
}

func TestALandingPageTellsAboutTheFileOnlyToItsVisitor(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	alice := []string{"Authorization", "Bearer alice"}
	for _, c := range []struct {
		name   string
		form   []string // headers of the request for the form
		header []string
		status int
		shown  bool // whether the page says what was uploaded
	}{
		{"its visitor, from the store", alice, append(alice, "Sec-Fetch-Site", "cross-site"), http.StatusOK, true},
		{"its visitor, from the history", alice, append(alice, "Sec-Fetch-Site", "none"), http.StatusOK, true},
		{"somebody else, from the history", alice, []string{"Authorization", "Bearer bob", "Sec-Fetch-Site", "none"}, http.StatusNotFound, false},
		{"somebody else, going back", alice, []string{"Authorization", "Bearer bob", "Sec-Fetch-Site", "cross-site"}, http.StatusNotFound, false},
		{"a session that ended meanwhile, from the store", alice, []string{"Authorization", "Bearer ended?", "Sec-Fetch-Site", "cross-site"}, http.StatusOK, true},
		{"nobody, from the history", alice, []string{"Sec-Fetch-Site", "none"}, http.StatusOK, false},
		{"a guest, from the store", nil, []string{"Sec-Fetch-Site", "cross-site"}, http.StatusOK, true},
		{"a guest, from the history", nil, []string{"Sec-Fetch-Site", "none"}, http.StatusOK, false},
		{"a guest's upload, opened by somebody", nil, append(alice, "Sec-Fetch-Site", "none"), http.StatusNotFound, false},
		{"a guest with an old browser", nil, nil, http.StatusOK, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := s.form("pictures", c.form...)
			if posted := postForm(t, f.action, f.fields, png(5000)); posted.status != http.StatusSeeOther {
				t.Fatalf("post: %d %s", posted.status, posted.body)
			}
			page := s.call("GET", f.landing(), "", c.header...)
			shown := bytes.Contains(page.body, []byte("PNG")) || bytes.Contains(page.body, []byte("postern-details"))
			if page.status != c.status || shown != c.shown {
				t.Errorf("wanted %d, what was uploaded shown: %v, got %d, %v: %s", c.status, c.shown, page.status, shown, page.body)
			}
		})
	}
}
