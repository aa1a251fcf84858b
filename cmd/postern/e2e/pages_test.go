package e2e

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
)

// languages are those whose pages are looked at: the reference, one without spaces, one from right
// to left.
var languages = []struct{ tag, direction string }{{"en", "ltr"}, {"zh-Hans", "ltr"}, {"ar", "rtl"}}

func TestPagesFitEveryWindowInEveryLanguage(t *testing.T) {
	t.Parallel()
	p := startDev(t)
	pages := map[string]string{
		"index": "/", "form-photos": "/forms/photos", "form-files": "/forms/files", "widget": "/widget/photos", "error-profile": "/forms/none",
		"error-token": "/forms/photos/done/made-up", "error-address": "/nowhere",
		"done":    landingPageAfter(t, p, "a rather long name of a picture from the garden, taken in summer.png", pngOf(t, 40<<10)),
		"refused": landingPageAfter(t, p, "notes.png", bytes.Repeat([]byte("words "), 100)),
	}
	for _, l := range languages {
		for _, width := range []int64{320, 375, 1280} {
			t.Run(fmt.Sprintf("%s at %d px", l.tag, width), func(t *testing.T) {
				for _, dark := range []bool{false, true} {
					b := newTab(t, tabOptions{Language: l.tag, Width: width, Dark: dark, NoScript: true})
					for name, path := range pages {
						b.open(p.URL + path)
						b.requireFits(name, l.tag, l.direction, width)
						b.screenshot(strings.Join([]string{name, l.tag, fmt.Sprint(width), pick(dark, "dark", "light"), "noscript"}, "-"))
					}
					b.requireCleanConsole()
					b.Close()
				}
			})
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

// requireFits requires the page's language and direction, and that nothing makes a person scroll sideways.
func (b *tab) requireFits(name, language, direction string, width int64) {
	b.t.Helper()
	got := evaluate[struct {
		Lang, Dir string
		Wide      int64
		Heading   string
	}](b, `({Lang: document.documentElement.lang, Dir: getComputedStyle(document.documentElement).direction,
		Wide: document.documentElement.scrollWidth, Heading: document.querySelector("h1")?.innerText ?? ""})`)
	if got.Lang != language || got.Dir != direction {
		b.t.Errorf("%s: wanted lang %s, %s, got %s, %s", name, language, direction, got.Lang, got.Dir)
	}
	if got.Wide > width {
		b.t.Errorf("%s: %d px wide in a window of %d px", name, got.Wide, width)
	}
	if got.Heading == "" {
		b.t.Errorf("%s: no heading", name)
	}
}

func TestRowsFitEveryWindow(t *testing.T) {
	t.Parallel()
	p := startDev(t)
	picture := writeFile(t, "ein sehr langer Dateiname aus dem Garten vom letzten Sommer am See.png", pngOf(t, 200<<10))
	words := writeFile(t, "notes.txt", []byte("words"))
	huge, _ := randomFile(t, "huge.png", 11*mebibyte)
	for _, l := range languages {
		for _, width := range []int64{375, 1280} {
			t.Run(fmt.Sprintf("%s at %d px", l.tag, width), func(t *testing.T) {
				for _, dark := range []bool{false, true} {
					b := newTab(t, tabOptions{Language: l.tag, Width: width, Dark: dark})
					b.open(p.URL + "/forms/photos")
					b.waitUntil("the uploader is ready", `document.querySelector("postern-uploader[ready]") != null`)
					suffix := strings.Join([]string{l.tag, fmt.Sprint(width), pick(dark, "dark", "light")}, "-")
					b.screenshot("form-photos-" + suffix + "-script")
					b.chooseFiles(picture, words, huge)
					b.waitUntil("two files are refused", `document.querySelectorAll(".postern-file[data-state=refused]").length == 2`)
					b.requireFits("rows", l.tag, l.direction, width)
					b.screenshot("rows-chosen-" + suffix)
					b.submitIfNeeded()
					b.waitUntil("one is done", `document.querySelector(".postern-file[data-state=done]") != null`)
					b.requireFits("rows when done", l.tag, l.direction, width)
					b.screenshot("rows-done-" + suffix)
					b.requireCleanConsole()
					b.Close()
				}
			})
		}
	}
}
