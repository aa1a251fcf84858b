package e2e

import (
	"bytes"
	"cmp"
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

// allLanguages returns the tags of all catalogues, sorted.
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

// checkedLanguage is a language of the catalogue in a test for all of them.
type checkedLanguage struct {
	tag   string
	index int
}

// includes reports whether check number i is made in this language. In long runs every check is
// made in every language. Otherwise a check is made in one language of n, a different one for each
// i, so that no check and no language is left out.
func (l checkedLanguage) includes(i, n int) bool { return long || (l.index+i)%n == 0 }

// forEachLanguage runs a test for each language, in two tabs: opening a tab takes longer than
// loading a page.
func forEachLanguage(t *testing.T, options tabOptions, test func(b *tab, language checkedLanguage)) {
	var languages []checkedLanguage
	for i, tag := range allLanguages(t) {
		languages = append(languages, checkedLanguage{tag, i})
	}
	for half := range slices.Chunk(languages, (len(languages)+1)/2) {
		t.Run("from "+half[0].tag, func(t *testing.T) {
			t.Parallel()
			b := newTab(t, options)
			defer b.Close()
			for _, language := range half {
				t.Run(language.tag, func(t *testing.T) {
					b.t = t
					must(t, b.setLanguage(language.tag))
					test(b, language)
					b.requireCleanConsole()
				})
			}
		})
	}
}

// requireLanguage requires that the page is in a language. Otherwise a test for all languages would
// check English again and again.
func (b *tab) requireLanguage(tag string) {
	b.t.Helper()
	if got := evaluate[string](b, `document.documentElement.lang`); got != tag {
		b.t.Errorf("language of %s: wanted %s, got %s", b.url(), tag, got)
	}
}

// openOnPhone opens a page in a phone's window and waits until it is complete.
func (b *tab) openOnPhone(url, tag string, script bool) {
	b.t.Helper()
	b.emulatePhone(375, windowHeight)
	b.open(url)
	b.waitUntilReady(script)
	b.requireLanguage(tag)
}

// requireUsable requires that a page and the widgets in it can be used by touch, in narrow windows,
// and with assistive technology. page names it in messages.
func (b *tab) requireUsable(page string, widgets ...*tab) {
	b.t.Helper()
	b.requireUsableByTouch(page, widgets...)
	b.run(chromedp.EmulateViewport(b.width, tallWindow))
	b.requireAccessible(page)
	for _, widget := range widgets {
		widget.waitUntilFrameFits()
		widget.reportFindings(page+", widget", widget.axeInLightAndDark(b.backgroundBehind(widget)))
	}
}

// requireUsableIn does the same where the language includes check number i of n, and leaves out the
// accessibility checker elsewhere.
func (b *tab) requireUsableIn(language checkedLanguage, i, n int, page string, widgets ...*tab) {
	b.t.Helper()
	if language.includes(i, n) {
		b.requireUsable(page, widgets...)
	} else {
		b.requireUsableByTouch(page, widgets...)
	}
}

func TestPagesAreUsableInEveryLanguage(t *testing.T) {
	t.Parallel()
	p := startDev(t)
	forEachLanguage(t, tabOptions{}, func(b *tab, language checkedLanguage) {
		for i, path := range []string{"/", "/forms/photos", "/forms/files", "/widget/photos", "/recent"} {
			b.openOnPhone(p.URL+path, language.tag, true)
			b.requireUsableIn(language, i, 3, path)
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
	forEachLanguage(t, tabOptions{NoScript: true}, func(b *tab, language checkedLanguage) {
		for i, page := range pages {
			if !language.includes(i, 2) {
				continue
			}
			b.openOnPhone(p.URL+page.path, language.tag, false)
			if state := evaluate[string](b, `document.querySelector("[data-state]")?.dataset.state ?? ""`); state != page.state {
				b.t.Errorf("state of %s: wanted %q, got %q", page.path, page.state, state)
			}
			b.requireUsableIn(language, i, 4, "without script, "+cmp.Or(page.state, page.path))
		}
	})
}

// landingPageBeforeUpload returns the path of the landing page of a form that was never sent.
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
		t.Fatalf("codes that have a page: wanted at least 15, got %q", codes)
	}
	server := errorPageServer(t)
	forEachLanguage(t, tabOptions{}, func(b *tab, language checkedLanguage) {
		b.Proxy.serveHost("uploads.localhost", server)
		for i, match := range codes {
			if !language.includes(i, 4) {
				continue // the pages differ in their words only
			}
			code := string(match[1])
			b.open(uploadsOrigin + "/failed/" + code)
			b.requireLanguage(language.tag)
			if i < 4 {
				b.requireUsableIn(language, i, 8, code)
			} else if language.includes(i, 8) {
				b.reportFindings(code, b.axeFindings(false, "", ""))
			}
			if text := b.text(); !strings.Contains(text, code) {
				b.t.Errorf("the page of %s: wanted the code in it, got %q", code, text)
			}
		}
	})
}

// errorPageServer is a server whose pages below /failed/ are refused with the code in their path.
func errorPageServer(t *testing.T) http.Handler {
	t.Helper()
	h := widgetHandlers(t)
	e := echoServer(h)
	e.GET("/failed/:code", h.Page(func(c echo.Context) error { return &problem.Error{Code: problem.Code(c.Param("code"))} }))
	return e
}

// explainCases are texts for the page that explains refusals, and the state of its answer.
var explainCases = []struct{ name, text, size, state string }{
	{"a form that the store would accept", "FORM", "4000", "ok"},
	{"a form and a file too large for it", "FORM", "40000000", "refused"},
	{"a store's answer", `<Error><Code>AccessDenied</Code><Message>Invalid according to Policy: Policy expired.</Message></Error>`, "", "refused"},
	{"a policy", `{"expiration":"2099-01-01T00:00:00.000Z","conditions":[{"bucket":"b"},["starts-with","$key","u/"]]}`, "", "explained"},
	{"a size that is not a number", `{}`, "big", "unreadable"},
}

func TestThePageThatExplainsIsUsable(t *testing.T) {
	t.Parallel()
	p := startDev(t)
	b := newTab(t, tabOptions{})
	b.openOnPhone(p.URL+"/explain", "en", true)
	b.requireUsable("the page before a question")
	for _, c := range explainCases {
		b.openOnPhone(p.URL+"/explain", "en", true)
		b.explain(c.text, c.size)
		if state := evaluate[string](b, `document.querySelector(".postern-outcome").dataset.state`); state != c.state {
			t.Errorf("state of the answer to %s: wanted %q, got %q", c.name, c.state, state)
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

// jsLiteral returns a value as a JavaScript literal.
func jsLiteral(t *testing.T, value any) string {
	t.Helper()
	text, err := json.Marshal(value)
	must(t, err)
	return string(text)
}
