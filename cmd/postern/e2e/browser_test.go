package e2e

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/target"
	"github.com/chromedp/chromedp"
)

// chromium is the one browser of the package; every tab has cookies, storage and a line of its own.
var chromium struct {
	once  sync.Once
	ctx   context.Context
	close []context.CancelFunc
	err   error
}

// tabs bounds how many tests drive a tab at once, so that two slow cores don't turn waiting into
// failing.
var tabs = make(chan struct{}, 2)

func openBrowser() {
	options := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.NoSandbox, chromedp.DisableGPU,
		chromedp.Flag("disable-quic", true), chromedp.Flag("disable-component-update", true),
		chromedp.Flag("lang", "en-US"))
	allocator, stop := chromedp.NewExecAllocator(context.Background(), options...)
	ctx, cancel := chromedp.NewContext(allocator)
	chromium.ctx, chromium.close = ctx, []context.CancelFunc{cancel, stop}
	if err := chromedp.Do(ctx); err != nil {
		chromium.err = fmt.Errorf("start Chromium (bash .ci/test installs it where it is missing): %w", err)
	}
}

func closeBrowser() {
	for _, stop := range chromium.close {
		stop()
	}
}

// windowHeight is that of every tab, in CSS pixels.
const windowHeight = 900

// tabOptions says how a tab is set up; the zero value is a wide, light, English one with script, on a
// line of its own.
type tabOptions struct {
	Proxy        *proxy // the line every request takes; nil: a new one
	Language     string // Accept-Language and the browser's own; "": en-US
	Width        int64  // 0: 1280
	Dark         bool
	NoScript     bool
	ForcedColors bool // forced colours
}

// tab is one page of the browser.
type tab struct {
	t     *testing.T
	ctx   context.Context
	width int64
	Proxy *proxy
	// Close ends the tab as a killed one ends, and lets another test have its place; ending it
	// twice is harmless.
	Close context.CancelFunc

	console *console
}

// newTab opens a tab that is closed, and whose console is judged, when the test ends.
func newTab(t *testing.T, l tabOptions) *tab {
	t.Helper()
	chromium.once.Do(openBrowser)
	must(t, chromium.err)
	tabs <- struct{}{}
	leave := sync.OnceFunc(func() { <-tabs })
	t.Cleanup(leave)
	if l.Width == 0 {
		l.Width = 1280
	}
	if l.Proxy == nil {
		l.Proxy = newProxy(t)
	}
	ctx, cancel := chromedp.NewContext(chromium.ctx, chromedp.WithNewBrowserContext(func(p *target.CreateBrowserContextParams) {
		p.ProxyServer = l.Proxy.server.URL
		p.ProxyBypassList = "<-loopback>"
	}))
	b := &tab{t: t, ctx: ctx, width: l.Width, Proxy: l.Proxy, Close: func() { cancel(); leave() }, console: &console{}}
	t.Cleanup(cancel)
	must(t, b.prepare(l))
	return b
}

func (b *tab) prepare(l tabOptions) error {
	if err := chromedp.Do(b.ctx); err != nil {
		return err
	}
	go b.console.listen(chromedp.Console(b.ctx))
	media := emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{
		{Name: "prefers-color-scheme", Value: pick(l.Dark, "dark", "light")},
		{Name: "forced-colors", Value: pick(l.ForcedColors, "active", "none")},
	}}
	if _, err := chromedp.Call(b.ctx, emulation.SetEmulatedMedia, media); err != nil {
		return err
	}
	if err := b.setLanguage(l.Language); err != nil {
		return err
	}
	script := emulation.SetScriptExecutionDisabledParams{Value: l.NoScript}
	if _, err := chromedp.Call(b.ctx, emulation.SetScriptExecutionDisabled, script); err != nil {
		return err
	}
	return chromedp.Do(b.ctx, chromedp.EmulateViewport(b.width, windowHeight))
}

