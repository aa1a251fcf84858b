package e2e

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/security"
	"github.com/chromedp/chromedp"

	"github.com/postern-dev/postern/handlers"
	"github.com/postern-dev/postern/handlers/uploads"
	"github.com/postern-dev/postern/policy/profile"
)

// causeFault is one reason for which a store gets no file, and the cause that the page has to name.
type causeFault struct {
	cause   string
	put     bool // whether files go by PUT, not by POST
	https   bool // whether the page is encrypted
	fix     string
	rule    func(*corsRule)
	config  func(*handlers.Config)
	profile func(*profile.Profile)
	// store answers in the store's place, before the rule is applied; false lets the request pass.
	store func(w http.ResponseWriter, r *http.Request) bool
	page  func(http.Handler) http.Handler
	// begin makes the fault once a file was chosen, before anything of it is sent.
	begin func(r *causeRun)
	// ends says that the store is away altogether.
	ends bool
	// client, if set, is what another client than the uploader does in the page; its answer is the
	// cause.
	client string
}

// causeRun is the upload during which a fault happens. in is the document that has the uploader.
type causeRun struct {
	top, in *tab
	path    string
	front   *httptest.Server
}

// corsRule is the only CORS rule of a bucket.
type corsRule struct{ origin, methods, headers, exposed string }

// askForETag sends a file as a client that needs its ETag would, and asks why it can't be read.
const askForETag = `(async () => {
	const call = async (path, body, token) => (await fetch("/uploads" + path, { method: "POST", body: JSON.stringify(body),
		headers: { "Content-Type": "application/json", ...(token && { "Upload-Token": token }) } })).json();
	const { id, token, put } = await call("", { profile: "files", filename: "a.bin", type: "", size: 5 });
	const answer = await fetch(put.url, { method: "PUT", headers: put.headers, body: "hello" });
	const withoutETag = !answer.headers.get("etag");
	const seen = { status: answer.status, code: "", preflight: true, reached: true, sent: 5, failures: 0, failing: 0, withoutETag };
	const found = await call("/" + id + "/diagnosis", { seen }, token);
	document.querySelector("postern-uploader").dataset.fix = found.fix;
	return found.code;
})()`

func causeFaults() []causeFault {
	wrong := credentials.NewStaticCredentialsProvider("postern-dev", "another secret of another store", "")
	const rule = `"AllowedOrigins":["` + uploadsOrigin + `"]`
	return []causeFault{
		{cause: "cors_origin", fix: rule, rule: func(r *corsRule) { r.origin = "http://other.example" }},
		{cause: "cors_method", fix: rule, put: true, rule: func(r *corsRule) { r.methods = "GET,POST" }},
		{cause: "cors_header", fix: rule, put: true, rule: func(r *corsRule) { r.headers = "x-other" }},
		{cause: "cors_etag", fix: `"ExposeHeaders":["ETag"]`, put: true, rule: func(r *corsRule) { r.exposed = "" }, client: askForETag},
		{cause: "csp_blocked", fix: "connect-src http://127.0.0.1:", page: withoutStoreInPolicy},
		{cause: "mixed_content", fix: "https://store.example", https: true, config: func(c *handlers.Config) { c.Store.PublicEndpoint = "http://store.example" }},
		{cause: "blocked_here", begin: func(r *causeRun) {
			host := strings.TrimPrefix(r.front.URL, "http://")
			r.top.Proxy.intercept(func(_ http.ResponseWriter, request *http.Request) bool {
				if request.URL.Host == host {
					panic(http.ErrAbortHandler)
				}
				return false
			})
		}},
		{cause: "store_unreachable", ends: true},
		{cause: "clock_wrong", config: func(c *handlers.Config) { c.Now = func() time.Time { return time.Now().Add(-2 * time.Hour) } }},
		{cause: "form_expired", profile: func(p *profile.Profile) { p.Lifetime = time.Second }, store: func(_ http.ResponseWriter, r *http.Request) bool {
			if r.Method == http.MethodPost {
				time.Sleep(1500 * time.Millisecond) // how late the request is
			}
			return false
		}},
		{cause: "store_credentials", config: func(c *handlers.Config) { c.Store.UploadCredentials = wrong }},
		{cause: "body_cut", store: func(_ http.ResponseWriter, r *http.Request) bool {
			if r.ContentLength > 300<<10 {
				_, _ = io.CopyN(io.Discard, r.Body, 300<<10)
				panic(http.ErrAbortHandler)
			}
			if r.Method == http.MethodPost {
				time.Sleep(time.Second) // further tries fail before the first smaller request is answered
			}
			return false
		}},
		// A busy store whose answer comes before the body was read, and can't be read by the page.
		{cause: "unknown_cause", store: func(w http.ResponseWriter, r *http.Request) bool {
			if r.Method == http.MethodPost {
				http.Error(w, "<Error><Code>SlowDown</Code></Error>", http.StatusServiceUnavailable)
			}
			return r.Method == http.MethodPost
		}},
		{cause: "unreadable", begin: func(r *causeRun) { must(r.top.t, os.WriteFile(r.path, []byte("another file"), 0o600)) }},
		{cause: "offline", begin: func(r *causeRun) {
			r.top.Proxy.listener.breakConnections()
			for _, b := range []*tab{r.top, r.in} {
				_, err := chromedp.Call(b.ctx, network.OverrideNetworkState, network.OverrideNetworkStateParams{Offline: true, DownloadThroughput: -1, UploadThroughput: -1})
				must(r.top.t, err)
			}
		}},
	}
}

