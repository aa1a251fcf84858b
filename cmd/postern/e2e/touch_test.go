package e2e

import (
	"fmt"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
)

// listTooSmall lists the controls that are smaller than 44 by 44 CSS pixels. An invisible control
// is pressed on its label.
const listTooSmall = `[...document.querySelectorAll("a[href], button, input:not([type=hidden]), textarea, select, summary")]
	.filter((node) => node.checkVisibility({visibilityProperty: true}))
	.map((node) => [node, (getComputedStyle(node).opacity == "0" ? node.labels[0] : node).getBoundingClientRect()])
	.filter(([, {width, height}]) => width < 43.99 || height < 43.99)
	.map(([node, {width, height}]) => node.localName + " " + (node.innerText || node.id || node.name) + ": " + width + " by " + height)`

// listTooWide lists the elements that are outside a window of that width, except in boxes that
// scroll by themselves. A phone's window grows with its content, so its own width isn't enough.
const listTooWide = `[document.documentElement, ...document.body.querySelectorAll("*")].filter((node) => {
	if (!node.checkVisibility({visibilityProperty: true}) || node.parentElement?.closest(".postern-scroll") || node.closest(".postern-visually-hidden")) return false;
	const {left, right} = node.getBoundingClientRect();
	return left < -0.5 || right > Math.min(innerWidth, %[1]d) + 0.5 || node == document.documentElement && node.scrollWidth > %[1]d;
}).map((node) => node.localName + "." + node.className + ": " + node.getBoundingClientRect().left + " to " + node.getBoundingClientRect().right)`

// listTooSlow lists the elements that have transitions or animations of more than that many
// milliseconds.
const listTooSlow = `[...document.querySelectorAll("*")].flatMap((node) => ["", "::before", "::after", "::file-selector-button"].flatMap((part) => {
	const style = getComputedStyle(node, part || null);
	const slowest = Math.max(...(style.transitionDuration + "," + style.animationDuration).split(",").map((time) => parseFloat(time) * 1000));
	return slowest > %d || style.scrollBehavior == "smooth" ? [node.localName + "." + node.className + part + ": " + slowest + " ms"] : [];
}))`

// requireEmptyList requires that the page finds no elements for a list.
func (b *tab) requireEmptyList(what, list string) {
	b.t.Helper()
	found := evaluate[[]string](b, list)
	if len(found) > 8 {
		found = append(found[:8], "and more")
	}
	for _, element := range found {
		b.t.Errorf("%s: %s", what, element)
	}
}

// emulatePhone gives the tab the window and the touch screen of a phone.
func (b *tab) emulatePhone(width, height int64) {
	b.t.Helper()
	b.run(chromedp.EmulateViewport(width, height, chromedp.EmulateMobile, chromedp.EmulateTouch))
	if !evaluate[bool](b, `matchMedia("(pointer: coarse) and (hover: none)").matches`) {
		b.t.Fatal("pointer of the tab: wanted a coarse one that cannot hover")
	}
}

// requireUsableByTouch requires that the controls of a page are large enough, that it fits narrow
// windows, also when it is enlarged four times, and that its motion is short, or absent if the
// visitor wants that.
func (b *tab) requireUsableByTouch(what string, widgets ...*tab) {
	b.t.Helper()
	all := append([]*tab{b}, widgets...)
	b.emulatePhone(375, windowHeight)
	for _, widget := range widgets {
		_, err := chromedp.Call(widget.ctx, emulation.SetTouchEmulationEnabled, emulation.SetTouchEmulationEnabledParams{Enabled: true})
		must(b.t, err)
		widget.waitUntil("the widget knows of the touch screen", `matchMedia("(pointer: coarse)").matches`)
	}
	b.waitForWidgetWidths(widgets)
	for _, document := range all {
		document.setColorScheme(false) // first, so that no colour changes later
		document.waitUntil("the window is as narrow as that of a phone", `innerWidth <= 375`)
		document.requireEmptyList(what+": too small for a finger", listTooSmall)
		document.requireEmptyList(what+": wider than 375 px", fmt.Sprintf(listTooWide, 375))
	}
	// At 400 %, a window of 1280 by 1024 pixels has this size.
	b.run(chromedp.EmulateViewport(320, 256, chromedp.EmulateScale(4)))
	b.waitForWidgetWidths(widgets)
	for _, document := range all {
		document.waitUntil("the window is narrow", `innerWidth <= 320`)
		document.requireEmptyList(what+": wider than 320 px", fmt.Sprintf(listTooWide, 320))
		document.setMedia(false, "no-preference")
		document.requireEmptyList(what+": motion of more than 200 ms", fmt.Sprintf(listTooSlow, 200))
		document.setMedia(false, "reduce")
		document.requireEmptyList(what+": motion although the visitor wants none", fmt.Sprintf(listTooSlow, 10))
	}
}

// waitForWidgetWidths waits until the documents of the widgets know the new width of their frames.
func (b *tab) waitForWidgetWidths(widgets []*tab) {
	b.t.Helper()
	for i, widget := range widgets {
		width := evaluate[float64](b, fmt.Sprintf(`document.querySelectorAll("postern-upload")[%d].frame.clientWidth`, i))
		widget.waitUntil("the widget is as wide as its frame", fmt.Sprintf(`innerWidth == %v`, width))
	}
}

func TestTheTouchCheckFindsPlantedDefects(t *testing.T) {
	t.Parallel()
	cases := []struct{ name, defect, list string }{
		{"a small control", `document.querySelector("nav a").style.minBlockSize = 0`, listTooSmall},
		{"a narrow control", `document.querySelector("nav a").style.cssText = "min-inline-size: 0; font-size: 8px"`, listTooSmall},
		{"a small label of the invisible file control", `document.querySelector("label").style.cssText = "min-block-size: 0; padding: 0"`, listTooSmall},
		{"a page that scrolls sideways", `document.querySelector("h1").style.inlineSize = "800px"`, fmt.Sprintf(listTooWide, 375)},
		{"an element that is cut off", `document.body.style.overflow = "hidden"; document.querySelector("h1").style.inlineSize = "800px"`, fmt.Sprintf(listTooWide, 375)},
		{"a slow transition", `document.querySelector("label").style.transitionDuration = "0.3s"`, fmt.Sprintf(listTooSlow, 200)},
		{"any transition", `0`, fmt.Sprintf(listTooSlow, 100)},
	}
	p := startDev(t)
	b := newTab(t, tabOptions{})
	for _, c := range cases {
		b.emulatePhone(375, windowHeight)
		b.open(p.URL + "/forms/photos")
		b.waitUntilReady(true)
		evaluate[any](b, c.defect)
		if found := evaluate[[]string](b, c.list); len(found) == 0 {
			t.Errorf("%s: wanted it found, got nothing", c.name)
		}
	}
}
