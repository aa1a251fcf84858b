package e2e

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
)

// serverWithoutFrameHeaders is the widget's server as a browser takes it that knows nothing of
// frame-ancestors: the handshake alone is left to tell friend from foe.
func serverWithoutFrameHeaders(t *testing.T) http.Handler {
	t.Helper()
	inner := widgetServer(t)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { inner.ServeHTTP(&frameHeaderRemover{w}, r) })
}

// frameHeaderRemover drops the headers that keep a page from being framed.
type frameHeaderRemover struct{ http.ResponseWriter }

func (l *frameHeaderRemover) WriteHeader(status int) {
	l.Header().Del("Content-Security-Policy")
	l.Header().Del("X-Frame-Options")
	l.ResponseWriter.WriteHeader(status)
}

// pagesByPath serves pages by their paths.
func pagesByPath(pages map[string]string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		_, _ = w.Write([]byte(pages[r.URL.Path]))
	})
}

// framingPage is a page that frames the widget by hand, notes what it hears and can answer.
const (
	listeningPage = `<!doctype html><script>
	window.heard = [];
	addEventListener("message", (e) => { heard.push(e.data?.postern ?? e.data); window.nonce ??= e.data?.nonce; });
	window.answer = (nonce) => {
		const { port1, port2 } = new MessageChannel();
		top[0].postMessage({ postern: "welcome", nonce, answer: "ours" }, "*", [port2]);
	};
</script>`
	framingPage = listeningPage + `<iframe src="` + uploadsOrigin + `/widget/pictures"></iframe>`
)

// waitForAllMessages waits until the widget's frame has said to its page all that it is going to
// say: a word of ours comes behind the others.
func (b *tab) waitForAllMessages() *tab {
	b.t.Helper()
	b.waitUntil("the frame is there", `document.readyState == "complete"`)
	frames := b.crossSiteFrames(uploadsOrigin + "/widget/")
	if len(frames) != 1 {
		b.t.Fatalf("frames of the widget: wanted one, got %d", len(frames))
	}
	frame := b.insideFrame(frames[0])
	frame.waitUntil("the uploader is ready", `document.querySelector("postern-uploader[ready]") != null`)
	evaluate[any](frame, `import(document.querySelector("script[type=module]").src.replace("define", "widget")).then(() => parent.postMessage("that was all", "*"))`)
	b.waitUntil("the frame has said all", `heard.includes("that was all")`)
	return frame
}

func TestTheFrameSendsMessagesToListedPagesOnly(t *testing.T) {
	t.Parallel()
	const nothing = "that was all"
	for _, c := range []struct{ name, origin, heard string }{
		{"the listed page", appOrigin, "hello, that was all"},
		{"another page", "http://other.localhost", nothing},
		{"a domain that ends alike", "http://evil-app.localhost", nothing},
		{"a domain that begins alike", "http://app.localhost.evil.test", nothing},
		{"a subdomain of the listed one", "http://x.app.localhost", nothing},
		{"another port of the listed one", appOrigin + ":8080", nothing},
		{"an opaque origin", "null", nothing},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := newTab(t, tabOptions{})
			b.Proxy.serveHost("uploads.localhost", serverWithoutFrameHeaders(t))
			b.Proxy.serveHost(strings.TrimPrefix(c.origin, "http://"), pagesByPath(map[string]string{"/": framingPage}))
			address := c.origin + "/"
			if c.origin == "null" {
				address = "data:text/html," + url.PathEscape(framingPage)
			}
			b.open(address)
			if got := evaluate[string](b, `self.origin`); got != c.origin {
				t.Fatalf("origin of the page: wanted %s, got %s", c.origin, got)
			}
			b.waitForAllMessages()
			if got := evaluate[string](b, `heard.join(", ")`); got != c.heard {
				t.Errorf("what the page heard: wanted %q, got %q", c.heard, got)
			}
		})
	}
}

