package handlers_test

import (
	"encoding/json"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/postern-dev/postern/handlers"
	"github.com/postern-dev/postern/handlers/problem"
	"github.com/postern-dev/postern/handlers/uploads"
)

// publicStore is the store's address as browsers know it. It notes every request.
type publicStore struct {
	*httptest.Server
	mu       sync.Mutex
	requests []string // method, origin and Access-Control-Request-…
	answer   http.HandlerFunc
}

func newPublicStore(t *testing.T, answer http.HandlerFunc) *publicStore {
	t.Helper()
	p := &publicStore{answer: answer}
	p.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		p.mu.Lock()
		p.requests = append(p.requests, strings.Join([]string{r.Method, r.Header.Get("Origin"), r.Header.Get("Access-Control-Request-Method"),
			r.Header.Get("Access-Control-Request-Headers")}, " "))
		p.mu.Unlock()
		if r.Header.Get("Authorization")+r.URL.RawQuery != "" {
			t.Errorf("the public address got a signature: %s", r.URL)
		}
		p.answer(w, r)
	}))
	t.Cleanup(p.Close)
	return p
}

func (p *publicStore) asked() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.requests)
}

// allowing answers preflights with one rule, as stores do that name what they allow.
func allowing(origin, methods, headers, exposed string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		for name, value := range map[string]string{"Origin": origin, "Methods": methods, "Headers": headers} {
			w.Header().Set("Access-Control-Allow-"+name, value)
		}
		w.Header().Set("Access-Control-Expose-Headers", exposed)
	}
}

// allowingLikeS3 refuses whatever one rule doesn't allow with the same 403.
func allowingLikeS3(origin, methods, headers string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		method, header := r.Header.Get("Access-Control-Request-Method"), r.Header.Get("Access-Control-Request-Headers")
		if r.Header.Get("Origin") != origin || !strings.Contains(methods, method) || headers != "*" && header != "" {
			w.WriteHeader(http.StatusForbidden)
			return
		}
		allowing(origin, methods, headers, "ETag")(w, r)
	}
}

// answering answers everything with a status and no header.
func answering(status int) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(status) }
}

// inFrontOf makes the site tell browsers the address of the public store.
func inFrontOf(p *publicStore, edits ...func(*handlers.Config)) func(*handlers.Config) {
	return func(c *handlers.Config) {
		c.Store.PublicEndpoint = p.URL
		for _, edit := range edits {
			edit(c)
		}
	}
}

func putOnly(c *handlers.Config) { c.Store.Provider.PostPolicy = false }

type diagnosis struct{ Code, Sentence, Fix string }

// noAnswer is what a script says that got no answer from a store which it reaches otherwise.
const noAnswer = `{"status":0,"preflight":true,"reached":true,"failures":1,"failing":60000}`

// beginPicture issues an upload of a picture as a page of our own.
func beginPicture(s *site) (id, token string) {
	var issued struct{ ID, Token string }
	s.call("POST", "/uploads", `{"profile":"pictures","filename":"a.png","type":"image/png","size":300000}`, "Origin", s.origin()).into(http.StatusCreated, &issued)
	return issued.ID, issued.Token
}

func (s *site) origin() string { return strings.TrimSuffix(s.url, "/up") }

// diagnose asks why the requests for a new upload fail.
func (s *site) diagnose(origin, seen string) answer {
	id, token := beginPicture(s)
	return s.call("POST", "/uploads/"+id+"/diagnosis", `{"seen":`+seen+`}`, "Origin", origin, "Upload-Token", token)
}

