package e2e

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
)

// serverWithoutFrameHeaders is the widget's server for a browser without frame-ancestors: only the
// handshake tells listed pages from others.
func serverWithoutFrameHeaders(t *testing.T) http.Handler {
	t.Helper()
	inner := widgetServer(t)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { inner.ServeHTTP(&frameHeaderRemover{w}, r) })
}

// frameHeaderRemover removes the headers that forbid to frame a page.
type frameHeaderRemover struct{ http.ResponseWriter }

func (l *frameHeaderRemover) WriteHeader(status int) {
	l.Header().Del("Content-Security-Policy")
	l.Header().Del("X-Frame-Options")
	l.ResponseWriter.WriteHeader(status)
}

// pagesByPath serves pages by their path.
func pagesByPath(pages map[string]string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		_, _ = w.Write([]byte(pages[r.URL.Path]))
	})
}

// framingPage is a page that frames the widget without our element. It records messages and can
// answer them.
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

// waitForAllMessages waits until the page has received all messages of the widget's frame. The
// frame sends one more for that, which comes after the others. The result is the frame's document.
func (b *tab) waitForAllMessages() *tab {
	b.t.Helper()
	b.waitUntil("the frame has been loaded", `document.readyState == "complete"`)
	frames := b.crossSiteFrames(uploadsOrigin + "/widget/")
	if len(frames) != 1 {
		b.t.Fatalf("frames of the widget: wanted one, got %d", len(frames))
	}
	frame := b.insideFrame(frames[0])
	frame.waitUntil("the uploader is ready", `document.querySelector("postern-uploader[ready]") != null`)
	evaluate[any](frame, `import(document.querySelector("script[type=module]").src.replace("define", "widget")).then(() => parent.postMessage("that was all", "*"))`)
	b.waitUntil("the last message of the frame has arrived", `heard.includes("that was all")`)
	return frame
}

func TestTheFrameSendsMessagesToListedPagesOnly(t *testing.T) {
	t.Parallel()
	const nothing = "that was all"
	for _, c := range []struct{ name, origin, heard string }{
		{"the listed page", appOrigin, "hello, that was all"},
		{"another page", "http://other.localhost", nothing},
		{"a domain with the same end", "http://evil-app.localhost", nothing},
		{"a domain with the same beginning", "http://app.localhost.evil.test", nothing},
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
				t.Errorf("messages to the page: wanted %q, got %q", c.heard, got)
			}
		})
	}
}

// Each answer contains a port. The frame sends a message on a port that it accepts. The test counts
// ports instead of messages, because a connected frame also sends its height at any time.
func TestTheFrameAcceptsAPortFromItsOwnPageOnly(t *testing.T) {
	t.Parallel()
	b := newTab(t, tabOptions{})
	b.Proxy.serveHost("uploads.localhost", widgetServer(t))
	b.Proxy.serveHost("app.localhost", pagesByPath(map[string]string{"/": framingPage + `<iframe id="beside" src="/beside"></iframe>`, "/beside": listeningPage}))
	b.open(appOrigin + "/")
	frame := b.waitForAllMessages()
	evaluate[any](frame, `(() => {
		window.answers = 0;
		window.accepted = new Set();
		const { postMessage } = MessagePort.prototype;
		MessagePort.prototype.postMessage = function (...what) { accepted.add(this); return postMessage.apply(this, what); };
		addEventListener("message", (e) => { if (e.data?.postern == "welcome") answers++; });
	})()`)
	for i, c := range []struct {
		name, answer string
		accepted     bool
	}{
		{"its page, without a nonce", `answer()`, false},
		{"its page, with another nonce", `answer("1,2,3,4")`, false},
		{"a window beside it, with the nonce", `document.querySelector("#beside").contentWindow.answer(nonce)`, false},
		{"its page, with the nonce", `answer(nonce)`, true},
	} {
		evaluate[any](b, c.answer)
		frame.waitUntil("the answer has arrived", fmt.Sprintf(`answers == %d`, i+1))
		if accepted := evaluate[int](frame, `accepted.size`) > 0; accepted != c.accepted {
			t.Errorf("answer of %s: wanted its port accepted: %v, got %v", c.name, c.accepted, accepted)
		}
	}
	evaluate[any](b, `answer(nonce)`)
	frame.waitUntil("the answer has arrived", `answers == 5`)
	if got := evaluate[int](frame, `accepted.size`); got != 1 {
		t.Errorf("accepted ports in the end: wanted one, got %d", got)
	}
	b.requireCleanConsole()
}

// helloPage is a page that asks its parent for a port, as the widget's frame does.
const helloPage = `<!doctype html><script>
	window.heard = [];
	addEventListener("message", (e) => heard.push(e.data));
	parent.postMessage({ postern: "hello", nonce: "other" }, "*");
</script>`

func TestTheElementAnswersItsOwnFrameOnly(t *testing.T) {
	t.Parallel()
	const otherOrigin = "http://other.localhost"
	for _, c := range []struct{ name, beside, navigate string }{
		{"another page's frame beside it", otherOrigin, ""},
		{"a frame beside it of the widget's own origin", uploadsOrigin, ""},
		{"its own frame after it was navigated elsewhere", "", otherOrigin},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := newTab(t, tabOptions{})
			own := serverWithoutFrameHeaders(t)
			b.Proxy.serveHost("other.localhost", pagesByPath(map[string]string{"/other": helloPage}))
			b.Proxy.serveHost("uploads.localhost", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				pick(r.URL.Path == "/other", pagesByPath(map[string]string{"/other": helloPage}), own).ServeHTTP(w, r)
			}))
			b.Proxy.serveHost("app.localhost", pagesByPath(map[string]string{"/": widgetPage}))
			b.open(appOrigin + "/")
			b.waitUntil("the widget and its page are connected", `document.querySelector("postern-upload").port != null`)
			evaluate[any](b, fmt.Sprintf(`(() => {
				window.hellos = [];
				window.met = document.querySelector("postern-upload").port;
				addEventListener("message", (e) => hellos.push(e));
				const [beside, elsewhere] = [%q, %q];
				if (beside) document.body.append(Object.assign(document.createElement("iframe"), { src: beside + "/other" }));
				else document.querySelector("postern-upload").frame.src = elsewhere + "/other";
			})()`, c.beside, c.navigate))
			b.waitUntil("the other frame has asked", `hellos.some((e) => e.data.nonce == "other")`)
			evaluate[any](b, `hellos.find((e) => e.data.nonce == "other").source.postMessage("that was all", "*")`)
			otherFrame := b.insideFrame(b.crossSiteFrames(pick(c.beside != "", c.beside, c.navigate) + "/other")[0])
			otherFrame.waitUntil("the last message of the page has arrived", `heard.includes("that was all")`)
			if got := evaluate[string](otherFrame, `JSON.stringify(heard)`); got != `["that was all"]` {
				t.Errorf("messages to the other frame: wanted only the last one, got %s", got)
			}
			if c.beside != "" && !evaluate[bool](b, `document.querySelector("postern-upload").port == met`) {
				t.Error("port of the widget: wanted the one of its own frame still")
			}
		})
	}
}
