package e2e

import (
	"fmt"
	"net/http"
	"testing"
)

// buttonIsShown is true in a page that shows the button and no file control.
const buttonIsShown = `(() => {
	const shown = (selector) => document.querySelector(selector)?.checkVisibility() ?? false;
	return shown(".postern-ask button") && !shown("input[type=file]");
})()`

// A frame that may not run script is how a page of another origin shows the widget to somebody
// without script.
func TestWithoutScriptAWidgetOfAnotherOriginIsAButtonThenAForm(t *testing.T) {
	t.Parallel()
	p := startDev(t, "--origin", appOrigin)
	b := newTab(t, tabOptions{})
	b.Proxy.serveHost("app.localhost", http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		showPage(w, fmt.Sprintf(`<title>framing</title><iframe width="400" height="300" src="%s/widget/photos"
			sandbox="allow-forms allow-same-origin allow-popups allow-popups-to-escape-sandbox"></iframe>`, p.URL))
	}))
	b.open(appOrigin + "/")
	b.waitUntil("the frame has been loaded", `document.readyState == "complete"`)
	frames := b.crossSiteFrames(p.URL + "/widget/photos")
	if len(frames) != 1 {
		t.Fatalf("frames of the widget: wanted one, got %d", len(frames))
	}
	widget := b.insideFrame(frames[0])
	widget.waitUntil("the button is there", buttonIsShown)
	b.screenshot("button-widget-noscript")
	evaluate[any](widget, `document.querySelector(".postern-ask button").click()`)
	widget.waitUntil("the form is there", `document.querySelector("input[type=file]")?.checkVisibility() && !document.querySelector(".postern-ask")`)
	widget.chooseFiles(writeFile(t, "garden.png", pngOf(t, 40<<10)))
	evaluate[any](widget, `document.querySelector("button[type=submit]").click()`)
	waitFor(t, "the picture is stored and landed", func() bool {
		keys := p.store(t).keys()
		return len(keys) == 1 && p.store(t).object(keys[0]).Type == "image/png"
	})
}
