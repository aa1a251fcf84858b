package e2e

import (
	"io/fs"
	"net/http"
	"path"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"github.com/postern-dev/postern/static"
)

// What browsers of early 2024 lack, as scripts that take it away.
const (
	withoutHandles = `delete window.showOpenFilePicker; delete DataTransferItem.prototype.getAsFileSystemHandle;`
	withoutMoving  = `delete Element.prototype.moveBefore; delete Document.prototype.moveBefore; delete DocumentFragment.prototype.moveBefore;`
	withoutStates  = `Object.defineProperty(ElementInternals.prototype, "states", {get: () => undefined});`
	dashedStates   = `CustomStateSet.prototype.add = (name) => { if (!name.startsWith("--")) throw new DOMException("name", "SyntaxError"); };`
)

// asField makes the page's uploader a control of a form, which sets states.
const asField = `new MutationObserver(() => document.querySelector("postern-uploader")?.setAttribute("name", "pictures")).observe(document, {childList: true, subtree: true});`

// olderBrowsers are the oldest ones that the documentation lists: static/docs/browsers.md.
var olderBrowsers = []struct {
	name, script string
	rules        []string // of stylesheets, that the browser doesn't know
}{
	{"Safari 17.4", withoutHandles + withoutMoving, []string{"light-dark(", "content-visibility"}},
	{"Firefox 121", withoutHandles + withoutMoving + withoutStates + `delete AbortSignal.any;`, []string{"oklch(from", "content-visibility", "word-break: auto-phrase", "text-wrap: pretty"}},
	{"Chrome 120", withoutMoving + dashedStates, []string{"light-dark("}},
}

// takeAway serves the stylesheet with rules that no browser knows.
func (p *proxy) takeAway(t *testing.T, rules []string) {
	t.Helper()
	content, err := fs.ReadFile(static.FS, "postern.css")
	must(t, err)
	css := string(content)
	for _, rule := range rules {
		if !strings.Contains(css, rule) {
			t.Errorf("the stylesheet: wanted %q in it", rule)
		}
		css = strings.ReplaceAll(css, rule, "unknown-"+rule)
	}
	p.intercept(func(w http.ResponseWriter, r *http.Request) bool {
		if path.Base(r.URL.Path) != "postern.css" {
			return false
		}
		w.Header().Set("Content-Type", "text/css; charset=utf-8")
		_, _ = w.Write([]byte(css))
		return true
	})
}

func TestInOlderBrowsersNothingIsInvisibleOrBroken(t *testing.T) {
	t.Parallel()
	p := startDev(t)
	picture := writeFile(t, "lake.png", pngOf(t, 60<<10))
	for _, browser := range olderBrowsers {
		t.Run(browser.name, func(t *testing.T) {
			b := newTab(t, tabOptions{})
			b.Proxy.takeAway(t, browser.rules)
			b.beforeLoad(browser.script + asField)
			b.open(p.URL + "/forms/photos")
			b.waitUntilReady(true)
			b.run(chromedp.EmulateViewport(b.width, tallWindow))
			b.chooseFiles(picture)
			b.waitForState("done")
			if receipts := evaluate[int](b, `document.querySelectorAll(".postern-receipts input").length`); receipts != 1 {
				t.Errorf("receipts of the field: wanted one, got %d", receipts)
			}
			b.showEveryRow()
			for _, dark := range []bool{false, true} {
				b.setColorScheme(dark)
				b.requireAccessible(browser.name)
				b.screenshot(strings.ReplaceAll("older-"+browser.name+pick(dark, "-dark", "-light"), " ", "-"))
			}
			b.open(p.URL + "/demo/form")
			b.waitUntil("the widget has answered", `document.querySelector("postern-upload")?.port != null && document.querySelector("postern-upload").validity.valueMissing`)
			b.requireCleanConsole()
		})
	}
}
