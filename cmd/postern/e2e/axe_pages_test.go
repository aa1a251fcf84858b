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

	"github.com/postern-dev/postern/handlers"
	"github.com/postern-dev/postern/static"
)

// everyLanguage lists the tags of all catalogues.
func everyLanguage(t *testing.T) []string {
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

// inEveryLanguage runs a test once for each language. To open a tab costs more than a page, so two
// tabs do for all.
func inEveryLanguage(t *testing.T, l look, body func(b *tab, language string)) {
	tags := everyLanguage(t)
	for half := range slices.Chunk(tags, (len(tags)+1)/2) {
		t.Run("from "+half[0], func(t *testing.T) {
			t.Parallel()
			b := newTab(t, l)
			defer b.Close()
			for _, language := range half {
				t.Run(language, func(t *testing.T) {
					b.t = t
					must(t, b.speak(language))
					body(b, language)
					b.calm()
				})
			}
		})
	}
}

// spoken requires that the page is in the language, so that each is really judged.
func (b *tab) spoken(language string) {
	b.t.Helper()
	if got := evaluate[string](b, `document.documentElement.lang`); got != language {
		b.t.Errorf("%s: wanted language %s, got %s", b.address(), language, got)
	}
}

// visit opens a page as a phone shows it and waits until it is what a person gets to see.
func (b *tab) visit(url, language string, script bool) {
	b.t.Helper()
	b.finger(375, windowHeight)
	b.open(url)
	b.settled(script)
	b.spoken(language)
}

// usable requires that a page and the widgets in it can be used by anybody.
func (b *tab) usable(what string, widgets ...*tab) {
	b.t.Helper()
	b.handy(what, widgets...)
	b.do(chromedp.EmulateViewport(b.width, allRows))
	b.accessible(what)
	for _, widget := range widgets {
		widget.until("the frame is as high as what is in it", `document.documentElement.scrollHeight <= innerHeight + 1`)
		widget.clean(what+", widget", widget.axe(b.behind(widget)))
	}
}

func TestPagesAreUsableInEveryLanguage(t *testing.T) {
	t.Parallel()
	p := dev(t)
	inEveryLanguage(t, look{}, func(b *tab, language string) {
		for _, path := range []string{"/", "/forms/photos", "/forms/files", "/widget/photos"} {
			b.visit(p.URL+path, language, true)
			b.usable(path)
		}
	})
}

func TestPagesWithoutScriptAreUsableInEveryLanguage(t *testing.T) {
	t.Parallel()
	p := dev(t)
	pages := []struct{ path, state string }{
		{"/forms/photos", ""},
		{"/forms/files", ""},
		{"/widget/photos", ""},
		{landed(t, p, "a rather long name of a picture from the garden, taken in summer.png", pngOf(t, 40<<10)), "done"},
		{landed(t, p, "notes.png", bytes.Repeat([]byte("words "), 100)), "refused"},
		{landedEarly(t, p), "waiting"},
	}
	inEveryLanguage(t, look{NoScript: true}, func(b *tab, language string) {
		for _, page := range pages {
			b.visit(p.URL+page.path, language, false)
			if state := evaluate[string](b, `document.querySelector("[data-state]")?.dataset.state ?? ""`); state != page.state {
				b.t.Errorf("%s: wanted the state %q, got %q", page.path, page.state, state)
			}
			b.usable("without script, " + pick(page.state == "", page.path, page.state))
		}
	})
}

// landedEarly returns the landing page of a form that was never sent.
func landedEarly(t *testing.T, p *postern) string {
	t.Helper()
	var path string
	t.Run("send nothing", func(t *testing.T) {
		b := newTab(t, look{NoScript: true})
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
	server := failingServer(t)
	inEveryLanguage(t, look{}, func(b *tab, language string) {
		b.Wire.host("uploads.localhost", server)
		for i, code := range codes {
			b.open(uploads + "/failed/" + string(code[1]))
			b.spoken(language)
			if i == 0 {
				b.usable("an error")
			}
			b.clean(string(code[1]), b.judged(false, "", "")) // all look the same, only the words differ
			if words := b.text(); !strings.Contains(words, string(code[1])) {
				b.t.Errorf("the page of %s says %q", code[1], words)
			}
		}
	})
}

// failingServer is a server of which every page below /failed/ is refused with the code in its
// address.
func failingServer(t *testing.T) http.Handler {
	t.Helper()
	h := widgetHandlers(t)
	e := echo.New()
	e.HTTPErrorHandler = h.HTTPErrorHandler
	h.Register(e.Group(""))
	e.GET("/failed/:code", h.Page(func(c echo.Context) error { return &handlers.Error{Code: handlers.Code(c.Param("code"))} }))
	return e
}

// asked are things to paste into the page that explains, and the state of its answer.
var asked = []struct{ name, text, size, state string }{
	{"a form that would do", "FORM", "4000", "ok"},
	{"a form and a file too large for it", "FORM", "40000000", "refused"},
	{"a store's answer", `<Error><Code>AccessDenied</Code><Message>Invalid according to Policy: Policy expired.</Message></Error>`, "", "refused"},
	{"a policy", `{"expiration":"2099-01-01T00:00:00.000Z","conditions":[{"bucket":"b"},["starts-with","$key","u/"]]}`, "", "explained"},
	{"a size that is none", `{}`, "big", "unreadable"},
}

func TestThePageThatExplainsIsUsable(t *testing.T) {
	t.Parallel()
	p := dev(t)
	b := newTab(t, look{})
	b.visit(p.URL+"/explain", "en", true)
	b.usable("the empty page")
	for _, c := range asked {
		b.visit(p.URL+"/explain", "en", true)
		b.ask(c.text, c.size)
		if state := evaluate[string](b, `document.querySelector(".postern-verdict").dataset.state`); state != c.state {
			t.Errorf("%s: wanted the state %q, got %q", c.name, c.state, state)
		}
		b.usable(c.name)
	}
	b.calm()
}

// ask fills in the page that explains; FORM stands for the page of a form.
func (b *tab) ask(text, size string) {
	b.t.Helper()
	if text == "FORM" {
		text = evaluate[string](b, `fetch("/forms/photos").then((r) => r.text())`)
	}
	set := `(value, id) => { document.getElementById(id).value = value; }`
	for id, value := range map[string]string{"explain-text": text, "explain-size": size} {
		evaluate[any](b, "("+set+")("+literal(b.t, value)+", "+literal(b.t, id)+")")
	}
	b.submit()
}

// literal writes a value as script does.
func literal(t *testing.T, value any) string {
	t.Helper()
	text, err := json.Marshal(value)
	must(t, err)
	return string(text)
}
