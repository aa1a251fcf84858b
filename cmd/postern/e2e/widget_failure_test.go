package e2e

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
)

// embeddingPage is a page of another site with a widget and a link inside its tag. It keeps what
// its console says, and the failures of the widget, in the window at the top.
const embeddingPage = `<!doctype html><html lang="en"><meta charset="utf-8"><script>
	window.said = [];
	window.failures = [];
	for (const level of ["error", "warn"]) {
		const { [level]: print } = console;
		console[level] = (...what) => { said.push(what.join(" ")); print(...what); };
	}
	const tell = () => {
		const tag = document.querySelector("postern-upload");
		const [sentence, link] = [tag.shadowRoot.querySelector("p"), document.querySelector("#inside")];
		const shown = [sentence, link, tag.frame].map((e) => e?.checkVisibility() && e.getClientRects().length > 0);
		return { said, failures, shown, sentence: sentence?.textContent, message: tag.validationMessage, valid: tag.form.checkValidity(), failed: tag.matches(":state(failed)") };
	};
	addEventListener("postern:fail", ({ target, detail }) => {
		failures.push(detail);
		setTimeout(() => parent.postMessage({ report: tell() }, "*"));
	});
	addEventListener("message", ({ data }) => { if (data.report) window.report = data.report; });
</script>
<script type="module" src="SERVER/embed.js"></script>
<form method="post"><postern-upload ATTRIBUTES><a id="inside" href="/elsewhere">Another way</a></postern-upload><button type="submit">Save</button></form></html>`

// embeddingPageFor is that page for a server, with the attributes of its tag.
func embeddingPageFor(server, attributes string) string {
	return strings.NewReplacer("SERVER", server, "ATTRIBUTES", attributes).Replace(embeddingPage)
}

// failureReport is what a page with a widget that couldn't be loaded has told.
type failureReport struct {
	Said     []string
	Failures []struct{ Code, Message string }
	Shown    [3]bool // the sentence, the link inside the tag, the frame
	Sentence string
	Message  string
	Valid    bool
	Failed   bool
}

