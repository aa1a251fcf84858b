package e2e

import (
	"bytes"
	"encoding/json"
	"io/fs"
	"net/http"
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/labstack/echo/v4"

	"github.com/postern-dev/postern/handlers/problem"
	"github.com/postern-dev/postern/static"
)

// allLanguages lists the tags of all catalogues.
func allLanguages(t *testing.T) []string {
	t.Helper()
	files, err := fs.Glob(static.FS, "lang/*.json")
	must(t, err)
	var tags []string
	for _, file := range files {
		tags = append(tags, strings.TrimSuffix(path.Base(file), ".json"))
	}
	if len(tags) < 8 {
		t.Fatalf("languages: wanted eight, got %q", tags)
	}
	return tags
}

// forEachLanguage runs a test once for each language. To open a tab costs more than a page, so two
// tabs do for all.
func forEachLanguage(t *testing.T, l tabOptions, body func(b *tab, language string)) {
	tags := allLanguages(t)
	for half := range slices.Chunk(tags, (len(tags)+1)/2) {
		t.Run("from "+half[0], func(t *testing.T) {
			t.Parallel()
			b := newTab(t, l)
			defer b.Close()
			for _, language := range half {
				t.Run(language, func(t *testing.T) {
					b.t = t
					must(t, b.setLanguage(language))
					body(b, language)
					b.requireCleanConsole()
				})
			}
		})
	}
}

// requireLanguage requires that the page is in the language, so that each is really judged.
func (b *tab) requireLanguage(language string) {
	b.t.Helper()
	if got := evaluate[string](b, `document.documentElement.lang`); got != language {
		b.t.Errorf("%s: wanted language %s, got %s", b.url(), language, got)
	}
}

// openOnPhone opens a page as a phone shows it and waits until it is what a person gets to see.
func (b *tab) openOnPhone(url, language string, script bool) {
	b.t.Helper()
	b.emulatePhone(375, windowHeight)
	b.open(url)
	b.waitUntilReady(script)
	b.requireLanguage(language)
}

// requireUsable requires that a page and the widgets in it can be used by anybody.
func (b *tab) requireUsable(what string, widgets ...*tab) {
	b.t.Helper()
	b.requireUsableByTouch(what, widgets...)
	b.run(chromedp.EmulateViewport(b.width, tallWindow))
	b.requireAccessible(what)
	for _, widget := range widgets {
		widget.waitUntil("the frame is as high as what is in it", `document.documentElement.scrollHeight <= innerHeight + 1`)
		widget.reportFindings(what+", widget", widget.axeInLightAndDark(b.backgroundBehind(widget)))
	}
}

func TestPagesAreUsableInEveryLanguage(t *testing.T) {
	t.Parallel()
	p := startDev(t)
	forEachLanguage(t, tabOptions{}, func(b *tab, language string) {
		for _, path := range []string{"/", "/forms/photos", "/forms/files", "/widget/photos"} {
			b.openOnPhone(p.URL+path, language, true)
			b.requireUsable(path)
		}
	})
}

func TestPagesWithoutScriptAreUsableInEveryLanguage(t *testing.T) {
	t.Parallel()
	p := startDev(t)
	pages := []struct{ path, state string }{
		{"/forms/photos", ""},
		{"/forms/files", ""},
		{"/widget/photos", ""},
		{landingPageAfter(t, p, "a rather long name of a picture from the garden, taken in summer.png", pngOf(t, 40<<10)), "done"},
		{landingPageAfter(t, p, "notes.png", bytes.Repeat([]byte("words "), 100)), "refused"},
		{landingPageBeforeUpload(t, p), "waiting"},
	}
	forEachLanguage(t, tabOptions{NoScript: true}, func(b *tab, language string) {
		for _, page := range pages {
			b.openOnPhone(p.URL+page.path, language, false)
			if state := evaluate[string](b, `document.querySelector("[data-state]")?.dataset.state ?? ""`); state != page.state {
				b.t.Errorf("%s: wanted the state %q, got %q", page.path, page.state, state)
			}
			b.requireUsable("without script, " + pick(page.state == "", page.path, page.state))
		}
	})
}

