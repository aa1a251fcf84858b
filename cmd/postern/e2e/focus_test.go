package e2e

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
)

// countControls counts the controls that Tab has to reach: all that a visitor can see and use.
const countControls = `[...document.querySelectorAll("a[href], button, input:not([type=hidden]), textarea, select, summary, [tabindex='0']")]
	.filter((node) => !node.disabled && node.checkVisibility({visibilityProperty: true})).length`

// tabThroughPage presses Tab from the top of the page to its end and returns where the focus was
// each time.
func (b *tab) tabThroughPage() []focusStop {
	b.t.Helper()
	count := evaluate[int](b, countControls)
	var way []focusStop
	for range count {
		b.pressKey(tabKey)
		way = append(way, b.visibleFocus())
	}
	b.pressKey(tabKey)
	if here := evaluate[focusStop](b, describeFocus); here.Name != "" {
		b.t.Errorf("focus after %d controls: wanted the end of the page, got %s", count, here.Name)
	}
	return way
}

// isAfter reports whether a reader comes to this control later than to the other: it is further
// down, or further along in the same line.
func (s focusStop) isAfter(other focusStop, rtl bool) bool {
	if s.Top >= other.Bottom-1 || other.Top >= s.Bottom-1 {
		return s.Top > other.Top
	}
	if rtl {
		return s.Right <= other.Left+1
	}
	return s.Left >= other.Right-1
}

func TestTheFocusFollowsTheReadingOrder(t *testing.T) {
	t.Parallel()
	p := startDev(t)
	pages := []struct {
		path  string
		setUp func(b *tab)
		least int
	}{
		{"/", nil, 14},
		{"/forms/photos", nil, 10},
		{"/forms/photos?with=rows", (*tab).showEveryRow, 20},
		{"/forms/none", nil, 8},
		{"/explain", nil, 4},
	}
	for _, l := range []struct{ tag, direction string }{{"en", "ltr"}, {"ar", "rtl"}} {
		for _, width := range []int64{375, 1280} {
			t.Run(fmt.Sprintf("%s at %d px", l.tag, width), func(t *testing.T) {
				t.Parallel()
				b := newTab(t, tabOptions{Language: l.tag, Width: width})
				defer b.Close()
				for _, page := range pages {
					b.open(p.URL + page.path)
					b.waitUntilReady(true)
					if page.setUp != nil {
						page.setUp(b)
					}
					way := b.tabThroughPage()
					if len(way) < page.least {
						t.Errorf("%s: controls: wanted at least %d, got %+v", page.path, page.least, way)
					}
					for i := 1; i < len(way); i++ {
						if !way[i].isAfter(way[i-1], l.direction == "rtl" && page.path != "/explain") {
							t.Errorf("%s: order of the focus: %+v comes after %+v, wanted it before", page.path, way[i], way[i-1])
						}
					}
				}
				b.requireCleanConsole()
			})
		}
	}
}

func TestTheKeyboardFocusEntersAndLeavesTheWidget(t *testing.T) {
	t.Parallel()
	p := startDev(t)
	b := newTab(t, tabOptions{})
	b.open(p.localhostURL("/demo/form"))
	widget := b.widgets(p, 1)[0]
	b.tabTo("[name=name]")
	b.run(chromedp.KeyEvent("Ada"))
	b.tabTo("[name=note]")
	b.pressKey(tabKey)
	widget.waitUntil("the file control of the widget has the focus", `document.hasFocus() && document.activeElement.matches("input[type=file]")`)
	widget.visibleFocus()
	b.pressAndChooseFileIn(widget, enterKey, writeFile(t, "plot.png", pngOf(t, 60<<10)))
	b.waitUntil("the widget has a value", `document.querySelector("postern-upload").value.length == 1`)
	for !evaluate[bool](widget, `document.activeElement.matches("[data-action=remove]")`) {
		b.pressKey(tabKey)
		widget.visibleFocus()
	}
	b.pressKey(tabKey, chromedp.ModifierShift)
	b.pressKey(tabKey)
	b.pressKey(tabKey)
	b.waitUntil("the focus has left the widget", `document.activeElement.matches("button[type=submit]")`)
	b.visibleFocus()
	b.pressKey(tabKey, chromedp.ModifierShift)
	widget.waitUntil("the focus is back in the widget", `document.hasFocus() && document.activeElement.matches("[data-action=remove]")`)
	b.pressKey(tabKey)
	b.waitUntil("the focus has left the widget again", `document.hasFocus() && document.activeElement.matches("button[type=submit]")`)
	receipts := b.formValues("photo")
	b.pressAndLoad(enterKey)
	if words := b.text(); len(receipts) != 1 || !strings.Contains(words, receipts[0]) || !strings.Contains(words, "Ada") {
		t.Errorf("form that the host received: wanted the receipt %q and the name Ada, got %q", receipts, words)
	}
	b.requireCleanConsole()
}

