package e2e

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/target"
	"github.com/chromedp/chromedp"
)

// chromium is the one browser process of the package. Every tab gets a browser context and a proxy
// of its own, so tests share neither cookies nor storage nor connections.
var chromium struct {
	once  sync.Once
	ctx   context.Context
	close []context.CancelFunc
	err   error
}

// notNeeded are features of Chromium that the tests do without: those that chromedp switches off, and
// the address bar's lists, for which each window had two renderers of its own. That was a third of
// the tests' processor time.
const notNeeded = "Translate,BlinkGenPropertyTrees,WebUIOmniboxPopup,WebUIOmniboxAimPopup,WebUIOmniboxFullPopup"

// openBrowser starts the browser that POSTERN_BROWSER names, else any Chromium. Frames of other
// sites need processes of their own, which chromium-headless-shell doesn't give them. With
// POSTERN_WINDOW=1 the browser has a window, so that somebody can watch.
func openBrowser() {
	options := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.NoSandbox, chromedp.DisableGPU,
		chromedp.Flag("disable-quic", true), chromedp.Flag("disable-component-update", true),
		chromedp.Flag("lang", "en-US"), chromedp.Flag("disable-features", notNeeded))
	if os.Getenv("POSTERN_WINDOW") == "1" {
		options = append(options, chromedp.VisibleWindow)
	}
	if name := os.Getenv("POSTERN_BROWSER"); name != "" {
		path, err := exec.LookPath(name)
		if err != nil {
			chromium.err = fmt.Errorf("find the browser that POSTERN_BROWSER names: %w", err)
			return
		}
		options = append(options, chromedp.ExecPath(path))
	}
	allocator, stop := chromedp.NewExecAllocator(context.Background(), options...)
	ctx, cancel := chromedp.NewContext(allocator)
	chromium.ctx, chromium.close = ctx, []context.CancelFunc{cancel, stop}
	if err := chromedp.Do(ctx); err != nil {
		chromium.err = fmt.Errorf("start Chromium (bash .ci/test installs it if it is missing): %w", err)
	}
}

// closeBrowser ends Chromium, if it was started.
func closeBrowser() {
	for _, stop := range chromium.close {
		stop()
	}
}

// windowHeight is the height of every tab's window in CSS pixels.
const windowHeight = 900

// tabOptions says how a tab is set up. The zero value is a wide window with light colours, English,
// scripts and a new proxy.
type tabOptions struct {
	Proxy        *proxy // carries all requests of the tab; nil: a new one
	Language     string // Accept-Language; "": en-US
	Width        int64  // of the window in CSS pixels; 0: 1280
	Dark         bool   // whether the visitor prefers dark colours
	NoScript     bool   // whether scripts are switched off
	ForcedColors bool   // whether the system's colours replace the page's
}

// tab is one tab of a browser, or the document of one frame in it. Chromium has it, unless engine
// is set; helpers for Chromium alone use ctx.
type tab struct {
	t     *testing.T
	ctx   context.Context
	width int64
	// noScript says that scripts are switched off.
	noScript bool
	Proxy    *proxy
	// Close ends the tab without running its unload handlers. It may be called twice.
	Close context.CancelFunc

	console *console
	engine  *engine // Firefox or WebKit, which has the tab; nil: Chromium
	frame   string  // the tab is the document of this frame in the engine, a JavaScript expression
}

// newTab opens a tab, which is closed when the test ends.
func newTab(t *testing.T, options tabOptions) *tab {
	t.Helper()
	chromium.once.Do(openBrowser)
	must(t, chromium.err)
	if options.Width == 0 {
		options.Width = 1280
	}
	if options.Proxy == nil {
		options.Proxy = newProxy(t)
	}
	ctx, cancel := chromedp.NewContext(chromium.ctx, chromedp.WithNewBrowserContext(func(p *target.CreateBrowserContextParams) {
		p.ProxyServer = options.Proxy.server.URL
		p.ProxyBypassList = "<-loopback>"
	}))
	b := &tab{t: t, ctx: ctx, width: options.Width, noScript: options.NoScript, Proxy: options.Proxy, Close: cancel, console: &console{}}
	t.Cleanup(cancel)
	must(t, b.prepare(options))
	return b
}