func TestTheCauseFollowsFromWhatTheStoreAnswers(t *testing.T) {
	t.Parallel()
	const foreign = "https://app.example.com"
	behind := func(c *handlers.Config) { c.Now = func() time.Time { return time.Now().Add(-time.Hour) } }
	ahead := func(c *handlers.Config) { c.Now = func() time.Time { return time.Now().Add(time.Hour) } }
	cases := []struct {
		name   string
		answer http.HandlerFunc
		edits  []func(*handlers.Config)
		origin string // "" is our own
		seen   string
		cause  uploads.Cause
	}{
		{"all is allowed", allowing("*", "*", "*", "*"), nil, "", noAnswer, uploads.CauseUnknown},
		{"another origin is allowed", allowing("https://other.example", "POST", "*", ""), nil, "", noAnswer, uploads.CauseCORSOrigin},
		{"another origin is allowed, as S3 says it", allowingLikeS3("https://other.example", "POST PUT GET", "*"), nil, "", noAnswer, uploads.CauseCORSOrigin},
		{"no CORS headers at all", answering(http.StatusOK), nil, "", noAnswer, uploads.CauseCORSOrigin},
		{"a host's own page isn't allowed", answering(http.StatusForbidden), nil, foreign, noAnswer, uploads.CauseCORSOrigin},
		{"a host's own page is allowed", allowingLikeS3(foreign, "POST", "*"), nil, foreign, noAnswer, uploads.CauseUnknown},
		{"another method is allowed", allowing("*", "GET, POST", "*", ""), []func(*handlers.Config){putOnly}, "", noAnswer, uploads.CauseCORSMethod},
		{"another method is allowed, as S3 says it", allowingLikeS3(foreign, "GET POST", "*"), []func(*handlers.Config){putOnly}, foreign, noAnswer, uploads.CauseCORSMethod},
		{"only reading is allowed, as S3 says it", allowingLikeS3(foreign, "GET", "*"), []func(*handlers.Config){putOnly}, foreign, noAnswer, uploads.CauseCORSMethod},
		{"a form's method needs no permission", allowing("*", "GET", "*", ""), nil, "", noAnswer, uploads.CauseUnknown},
		{"another header is allowed", allowing("*", "PUT", "x-other", ""), []func(*handlers.Config){putOnly}, "", noAnswer, uploads.CauseCORSHeader},
		{"no header is allowed, as S3 says it", allowingLikeS3(foreign, "PUT", ""), []func(*handlers.Config){putOnly}, foreign, noAnswer, uploads.CauseCORSHeader},
		{"no permission was asked for", answering(http.StatusForbidden), nil, "", `{"reached":true,"failures":3,"failing":60000}`, uploads.CauseUnknown},
		{"the ETag isn't exposed", allowing("*", "*", "*", "x-request-id"), nil, "", `{"status":200,"withoutETag":true}`, uploads.CauseCORSETag},
		{"the ETag is exposed", allowing("*", "*", "*", "etag"), nil, "", `{"status":200,"withoutETag":true}`, uploads.CauseUnknown},
		{"the store is starting", answering(http.StatusServiceUnavailable), nil, "", noAnswer, uploads.CauseUnknown},
		{"the store asks for patience", answering(http.StatusTooManyRequests), nil, "", noAnswer, uploads.CauseUnknown},
		{"the bucket is elsewhere", answering(http.StatusMovedPermanently), nil, "", noAnswer, uploads.CauseUnknown},
		{"the request isn't understood", answering(http.StatusBadRequest), nil, "", noAnswer, uploads.CauseUnknown},
		{"there is no such bucket", answering(http.StatusNotFound), nil, "", noAnswer, uploads.CauseUnknown},
		{"the browser doesn't reach a store in health", allowing("*", "*", "*", ""), nil, "", `{"failures":3,"failing":60000}`, uploads.CauseBlockedHere},
		{"the browser didn't reach it twice", allowing("*", "*", "*", ""), nil, "", `{"failures":2,"failing":60000}`, uploads.CauseUnknown},
		{"the browser doesn't reach a store in trouble", answering(http.StatusBadGateway), nil, "", `{"failures":3,"failing":60000}`, uploads.CauseUnknown},
		{"connections break while sending", allowing("*", "*", "*", ""), nil, "", `{"preflight":true,"reached":true,"sent":1000,"failures":3,"smaller":3,"failing":9}`, uploads.CauseBodyCut},
		{"connections break while sending, and small bodies get no good answer", allowing("*", "*", "*", ""), nil, "", `{"preflight":true,"reached":true,"sent":1000,"failures":9,"smaller":2,"failing":9}`, uploads.CauseUnknown},
		{"a connection broke while sending", allowing("*", "*", "*", ""), nil, "", `{"preflight":true,"reached":true,"sent":1000,"failures":2,"smaller":2,"failing":9}`, uploads.CauseUnknown},
		{"our clock is behind", allowing("*", "*", "*", ""), []func(*handlers.Config){behind}, "", `{"status":403,"code":"AccessDenied"}`, uploads.CauseClockWrong},
		{"our clock differs from that of a cache", func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Age", "3600")
			allowing("*", "*", "*", "")(w, r)
		}, []func(*handlers.Config){behind}, "", `{"status":403,"code":"AccessDenied"}`, uploads.CauseUnknown},
		{"our clock is ahead", allowing("*", "*", "*", ""), []func(*handlers.Config){ahead}, "", `{"status":403,"code":"RequestTimeTooSkewed"}`, uploads.CauseClockWrong},
		{"our clock is behind and the store is busy", allowing("*", "*", "*", ""), []func(*handlers.Config){behind}, "", `{"status":503,"code":"SlowDown"}`, uploads.CauseUnknown},
		{"the signature isn't known", allowing("*", "*", "*", ""), nil, "", `{"status":403,"code":"InvalidAccessKeyId"}`, uploads.CauseCredentials},
		{"the store denies access", allowing("*", "*", "*", ""), nil, "", `{"status":403,"code":"AccessDenied"}`, uploads.CauseUnknown},
		{"the store fails", allowing("*", "*", "*", ""), nil, "", `{"status":500,"code":"InternalError","failures":5}`, uploads.CauseUnknown},
	}
	for _, k := range cases {
		t.Run(k.name, func(t *testing.T) {
			t.Parallel()
			p := newPublicStore(t, k.answer)
			s := newSite(t, inFrontOf(p, k.edits...))
			origin := k.origin
			if origin == "" {
				origin = s.origin()
			}
			var got diagnosis
			s.diagnose(origin, k.seen).into(http.StatusOK, &got)
			if got.Code != string(k.cause) || got.Sentence == "" || strings.Contains(got.Sentence, "upload.error") {
				t.Errorf("wanted %s, got %+v", k.cause, got)
			}
			if wanted := strings.HasPrefix(got.Code, "cors_"); wanted != strings.Contains(got.Fix, origin) || !wanted && got.Fix != "" {
				t.Errorf("what to add: got %q", got.Fix)
			}
			if asked := p.asked(); len(asked) == 0 || len(asked) > 5 || slices.ContainsFunc(asked, func(r string) bool { return !strings.HasPrefix(r, "OPTIONS ") }) {
				t.Errorf("requests to the public address: wanted 1 to 5 preflights, got %q", asked)
			}
		})
	}
}

