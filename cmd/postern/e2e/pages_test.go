package e2e

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
)

// layoutLanguages are the languages in which the layout of pages is checked: the reference, one
// without spaces between words, and one from right to left.
var layoutLanguages = []struct{ tag, direction string }{{"en", "ltr"}, {"zh-Hans", "ltr"}, {"ar", "rtl"}}

func TestPagesFitEveryWindowInEveryLanguage(t *testing.T) {
	t.Parallel()
	p := startDev(t)
	pages := map[string]string{
		"index": "/", "recent": "/recent", "form-photos": "/forms/photos", "form-files": "/forms/files", "widget": "/widget/photos", "error-profile": "/forms/none",
		"error-token": "/forms/photos/done/made-up", "error-address": "/nowhere",
		"done":    landingPageAfter(t, p, "a rather long name of a picture from the garden, taken in summer.png", pngOf(t, 40<<10)),
		"refused": landingPageAfter(t, p, "notes.png", bytes.Repeat([]byte("words "), 100)),
	}
	for _, l := range layoutLanguages {
		t.Run(l.tag, func(t *testing.T) {
			t.Parallel()
			b := newTab(t, tabOptions{Language: l.tag, NoScript: true})
			for name, path := range pages {
				b.open(p.URL + path)
				for _, width := range []int64{320, 375, 1280} {
					b.resize(width)
					b.requireFits(name, l.tag, l.direction)
					b.screenshotInLightAndDark(fmt.Sprintf("%s-%s-%d-%%s-noscript", name, l.tag, width))
				}
			}
			b.requireCleanConsole()
		})
	}
}

// resize changes the width of the window and waits until the page knows.
func (b *tab) resize(width int64) {
	b.t.Helper()
	b.width = width
	b.run(chromedp.EmulateViewport(width, windowHeight))
	b.waitUntil("the window has its new width", fmt.Sprintf(`innerWidth == %d`, width))
}

// screenshotInLightAndDark takes two screenshots; %s in the name stands for light or dark.
func (b *tab) screenshotInLightAndDark(name string) {
	b.t.Helper()
	for _, dark := range []bool{true, false} {
		if screenshots != "" {
			b.setColorScheme(dark)
			b.screenshot(fmt.Sprintf(name, pick(dark, "dark", "light")))
		}
	}
}

// landingPageAfter sends a file without script and returns the path of its landing page.
func landingPageAfter(t *testing.T, p *devServer, name string, content []byte) string {
	t.Helper()
	var path string
	t.Run("send "+name[:5], func(t *testing.T) {
		b := newTab(t, tabOptions{NoScript: true})
		b.open(p.URL + "/forms/photos")
		b.chooseFiles(writeFile(t, name, content))
		b.submit()
		path = strings.TrimPrefix(b.url(), p.URL)
	})
	return path
}

// requireFits requires that the page has the language and its direction and a heading, and that it
// is no wider than the window.
func (b *tab) requireFits(page, language, direction string) {
	b.t.Helper()
	got := evaluate[struct {
		Lang, Dir string
		Wide      int64
		Heading   string
	}](b, `({Lang: document.documentElement.lang, Dir: getComputedStyle(document.documentElement).direction,
		Wide: document.documentElement.scrollWidth, Heading: document.querySelector("h1")?.innerText ?? ""})`)
	if got.Lang != language || got.Dir != direction {
		b.t.Errorf("%s: wanted language %s, %s, got %s, %s", page, language, direction, got.Lang, got.Dir)
	}
	if got.Wide > b.width {
		b.t.Errorf("%s: wanted at most %d px, the width of the window, got %d px", page, b.width, got.Wide)
	}
	if got.Heading == "" {
		b.t.Errorf("%s: wanted a heading, got none", page)
	}
}

func TestRowsFitEveryWindow(t *testing.T) {
	t.Parallel()
	p := startDev(t)
	text := writeFile(t, "notes.txt", []byte("words"))
	huge, _ := randomFile(t, "huge.png", 11*mebibyte)
	for _, l := range layoutLanguages {
		t.Run(l.tag, func(t *testing.T) {
			t.Parallel()
			b := newTab(t, tabOptions{Language: l.tag})
			for _, width := range []int64{375, 1280} {
				// Another one at each width: the same one wouldn't be sent twice.
				picture := writeFile(t, "ein sehr langer Dateiname aus dem Garten vom letzten Sommer am See.png", pngOf(t, 200<<10+int(width)))
				b.open(p.URL + "/forms/photos")
				b.resize(width)
				b.waitUntilReady(true)
				suffix := fmt.Sprintf("-%s-%d-%%s", l.tag, width)
				b.screenshotInLightAndDark("form-photos" + suffix + "-script")
				b.chooseFiles(picture, text, huge)
				b.waitUntil("two files are refused", `document.querySelectorAll(".postern-file[data-state=refused]").length == 2`)
				b.requireFits("rows of refused files", l.tag, l.direction)
				b.screenshotInLightAndDark("rows-chosen" + suffix)
				b.submitIfNeeded()
				b.waitUntil("one file is uploaded", `document.querySelector(".postern-file[data-state=done]") != null`)
				b.requireFits("rows of refused and uploaded files", l.tag, l.direction)
				b.screenshotInLightAndDark("rows-done" + suffix)
			}
			b.requireCleanConsole()
		})
	}
}
