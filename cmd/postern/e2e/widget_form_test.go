package e2e

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"net/http"
	"slices"
	"strconv"
	"sync"
	"testing"

	"github.com/chromedp/chromedp"

	"github.com/postern-dev/postern/static"
)

// said is what the catalogue of a language has under a key.
func said(t *testing.T, language, key string) string {
	t.Helper()
	text, err := fs.ReadFile(static.FS, "lang/"+language+".json")
	must(t, err)
	var catalogue map[string]string
	must(t, json.Unmarshal(text, &catalogue))
	if catalogue[key] == "" {
		t.Fatalf("catalogue of %s: nothing under %q", language, key)
	}
	return catalogue[key]
}

// hold keeps requests from their far end until they are let go of, or the test ends.
func (w *wire) hold(t *testing.T, which func(*http.Request) bool) (release func()) {
	t.Helper()
	gate := make(chan struct{})
	release = sync.OnceFunc(func() { close(gate) })
	t.Cleanup(release)
	w.fail(func(_ http.ResponseWriter, r *http.Request) bool {
		if which(r) {
			<-gate
		}
		return false
	})
	return release
}

// toStore tells which requests go to the store.
func (p *postern) toStore(r *http.Request) bool { return "http://"+r.URL.Host == p.Store }

// fromPart tells which requests carry a part of that number or a later one to the store.
func (p *postern) fromPart(first int) func(*http.Request) bool {
	return func(r *http.Request) bool {
		number, err := strconv.Atoi(r.URL.Query().Get("partNumber"))
		return err == nil && number >= first && p.toStore(r)
	}
}

func TestARequiredUploadIsWaitedForInTheVisitorsLanguage(t *testing.T) {
	t.Parallel()
	p := dev(t, "--origin", app)
	for _, language := range []string{"en", "de", "ja", "ar"} {
		t.Run(language, func(t *testing.T) {
			b := embed(t, p, look{}, fmt.Sprintf(`<div lang=%q>%s</div>`, language, pictures))
			widget := b.widgets(p, 1)[0]
			release := b.Wire.hold(t, p.toStore)
			b.refusesToSend("valueMissing", said(t, language, "up.required"))
			widget.choose(fileWith(t, "plot.png", pngOf(t, 60<<10)))
			b.until("the upload is under way", `document.querySelector("postern-upload:state(busy)") != null`)
			widget.fitted()
			b.refusesToSend("customError", said(t, language, "up.busy"))
			release()
			keys := b.values(1)
			b.until("the widget is at rest", `document.querySelector("postern-upload:state(busy)") == null`)
			widget.fitted()
			evaluate[any](b, `document.querySelector("postern-upload").setCustomValidity("not this one")`)
			b.refusesToSend("customError", "not this one")
			evaluate[any](b, `document.querySelector("postern-upload").setCustomValidity("")`)
			b.submit()
			if got := b.posted()["pictures"]; !slices.Equal(got, keys) {
				t.Errorf("what the host received: wanted %q, got %q", keys, got)
			}
			b.calm()
		})
	}
}

// refusesToSend presses the form's button and requires that the browser holds the form back, says
// why and leads there.
func (b *tab) refusesToSend(reason, message string) {
	b.t.Helper()
	evaluate[any](b, `(() => {
		document.activeElement?.blur();
		window.refused = null;
		document.querySelector("postern-upload").addEventListener("invalid", ({ target }) => {
			window.refused = { message: target.validationMessage, reasons: Object.keys(ValidityState.prototype).filter((r) => target.validity[r]) };
		}, { once: true });
	})()`)
	b.do(chromedp.Click(chromedp.CSS("button[type=submit]")))
	b.until("the form is held back", `window.refused && document.activeElement == document.querySelector("postern-upload")`)
	got := evaluate[struct {
		Message string
		Reasons []string
	}](b, `refused`)
	if got.Message != message || !slices.Equal(got.Reasons, []string{reason}) {
		b.t.Errorf("why the form is held back: wanted %s, %q, got %+v", reason, message, got)
	}
}