func TestAStoreThatIsAwayIsToldFromOneThatWasAway(t *testing.T) {
	t.Parallel()
	p := newPublicStore(t, answering(http.StatusOK))
	p.Close()
	s := newSite(t, inFrontOf(p))
	for seen, cause := range map[string]uploads.Cause{
		`{"failures":1,"failing":60000}`:                `store_unreachable`,
		`{"failures":1,"failing":60000,"reached":true}`: `unknown_cause`,
	} {
		var got diagnosis
		s.diagnose(s.origin(), seen).into(http.StatusOK, &got)
		if got.Code != string(cause) {
			t.Errorf("%s: wanted %s, got %+v", seen, cause, got)
		}
	}
	// The look is older than the next failure.
	time.Sleep(20 * time.Millisecond)
	var got diagnosis
	s.diagnose(s.origin(), `{"failures":1,"failing":1}`).into(http.StatusOK, &got)
	if got.Code != string(uploads.CauseUnknown) {
		t.Errorf("a failure after the look: got %+v", got)
	}
	if !strings.Contains(s.log.String(), "connection refused") || !strings.Contains(s.log.String(), `"cause":"store_unreachable"`) {
		t.Errorf("the log lacks the evidence: %s", s.log.String())
	}
}

func TestAStoreWhoseCertificateIsNotTrustedIsReached(t *testing.T) {
	t.Parallel()
	server := httptest.NewUnstartedServer(answering(http.StatusOK))
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.StartTLS()
	t.Cleanup(server.Close)
	s := newSite(t, func(c *handlers.Config) { c.Store.PublicEndpoint = server.URL })
	var got diagnosis
	s.diagnose(s.origin(), `{"failures":1,"failing":60000}`).into(http.StatusOK, &got)
	if got.Code != string(uploads.CauseUnknown) || !strings.Contains(s.log.String(), "certificate") {
		t.Errorf("wanted unknown_cause and the reason in the log, got %+v\n%s", got, s.log.String())
	}
}

