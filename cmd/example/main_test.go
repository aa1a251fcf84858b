package main

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"html"
	"io"
	"mime/multipart"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"regexp"
	"strings"
	"testing"
)

// example is where the sites of this test process are.
var example struct{ site, partner string }

func TestMain(m *testing.M) { os.Exit(withExample(m)) }

// withExample runs both sites as the command does, on free ports, and then the tests.
func withExample(m *testing.M) (code int) {
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	read, write := io.Pipe()
	ended := make(chan error, 1)
	go func() {
		ended <- run(ctx, []string{"-listen", "127.0.0.1:0", "-partner", "127.0.0.1:0"}, write)
		_ = write.Close()
	}()
	line, _ := bufio.NewReader(read).ReadString('\n')
	ready := regexp.MustCompile(`ready at (http://[^ ]+) \(the other site (http://[^)]+)\)`).FindStringSubmatch(line)
	if ready == nil {
		println("example: no ready line: " + line)
		return 1
	}
	example.site, example.partner = ready[1], ready[2]
	code = m.Run()
	stop()
	if err := <-ended; err != nil {
		println("example: " + err.Error())
		return 1
	}
	return code
}

// visit is a browser without script: it keeps cookies and shows one page.
type visit struct {
	t      *testing.T
	client *http.Client
	page   string
	at     *url.URL
	status int
}

func newVisit(t *testing.T) *visit {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	return &visit{t: t, client: &http.Client{Jar: jar}}
}

func (v *visit) send(method, address, kind string, body io.Reader) {
	v.t.Helper()
	r, err := http.NewRequestWithContext(v.t.Context(), method, address, body)
	if err != nil {
		v.t.Fatal(err)
	}
	if kind != "" {
		r.Header.Set("Content-Type", kind)
	}
	answer, err := v.client.Do(r)
	if err != nil {
		v.t.Fatal(err)
	}
	defer func() { _ = answer.Body.Close() }()
	page, err := io.ReadAll(answer.Body)
	if err != nil {
		v.t.Fatal(err)
	}
	v.page, v.at, v.status = string(page), answer.Request.URL, answer.StatusCode
}

func (v *visit) open(address string) {
	v.t.Helper()
	v.send("GET", address, "", nil)
}

func (v *visit) post(path string, form url.Values) {
	v.t.Helper()
	v.send("POST", example.site+path, "application/x-www-form-urlencoded", strings.NewReader(form.Encode()))
}

var (
	inputPattern  = regexp.MustCompile(`<input[^>]* name="([^"]*)"[^>]*? value="([^"]*)"([^>]*)>`)
	actionPattern = regexp.MustCompile(`enctype="multipart/form-data" action="([^"]*)"`)
)

// fields are what the form of the page would send: inputs with a value, checkboxes that are checked.
func (v *visit) fields() url.Values {
	form := url.Values{}
	for _, m := range inputPattern.FindAllStringSubmatch(v.page, -1) {
		form.Add(m[1], html.UnescapeString(m[2]))
	}
	return form
}

// upload presses the button of a field and sends a file on the page that follows.
func (v *visit) upload(form url.Values, field string, content []byte) {
	v.t.Helper()
	form.Set("postern-upload", field)
	v.post("/albums", form)
	if !strings.HasPrefix(v.at.Path, "/up/forms/") || strings.Contains(v.page, "<script") {
		v.t.Fatalf("wanted the upload page without script, got %s %s", v.at, v.page)
	}
	action := actionPattern.FindStringSubmatch(v.page)
	if action == nil {
		v.t.Fatalf("no form in %s", v.page)
	}
	var body bytes.Buffer
	parts := multipart.NewWriter(&body)
	for _, m := range inputPattern.FindAllStringSubmatch(v.page, -1) { // in the order of the page
		if err := parts.WriteField(m[1], html.UnescapeString(m[2])); err != nil {
			v.t.Fatal(err)
		}
	}
	file, err := parts.CreateFormFile("file", "a name.bin")
	if err != nil {
		v.t.Fatal(err)
	}
	if _, err := file.Write(content); err != nil {
		v.t.Fatal(err)
	}
	if err := parts.Close(); err != nil {
		v.t.Fatal(err)
	}
	v.send("POST", html.UnescapeString(action[1]), parts.FormDataContentType(), &body)
	if v.at.Path != "/albums/new" || strings.Contains(v.at.RawQuery, "receipt") {
		v.t.Fatalf("wanted the album's form without a receipt in the address, got %d %s %s", v.status, v.at, v.page)
	}
}

func picture(seed byte) []byte {
	return append([]byte("\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x00\x01\x00\x00\x00\x01\x08\x02\x00\x00\x00\x90wS\xde"), bytes.Repeat([]byte{seed}, 3000)...)
}

