package handlers_test

import (
	"bytes"
	"context"
	"errors"
	"html"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/a-h/templ"

	"github.com/postern-dev/postern/handlers"
	"github.com/postern-dev/postern/handlers/problem"
	"github.com/postern-dev/postern/handlers/receipts"
	"github.com/postern-dev/postern/handlers/tickets"
	"github.com/postern-dev/postern/handlers/uploads"
	"github.com/postern-dev/postern/policy/profile"
	"github.com/postern-dev/postern/policy/sigv4"
)

// person is whoever the headers User and Session name; without User a guest.
type person struct{}

func (person) Identify(r *http.Request) (profile.Identity, bool, error) {
	return profile.Identity{Subject: r.Header.Get("User"), Profiles: []string{profile.AllProfiles}, Nonce: r.Header.Get("Session")}, true, nil
}

// host is an application with forms of ours in its pages.
type host struct {
	*site
	clock *atomic.Int64 // what is added to the time
}

func newHost(t *testing.T, edits ...func(*handlers.Config)) host {
	t.Helper()
	clock := new(atomic.Int64)
	edits = append([]func(*handlers.Config){func(c *handlers.Config) {
		c.Identifier = person{}
		c.Now = func() time.Time { return time.Now().Add(time.Duration(clock.Load())) }
	}}, edits...)
	return host{newSite(t, edits...), clock}
}