func TestADiagnosisOfAFormThatHasExpired(t *testing.T) {
	t.Parallel()
	c := newClock()
	p := newPublicStore(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Date", c.now().UTC().Format(http.TimeFormat))
	})
	s := newSite(t, inFrontOf(p, func(config *handlers.Config) { config.Now = c.now }))
	id, token := beginPicture(s)
	for _, step := range []struct {
		seconds int
		cause   uploads.Cause
	}{{0, uploads.CauseUnknown}, {1000, uploads.CauseFormExpired}} {
		c.move(step.seconds)
		var got diagnosis
		s.call("POST", "/uploads/"+id+"/diagnosis", `{"seen":{"status":403,"code":"AccessDenied"}}`, "Origin", s.origin(), "Upload-Token", token).into(http.StatusOK, &got)
		if got.Code != string(step.cause) {
			t.Errorf("after %d s: wanted %s, got %+v", step.seconds, step.cause, got)
		}
	}
}

func TestManyDiagnosesAskTheStoreOnce(t *testing.T) {
	t.Parallel()
	c := newClock()
	p := newPublicStore(t, allowingLikeS3("https://app.example.com", "POST", "*"))
	s := newSite(t, inFrontOf(p, func(config *handlers.Config) { config.Now = c.now }))
	ask := func(n int) {
		var all sync.WaitGroup
		for range n {
			all.Go(func() { s.diagnose("https://app.example.com", noAnswer).into(http.StatusOK, &diagnosis{}) })
		}
		all.Wait()
	}
	ask(40)
	if asked := p.asked(); len(asked) != 1 {
		t.Errorf("40 at once: wanted one request, got %q", asked)
	}
	c.move(50)
	ask(1)
	if asked := p.asked(); len(asked) != 1 {
		t.Errorf("within a minute: wanted one request, got %q", asked)
	}
	c.move(20)
	ask(1)
	if asked := p.asked(); len(asked) != 2 {
		t.Errorf("after a minute: wanted a second request, got %q", asked)
	}
}

func TestWhatADiagnosisRefuses(t *testing.T) {
	t.Parallel()
	p := newPublicStore(t, allowing("*", "*", "*", ""))
	s := newSite(t, inFrontOf(p))
	id, token := beginPicture(s)
	own := []string{"Origin", s.origin(), "Upload-Token", token}
	cases := []struct {
		name, body string
		header     []string
		code       problem.Code
	}{
		{"no token", `{"seen":{}}`, own[:2], problem.Unauthorized},
		{"another token", `{"seen":{}}`, []string{"Upload-Token", token + "x"}, problem.Unauthorized},
		{"an origin that isn't listed", `{"seen":{}}`, []string{"Origin", "https://evil.example", "Upload-Token", token}, problem.OriginNotAllowed},
		{"an opaque origin", `{"seen":{}}`, []string{"Origin", "null", "Upload-Token", token}, problem.OriginNotAllowed},
		{"nothing seen", `{}`, own, problem.InvalidRequest},
		{"no object", `{"seen":[]}`, own, problem.InvalidRequest},
		{"an address to ask", `{"seen":{},"url":"http://169.254.169.254/"}`, own, problem.InvalidRequest},
		{"an unknown member", `{"seen":{"url":"http://169.254.169.254/"}}`, own, problem.InvalidRequest},
		{"a member twice", `{"seen":{"status":0,"status":0}}`, own, problem.InvalidRequest},
		{"a status that is none", `{"seen":{"status":1000}}`, own, problem.InvalidRequest},
		{"a negative number", `{"seen":{"sent":-1}}`, own, problem.InvalidRequest},
		{"another negative number", `{"seen":{"smaller":-1}}`, own, problem.InvalidRequest},
		{"a code with a line break", `{"seen":{"code":"a\nb"}}`, own, problem.InvalidRequest},
		{"a long code", `{"seen":{"code":"` + strings.Repeat("a", 65) + `"}}`, own, problem.InvalidRequest},
		{"a long body", `{"seen":{"code":"` + strings.Repeat("a", 2000) + `"}}`, own, problem.InvalidRequest},
	}
	for _, k := range cases {
		t.Run(k.name, func(t *testing.T) {
			s.call("POST", "/uploads/"+id+"/diagnosis", k.body, k.header...).refused(k.code)
		})
	}
	if asked := p.asked(); len(asked) != 0 {
		t.Errorf("requests to the store: wanted none, got %q", asked)
	}
	for range 40 {
		if a := s.call("POST", "/uploads/"+id+"/diagnosis", `{"seen":{}}`, own...); a.status == http.StatusTooManyRequests {
			return
		}
	}
	t.Error("40 diagnoses of one upload: wanted some refused")
}