func TestTheKeyboardChangesTheLanguageAndAsksForAnExplanation(t *testing.T) {
	t.Parallel()
	p := startDev(t)
	b := newTab(t, tabOptions{})
	b.open(p.URL + "/forms/photos")
	b.waitUntilReady(true)
	b.tabTo("nav a[lang=ar]")
	b.pressAndLoad(enterKey)
	b.requireLanguage("ar")
	b.open(p.URL + "/explain")
	b.tabTo("#explain-text")
	b.run(chromedp.KeyEvent(`{"expiration":"2099-01-01T00:00:00.000Z","conditions":[{"bucket":"b"}]}`))
	b.tabTo("#explain-size")
	b.run(chromedp.KeyEvent("4000"))
	b.tabTo("button[type=submit]")
	b.pressAndLoad(spaceKey)
	b.waitUntil("the page shows an answer", `document.querySelector(".postern-outcome[data-state=ok], .postern-outcome[data-state=refused]") != null`)
	b.requireCleanConsole()
}

// recordAnnouncements records every text of the live region.
const recordAnnouncements = `(() => {
	window.heard = [];
	const live = document.querySelector("[role=status]");
	new MutationObserver(() => window.heard.push(live.textContent)).observe(live, {childList: true, characterData: true, subtree: true});
})()`

func TestScreenReadersHearFewAnnouncements(t *testing.T) {
	t.Parallel()
	p := startDev(t)
	cases := []struct {
		name  string
		files int
		size  int64
		most  int // announcements: the start, three quarters on the way, the end
	}{
		{"one file in many parts", 1, 64 * mebibyte, 5},
		{"a dozen small files", 12, 300 << 10, 5},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			b := newTab(t, tabOptions{})
			b.open(p.URL + "/forms/files")
			b.waitUntilReady(true)
			evaluate[any](b, recordAnnouncements)
			b.Proxy.setDelay(150 * time.Millisecond)
			var paths []string
			for i := range c.files {
				path, _ := randomFile(t, fmt.Sprintf("garden-%d.bin", i), c.size)
				paths = append(paths, path)
			}
			b.upload(paths...)
			b.waitForState("done")
			b.waitUntil("the end has been announced", `document.querySelector("postern-uploader[state=done]") && /uploaded$/.test(document.querySelector("[role=status]").textContent)`)
			heard := evaluate[[]string](b, `window.heard`)
			if len(heard) < 2 || len(heard) > c.most || !strings.HasPrefix(heard[0], "Uploading") || len(slices.Compact(slices.Clone(heard))) != len(heard) {
				t.Errorf("announcements: wanted 2 to %d different ones, and the first to begin with Uploading, got %q", c.most, heard)
			}
			if regions := evaluate[[]string](b, `[...document.querySelectorAll("[aria-live], [role=status], [role=alert], [role=log], output")].map((e) => e.className + " " + e.role)`); len(regions) != 1 {
				t.Errorf("live regions: wanted one, got %q", regions)
			}
		})
	}
}
