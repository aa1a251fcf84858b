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
	p := dev(t)
	pages := map[string]string{
		"index": "/", "form-photos": "/forms/photos", "form-files": "/forms/files", "widget": "/widget/photos", "error-profile": "/forms/none",
		"error-token": "/forms/photos/done/made-up", "error-address": "/nowhere",
		"done":    landed(t, p, "a rather long name of a picture from the garden, taken in summer.png", pngOf(t, 40<<10)),
		"refused": landed(t, p, "notes.png", bytes.Repeat([]byte("words "), 100)),
	}
	for _, l := range languages {
		for _, width := range []int64{320, 375, 1280} {
			t.Run(fmt.Sprintf("%s at %d px", l.tag, width), func(t *testing.T) {
				for _, dark := range []bool{false, true} {
					b := newTab(t, look{Language: l.tag, Width: width, Dark: dark, NoScript: true})
					for name, path := range pages {
						b.open(p.URL + path)
						b.fits(name, l.tag, l.direction, width)
						b.shot(strings.Join([]string{name, l.tag, fmt.Sprint(width), pick(dark, "dark", "light"), "noscript"}, "-"))
					}
					b.calm()
					b.Close()
				}
			})
		}
	}
}

// landed sends a file without script and returns the path of its landing page.
func landed(t *testing.T, p *postern, name string, content []byte) string {
	t.Helper()
	var path string
	t.Run("send "+name[:5], func(t *testing.T) {
		b := newTab(t, look{NoScript: true})
		b.open(p.URL + "/forms/photos")
		b.choose(fileWith(t, name, content))
		b.submit()
		path = strings.TrimPrefix(b.address(), p.URL)
	})
	return path
}

// fits requires the page's language and direction, and that nothing makes a person scroll sideways.
func (b *tab) fits(name, language, direction string, width int64) {
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
	p := dev(t)
	picture := fileWith(t, "ein sehr langer Dateiname aus dem Garten vom letzten Sommer am See.png", pngOf(t, 200<<10))
	words := fileWith(t, "notes.txt", []byte("words"))
	huge, _ := fileOf(t, "huge.png", 11*mebibyte)
	for _, l := range languages {
		for _, width := range []int64{375, 1280} {
			t.Run(fmt.Sprintf("%s at %d px", l.tag, width), func(t *testing.T) {
				for _, dark := range []bool{false, true} {
					b := newTab(t, look{Language: l.tag, Width: width, Dark: dark})
					b.open(p.URL + "/forms/photos")
					b.until("the uploader is ready", `document.querySelector("postern-uploader[ready]") != null`)
					suffix := strings.Join([]string{l.tag, fmt.Sprint(width), pick(dark, "dark", "light")}, "-")
					b.shot("form-photos-" + suffix + "-script")
					b.choose(picture, words, huge)
					b.until("two files are refused", `document.querySelectorAll(".postern-file[data-state=refused]").length == 2`)
					b.fits("rows", l.tag, l.direction, width)
					b.shot("rows-chosen-" + suffix)
					b.start()
					b.until("one is done", `document.querySelector(".postern-file[data-state=done]") != null`)
					b.fits("rows when done", l.tag, l.direction, width)
					b.shot("rows-done-" + suffix)
					b.calm()
					b.Close()
				}
			})
		}
	}
}