// TestADiagnosisTellsNothingButThePagesOwn has a store that answers with what nobody else may know.
func TestADiagnosisTellsNothingButThePagesOwn(t *testing.T) {
	t.Parallel()
	redirected := newPublicStore(t, answering(http.StatusOK))
	p := newPublicStore(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Location", redirected.URL+"/secret")
		w.Header().Set("Access-Control-Allow-Methods", "secret-method")
		w.Header().Set("Server", "secret-server/1.0")
		w.WriteHeader(http.StatusTemporaryRedirect)
		_, _ = fmt.Fprint(w, strings.Repeat("<Error><Code>Secret</Code><HostId>secret-host</HostId></Error>", 10_000))
	})
	s := newSite(t, inFrontOf(p))
	a := s.diagnose(s.origin(), noAnswer)
	var members map[string]any
	a.into(http.StatusOK, &members)
	for name := range members {
		if !slices.Contains([]string{"code", "sentence", "fix"}, name) {
			t.Errorf("the answer has a member %q", name)
		}
	}
	var got diagnosis
	if err := json.Unmarshal(a.body, &got); err != nil || got.Code != string(uploads.CauseUnknown) || got.Fix != "" {
		t.Errorf("got %s, %v", a.body, err)
	}
	for _, secret := range []string{"secret", "Secret", p.URL, storeSecret, "127.0.0.1:1"} {
		if strings.Contains(string(a.body), secret) && !strings.Contains(s.origin(), secret) {
			t.Errorf("the answer holds %q: %s", secret, a.body)
		}
	}
	if asked := redirected.asked(); len(asked) != 0 {
		t.Errorf("a redirect was followed: %q", asked)
	}
}

func TestADiagnosisIsInThePersonsLanguage(t *testing.T) {
	t.Parallel()
	s := newSite(t, inFrontOf(newPublicStore(t, answering(http.StatusForbidden))))
	seen := map[string]bool{}
	for _, language := range []string{"en", "de", "fr", "es", "pt-BR", "ja", "zh-Hans", "ar"} {
		id, token := beginPicture(s)
		var got diagnosis
		s.call("POST", "/uploads/"+id+"/diagnosis", `{"seen":`+noAnswer+`}`, "Origin", s.origin(), "Upload-Token", token, "Accept-Language", language).into(http.StatusOK, &got)
		if seen[got.Sentence] || strings.ContainsAny(got.Sentence, "{}") {
			t.Errorf("%s: got %q", language, got.Sentence)
		}
		seen[got.Sentence] = true
	}
}

// repository is its folder. The embedded store changes the working directory.
var repository, _ = filepath.Abs("..")

// TestEachCauseHasASentenceAndAParagraph compares the codes of the server and the script with the
// texts and the documentation.
func TestEachCauseHasASentenceAndAParagraph(t *testing.T) {
	t.Parallel()
	guide, err := os.ReadFile(filepath.Join(repository, "static/docs/diagnosis.md"))
	if err != nil {
		t.Fatal(err)
	}
	catalogue, err := os.ReadFile(filepath.Join(repository, "static/lang/en.json"))
	if err != nil {
		t.Fatal(err)
	}
	script, err := os.ReadFile(filepath.Join(repository, "static/diagnosis.js"))
	if err != nil {
		t.Fatal(err)
	}
	codes := []string{"cors_origin", "cors_method", "cors_header", "cors_etag", "store_unreachable", "blocked_here", "clock_wrong", "form_expired",
		"store_credentials", "body_cut", "unknown_cause", "unreadable", "csp_blocked", "mixed_content", "local_network", "offline"}
	for _, code := range codes {
		if !strings.Contains(string(guide), "\n## "+code+"\n") {
			t.Errorf("static/docs/diagnosis.md has no paragraph on %s", code)
		}
		if code != "offline" && !strings.Contains(string(catalogue), `"upload.error.`+code+`"`) { // the state has a text
			t.Errorf("no text for %s", code)
		}
	}
	for _, found := range regexp.MustCompile(`result\('(\w+)'`).FindAllStringSubmatch(string(script), -1) {
		if !slices.Contains(codes, found[1]) {
			t.Errorf("the script names %s, which isn't in the list", found[1])
		}
	}
	if headings := strings.Count(string(guide), "\n## "); headings != len(codes) {
		t.Errorf("static/docs/diagnosis.md: wanted %d paragraphs, got %d", len(codes), headings)
	}
}