func TestAWidgetThatCannotBeLoadedSaysWhy(t *testing.T) {
	t.Parallel()
	const english, german = "The upload form can’t be loaded. Reload the page, or tell whoever runs this site.", "Das Upload-Formular kann nicht geladen werden. Laden Sie die Seite neu, oder sagen Sie es den Betreibern."
	const line = `origins: ["` + appOrigin + `"]`
	for _, c := range []struct {
		name, attributes, policy string
		listed                   bool
		nest                     func(string) string
		broken, silent           func(*http.Request) bool // whose connections break, or get no answer
		code, sentence           string
		says, keepsQuiet         string // in the console
	}{
		{name: "an origin that the config doesn't list", attributes: `profile="photos" name="pictures"`,
			code: "origin_not_allowed", sentence: english, says: `profile "photos" in its config: ` + line},
		{name: "a wrong profile", attributes: `profile="fotos" lang="de-AT"`, listed: true,
			code: "unknown_profile", sentence: german, says: "no such profile", keepsQuiet: "origins:"},
		{name: "a frame in a sandbox", attributes: `profile="photos"`, listed: true, nest: sandboxed,
			code: "opaque_origin", sentence: english, says: "allow-same-origin", keepsQuiet: "origins:"},
		{name: "a server that is away", attributes: `profile="photos"`, listed: true,
			broken: func(r *http.Request) bool { return r.URL.Path != "/embed.js" },
			code:   "network", sentence: english, says: "can't be reached", keepsQuiet: "origins:"},
		{name: "a server that answers no more", attributes: `profile="photos"`, listed: true,
			silent: func(r *http.Request) bool { return r.URL.Path != "/embed.js" },
			code:   "network", sentence: english, says: "can't be reached", keepsQuiet: "origins:"},
		{name: "a page whose policy forbids further scripts", attributes: `profile="photos"`, policy: "script-src 'unsafe-inline' SERVER/embed.js",
			code: "no_answer", sentence: english, says: "can't be reached", keepsQuiet: "origins:"},
		{name: "a frame that breaks off", attributes: `profile="photos"`, listed: true,
			broken: func(r *http.Request) bool {
				return strings.HasPrefix(r.URL.Path, "/widget/") && r.Method == http.MethodGet
			},
			code: "no_answer", sentence: english, says: "lists this origin", keepsQuiet: "origins:"},
		{name: "a page whose policy forbids the frame", attributes: `profile="photos"`, listed: true, policy: "frame-src 'none'",
			code: "csp", sentence: english, says: "frame-src http://", keepsQuiet: "origins:"},
		{name: "a page whose policy forbids to ask", attributes: `profile="photos"`, policy: "connect-src 'self'",
			code: "no_answer", sentence: english, says: "can't tell why. If the server doesn't list this origin: "},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			p := startDev(t, pick(c.listed, []string{"--origin", appOrigin}, nil)...)
			b := newTab(t, tabOptions{})
			page := embeddingPageFor(p.URL, c.attributes)
			if c.nest != nil {
				page = strings.Replace(c.nest(page), "<script>", `<script>addEventListener("message", ({ data }) => { if (data.report) window.report = data.report; });`, 1)
			}
			b.Proxy.serveHost("app.localhost", http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Type", "text/html; charset=utf-8")
				w.Header().Set("Content-Security-Policy", strings.ReplaceAll(c.policy, "SERVER", p.URL))
				_, _ = w.Write([]byte(page))
			}))
			if c.broken != nil {
				b.Proxy.intercept(func(_ http.ResponseWriter, r *http.Request) bool {
					if r.URL.Host == hostOf(t, p.URL) && c.broken(r) {
						panic(http.ErrAbortHandler)
					}
					return false
				})
			}
			if c.silent != nil {
				b.Proxy.hold(t, func(r *http.Request) bool { return r.URL.Host == hostOf(t, p.URL) && c.silent(r) })
			}
			evaluate[any](b, fmt.Sprintf(`void (location.href = %q)`, appOrigin+"/"))
			b.waitUntil("the widget has failed", `window.report != null`)
			got := evaluate[failureReport](b, `window.report`)
			if got.Valid || !got.Failed || got.Message != c.sentence || got.Sentence != c.sentence || got.Shown != [3]bool{true, true, false} {
				t.Errorf("what the visitor sees: wanted %q, the link and no frame, got %+v", c.sentence, got)
			}
			if len(got.Failures) != 1 || got.Failures[0].Code != c.code || got.Failures[0].Message != c.sentence {
				t.Errorf("event postern:fail: wanted one with %s, got %+v", c.code, got.Failures)
			}
			origin := pick(c.nest == nil, appOrigin, "null")
			said := strings.Join(got.Said, "\n")
			if !strings.Contains(said, c.says) || !strings.Contains(said, origin) || !strings.Contains(said, p.URL+"/widget/") || c.keepsQuiet != "" && strings.Contains(said, c.keepsQuiet) {
				t.Errorf("console: wanted %q, the origin and the frame's address, and not %q, got %s", c.says, c.keepsQuiet, said)
			}
		})
	}
}