// withoutStoreInPolicy takes the store out of the page's Content-Security-Policy.
func withoutStoreInPolicy(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		recorder := httptest.NewRecorder()
		next.ServeHTTP(recorder, r)
		for name, values := range recorder.Header() {
			w.Header()[name] = values
		}
		if policy := w.Header().Get("Content-Security-Policy"); policy != "" {
			var kept []string
			for directive := range strings.SplitSeq(policy, ";") {
				if strings.HasPrefix(strings.TrimSpace(directive), "connect-src") {
					directive = " connect-src 'self'"
				}
				kept = append(kept, directive)
			}
			w.Header().Set("Content-Security-Policy", strings.Join(kept, ";"))
		}
		w.WriteHeader(recorder.Code)
		_, _ = recorder.Body.WriteTo(w)
	})
}

// startFront starts what browsers take for the store: it passes requests on to the store, with the
// CORS headers of one rule, and refuses as S3 does.
func startFront(t *testing.T, store string, rule corsRule, first func(http.ResponseWriter, *http.Request) bool) *httptest.Server {
	t.Helper()
	next := forwardTo(t, store)
	next.ModifyResponse = func(r *http.Response) error {
		for name := range r.Header {
			if strings.HasPrefix(name, "Access-Control-") {
				r.Header.Del(name)
			}
		}
		if rule.origin == r.Request.Header.Get("Origin") {
			r.Header.Set("Access-Control-Allow-Origin", rule.origin)
			r.Header.Set("Access-Control-Expose-Headers", rule.exposed)
		}
		return nil
	}
	front := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case first != nil && first(w, r):
		case r.Method == http.MethodOptions:
			rule.answer(w, r)
		default:
			next.ServeHTTP(w, r)
		}
	}))
	front.Config.ErrorLog = discardLog
	t.Cleanup(front.Close)
	return front
}

