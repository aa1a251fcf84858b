package handlers_test

import (
	"bytes"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"

	"github.com/postern-dev/postern/handlers"
	"github.com/postern-dev/postern/handlers/problem"
	"github.com/postern-dev/postern/policy/profile"
)

// cookieStoreAway is an Identifier whose source of sessions can't be reached.
type cookieStoreAway struct{}

var errCookieStore = errors.New("dial tcp 10.1.2.3:6379: password hunter2 refused")

func (cookieStoreAway) Identify(r *http.Request) (profile.Identity, bool, error) {
	if r.Header.Get("Away") != "" {
		return profile.Identity{}, false, errCookieStore
	}
	return profile.Identity{}, true, nil
}

func TestAFieldTellsNothingAboutACauseThatIsNotTheVisitors(t *testing.T) {
	t.Parallel()
	h := newHost(t, func(c *handlers.Config) { c.Identifier = cookieStoreAway{} })
	posted := url.Values{"pictures": {"x"}, "postern-field": {h.proof("pictures", "pictures")}}
	form := h.form(h.request("GET", "/", nil), "pictures")
	away := h.request("POST", "/albums", posted, "Away", "yes")
	noForm := h.request("POST", "/albums", posted)
	noForm.Header.Set("Content-Type", "multipart/form-data; boundary=x")
	for name, r := range map[string]*http.Request{"sessions can't be read": away, "not a form": noForm} {
		_, err := h.handlers.Receipts(r, "pictures")
		if err == nil {
			t.Fatalf("%s: no error", name)
		}
		shown := rendered(t, form.Field("pictures").Error(err))
		for _, inner := range []string{"hunter2", "problem:", "multipart", "handlers:"} {
			if strings.Contains(shown, inner) {
				t.Errorf("%s: the field shows %q: %s", name, inner, shown)
			}
		}
		if !strings.Contains(shown, `class="postern-field-error"`) {
			t.Errorf("%s: the field shows no error", name)
		}
	}
	if shown := rendered(t, form.Field("pictures").Error(errors.New("At least two pictures, please."))); !strings.Contains(shown, "At least two pictures, please.") {
		t.Errorf("the host's own sentence isn't shown: %s", shown)
	}
}

func TestWhatIsNotAFormIsAnErrorAndNotAnEmptyField(t *testing.T) {
	t.Parallel()
	h := newHost(t)
	for _, kind := range []string{"application/json", "text/plain", "multipart/form-data", "multipart/mixed; boundary=x", "application/x-www-form-urlencoded; charset=", ""} {
		r := httptest.NewRequestWithContext(t.Context(), "POST", "/albums", strings.NewReader(`{"pictures":["x"]}`))
		r.Header.Set("Content-Type", kind)
		list, err := h.handlers.Receipts(r, "pictures", "pictures")
		if problem.From(err).Code != problem.InvalidRequest || list != nil {
			t.Errorf("%q: got %v %v", kind, list, err)
		}
	}
}

func TestNamesThatMeanSomethingElseAreNoFields(t *testing.T) {
	t.Parallel()
	h := newHost(t)
	for _, name := range []string{"", "postern-field", "postern-upload", "a\nb", "a\x00", "a\xff", strings.Repeat("a", 101)} {
		var b bytes.Buffer
		if err := h.form(h.request("GET", "/", nil), "pictures").Field(name).Render(t.Context(), &b); err == nil || b.Len() > 0 {
			t.Errorf("%q: got %v and %d bytes", name, err, b.Len())
		}
	}
}

// TestAnUploadPageInAChosenLanguageKeepsItsWayBack has a page that shows a button in place of the
// form.
func TestAnUploadPageInAChosenLanguageKeepsItsWayBack(t *testing.T) {
	t.Parallel()
	h := newHost(t)
	to := httptest.NewRecorder()
	h.handlers.Continue(to, h.request("POST", "/", url.Values{"postern-field": {h.proof("pictures", "pictures")}}), "pictures", "/albums/new")
	address := strings.TrimPrefix(to.Header().Get("Location"), "/up") + "&lang=de"
	asked := h.call("GET", address, "", "Sec-Fetch-Site", "cross-site", "Sec-Fetch-Mode", "navigate", "Sec-Fetch-Dest", "document")
	action := readForm(h.site, asked.body).action
	if !strings.HasPrefix(action, "/up/forms/pictures?") {
		t.Fatalf("got %d, action %q", asked.status, action)
	}
	page := h.call("POST", strings.TrimPrefix(action, "/up"), "", "Sec-Fetch-Site", "same-origin", "Sec-Fetch-Mode", "navigate", "Sec-Fetch-Dest", "document")
	if page.status != http.StatusOK || !bytes.Contains(page.body, []byte(`href="/albums/new"`)) || !bytes.Contains(page.body, []byte(`lang="de"`)) || !bytes.Contains(page.body, []byte(`name="policy"`)) {
		t.Errorf("after %q: got %d %s", action, page.status, page.body)
	}
}