func TestALateFrameTakesOver(t *testing.T) {
	t.Parallel()
	p := startDev(t, "--origin", appOrigin)
	b := newTab(t, tabOptions{})
	b.Proxy.serveHost("app.localhost", pagesByPath(map[string]string{"/": embeddingPageFor(p.URL, `profile="photos" name="pictures" required`)}))
	release := b.Proxy.hold(t, func(r *http.Request) bool {
		return strings.HasPrefix(r.URL.Path, "/widget/") && r.Method == http.MethodGet
	})
	evaluate[any](b, fmt.Sprintf(`void (location.href = %q)`, appOrigin+"/"))
	b.waitUntil("the widget has failed", `window.report != null`)
	release()
	widget := b.widgets(p, 1)[0]
	got := evaluate[failureReport](b, `tell()`)
	if got.Failed || got.Shown != [3]bool{false, false, true} || got.Message != catalogText(t, "en", "upload.required") {
		t.Errorf("widget after its frame has answered: wanted the frame alone and no failure, got %+v", got)
	}
	widget.waitUntilFrameFits()
	widget.chooseFiles(writeFile(t, "plot.png", pngOf(t, 60<<10)))
	b.waitForValues(1)
	b.waitUntil("the form may be sent", `document.querySelector("form").checkValidity()`)
}

// The demo's page has the server's own origin under this name, which no profile lists.
func TestThePagesOfTheServerItselfMayFrameItsWidget(t *testing.T) {
	t.Parallel()
	p := startDev(t)
	b := newTab(t, tabOptions{})
	b.open(p.URL + "/demo/form")
	b.waitUntil("the widget and its page are connected", `document.querySelector("postern-upload")?.port != null`)
	frame := evaluate[string](b, `document.querySelector("postern-upload").frame.contentDocument.querySelector("postern-uploader").tagName`)
	for _, x := range b.Proxy.requests(hostOf(t, p.URL), http.MethodGet) {
		if strings.HasPrefix(x.Path, "/embed-") {
			t.Errorf("modules that the tag loads before a file is chosen: wanted none, got %s", x.Path)
		}
	}
	if frame == "" || !strings.HasPrefix(b.url(), p.URL) {
		t.Errorf("frame of the widget: wanted an uploader, got %q", frame)
	}
	b.requireCleanConsole()
}

func TestTheEmbeddingScriptWorksInEveryKindOfScript(t *testing.T) {
	t.Parallel()
	p := startDev(t, "--origin", appOrigin)
	const classic, module = `<script src="SERVER/embed.js"></script>`, `<script type="module" src="SERVER/embed.js"></script>`
	for _, c := range []struct{ name, scripts string }{
		{"a classic script", classic},
		{"a classic script that waits", `<script defer src="SERVER/embed.js"></script>`},
		{"a module", module},
		{"an import", `<script type="module">import "SERVER/embed.js";</script>`},
		{"a script that another one adds", `<script>document.head.append(Object.assign(document.createElement("script"), { src: "SERVER/embed.js" }))</script>`},
		{"several of each", classic + module + classic + `<script>import("SERVER/embed.js?again")</script>` + module},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := newTab(t, tabOptions{})
			page := `<!doctype html><html lang="en"><head>` + strings.ReplaceAll(c.scripts, "SERVER", p.URL) + `</head><body>` + picturesForm
			b.Proxy.serveHost("app.localhost", pagesByPath(map[string]string{"/": page}))
			b.open(appOrigin + "/")
			widget := b.widgets(p, 1)[0]
			widget.chooseFiles(writeFile(t, "plot.png", pngOf(t, 60<<10)))
			keys := b.waitForValues(1)
			if got := b.formEntries("pictures"); len(got) != 1 || got[0] != keys[0] {
				t.Errorf("value of the form: wanted a receipt of %q, got %q", keys, got)
			}
			b.requireCleanConsole()
		})
	}
}

func TestTheFocusReachesTheReasonOfAFailure(t *testing.T) {
	t.Parallel()
	p := startDev(t)
	b := newTab(t, tabOptions{})
	b.Proxy.serveHost("app.localhost", pagesByPath(map[string]string{"/": embeddingPageFor(p.URL, `profile="photos" name="pictures"`)}))
	b.open(appOrigin + "/")
	b.waitUntil("the widget has failed", `window.report != null`)
	b.pressSubmit()
	b.waitUntil("the form isn't sent and the widget has the focus", `document.activeElement == document.querySelector("postern-upload")`)
}