// landingPageBeforeUpload returns the landing page of a form that was never sent.
func landingPageBeforeUpload(t *testing.T, p *devServer) string {
	t.Helper()
	var path string
	t.Run("send nothing", func(t *testing.T) {
		b := newTab(t, tabOptions{NoScript: true})
		b.open(p.URL + "/forms/photos")
		path = strings.TrimPrefix(evaluate[string](b, `document.querySelector("input[name=success_action_redirect]").value`), p.URL)
	})
	return path
}

func TestErrorPagesAreUsableInEveryLanguage(t *testing.T) {
	t.Parallel()
	catalog, err := fs.ReadFile(static.FS, "lang/en.json")
	must(t, err)
	codes := regexp.MustCompile(`"page\.error\.(\w+)\.heading"`).FindAllSubmatch(catalog, -1)
	if len(codes) < 15 {
		t.Fatalf("codes with a page: got %q", codes)
	}
	server := errorPageServer(t)
	forEachLanguage(t, tabOptions{}, func(b *tab, language string) {
		b.Proxy.serveHost("uploads.localhost", server)
		for i, code := range codes {
			b.open(uploadsOrigin + "/failed/" + string(code[1]))
			b.requireLanguage(language)
			if i == 0 {
				b.requireUsable("an error")
			}
			b.reportFindings(string(code[1]), b.axeFindings(false, "", "")) // all look the same, only the words differ
			if words := b.text(); !strings.Contains(words, string(code[1])) {
				b.t.Errorf("the page of %s says %q", code[1], words)
			}
		}
	})
}

// errorPageServer is a server of which every page below /failed/ is refused with the code in its
// address.
func errorPageServer(t *testing.T) http.Handler {
	t.Helper()
	h := widgetHandlers(t)
	e := echoServer(h)
	e.GET("/failed/:code", h.Page(func(c echo.Context) error { return &problem.Error{Code: problem.Code(c.Param("code"))} }))
	return e
}

// explainCases are things to paste into the page that explains, and the state of its answer.
var explainCases = []struct{ name, text, size, state string }{
	{"a form that would do", "FORM", "4000", "ok"},
	{"a form and a file too large for it", "FORM", "40000000", "refused"},
	{"a store's answer", `<Error><Code>AccessDenied</Code><Message>Invalid according to Policy: Policy expired.</Message></Error>`, "", "refused"},
	{"a policy", `{"expiration":"2099-01-01T00:00:00.000Z","conditions":[{"bucket":"b"},["starts-with","$key","u/"]]}`, "", "explained"},
	{"a size that is none", `{}`, "big", "unreadable"},
}

func TestThePageThatExplainsIsUsable(t *testing.T) {
	t.Parallel()
	p := startDev(t)
	b := newTab(t, tabOptions{})
	b.openOnPhone(p.URL+"/explain", "en", true)
	b.requireUsable("the empty page")
	for _, c := range explainCases {
		b.openOnPhone(p.URL+"/explain", "en", true)
		b.explain(c.text, c.size)
		if state := evaluate[string](b, `document.querySelector(".postern-outcome").dataset.state`); state != c.state {
			t.Errorf("%s: wanted the state %q, got %q", c.name, c.state, state)
		}
		b.requireUsable(c.name)
	}
	b.requireCleanConsole()
}

// fetchFrom fills in the page that explains; FORM stands for the page of a form.
func (b *tab) explain(text, size string) {
	b.t.Helper()
	if text == "FORM" {
		text = evaluate[string](b, `fetch("/forms/photos").then((r) => r.text())`)
	}
	set := `(value, id) => { document.getElementById(id).value = value; }`
	for id, value := range map[string]string{"explain-text": text, "explain-size": size} {
		evaluate[any](b, "("+set+")("+jsLiteral(b.t, value)+", "+jsLiteral(b.t, id)+")")
	}
	b.submit()
}

// jsLiteral writes a value as script does.
func jsLiteral(t *testing.T, value any) string {
	t.Helper()
	text, err := json.Marshal(value)
	must(t, err)
	return string(text)
}