func TestWhereOnlyAScriptCanUploadTheUploadPageSaysSoAndLeadsBack(t *testing.T) {
	t.Parallel()
	h := newHost(t, noPost)
	to := httptest.NewRecorder()
	h.handlers.Continue(to, h.request("POST", "/", url.Values{"postern-field": {h.proof("pictures", "pictures")}}), "pictures", "/albums/new")
	page := h.call("GET", strings.TrimPrefix(to.Header().Get("Location"), "/up"), "")
	for _, want := range []string{`href="/albums/new"`, "JavaScript"} {
		if page.status != http.StatusOK || !bytes.Contains(page.body, []byte(want)) {
			t.Errorf("got %d, wanted %q in %s", page.status, want, page.body)
		}
	}
	if bytes.Contains(page.body, []byte("<script")) {
		t.Errorf("the page has a script, which would send files of its own: %s", page.body)
	}
}

func TestAFormReturnsToAPathWithoutEarlierReceipts(t *testing.T) {
	t.Parallel()
	h := newHost(t)
	alice := []string{"User", "alice"}
	form := h.form(h.request("GET", "/", nil, alice...), "pictures", handlers.ReturnTo("/albums?page=2&receipt=old&postern-field=old"))
	f := readForm(h.site, []byte(rendered(t, form.Uploader())))
	sent := postForm(t, f.action, f.fields, png(4000))
	result := h.call("GET", strings.TrimPrefix(sent.header.Get("Location"), h.url), "", alice...)
	back, err := url.Parse(result.header.Get("Location"))
	if err != nil || len(back.Query()["receipt"]) != 1 || back.Query().Get("receipt") == "old" || back.Query().Get("page") != "2" {
		t.Errorf("got %q %v", result.header.Get("Location"), err)
	}
}

// TestWhoComesLaterAsAKnownGuestGetsNoReceipt has an Identifier that knows every visitor, as
// sessions do, and gives guests no nonce: it vouches for nobody.
func TestWhoComesLaterAsAKnownGuestGetsNoReceipt(t *testing.T) {
	t.Parallel()
	h := newHost(t, withDownload(""))
	for name, c := range map[string]struct {
		visitor []string
		site    string
		told    bool
	}{
		"a guest without a session, from the history":  {nil, "none", false},
		"a guest without a session, from the store":    {nil, "cross-site", true},
		"a guest of a session, from the history":       {[]string{"Session", "one"}, "none", true},
		"a person without a session, from the history": {[]string{"User", "alice"}, "none", true},
	} {
		for _, options := range [][]handlers.FormOption{nil, {handlers.ReturnTo("/albums")}} {
			f := readForm(h.site, []byte(rendered(t, h.form(h.request("GET", "/", nil, c.visitor...), "pictures", options...).Uploader())))
			sent := postForm(t, f.action, f.fields, png(4000))
			page := h.call("GET", strings.TrimPrefix(sent.header.Get("Location"), h.url), "", append(c.visitor, "Sec-Fetch-Site", c.site)...)
			told := strings.Contains(page.header.Get("Location"), "receipt=") || bytes.Contains(page.body, []byte("/objects/"))
			if told != c.told {
				t.Errorf("%s: got %d, told %v, wanted %v", name, page.status, told, c.told)
			}
		}
	}
}