func TestWithoutScriptFilesSurviveAMistakeInAnotherField(t *testing.T) {
	t.Parallel()
	v := newVisit(t)
	v.open(example.site + "/albums/new")
	files := map[string][]byte{"first": picture(1), "second": picture(2), "papers": []byte(strings.Repeat("plain text\n", 200))}
	form := v.fields()
	form.Set("description", "Our garden <3")
	v.upload(form, "pictures", files["first"])
	if !strings.Contains(v.page, "Our garden &lt;3") {
		t.Errorf("the draft lost the description: %s", v.page)
	}
	form = v.fields()
	form.Set("description", "Our garden <3")
	v.upload(form, "pictures", files["second"])
	v.upload(v.fields(), "documents", files["papers"])
	v.post("/albums", v.fields())
	if v.status != http.StatusUnprocessableEntity || !strings.Contains(v.page, "Give the album a title") {
		t.Fatalf("without a title: got %d %s", v.status, v.page)
	}
	form = v.fields()
	if len(form["pictures"]) != 2 || len(form["documents"]) != 1 {
		t.Fatalf("after the mistake: got %d pictures and %d documents", len(form["pictures"]), len(form["documents"]))
	}
	form.Set("title", "Summer")
	v.post("/albums", form)
	if v.status != http.StatusOK || !strings.HasPrefix(v.at.Path, "/albums/") {
		t.Fatalf("got %d %s %s", v.status, v.at, v.page)
	}
	want := map[[32]byte]bool{}
	for _, content := range files {
		want[sha256.Sum256(content)] = true
	}
	album := v.page
	for _, link := range regexp.MustCompile(`<a href="([^"]*/up/objects/[^"]*)"`).FindAllStringSubmatch(album, -1) {
		v.open(html.UnescapeString(link[1]))
		if sum := sha256.Sum256([]byte(v.page)); !want[sum] {
			t.Errorf("a link gave other bytes, or the same twice: %d %d bytes", v.status, len(v.page))
		} else {
			delete(want, sum)
		}
	}
	if len(want) > 0 {
		t.Errorf("%d files have no link on the album's page: %s", len(want), album)
	}
	v.post("/albums", form)
	if v.status != http.StatusConflict || !strings.Contains(v.page, "part of another album") {
		t.Errorf("the same uploads again: got %d", v.status)
	}
}

func TestAFileCanBeTakenOutWithoutScript(t *testing.T) {
	t.Parallel()
	v := newVisit(t)
	v.open(example.site + "/albums/new")
	v.upload(v.fields(), "pictures", picture(3))
	form := v.fields()
	if len(form["pictures"]) != 1 {
		t.Fatalf("got %d pictures", len(form["pictures"]))
	}
	form.Del("pictures") // its checkbox is cleared
	form.Set("title", "None")
	v.post("/albums", form)
	if v.status != http.StatusUnprocessableEntity || !strings.Contains(v.page, "Add at least one picture") || len(v.fields()["pictures"]) != 0 {
		t.Errorf("got %d with %d pictures", v.status, len(v.fields()["pictures"]))
	}
}

func TestReceiptsOfAnotherSessionAreRefusedAtTheField(t *testing.T) {
	t.Parallel()
	mine, theirs := newVisit(t), newVisit(t)
	theirs.open(example.site + "/albums/new")
	theirs.upload(theirs.fields(), "pictures", picture(4))
	foreign := theirs.fields()["pictures"][0]
	mine.open(example.site + "/albums/new")
	clean := mine.fields()
	for name, value := range map[string]string{"another session's": foreign, "a key": "users/guest/1.png", "a changed one": foreign[:len(foreign)-1] + "!"} {
		form := url.Values{"title": {"Mine"}, "pictures": {value}, "postern-field": clean["postern-field"]}
		mine.post("/albums", form)
		if mine.status != http.StatusUnprocessableEntity || !strings.Contains(mine.page, `class="postern-field-error"`) || len(mine.fields()["pictures"]) != 0 {
			t.Errorf("%s: got %d %s", name, mine.status, mine.page)
		}
	}
	ofDraft := theirs.at.Query().Get("draft")
	mine.open(example.site + "/albums/new?draft=" + ofDraft)
	if len(mine.fields()["pictures"]) != 0 {
		t.Error("another session's draft was shown")
	}
}

func TestSigningInAndOut(t *testing.T) {
	t.Parallel()
	v := newVisit(t)
	v.open(example.site + "/")
	v.post("/session", url.Values{"name": {"ALICE"}})
	if v.status != http.StatusUnprocessableEntity {
		t.Errorf("a name with capitals: got %d", v.status)
	}
	v.open(example.site + "/albums/new")
	v.upload(v.fields(), "pictures", picture(5))
	before := v.fields()
	v.post("/session", url.Values{"name": {"alice"}})
	if !strings.Contains(v.page, "Sign out alice") {
		t.Fatalf("got %d %s", v.status, v.page)
	}
	before.Set("title", "Mine")
	v.post("/albums", before)
	if !strings.Contains(v.page, "before you signed in") {
		t.Errorf("a guest's receipt after signing in: got %d %s", v.status, v.page)
	}
	v.open(example.site + "/albums/new")
	v.upload(v.fields(), "pictures", picture(6))
	form := v.fields()
	form.Set("title", "Mine")
	v.post("/albums", form)
	if !strings.HasPrefix(v.at.Path, "/albums/") {
		t.Errorf("got %d %s", v.status, v.at)
	}
	v.post("/session/end", nil)
	if strings.Contains(v.page, "Sign out") {
		t.Error("still signed in")
	}
}

func TestTheOtherSiteRefusesWhatItsVisitorDidNotUpload(t *testing.T) {
	t.Parallel()
	v := newVisit(t)
	v.open(example.site + "/albums/new")
	v.upload(v.fields(), "pictures", picture(7))
	receipt := v.fields()["pictures"][0]
	v.send("POST", example.partner+"/", "application/x-www-form-urlencoded", strings.NewReader(url.Values{"pictures": {receipt}}.Encode()))
	if v.status != http.StatusUnprocessableEntity || strings.Contains(v.page, "<code>") {
		t.Errorf("got %d %s", v.status, v.page)
	}
	v.open(example.partner + "/ticket")
	if strings.Count(v.page, ".") != 2 {
		t.Errorf("wanted a ticket, got %q", v.page)
	}
}