// prepare applies the options to a new tab and starts reading its console.
func (b *tab) prepare(options tabOptions) error {
	if err := chromedp.Do(b.ctx); err != nil {
		return err
	}
	go b.console.listen(chromedp.Console(b.ctx))
	go leaveWhenAsked(b.ctx)
	media := emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{
		{Name: "prefers-color-scheme", Value: pick(options.Dark, "dark", "light")},
		{Name: "forced-colors", Value: pick(options.ForcedColors, "active", "none")},
	}}
	if _, err := chromedp.Call(b.ctx, emulation.SetEmulatedMedia, media); err != nil {
		return err
	}
	if err := b.setLanguage(options.Language); err != nil {
		return err
	}
	script := emulation.SetScriptExecutionDisabledParams{Value: options.NoScript}
	if _, err := chromedp.Call(b.ctx, emulation.SetScriptExecutionDisabled, script); err != nil {
		return err
	}
	return chromedp.Do(b.ctx, chromedp.EmulateViewport(b.width, windowHeight))
}

// setLanguage makes the tab ask for pages in a language; "" changes nothing.
func (b *tab) setLanguage(language string) error {
	if language == "" {
		return nil
	}
	headers := network.SetExtraHTTPHeadersParams{Headers: network.Headers{"Accept-Language": language}}
	_, err := chromedp.Call(b.ctx, network.SetExtraHTTPHeaders, headers)
	return err
}

// run runs browser actions. If they take longer than patience, it fails and describes the page.
func (b *tab) run(actions ...chromedp.Action[chromedp.Void]) {
	b.t.Helper()
	if b.engine != nil {
		b.t.Fatal("a helper for Chromium alone was used in " + b.engine.Name())
	}
	ctx, cancel := context.WithTimeout(b.ctx, patience)
	defer cancel()
	if err := chromedp.Do(ctx, actions...); err != nil {
		b.t.Fatalf("%v\npage: %s", err, b.describe())
	}
}

// open loads an address and waits until the page has loaded.
func (b *tab) open(url string) {
	b.t.Helper()
	if b.engine != nil {
		must(b.t, b.engine.open(url))
		return
	}
	b.run(chromedp.Navigate(url))
}

// beforeLoad runs a script in every document that the tab opens from now on, before its own
// scripts.
func (b *tab) beforeLoad(script string) {
	b.t.Helper()
	if b.engine != nil {
		b.Proxy.beforeScripts(script)
		return
	}
	_, err := chromedp.Call(b.ctx, page.AddScriptToEvaluateOnNewDocument, page.AddScriptToEvaluateOnNewDocumentParams{Source: script})
	must(b.t, err)
}

// chooseFiles puts files into the file input of the form.
func (b *tab) chooseFiles(paths ...string) {
	b.t.Helper()
	b.chooseFilesIn("input[type=file]", paths...)
}

// chooseFilesIn puts files into the first file input of a selector.
func (b *tab) chooseFilesIn(selector string, paths ...string) {
	b.t.Helper()
	if b.engine != nil {
		must(b.t, b.engine.setFiles(b.frame, selector, paths...))
		return
	}
	b.run(chromedp.SetUploadFiles(chromedp.CSS(selector), paths))
}

// press clicks the first element of a selector.
func (b *tab) press(selector string) {
	b.t.Helper()
	if b.engine != nil {
		must(b.t, b.engine.press(b.frame, selector))
		return
	}
	b.run(chromedp.Click(chromedp.CSS(selector)))
}

// submit presses the form's button and waits until the next page has loaded.
func (b *tab) submit() {
	b.t.Helper()
	if b.engine != nil {
		b.loadInEngineBy("button[type=submit]")
		return
	}
	if !b.noScript { // else nothing moves
		evaluate[any](b, standsStill)
	}
	ctx, cancel := context.WithTimeout(b.ctx, patience)
	defer cancel()
	if _, err := chromedp.RunResponse(ctx, chromedp.Click(chromedp.CSS("button[type=submit]"))); err != nil {
		b.t.Fatalf("submit: %v\npage: %s", err, b.describe())
	}
}