// TestAFieldReadsAsManyValuesAsItCanTake has bodies that would take seconds of signatures.
func TestAFieldReadsAsManyValuesAsItCanTake(t *testing.T) {
	t.Parallel()
	h := newHost(t)
	alice := []string{"User", "alice"}
	mine, proof := h.upload("pictures", alice...), h.proof("pictures", "pictures", alice...)
	for name, c := range map[string]struct {
		values, proofs []string
		taken          int
		err            bool
	}{
		"one after a thousand changed ones":           {append(changed(mine, 1000), mine), []string{proof}, 0, true},
		"one after 999 changed ones":                  {append(changed(mine, 999), mine), []string{proof}, 1, true},
		"one after 8000 times the same nonsense":      {append(repeated("x", 8000), mine), []string{proof}, 1, true},
		"8000 times the same one":                     {repeated(mine, 8000), []string{proof}, 1, false},
		"one whose proof comes after 9000 other ones": {[]string{mine}, append(repeated("x.files.pictures", 9000), proof), 1, false},
		"one whose proof has a long profile":          {[]string{mine}, []string{"x." + strings.Repeat("y", 1<<20) + ".pictures", proof}, 1, false},
		"more values than net/http reads":             {repeated("x", 10_001), []string{proof}, 0, true},
	} {
		list, err := h.handlers.Receipts(h.request("POST", "/", url.Values{"pictures": c.values, "postern-field": c.proofs}, alice...), "pictures")
		if len(list) != c.taken || (err != nil) != c.err {
			t.Errorf("%s: got %d %v, wanted %d, an error: %v", name, len(list), err, c.taken, c.err)
		}
	}
}

func repeated(value string, times int) []string {
	list := make([]string, times)
	for i := range list {
		list[i] = value
	}
	return list
}

// changed are receipts with signatures that differ.
func changed(receipt string, times int) []string {
	list := make([]string, times)
	for i := range list {
		list[i] = receipt[:len(receipt)-8] + fmt.Sprintf("%07d", i) + "A"
	}
	return list
}

func TestFortyWhoCompleteAndTakeBackAtOnceAgree(t *testing.T) {
	t.Parallel()
	for _, way := range ways {
		t.Run(way.method, func(t *testing.T) {
			t.Parallel()
			s := newSite(t, way.edits...)
			p := s.issue(way.profile, way.filename, way.kind, len(way.content), "Authorization", "Bearer alice")
			p.send(way.content)
			var group sync.WaitGroup
			statuses := make([]int, 40)
			for i := range statuses {
				group.Go(func() {
					method, route := "DELETE", ""
					if i%2 == 0 {
						method, route = "POST", "/complete"
					}
					statuses[i] = p.call(method, route, "").status
				})
			}
			group.Wait()
			accepted := len(s.completions()) > 0
			p.mustBeStored(accepted)
			want := [2]int{http.StatusGone, http.StatusNoContent}
			if accepted {
				want = [2]int{http.StatusOK, http.StatusConflict}
			}
			for i, status := range statuses {
				if status != want[i%2] && status != http.StatusTooManyRequests {
					t.Errorf("request %d: got %d, accepted %v", i, status, accepted)
				}
			}
		})
	}
}