// answer answers a preflight as S3 does: one 403 for whatever isn't allowed.
func (rule corsRule) answer(w http.ResponseWriter, r *http.Request) {
	has := func(list, item string) bool { return list == "*" || strings.Contains(","+list+",", ","+item+",") }
	allowed := rule.origin == r.Header.Get("Origin") && has(rule.methods, r.Header.Get("Access-Control-Request-Method"))
	for name := range strings.SplitSeq(r.Header.Get("Access-Control-Request-Headers"), ",") {
		allowed = allowed && (name == "" || has(rule.headers, name))
	}
	if !allowed {
		w.WriteHeader(http.StatusForbidden)
		_, _ = fmt.Fprint(w, "<Error><Code>AccessForbidden</Code><Message>CORSResponse: This CORS request is not allowed.</Message></Error>")
		return
	}
	w.Header().Set("Access-Control-Allow-Origin", rule.origin)
	w.Header().Set("Access-Control-Allow-Methods", rule.methods)
	w.Header().Set("Access-Control-Allow-Headers", rule.headers)
	w.Header().Set("Access-Control-Expose-Headers", rule.exposed)
}

// serveFault starts a server with the fault for a tab, and the front of its store.
func serveFault(t *testing.T, b *tab, dev *devServer, f causeFault) *httptest.Server {
	t.Helper()
	rule := corsRule{origin: uploadsOrigin, methods: "GET,POST,PUT", headers: "*", exposed: "ETag"}
	if f.https {
		rule.origin = strings.Replace(uploadsOrigin, "http", "https", 1)
	}
	if f.rule != nil {
		f.rule(&rule)
	}
	front := startFront(t, dev.Store, rule, f.store)
	keys := credentials.NewStaticCredentialsProvider("postern-dev", dev.key("store.key"), "")
	files := profile.Profile{Name: "files", Bucket: bucket, Key: "users/{subject}/{id}{ext}", Types: []string{"*/*"}, MaxSize: 1 << 30,
		Access: profile.AccessPublic, Origins: []string{appOrigin}}
	if f.profile != nil {
		f.profile(&files)
	}
	h := newHandlers(t, []profile.Profile{files}, func(c *handlers.Config) {
		provider, err := uploads.ProviderNamed("versity")
		must(t, err)
		provider.PostPolicy = !f.put
		c.Store = uploads.Store{Client: s3.New(s3.Options{Region: "us-east-1", BaseEndpoint: aws.String(dev.Store), Credentials: keys, UsePathStyle: true}),
			Credentials: keys, Region: "us-east-1", Endpoint: dev.Store, PublicEndpoint: front.URL, PathStyle: true, Provider: provider}
		if f.config != nil {
			f.config(c)
		}
	})
	var server http.Handler = echoServer(h)
	if f.page != nil {
		server = f.page(server)
	}
	b.Proxy.serveHost("uploads.localhost", server)
	if f.https {
		b.Proxy.serveTLS(t, "uploads.localhost:443", server)
		_, err := chromedp.Call(b.ctx, security.SetIgnoreCertificateErrors, security.SetIgnoreCertificateErrorsParams{Ignore: true})
		must(t, err)
	}
	if f.ends {
		front.Close()
	}
	return front
}

// openUploader opens the page of a form, or one with the widget in it, and returns the document
// that has the uploader.
func (b *tab) openUploader(origin string, widget bool) *tab {
	b.t.Helper()
	in := b
	if widget {
		b.Proxy.serveHost("app.localhost", http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "text/html; charset=utf-8")
			_, _ = fmt.Fprintf(w, `<!doctype html><html lang="en"><script type="module" src="%s/embed.js"></script><postern-upload profile="files"></postern-upload>`, origin)
		}))
		b.open(appOrigin + "/")
		b.waitUntil("the widget is connected to its page", `document.querySelector("postern-upload")?.port != null`)
		if b.engine != nil {
			in = b.inFrame(`document.querySelector("postern-upload").frame`)
		} else {
			in = b.insideFrame(b.crossSiteFrames(origin + "/widget/")[0])
		}
	} else {
		b.open(origin + "/forms/files")
	}
	in.waitUntil("the uploader is ready", `document.querySelector("postern-uploader[ready]") != null`)
	evaluate[any](in, recordCauses)
	return in
}