// standsStill waits until the form's button has stood at the same place for some time: a widget
// above it may be about to grow, and a click would miss the button.
const standsStill = `(async () => {
	const button = document.querySelector("button[type=submit]");
	for (let place, same = 0; same < 4; await new Promise((resolve) => setTimeout(resolve, 50))) {
		const { left, top } = button.getBoundingClientRect();
		same = place == left + " " + top ? same + 1 : 0;
		place = left + " " + top;
	}
})()`

// text returns the visible text of the page.
func (b *tab) text() string {
	b.t.Helper()
	return evaluate[string](b, `document.body.innerText`)
}

// url returns the address of the page.
func (b *tab) url() string {
	b.t.Helper()
	return evaluate[string](b, `location.href`)
}

// descriptionOfPage is an expression for what describe returns.
const descriptionOfPage = `[location.href, document.body.innerText, document.activeElement.outerHTML.slice(0, 400),
	document.body.outerHTML.replace(/"[^"]{200,}"/g, '"…"').slice(0, 6000)].join("\n")`

// describe returns address, text, focus and HTML of the page for failure messages. It never fails.
func (b *tab) describe() string {
	if b.engine != nil {
		return b.engine.describe(b.frame)
	}
	ctx, cancel := context.WithTimeout(b.ctx, patience)
	defer cancel()
	html, err := chromedp.Run(ctx, chromedp.Evaluate[string](descriptionOfPage))
	if err != nil {
		return err.Error()
	}
	return html
}

// evaluate runs an expression in the page and returns its value. It waits for promises.
func evaluate[T any](b *tab, expression string) T {
	b.t.Helper()
	if b.engine != nil {
		var value T
		must(b.t, b.engine.evaluate(b.frame, expression, &value))
		return value
	}
	ctx, cancel := context.WithTimeout(b.ctx, patience)
	defer cancel()
	value, err := chromedp.Run(ctx, chromedp.Evaluate[T](expression, chromedp.EvalAwaitPromise))
	if err != nil {
		b.t.Fatalf("evaluate %q: %v", expression, err)
	}
	return value
}

// poll waits until an expression is true. In a page without script no timer fires, so that it has
// to be asked again from here.
func (b *tab) poll(ctx context.Context, expression string) error {
	if !b.noScript && b.engine == nil {
		_, err := chromedp.Run(ctx, chromedp.Poll[bool](expression, chromedp.WithPollingInterval(pollInterval), chromedp.WithPollingTimeout(0)))
		return err
	}
	if b.engine != nil {
		return b.engine.poll(ctx, b.frame, expression)
	}
	for {
		if holds, err := chromedp.Run(ctx, chromedp.Evaluate[bool](expression)); err != nil || holds {
			return err
		}
		time.Sleep(pollInterval)
	}
}

// waitUntil waits until an expression is true in the page; condition describes it in words. If the
// tab goes to another page meanwhile, it waits for that page.
func (b *tab) waitUntil(condition, expression string) {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.context(), 2*patience)
	defer cancel()
	for {
		err := b.poll(ctx, expression)
		if err == nil {
			return
		}
		var refused *cdproto.Error
		if navigated := errors.As(err, &refused) && refused.Code == -32000; !navigated || ctx.Err() != nil {
			b.t.Fatalf("waiting until %s: %v\npage: %s", condition, err, b.describe())
		}
		time.Sleep(pollInterval)
	}
}

// screenshot writes a picture of the whole page to the folder for screenshots, if there is one.
func (b *tab) screenshot(name string) {
	b.t.Helper()
	if screenshots == "" {
		return
	}
	if b.engine != nil {
		b.engine.screenshot(b.t, name)
		return
	}
	ctx, cancel := context.WithTimeout(b.ctx, patience)
	defer cancel()
	// Chromium draws right-to-left pages in the wrong place beyond the window's edge. So the window
	// is made as high as the page.
	b.run(chromedp.EmulateViewport(b.width, max(windowHeight, evaluate[int64](b, `document.documentElement.scrollHeight`))))
	picture, err := chromedp.Run(ctx, chromedp.CaptureScreenshot())
	must(b.t, err)
	b.run(chromedp.EmulateViewport(b.width, windowHeight))
	must(b.t, os.MkdirAll(screenshots, 0o755))
	must(b.t, os.WriteFile(filepath.Join(screenshots, name+".png"), picture, 0o644))
}