func TestAHandoffIsCheckedWhereverAFormIsAskedFor(t *testing.T) {
	t.Parallel()
	h := newHost(t)
	alice := []string{"User", "alice", "Session", "one"}
	to := httptest.NewRecorder()
	h.handlers.Continue(to, h.request("POST", "/", url.Values{"postern-field": {h.proof("pictures", "pictures", alice...)}}, alice...), "pictures", "/albums/new")
	handoff := "?" + strings.SplitN(to.Header().Get("Location"), "?", 2)[1]
	own := []string{"Sec-Fetch-Site", "same-origin", "Sec-Fetch-Mode", "navigate", "Sec-Fetch-Dest", "document"}
	signedOut := []string{"User", "", "Session", "two"}
	for name, c := range map[string]struct {
		method, path string
		visitor      []string
		status       int
		leads        bool
	}{
		"asked for":                         {"POST", "/forms/pictures" + handoff, alice, http.StatusOK, true},
		"asked for after sign-out":          {"POST", "/forms/pictures" + handoff, signedOut, http.StatusForbidden, false},
		"opened after sign-out":             {"GET", "/forms/pictures" + handoff, signedOut, http.StatusForbidden, false},
		"head":                              {"HEAD", "/forms/pictures" + handoff, alice, http.StatusOK, false},
		"head after sign-out":               {"HEAD", "/forms/pictures" + handoff, signedOut, http.StatusForbidden, false},
		"in a frame's page, which has none": {"GET", "/widget/pictures" + handoff, alice, http.StatusOK, false},
		"in another language":               {"GET", "/forms/pictures" + handoff + "&lang=ar", alice, http.StatusOK, true},
		"escaped a second time":             {"GET", "/forms/pictures" + strings.ReplaceAll(handoff, ".", "%252E"), alice, http.StatusForbidden, false},
		"with a line end":                   {"GET", "/forms/pictures" + handoff + "%0A", alice, http.StatusForbidden, false},
	} {
		page := h.call(c.method, c.path, "", append(c.visitor, own...)...)
		if leads := bytes.Contains(page.body, []byte(`"/albums/new"`)); page.status != c.status || leads != c.leads {
			t.Errorf("%s: got %d, leads back: %v, wanted %d, %v: %.300s", name, page.status, leads, c.status, c.leads, page.body)
		}
		for header, want := range map[string]string{"Cache-Control": "no-store", "Referrer-Policy": "no-referrer"} {
			if got := page.header.Get(header); got != want {
				t.Errorf("%s: %s: got %q, wanted %q", name, header, got, want)
			}
		}
		if framed := page.header.Get("X-Frame-Options") != "DENY"; framed && !strings.HasPrefix(c.path, "/widget/") {
			t.Errorf("%s: the page may be framed", name)
		}
		if !strings.Contains(page.header.Get("Vary"), "Accept-Language") {
			t.Errorf("%s: Vary: got %q", name, page.header.Get("Vary"))
		}
	}
}

func TestNamesInAFieldStayText(t *testing.T) {
	t.Parallel()
	h := newHost(t)
	const hostile = "\"'><img src=x onerror=alert(1)></bdi></template>\u202e\u2066x"
	list, err := h.handlers.Receipts(h.request("POST", "/", url.Values{"f": {h.upload("pictures")}}), "f", "pictures")
	if err != nil {
		t.Fatal(err)
	}
	list[0].Filename = hostile
	page := rendered(t, h.form(h.request("GET", "/", nil), "pictures").Field(hostile, list...).Label(hostile).Error(errors.New(hostile)))
	if strings.Contains(page, "<img") || strings.Contains(page, `"'>`) || strings.Count(page, "</template>") != 1 {
		t.Errorf("markup in names: %s", page)
	}
	if !strings.Contains(page, "<bdi>&#34;") {
		t.Errorf("the file's name isn't isolated: %s", page)
	}
	posted := url.Values{hostile: {h.upload("pictures")}, "postern-field": {h.proof("pictures", hostile)}}
	if list, err := h.handlers.Receipts(h.request("POST", "/", posted), hostile); err != nil || len(list) != 1 {
		t.Errorf("a field of that name: got %d %v", len(list), err)
	}
}

func TestAProfileThatTheHostMisspellsIsNotTheVisitorsMistake(t *testing.T) {
	t.Parallel()
	h := newHost(t)
	posted := url.Values{"pictures": {h.upload("pictures")}}
	_, err := h.handlers.Receipts(h.request("POST", "/albums", posted), "pictures", "pictues")
	var refused *handlers.FieldError
	if err == nil || errors.As(err, &refused) || !strings.Contains(err.Error(), `"pictues"`) {
		t.Errorf("got %v, wanted an error that names the profile and is none of the field's", err)
	}
}

func TestASentenceAtAFieldIsInTheLanguageOfTheForm(t *testing.T) {
	t.Parallel()
	h := newHost(t)
	posted := url.Values{"pictures": {"nonsense"}, "postern-field": {h.proof("pictures", "pictures")}}
	_, err := h.handlers.Receipts(h.request("POST", "/albums", posted, "Accept-Language", "fr"), "pictures")
	form := h.form(h.request("GET", "/albums", nil, "Accept-Language", "fr"), "pictures", handlers.InLanguage("de"))
	for wanted, err := range map[string]error{"wurde nicht hier hochgeladen": err, "Of the host&#39;s own.": &handlers.FieldError{Sentence: "Of the host's own."}} {
		if page := rendered(t, form.Field("pictures").Error(err)); !strings.Contains(page, wanted) {
			t.Errorf("wanted %q in %s", wanted, page)
		}
	}
}