// recordCauses notes in window.causes each cause that a row shows.
const recordCauses = `(() => {
	window.causes = [];
	new MutationObserver(() => {
		for (const { dataset } of document.querySelectorAll(".postern-file")) if (dataset.cause && causes.at(-1) !== dataset.cause) causes.push(dataset.cause);
		for (const { code, state } of document.querySelector("postern-uploader").queue.uploads) {
			const cause = code || (state === "offline" && !navigator.onLine && "offline");
			if (cause && causes.at(-1) !== cause) causes.push(cause);
		}
	}).observe(document, { subtree: true, childList: true, attributes: true, characterData: true });
})()`

// Each fault is named within 10 seconds of its first failure, and nothing else is named before.
func TestEachReasonForWhichTheStoreGetsNothingIsNamed(t *testing.T) {
	t.Parallel()
	dev := startDev(t)
	for i, f := range causeFaults() {
		for j, widget := range []bool{false, true} {
			if !long && i > 0 && i%2 != j {
				continue // each cause once, in the form page or in the widget
			}
			t.Run(f.cause+pick(widget, " in the widget", " in the form page"), func(t *testing.T) {
				t.Parallel()
				newTab(t, tabOptions{}).requireDiagnosis(dev, f, widget)
			})
		}
	}
}

// requireDiagnosis requires that the fault is named in the form page or in the widget.
func (b *tab) requireDiagnosis(dev *devServer, f causeFault, widget bool) {
	b.t.Helper()
	r := &causeRun{top: b, front: serveFault(b.t, b, dev, f), path: writeFile(b.t, "garden.bin", make([]byte, 2*mebibyte))}
	r.in = b.openUploader(pick(f.https, strings.Replace(uploadsOrigin, "http", "https", 1), uploadsOrigin), widget)
	if f.client == "" {
		r.requireCause(f)
		return
	}
	if got := evaluate[string](r.in, f.client); got != f.cause {
		b.t.Errorf("cause: wanted %s, got %s", f.cause, got)
	}
	requireFix(b.t, f.fix, evaluate[string](r.in, `document.querySelector("postern-uploader").dataset.fix`))
}

// requireCause uploads a file and requires that the row names the fault, with the line to add.
func (r *causeRun) requireCause(f causeFault) {
	b, t := r.in, r.top.t
	t.Helper()
	held := make(chan struct{})
	if f.begin != nil {
		r.top.Proxy.intercept(func(_ http.ResponseWriter, request *http.Request) bool {
			if request.Method == http.MethodPost && request.URL.Path == "/uploads" {
				<-held
			}
			return false
		})
	}
	b.chooseFiles(r.path)
	b.submitIfNeeded()
	if f.begin != nil {
		b.waitUntil("the upload has begun", `document.querySelector(".postern-file").dataset.state == "preparing"`)
		f.begin(r)
	}
	close(held)
	began := time.Now()
	b.waitUntil("a cause is named", `causes.length > 0`)
	if took := time.Since(began); took > 10*time.Second {
		t.Errorf("the cause was named after %v", took)
	}
	if causes := evaluate[[]string](b, `causes`); len(causes) != 1 || causes[0] != f.cause {
		t.Errorf("causes: wanted %s, got %q\n%s", f.cause, causes, b.text())
	}
	if permanentCause.MatchString(f.cause) {
		b.waitUntil("the file has failed, without further tries", `document.querySelector(".postern-file").dataset.state == "failed"`)
	}
	if f.fix != "" {
		requireFix(t, f.fix, evaluate[string](b, `document.querySelector(".postern-fix pre")?.textContent ?? ""`))
	}
}

// permanentCause are the causes that no further try can change.
var permanentCause = regexp.MustCompile(`^(cors|csp|mixed|clock|form|store_credentials)`)

func requireFix(t *testing.T, wanted, got string) {
	t.Helper()
	if !strings.Contains(got, wanted) {
		t.Errorf("what to add: wanted %q in it, got %q", wanted, got)
	}
}
