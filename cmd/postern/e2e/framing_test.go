package e2e

import (
	"fmt"
	"html"
	"net/http"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/target"
	"github.com/chromedp/chromedp"

	"github.com/postern-dev/postern/handlers"
	"github.com/postern-dev/postern/policy/profile"
)

// The origins of these tests. Only appOrigin may frame the widget of uploadsOrigin.
const (
	uploadsOrigin = "http://uploads.localhost"
	appOrigin     = "http://app.localhost"
)

func TestOnlyListedPagesCanFrameTheWidget(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name, origin string
		nest         func(inner string) string // what lies around the widget's page
		open         bool
	}{
		{"the allowed parent", appOrigin, unwrapped, true},
		{"another parent", "http://other.localhost", unwrapped, false},
		{"a domain with the same end", "http://evil-app.localhost", unwrapped, false},
		{"a domain with the same beginning", "http://app.localhost.evil.test", unwrapped, false},
		{"a subdomain of the allowed one", "http://x.app.localhost", unwrapped, false},
		{"another port of the allowed one", appOrigin + ":8080", unwrapped, false},
		{"an opaque origin within the allowed one", appOrigin, sandboxed, false},
		{"another page within the allowed one", appOrigin, framedBy("http://other.localhost/inner"), false},
		{"the allowed page within another one", "http://other.localhost", framedBy(appOrigin + "/inner"), false},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			b := newTab(t, tabOptions{})
			b.Proxy.serveHost("uploads.localhost", widgetServer(t))
			for _, origin := range []string{appOrigin, "http://other.localhost", c.origin} {
				b.Proxy.serveHost(strings.TrimPrefix(origin, "http://"), hostPage(c.nest))
			}
			b.open(c.origin + "/")
			b.waitUntil("all frames have been loaded or refused", `document.readyState == "complete"`)
			if c.open {
				b.waitUntil("the widget and its page are connected", `document.querySelector("postern-upload").port != null`)
				if framed := b.framesAt(uploadsOrigin + "/widget/"); len(framed) != 1 {
					t.Errorf("frames that show the widget: wanted one, got %q", framed)
				}
				b.requireCleanConsole()
				return
			}
			if framed := b.framesAt(uploadsOrigin + "/widget/"); len(framed) != 0 {
				t.Errorf("frames that show the widget: wanted none, got %q", framed)
			}
			if heard := evaluate[[]string](b, `window.heard`); len(heard) != 0 {
				t.Errorf("messages to the page: wanted none, got %q", heard)
			}
		})
	}
}

func TestPagesOtherThanTheWidgetAreNeverFramed(t *testing.T) {
	t.Parallel()
	for _, path := range []string{"/forms/pictures", "/forms/pictures/done/made-up", "/widget/unlisted", "/widget/none", "/nowhere"} {
		t.Run(path, func(t *testing.T) {
			b := newTab(t, tabOptions{})
			b.Proxy.serveHost("uploads.localhost", widgetServer(t))
			b.Proxy.serveHost("app.localhost", http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Type", "text/html")
				_, _ = fmt.Fprintf(w, `<!doctype html><iframe src="%s%s"></iframe>`, uploadsOrigin, path)
			}))
			b.open(appOrigin + "/")
			b.waitUntil("the frame has been loaded or refused", `document.readyState == "complete"`)
			if framed := b.framesAt(uploadsOrigin); len(framed) != 0 {
				t.Errorf("frames that show our page: wanted none, got %q", framed)
			}
		})
	}
}

// framesAt returns the URLs of all frames of the tab that begin with a prefix, in whatever process
// they are.
func (b *tab) framesAt(prefix string) []string {
	b.t.Helper()
	tree, err := chromedp.Call(b.ctx, page.GetFrameTree, cdp.Empty{})
	must(b.t, err)
	var found []string
	var walk func(*page.FrameTree)
	walk = func(f *page.FrameTree) {
		if strings.HasPrefix(f.Frame.URL, prefix) {
			found = append(found, f.Frame.URL)
		}
		for _, child := range f.ChildFrames {
			walk(child)
		}
	}
	walk(tree.FrameTree)
	for _, info := range b.crossSiteFrames(prefix) {
		// A refused frame keeps its URL and shows an error page of the browser.
		if inside := b.insideFrame(info); strings.HasPrefix(evaluate[string](inside, `location.href`), prefix) {
			found = append(found, info.URL)
		}
	}
	return found
}

// insideFrame returns the document of a frame of another site, and records its console too.
func (b *tab) insideFrame(frame *target.Info) *tab {
	b.t.Helper()
	ctx, cancel := chromedp.NewContext(b.ctx, chromedp.WithTargetID(frame.TargetID), chromedp.WithDetachOnCancel())
	b.t.Cleanup(cancel)
	must(b.t, chromedp.Do(ctx))
	go b.console.listen(chromedp.Console(ctx))
	return &tab{t: b.t, ctx: ctx, noScript: b.noScript, Proxy: b.Proxy, Close: cancel, console: b.console}
}

// crossSiteFrames returns the frames of other sites, which have processes of their own.
func (b *tab) crossSiteFrames(prefix string) []*target.Info {
	b.t.Helper()
	all, err := chromedp.Targets(b.ctx)
	must(b.t, err)
	var found []*target.Info
	for _, info := range all {
		own := info.BrowserContextID == chromedp.FromContext(b.ctx).BrowserContextID
		if own && info.Type == "iframe" && strings.HasPrefix(info.URL, prefix) {
			found = append(found, info)
		}
	}
	return found
}

const widgetPage = `<!doctype html><html lang="en"><script>window.heard = []; addEventListener("message", (e) => heard.push(JSON.stringify(e.data)))</script>
<script type="module" src="` + uploadsOrigin + `/embed.js"></script>
<form><postern-upload name="picture" profile="pictures" server="` + uploadsOrigin + `"></postern-upload></form></html>`

func unwrapped(inner string) string { return inner }

func sandboxed(inner string) string {
	return `<!doctype html><script>window.heard = []</script><iframe sandbox="allow-scripts" srcdoc="` + html.EscapeString(inner) + `"></iframe>`
}

func framedBy(address string) func(string) string {
	return func(string) string {
		return `<!doctype html><script>window.heard = []; addEventListener("message", (e) => heard.push(JSON.stringify(e.data)))</script><iframe src="` + address + `"></iframe>`
	}
}

// hostPage serves a page with the widget at /inner, and what is around it at every other path.
func hostPage(nest func(string) string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body := nest(widgetPage)
		if r.URL.Path == "/inner" {
			body = widgetPage
		}
		w.Header().Set("Content-Type", "text/html")
		_, _ = w.Write([]byte(body))
	})
}

// widgetServer is Postern with one profile that appOrigin may embed and one that no page may.
func widgetServer(t *testing.T) http.Handler {
	t.Helper()
	return echoServer(widgetHandlers(t))
}

func widgetHandlers(t *testing.T) *handlers.Handlers {
	t.Helper()
	listed := profile.Profile{
		Name: "pictures", Bucket: "media", Key: "users/{subject}/{id}{ext}", Types: []string{"image/png"}, MaxSize: 1000,
		Access: profile.AccessPublic, Origins: []string{appOrigin},
	}
	unlisted := listed
	unlisted.Name, unlisted.Origins = "unlisted", nil
	return newHandlers(t, []profile.Profile{listed, unlisted}, nil)
}