// Each answer brings a port of its own, and one that is believed is spoken to at once. Ports are
// counted, not words: a frame that has met its page tells its height whenever it likes.
func TestTheFrameAcceptsAPortFromItsOwnPageOnly(t *testing.T) {
	t.Parallel()
	b := newTab(t, tabOptions{})
	b.Proxy.serveHost("uploads.localhost", widgetServer(t))
	b.Proxy.serveHost("app.localhost", pagesByPath(map[string]string{"/": framingPage + `<iframe id="beside" src="/beside"></iframe>`, "/beside": listeningPage}))
	b.open(appOrigin + "/")
	frame := b.waitForAllMessages()
	evaluate[any](frame, `(() => {
		window.welcomed = 0;
		window.believed = new Set();
		const { postMessage } = MessagePort.prototype;
		MessagePort.prototype.postMessage = function (...what) { believed.add(this); return postMessage.apply(this, what); };
		addEventListener("message", (e) => { if (e.data?.postern == "welcome") welcomed++; });
	})()`)
	for i, c := range []struct {
		name, answer string
		believed     bool
	}{
		{"its page, without a nonce", `answer()`, false},
		{"its page, with another nonce", `answer("1,2,3,4")`, false},
		{"a window beside it, with the nonce", `document.querySelector("#beside").contentWindow.answer(nonce)`, false},
		{"its page, with the nonce", `answer(nonce)`, true},
	} {
		evaluate[any](b, c.answer)
		frame.waitUntil("the answer is there", fmt.Sprintf(`welcomed == %d`, i+1))
		if believed := evaluate[int](frame, `believed.size`) > 0; believed != c.believed {
			t.Errorf("an answer of %s: wanted it believed: %v, got %v", c.name, c.believed, believed)
		}
	}
	evaluate[any](b, `answer(nonce)`)
	frame.waitUntil("the answer is there", `welcomed == 5`)
	if got := evaluate[int](frame, `believed.size`); got != 1 {
		t.Errorf("ports that were believed in the end: wanted one, got %d", got)
	}
	b.requireCleanConsole()
}

// helloPage is a page that asks the page around it for a port, as the widget's frame does.
const helloPage = `<!doctype html><script>
	window.heard = [];
	addEventListener("message", (e) => heard.push(e.data));
	parent.postMessage({ postern: "hello", nonce: "rogue" }, "*");
</script>`

func TestTheElementAnswersItsOwnFrameOnly(t *testing.T) {
	t.Parallel()
	const other = "http://other.localhost"
	for _, c := range []struct{ name, beside, navigate string }{
		{"another page's frame beside it", other, ""},
		{"a frame beside it of the widget's own origin", uploadsOrigin, ""},
		{"its own frame, led elsewhere", "", other},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := newTab(t, tabOptions{})
			own := serverWithoutFrameHeaders(t)
			b.Proxy.serveHost("other.localhost", pagesByPath(map[string]string{"/rogue": helloPage}))
			b.Proxy.serveHost("uploads.localhost", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				pick(r.URL.Path == "/rogue", pagesByPath(map[string]string{"/rogue": helloPage}), own).ServeHTTP(w, r)
			}))
			b.Proxy.serveHost("app.localhost", pagesByPath(map[string]string{"/": widgetPage}))
			b.open(appOrigin + "/")
			b.waitUntil("the widget and its page have met", `document.querySelector("postern-upload").port != null`)
			evaluate[any](b, fmt.Sprintf(`(() => {
				window.knocks = [];
				window.met = document.querySelector("postern-upload").port;
				addEventListener("message", (e) => knocks.push(e));
				const [beside, elsewhere] = [%q, %q];
				if (beside) document.body.append(Object.assign(document.createElement("iframe"), { src: beside + "/rogue" }));
				else document.querySelector("postern-upload").frame.src = elsewhere + "/rogue";
			})()`, c.beside, c.navigate))
			b.waitUntil("the rogue has asked", `knocks.some((e) => e.data.nonce == "rogue")`)
			evaluate[any](b, `knocks.find((e) => e.data.nonce == "rogue").source.postMessage("that was all", "*")`)
			rogue := b.insideFrame(b.crossSiteFrames(pick(c.beside != "", c.beside, c.navigate) + "/rogue")[0])
			rogue.waitUntil("the page has said all", `heard.includes("that was all")`)
			if got := evaluate[string](rogue, `JSON.stringify(heard)`); got != `["that was all"]` {
				t.Errorf("what the rogue heard: wanted nothing, got %s", got)
			}
			if c.beside != "" && !evaluate[bool](b, `document.querySelector("postern-upload").port == met`) {
				t.Error("the widget has lost its frame to a stranger")
			}
		})
	}
}