// request is one that the host's own page gets; header holds names and values.
func (h host) request(method, path string, form url.Values, header ...string) *http.Request {
	r := httptest.NewRequestWithContext(h.t.Context(), method, path, strings.NewReader(form.Encode()))
	if form != nil {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	return r
}

// form is the form of a profile for a visitor.
func (h host) form(r *http.Request, profileName string, options ...handlers.FormOption) *handlers.Form {
	h.t.Helper()
	f, err := h.handlers.Form(r, profileName, options...)
	if err != nil {
		h.t.Fatal(err)
	}
	return f
}

// upload uploads a picture and returns its receipt.
func (h host) upload(profileName string, header ...string) string {
	h.t.Helper()
	p := h.issue(profileName, "garden.png", "image/png", 4000, header...)
	p.send(png(4000))
	var done struct{ Receipt string }
	p.call("POST", "/complete", "", header...).into(http.StatusOK, &done)
	return done.Receipt
}

var proofPattern = regexp.MustCompile(`name="postern-field" value="([^"]*)"`)

// proof is what the field of a profile posts beside its receipts.
func (h host) proof(profileName, field string, header ...string) string {
	h.t.Helper()
	page := rendered(h.t, h.form(h.request("GET", "/albums/new", nil, header...), profileName).Field(field))
	found := proofPattern.FindStringSubmatch(page)
	if found == nil {
		h.t.Fatalf("no proof in %s", page)
	}
	return html.UnescapeString(found[1])
}

func rendered(t *testing.T, c templ.Component) string {
	t.Helper()
	var b strings.Builder
	if err := c.Render(t.Context(), &b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestAFieldLeadsToTheUploadPageAndBack(t *testing.T) {
	t.Parallel()
	h := newHost(t)
	alice := []string{"User", "alice", "Session", "one", "Accept-Language", "de"}
	posted := url.Values{"title": {"Summer"}, "postern-upload": {"cover"}, "postern-field": {h.proof("files", "papers", alice...), h.proof("pictures", "cover", alice...)}}
	to := httptest.NewRecorder()
	h.handlers.Continue(to, h.request("POST", "/albums", posted, alice...), "cover", "/albums/new?draft=7&receipt=old")
	address, fromBase := strings.CutPrefix(to.Header().Get("Location"), "/up")
	if to.Code != http.StatusSeeOther || !fromBase || !strings.HasPrefix(address, "/forms/pictures?handoff=") {
		t.Fatalf("got %d %q", to.Code, to.Header().Get("Location"))
	}
	page := h.call("GET", address, "", append(alice, "Sec-Fetch-Site", "same-origin", "Sec-Fetch-Mode", "navigate", "Sec-Fetch-Dest", "document")...)
	if page.status != http.StatusOK || bytes.Contains(page.body, []byte("<script")) ||
		!bytes.Contains(page.body, []byte(`<a href="/albums/new?draft=7">Zurück zum Formular</a>`)) {
		t.Fatalf("upload page: got %d %s", page.status, page.body)
	}
	f := readForm(h.site, page.body)
	sent := postForm(t, f.action, f.fields, png(4000))
	result := h.call("GET", strings.TrimPrefix(sent.header.Get("Location"), h.url), "", alice...)
	back, err := url.Parse(result.header.Get("Location"))
	if err != nil || result.status != http.StatusSeeOther || back.Path != "/albums/new" || back.Query().Get("draft") != "7" ||
		!strings.HasPrefix(h.url, back.Scheme+"://"+back.Host+"/") || len(back.Query()["receipt"]) != 1 {
		t.Fatalf("landing: got %d %q %v", result.status, result.header.Get("Location"), err)
	}
	again := h.request("GET", back.RequestURI(), nil, alice...)
	list, err := h.handlers.Receipts(again, "cover")
	if err != nil || len(list) != 1 || list[0].Size != 4000 || list[0].Profile != "pictures" {
		t.Fatalf("got %+v %v", list, err)
	}
	if others, err := h.handlers.Receipts(again, "papers"); err != nil || others != nil {
		t.Errorf("the other field got %+v %v, wanted nothing", others, err)
	}
	shown := rendered(t, h.form(again, "pictures").Field("cover", list...).Label("Titelbild").Required())
	for _, want := range []string{`type="checkbox" name="cover" value="ey`, "3,9 kB", "<bdi>PNG</bdi>", ">Titelbild<", ` required`, `name="postern-upload" value="cover"`} {
		if !strings.Contains(shown, want) {
			t.Errorf("the field lacks %q: %s", want, shown)
		}
	}
	value := regexp.MustCompile(`name="cover" value="([^"]*)"`).FindStringSubmatch(shown)[1]
	h.clock.Store(int64(time.Hour))
	final := h.request("POST", "/albums", url.Values{"cover": {value, "", value}, "postern-field": {h.proof("pictures", "cover", alice...)}}, alice...)
	if kept, err := h.handlers.Receipts(final, "cover"); err != nil || len(kept) != 1 || kept[0].ID != list[0].ID || kept[0].Expires.Sub(kept[0].Issued) != receipts.DefaultLifetime {
		t.Errorf("an hour later: got %+v %v", kept, err)
	}
}

func TestForeignReceiptsAreRefusedWithASentenceAtTheField(t *testing.T) {
	t.Parallel()
	h := newHost(t, withDownload(""), func(c *handlers.Config) { c.Profiles[0].MaxFiles = 2 })
	alice := []string{"User", "alice", "Session", "one"}
	guest := []string{"Session", "one"}
	mine, other := h.upload("pictures", alice...), h.upload("pictures", alice...)
	link, err := h.handlers.Link("pictures", uploads.Object{Key: "a", ETag: `"e"`})
	if err != nil {
		t.Fatal(err)
	}
	ticket, err := tickets.Mint(tickets.Ticket{Subject: "alice", Profiles: []string{"pictures"}, Lifetime: time.Minute}, sigv4.Secret(strings.Repeat("t", 32)), time.Now())
	if err != nil {
		t.Fatal(err)
	}
	early := h.upload("pictures", alice...)
	const unreadable, another, elsewhere, expired, many = "not a file that was uploaded here", "by somebody else", "for another form", "too old", "too many files"
	for name, c := range map[string]struct {
		value, sentence string
		visitor         []string
		later           time.Duration
	}{
		"another visitor's":               {mine, another, []string{"User", "bob", "Session", "one"}, 0},
		"the visitor's before signing in": {h.upload("pictures", guest...), another, alice, 0},
		"another session's of a guest":    {h.upload("pictures", guest...), another, []string{"Session", "two"}, 0},
		"a guest's without a session":     {h.upload("pictures"), another, guest, 0},
		"a changed one":                   {mine[:len(mine)-9] + "AAAAAAAA" + mine[len(mine)-1:], unreadable, alice, 0},
		"one with a line end":             {mine + "\n", unreadable, alice, 0},
		"one of another profile":          {h.upload("files", alice...), elsewhere, alice, 0},
		"an expired one":                  {early, expired, alice, 25 * time.Hour},
		"a link":                          {link[strings.LastIndexByte(link, '/')+1:], unreadable, alice, 0},
		"a ticket":                        {ticket, unreadable, alice, 0},
		"an upload token":                 {h.issue("pictures", "a.png", "image/png", 4000, alice...).Token, unreadable, alice, 0},
		"a key":                           {"users/alice/1.png", unreadable, alice, 0},
		"one too many":                    {h.upload("pictures", alice...), many, alice, 0},
	} {
		h.clock.Store(int64(c.later))
		values := []string{c.value}
		if c.sentence == many {
			values = []string{mine, other, c.value}
		}
		posted := url.Values{"pictures": values, "postern-field": {h.proof("pictures", "pictures", c.visitor...)}}
		list, err := h.handlers.Receipts(h.request("POST", "/albums", posted, c.visitor...), "pictures")
		h.clock.Store(0)
		var refused *handlers.FieldError
		if !errors.As(err, &refused) || refused.Field != "pictures" || !strings.Contains(refused.Sentence, c.sentence) || strings.Contains(err.Error(), c.value) {
			t.Errorf("%s: got %v, wanted a sentence with %q", name, err, c.sentence)
			continue
		}
		if len(list) != len(values)-1 {
			t.Errorf("%s: got %d receipts beside it", name, len(list))
		}
		if shown := rendered(t, h.form(h.request("GET", "/", nil, alice...), "pictures").Field("pictures").Error(err)); !strings.Contains(shown, html.EscapeString(refused.Sentence)) {
			t.Errorf("%s: the field doesn't say so: %s", name, shown)
		}
	}
	mixed := url.Values{"pictures": {mine, "nonsense", other}, "postern-field": {h.proof("pictures", "pictures", alice...)}}
	if list, err := h.handlers.Receipts(h.request("POST", "/albums", mixed, alice...), "pictures"); err == nil || len(list) != 2 {
		t.Errorf("good ones beside a bad one: got %d %v", len(list), err)
	}
}

func TestAFieldTakesReceiptsOfItsOwnProfileAlone(t *testing.T) {
	t.Parallel()
	h := newHost(t)
	alice := []string{"User", "alice"}
	ofFiles, proof := h.upload("files", alice...), h.proof("pictures", "pictures", alice...)
	forged := "x" + h.proof("files", "pictures", alice...)[1:]
	for name, c := range map[string]struct {
		proofs   []string
		profiles []string
		taken    bool
	}{
		"the field's proof":            {[]string{proof}, nil, false},
		"no proof":                     {nil, nil, false},
		"a proof of another field":     {[]string{h.proof("files", "papers", alice...)}, nil, false},
		"a forged proof":               {[]string{forged}, nil, false},
		"a proof cut in other places":  {[]string{strings.Replace(h.proof("files", "pictures.x", alice...), ".x", "", 1)}, nil, false},
		"profiles that the host names": {[]string{proof}, []string{"pictures", "files"}, true},
		"another that the host names":  {[]string{h.proof("files", "pictures", alice...)}, []string{"pictures"}, false},
		"a page that has it for files": {[]string{h.proof("files", "pictures", alice...)}, nil, true},
	} {
		posted := url.Values{"pictures": {ofFiles}, "postern-field": c.proofs}
		list, err := h.handlers.Receipts(h.request("POST", "/albums", posted, alice...), "pictures", c.profiles...)
		if (err == nil && len(list) == 1) != c.taken {
			t.Errorf("%s: got %d %v, wanted it taken: %v", name, len(list), err, c.taken)
		}
	}
	one := newHost(t, only("pictures", func(*profile.Profile) {}))
	posted := url.Values{"pictures": {one.upload("pictures", alice...)}}
	if list, err := one.handlers.Receipts(one.request("POST", "/albums", posted, alice...), "pictures"); err != nil || len(list) != 1 {
		t.Errorf("the only profile: got %d %v", len(list), err)
	}
}

// TestReturnPathsOfOtherOriginsAreRefused tries what browsers and servers may read as another host.
func TestReturnPathsOfOtherOriginsAreRefused(t *testing.T) {
	t.Parallel()
	h := newHost(t)
	proof := h.proof("pictures", "pictures")
	for _, path := range []string{"", "albums", "//evil", `/\evil`, `\\evil`, `\/evil`, "///evil", "/\t/evil", "\t//evil", "/\n/evil", " //evil", "/ /evil",
		"/%2Fevil", "/%2fevil", "/%5Cevil", "/%5c%5cevil", "%2F%2Fevil", "/a%5Cb", "/a\\b", "/%09/evil", "/%00", "/%zz", "https://evil", "HTTPS://evil/", "https:/evil", "https:evil", "http:///evil",
		"javascript:alert(1)", "JavaScript:alert(1)", "data:text/html,x", "mailto:a@b", "//[::1]", "//user@evil", "/a#b", "/a#", "/.//evil", "/..//evil", "/a/..//evil", "/%2e//evil", "/a/%2E%2e//evil", "?a=b", "#a", "/\u0085evil", "/\x7f", "/" + strings.Repeat("a", 1000)} {
		if _, err := h.handlers.Form(h.request("GET", "/", nil), "pictures", handlers.ReturnTo(path)); path != "" && err == nil {
			t.Errorf("ReturnTo took %q", path)
		}
		to := httptest.NewRecorder()
		h.handlers.Continue(to, h.request("POST", "/albums", url.Values{"postern-field": {proof}}), "pictures", path)
		if to.Code != http.StatusBadRequest || to.Header().Get("Location") != "" {
			t.Errorf("Continue with %q: got %d %q", path, to.Code, to.Header().Get("Location"))
		}
	}
	for _, path := range []string{"/", "/albums/new?draft=7", "/a/../b", "/é", "/a?next=//b", "/a%20b", "/a//b"} {
		to := httptest.NewRecorder()
		h.handlers.Continue(to, h.request("POST", "/albums", url.Values{"postern-field": {proof}}), "pictures", path)
		if to.Code != http.StatusSeeOther {
			t.Errorf("Continue with %q: got %d", path, to.Code)
		}
	}
}

func TestAHandoffIsForItsVisitorProfileAndTime(t *testing.T) {
	t.Parallel()
	h := newHost(t)
	alice := []string{"User", "alice", "Session", "one"}
	mint := func(header ...string) string {
		to := httptest.NewRecorder()
		h.handlers.Continue(to, h.request("POST", "/albums", url.Values{"postern-field": {h.proof("pictures", "pictures", header...)}}, header...), "pictures", "/albums/new")
		u, err := url.Parse(to.Header().Get("Location"))
		if err != nil || u.Query().Get("handoff") == "" {
			t.Fatalf("got %d %q", to.Code, to.Header().Get("Location"))
		}
		return u.Query().Get("handoff")
	}
	good := mint(alice...)
	ofGuest := mint("Session", "one")
	for name, c := range map[string]struct {
		path    string
		visitor []string
		later   time.Duration
		status  int
	}{
		"its visitor's":        {"/forms/pictures?handoff=" + good, alice, 0, http.StatusOK},
		"after 14 minutes":     {"/forms/pictures?handoff=" + good, alice, 14 * time.Minute, http.StatusOK},
		"after 16 minutes":     {"/forms/pictures?handoff=" + good, alice, 16 * time.Minute, http.StatusGone},
		"another visitor's":    {"/forms/pictures?handoff=" + good, []string{"User", "bob", "Session", "one"}, 0, http.StatusForbidden},
		"another session's":    {"/forms/pictures?handoff=" + good, []string{"User", "alice", "Session", "two"}, 0, http.StatusForbidden},
		"another guest's":      {"/forms/pictures?handoff=" + ofGuest, []string{"Session", "two"}, 0, http.StatusForbidden},
		"of another profile":   {"/forms/files?handoff=" + good, alice, 0, http.StatusForbidden},
		"changed":              {"/forms/pictures?handoff=" + good[:len(good)-9] + "AAAAAAAA" + good[len(good)-1:], alice, 0, http.StatusForbidden},
		"empty":                {"/forms/pictures?handoff=", alice, 0, http.StatusForbidden},
		"twice, the first bad": {"/forms/pictures?handoff=x&handoff=" + good, alice, 0, http.StatusForbidden},
		"a path without any":   {"/forms/pictures?return=/albums/new&path=/albums/new", alice, 0, http.StatusOK},
	} {
		h.clock.Store(int64(c.later))
		page := h.call("GET", c.path, "", c.visitor...)
		h.clock.Store(0)
		if page.status != c.status {
			t.Errorf("%s: got %d, wanted %d", name, page.status, c.status)
		}
		if leads := bytes.Contains(page.body, []byte(`"/albums/new"`)); leads != (c.status == http.StatusOK && strings.Contains(c.path, "handoff")) {
			t.Errorf("%s: the page leads to the path: %v", name, leads)
		}
	}
}

// TestNoTokenStandsInForAnother sends each of the six kinds of tokens to wherever the others are
// verified.
func TestNoTokenStandsInForAnother(t *testing.T) {
	t.Parallel()
	secret := sigv4.Secret(strings.Repeat("t", 32))
	verifier, err := tickets.New(tickets.Config{Secrets: []sigv4.Secret{secret}})
	if err != nil {
		t.Fatal(err)
	}
	h := newHost(t, withDownload(""), newLedger(t).in, withBackend, func(c *handlers.Config) { c.Identifier = verifier })
	ticket, err := tickets.Mint(tickets.Ticket{Subject: "alice", Profiles: []string{"*"}, Lifetime: time.Minute}, secret, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	alice := []string{"Authorization", "Bearer " + ticket}
	p := h.issue("pictures", "garden.png", "image/png", 4000, alice...)
	p.send(png(4000))
	var done struct{ Receipt, URL string }
	p.call("POST", "/complete", "", alice...).into(http.StatusOK, &done)
	to := httptest.NewRecorder()
	h.handlers.Continue(to, h.request("POST", "/", url.Values{"postern-field": {h.proof("pictures", "pictures", alice...)}}, alice...), "pictures", "/new")
	handoff, err := url.Parse(to.Header().Get("Location"))
	if err != nil {
		t.Fatal(err)
	}
	tokens := map[string]string{"ticket": ticket, "upload token": p.Token, "receipt": done.Receipt,
		"link": done.URL[strings.LastIndexByte(done.URL, '/')+1:], "handoff": handoff.Query().Get("handoff"), "backend token": backendToken(t)}
	accepts := map[string]func(token string) (accepted bool){
		"ticket": func(token string) bool {
			return h.call("GET", "/uploads/owner", "", "Authorization", "Bearer "+token).status == http.StatusOK
		},
		"upload token": func(token string) bool {
			return h.call("POST", "/uploads/"+p.ID+"/complete", "", "Upload-Token", token).status == http.StatusOK
		},
		"receipt": func(token string) bool {
			list, _ := h.handlers.Receipts(h.request("POST", "/", url.Values{"pictures": {token}}, alice...), "pictures", "pictures")
			return len(list) == 1
		},
		"link": func(token string) bool { return h.call("GET", "/objects/"+token, "").status == http.StatusFound },
		"handoff": func(token string) bool {
			return h.call("GET", "/forms/pictures?handoff="+token, "", alice...).status == http.StatusOK
		},
		"backend token": func(token string) bool {
			return h.call("GET", "/uploads/"+p.ID, "", "Authorization", "Bearer "+token).status == http.StatusOK
		},
	}
	for kind, token := range tokens {
		for place, accepted := range accepts {
			if got := accepted(token); got != (kind == place) {
				t.Errorf("a %s in place of a %s: accepted %v", kind, place, got)
			}
		}
	}
}

func TestAnUploaderInAPageIssuesOneForm(t *testing.T) {
	t.Parallel()
	h := newHost(t, func(c *handlers.Config) { c.Profiles[0].Redirect = "https://app.example.com/thanks" })
	alice := []string{"User", "alice"}
	form := h.form(h.request("GET", "/albums", nil, alice...), "pictures", handlers.ReturnTo("/albums/7"), handlers.InLanguage("de"))
	page := rendered(t, form.Uploader())
	f := readForm(h.site, []byte(page))
	sent := postForm(t, f.action, f.fields, png(4000))
	result := h.call("GET", strings.TrimPrefix(sent.header.Get("Location"), h.url), "", alice...)
	back, err := url.Parse(result.header.Get("Location"))
	if err != nil || back.Path != "/albums/7" {
		t.Fatalf("landing: got %d %q", result.status, result.header.Get("Location"))
	}
	if list, err := h.handlers.Receipts(h.request("GET", back.RequestURI(), nil, alice...), "", "pictures"); err != nil || len(list) != 1 {
		t.Errorf("got %d %v", len(list), err)
	}
	if !strings.Contains(page, "Datei auswählen") {
		t.Errorf("wanted it in German: %s", page)
	}
	ids := regexp.MustCompile(` id="([^"]*)"`)
	seen := map[string]bool{}
	for _, part := range []templ.Component{form.Uploader(), form.Uploader(), form.Field("a"), form.Field("b")} {
		for _, id := range ids.FindAllStringSubmatch(rendered(t, part), -1) {
			if seen[id[1]] {
				t.Errorf("id %q is there twice", id[1])
			}
			seen[id[1]] = true
		}
	}
	csp := form.CSP()
	for _, want := range []string{"script-src 'self'; ", "connect-src 'self' " + store.URL(), "form-action 'self' " + store.URL(), " https://app.example.com"} {
		if !strings.Contains(csp, want) {
			t.Errorf("CSP lacks %q: %s", want, csp)
		}
	}
	if head := rendered(t, form.Head()); !strings.Contains(head, "/define.js") || !strings.Contains(head, "/postern.css") {
		t.Errorf("head: %s", head)
	}
}

func TestAnUploaderInAPageThatAnotherSiteOpensIsAButton(t *testing.T) {
	t.Parallel()
	h := newHost(t)
	framed := h.request("GET", "/albums", nil, "Sec-Fetch-Site", "cross-site", "Sec-Fetch-Mode", "navigate", "Sec-Fetch-Dest", "iframe")
	page := rendered(t, h.form(framed, "pictures").Uploader())
	if strings.Contains(page, `name="policy"`) || !strings.Contains(page, `action="/up/forms/pictures"`) {
		t.Errorf("got %s", page)
	}
}

func TestAFormRefusesWhoMayNotUpload(t *testing.T) {
	t.Parallel()
	h := newHost(t, func(c *handlers.Config) { c.Identifier = named{} })
	for name, c := range map[string]struct {
		profile, bearer string
		code            problem.Code
	}{
		"a profile that isn't there":       {"secrets", "alice", problem.UnknownProfile},
		"nobody on a profile for some":     {"films", "", problem.Unauthorized},
		"credentials that aren't valid":    {"pictures", "alice?", problem.Unauthorized},
		"somebody":                         {"films", "alice", ""},
		"nobody on a profile for everyone": {"pictures", "", ""},
	} {
		r := h.request("GET", "/", nil)
		if c.bearer != "" {
			r.Header.Set("Authorization", "Bearer "+c.bearer)
		}
		_, err := h.handlers.Form(r, c.profile)
		if (err == nil) != (c.code == "") || err != nil && problem.From(err).Code != c.code {
			t.Errorf("%s: got %v, wanted %q", name, err, c.code)
		}
	}
}

func TestAServerWithoutReceiptsHasNoFields(t *testing.T) {
	t.Parallel()
	h := newHost(t, func(c *handlers.Config) { c.WithoutReceipts = true })
	field := h.form(h.request("GET", "/", nil), "pictures").Field("pictures")
	if err := field.Render(context.Background(), new(bytes.Buffer)); err == nil {
		t.Error("a field was rendered")
	}
	if _, err := h.handlers.Receipts(h.request("POST", "/", url.Values{"pictures": {"x"}}), "pictures"); err == nil {
		t.Error("receipts were read")
	}
}

func TestTheHandlerNeedsNoEcho(t *testing.T) {
	t.Parallel()
	h := newHost(t)
	mux := http.NewServeMux()
	mux.Handle("/up/", h.handlers.Handler())
	for path, want := range map[string]int{"/up/healthz": http.StatusOK, "/up/forms/pictures": http.StatusOK, "/up/nothing": http.StatusNotFound, "/": http.StatusNotFound} {
		to := httptest.NewRecorder()
		mux.ServeHTTP(to, h.request("GET", path, nil))
		if to.Code != want {
			t.Errorf("%s: got %d, wanted %d", path, to.Code, want)
		}
	}
}
