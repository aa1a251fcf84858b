package e2e

import (
	"bytes"
	"encoding/json"
	"io/fs"
	"net/http"
	"path"
	"regexp"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/dom"
	"github.com/chromedp/cdproto/runtime"
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

// inEveryLanguage runs a test once for each language, in a tab of its own.
func inEveryLanguage(t *testing.T, l look, body func(b *tab, language string)) {
	for _, language := range everyLanguage(t) {
		t.Run(language, func(t *testing.T) {
			t.Parallel()
			l := l
			l.Language = language
			b := newTab(t, l)
			defer b.Close()
			body(b, language)
			b.calm()
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

func TestPagesAreAccessibleInEveryLanguage(t *testing.T) {
	t.Parallel()
	p := dev(t)
	paths := []string{"/", "/forms/photos", "/forms/files", "/widget/photos"}
	inEveryLanguage(t, look{}, func(b *tab, language string) {
		for _, path := range paths {
			b.open(p.URL + path)
			b.settled(true)
			b.spoken(language)
			b.accessible(path)
		}
	})
}

func TestPagesWithoutScriptAreAccessibleInEveryLanguage(t *testing.T) {
	t.Parallel()
	p := dev(t)
	paths := []string{
		"/forms/photos", "/forms/files", "/widget/photos", landed(t, p, "garden in summer.png", pngOf(t, 40<<10)),
		landed(t, p, "notes.png", bytes.Repeat([]byte("words "), 100)), landedEarly(t, p),
	}
	inEveryLanguage(t, look{NoScript: true}, func(b *tab, language string) {
		for i, path := range paths {
			b.open(p.URL + path)
			b.settled(false)
			b.spoken(language)
			b.accessible(path)
			if state := evaluate[string](b, `document.querySelector("[data-state]")?.dataset.state ?? ""`); state != []string{"", "", "", "done", "refused", "waiting"}[i] {
				b.t.Errorf("%s shows the state %q", path, state)
			}
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

func TestErrorPagesAreAccessibleInEveryLanguage(t *testing.T) {
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
		for _, code := range codes {
			b.open(uploads + "/failed/" + string(code[1]))
			b.spoken(language)
			b.accessible(string(code[1]))
			if words := b.text(); !strings.Contains(words, string(code[1])) {
				b.t.Errorf("the page of %s says %q", code[1], words)
			}
		}
	})
}

// failingServer is a server of which every page below /failed/ is refused with the code in its address.
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

func TestThePageThatExplainsIsAccessible(t *testing.T) {
	t.Parallel()
	p := dev(t)
	b := newTab(t, look{})
	b.open(p.URL + "/explain")
	b.accessible("the empty page")
	for _, c := range asked {
		b.open(p.URL + "/explain")
		b.ask(c.text, c.size)
		if state := evaluate[string](b, `document.querySelector(".postern-verdict").dataset.state`); state != c.state {
			t.Errorf("%s: wanted the state %q, got %q", c.name, c.state, state)
		}
		b.accessible(c.name)
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

func TestHostPagesAndTheirWidgetsAreAccessibleInEveryLanguage(t *testing.T) {
	t.Parallel()
	p := dev(t)
	inEveryLanguage(t, look{Width: 375}, func(b *tab, language string) {
		b.do(chromedp.EmulateViewport(b.width, allRows))
		for path, count := range map[string]int{"/demo/site": 1, "/demo/form": 1, "/demo/themes": 4} {
			b.open(p.foreign(path))
			b.spoken(language)
			widgets := b.widgets(p, count)
			if path == "/demo/site" {
				widgets[0].everyRow()
			}
			b.accessible(path)
			for _, widget := range widgets {
				widget.spoken(language)
				widget.accessibleOn(path+", widget", b.behind(widget))
			}
		}
	})
}

// behind looks up what lies behind the frame of a widget.
func (b *tab) behind(widget *tab) backdrop {
	b.t.Helper()
	frame := cdp.FrameID(chromedp.FromContext(widget.ctx).Target.TargetID)
	owner, err := chromedp.Call(b.ctx, dom.GetFrameOwner, dom.GetFrameOwnerParams{FrameID: frame})
	must(b.t, err)
	node, err := chromedp.Call(b.ctx, dom.ResolveNode, dom.ResolveNodeParams{BackendNodeID: owner.BackendNodeID})
	must(b.t, err)
	colour := chromedp.CallFunctionOn[string](`function () {
		let node = this.getRootNode().host;
		while (node.parentElement && getComputedStyle(node).backgroundColor == "rgba(0, 0, 0, 0)") node = node.parentElement;
		return getComputedStyle(node).backgroundColor;
	}`, func(params *runtime.CallFunctionOnParams) { params.ObjectID = node.Object.ObjectID })
	var behind backdrop
	b.scheme(true)
	behind.dark, err = chromedp.Run(b.ctx, colour)
	must(b.t, err)
	b.scheme(false)
	behind.light, err = chromedp.Run(b.ctx, colour)
	must(b.t, err)
	return behind
}