func TestADisabledWidgetTakesAndContributesNothing(t *testing.T) {
	t.Parallel()
	p := dev(t, "--origin", app)
	b := embed(t, p, look{}, `<form method="post"><fieldset><postern-upload name="pictures" profile="photos" required></postern-upload></fieldset></form>`)
	widget := b.widgets(p, 1)[0]
	widget.choose(fileWith(t, "plot.png", pngOf(t, 60<<10)))
	keys := b.values(1)
	for _, c := range []struct{ name, off, on string }{
		{"by its attribute", `w.setAttribute("disabled", "")`, `w.removeAttribute("disabled")`},
		{"by its property", `w.disabled = true`, `w.disabled = false`},
		{"by the fieldset around it", `w.closest("fieldset").disabled = true`, `w.closest("fieldset").disabled = false`},
	} {
		t.Run(c.name, func(t *testing.T) {
			evaluate[any](b, `(() => { const w = document.querySelector("postern-upload"); `+c.off+` })()`)
			widget.until("the file control is closed", `document.querySelector("input[type=file]").disabled`)
			if got := b.entries("pictures"); len(got) != 0 {
				t.Errorf("what a disabled widget contributes: wanted nothing, got %q", got)
			}
			if evaluate[bool](b, `document.querySelector("postern-upload").willValidate`) {
				t.Error("a disabled widget is validated")
			}
			evaluate[any](b, `(() => { const w = document.querySelector("postern-upload"); `+c.on+` })()`)
			widget.until("the file control is open", `!document.querySelector("input[type=file]").disabled`)
			if got := b.entries("pictures"); !slices.Equal(got, keys) {
				t.Errorf("what it contributes afterwards: wanted %q, got %q", keys, got)
			}
		})
	}
	b.calm()
}

func TestAResetGivesUpWhatIsUnderWay(t *testing.T) {
	t.Parallel()
	p := dev(t, "--origin", app)
	b := embed(t, p, look{}, `<form method="post"><postern-upload name="pictures" profile="files" required></postern-upload></form>`)
	widget := b.widgets(p, 1)[0]
	release := b.Wire.hold(t, func(r *http.Request) bool { return p.toStore(r) && r.URL.Query().Get("partNumber") == "2" })
	film, _ := fileOf(t, "film.bin", 20*mebibyte)
	widget.choose(fileWith(t, "notes.txt", []byte("words")), film)
	b.values(1)
	widget.untilSent(p, 8*mebibyte)
	if open := p.store(t).open(); len(open) != 1 {
		t.Fatalf("open multipart uploads before the reset: wanted one, got %q", open)
	}
	evaluate[any](b, `document.querySelector("form").reset()`)
	b.until("the value is gone", `document.querySelector("postern-upload").value.length == 0 && document.querySelector("postern-upload").validity.valueMissing`)
	widget.until("the rows are gone", `document.querySelector(".postern-file") == null`)
	b.eventually("the parts are gone from the store", func() bool { return len(p.store(t).open()) == 0 })
	release()
	widget.choose(fileWith(t, "other.txt", []byte("other words")))
	keys := b.values(1)
	b.until("the widget is at rest", `document.querySelector("postern-upload:state(busy)") == null`)
	if got := b.entries("pictures"); !slices.Equal(got, keys) || p.store(t).object(keys[0]).Sum != sumOf([]byte("other words")) {
		t.Errorf("what the form would post: wanted the new file alone, got %q", got)
	}
	b.calm()
}

// A browser that kept the whole page meanwhile gives it back with its widget; this is what happens
// where it has to load it anew.
func TestUploadsComeBackWithThePage(t *testing.T) {
	t.Parallel()
	p := dev(t, "--origin", app)
	b, keys := embedPicture(t, p)
	b.submit()
	b.do(chromedp.NavigateBack())
	if got := b.values(1); !slices.Equal(got, keys) || !slices.Equal(b.entries("pictures"), keys) {
		t.Errorf("what the form would post: wanted %q again, got %q and %q", keys, got, b.entries("pictures"))
	}
	widget := b.widgets(p, 1)[0]
	widget.until("the row is there again", `document.querySelector(".postern-file[data-state=done]") != null`)
	widget.choose(fileWith(t, "other.png", pngOf(t, 61<<10)))
	b.values(2)
	widget.act("remove")
	if got := b.values(1); slices.Equal(got, keys) {
		t.Errorf("after the first file was removed: wanted the other's key, got %q", got)
	}
	b.calm()
}