func (b *tab) setLanguage(language string) error {
	if language == "" {
		return nil
	}
	headers := network.SetExtraHTTPHeadersParams{Headers: network.Headers{"Accept-Language": language}}
	_, err := chromedp.Call(b.ctx, network.SetExtraHTTPHeaders, headers)
	return err
}

// run runs actions and gives up after patience, with a picture of what was there instead.
func (b *tab) run(actions ...chromedp.Action[chromedp.Void]) {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, patience)
	defer cancel()
	if err := chromedp.Do(ctx, actions...); err != nil {
		b.t.Fatalf("%v\npage: %s", err, b.describe())
	}
}

// openUploads goes to an address and waits until it has loaded.
func (b *tab) open(url string) {
	b.t.Helper()
	b.run(chromedp.Navigate(url))
}

// chooseFiles puts files into the form's own file input.
func (b *tab) chooseFiles(paths ...string) {
	b.t.Helper()
	b.run(chromedp.SetUploadFiles(chromedp.CSS("input[type=file]"), paths))
}

// submit presses the form's own button and waits for the page that follows.
func (b *tab) submit() {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, patience)
	defer cancel()
	if _, err := chromedp.RunResponse(ctx, chromedp.Click(chromedp.CSS("button[type=submit]"))); err != nil {
		b.t.Fatalf("submit: %v\npage: %s", err, b.describe())
	}
}

// text returns the words that a person sees on the page.
func (b *tab) text() string {
	b.t.Helper()
	return evaluate[string](b, `document.body.innerText`)
}

// url returns where the tab is.
func (b *tab) url() string {
	b.t.Helper()
	return evaluate[string](b, `location.href`)
}

// describe is for messages: never fails.
func (b *tab) describe() string {
	ctx, cancel := context.WithTimeout(b.ctx, patience)
	defer cancel()
	html, err := chromedp.Run(ctx, chromedp.Evaluate[string](`[location.href, document.body.innerText, document.activeElement.outerHTML.slice(0, 400),
		document.body.outerHTML.replace(/"[^"]{200,}"/g, '"…"').slice(0, 6000)].join("\n")`))
	if err != nil {
		return err.Error()
	}
	return html
}

// evaluate runs an expression in the page; promises are awaited.
func evaluate[T any](b *tab, expression string) T {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, patience)
	defer cancel()
	value, err := chromedp.Run(ctx, chromedp.Evaluate[T](expression, chromedp.EvalAwaitPromise))
	if err != nil {
		b.t.Fatalf("evaluate %q: %v", expression, err)
	}
	return value
}

// waitUntil waits for an expression to become true.
func (b *tab) waitUntil(what, expression string) {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, 2*patience)
	defer cancel()
	if _, err := chromedp.Run(ctx, chromedp.Poll[bool](expression, chromedp.WithPollingInterval(pollEvery), chromedp.WithPollingTimeout(0))); err != nil {
		b.t.Fatalf("waiting until %s: %v\npage: %s", what, err, b.describe())
	}
}

// screenshot keeps a picture of the whole page in the folder that POSTERN_SHOTS names, if it names one.
func (b *tab) screenshot(name string) {
	b.t.Helper()
	dir := os.Getenv("POSTERN_SHOTS")
	if dir == "" {
		return
	}
	ctx, cancel := context.WithTimeout(b.ctx, patience)
	defer cancel()
	// Beyond its window Chromium draws pages from right to left in the wrong place, so the window
	// grows instead.
	b.run(chromedp.EmulateViewport(b.width, max(windowHeight, evaluate[int64](b, `document.documentElement.scrollHeight`))))
	picture, err := chromedp.Run(ctx, chromedp.CaptureScreenshot())
	must(b.t, err)
	b.run(chromedp.EmulateViewport(b.width, windowHeight))
	must(b.t, os.MkdirAll(dir, 0o755))
	must(b.t, os.WriteFile(filepath.Join(dir, name+".png"), picture, 0o644))
}
