package e2e

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"net/http"
	"slices"
	"strconv"
	"testing"

	"github.com/chromedp/chromedp"

	"github.com/postern-dev/postern/static"
)

// catalogText is what the catalogue of a language has under a key.
func catalogText(t *testing.T, language, key string) string {
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

// isForStore tells which requests go to the store.
func (p *devServer) isForStore(r *http.Request) bool { return "http://"+r.URL.Host == p.Store }

// partsFrom tells which requests carry a part of that number or a later one to the store.
func (p *devServer) partsFrom(first int) func(*http.Request) bool {
	return func(r *http.Request) bool {
		number, err := strconv.Atoi(r.URL.Query().Get("partNumber"))
		return err == nil && number >= first && p.isForStore(r)
	}
}

func TestARequiredUploadBlocksTheFormInTheVisitorsLanguage(t *testing.T) {
	t.Parallel()
	p := startDev(t, "--origin", appOrigin)
	for _, language := range []string{"en", "de", "ja", "ar"} {
		t.Run(language, func(t *testing.T) {
			b := embed(t, p, tabOptions{}, fmt.Sprintf(`<div lang=%q>%s</div>`, language, picturesForm))
			widget := b.widgets(p, 1)[0]
			release := b.Proxy.hold(t, p.isForStore)
			b.requireFormRefused("valueMissing", catalogText(t, language, "upload.required"))
			widget.chooseFiles(writeFile(t, "plot.png", pngOf(t, 60<<10)))
			b.waitUntil("the upload is under way", `document.querySelector("postern-upload:state(busy)") != null`)
			widget.waitUntilFrameFits()
			b.requireFormRefused("customError", catalogText(t, language, "upload.busy"))
			release()
			keys := b.waitForValues(1)
			b.waitUntil("the widget is at rest", `document.querySelector("postern-upload:state(busy)") == null`)
			widget.waitUntilFrameFits()
			evaluate[any](b, `document.querySelector("postern-upload").setCustomValidity("not this one")`)
			b.requireFormRefused("customError", "not this one")
			evaluate[any](b, `document.querySelector("postern-upload").setCustomValidity("")`)
			b.submit()
			if got := b.postedFields()["pictures"]; !slices.Equal(got, keys) {
				t.Errorf("what the host received: wanted %q, got %q", keys, got)
			}
			b.requireCleanConsole()
		})
	}
}

// requireFormRefused presses the form's button and requires that the browser holds the form back, says
// why and leads there.
func (b *tab) requireFormRefused(reason, message string) {
	b.t.Helper()
	evaluate[any](b, `(() => {
		document.activeElement?.blur();
		window.refused = null;
		document.querySelector("postern-upload").addEventListener("invalid", ({ target }) => {
			window.refused = { message: target.validationMessage, reasons: Object.keys(ValidityState.prototype).filter((r) => target.validity[r]) };
		}, { once: true });
	})()`)
	b.run(chromedp.Click(chromedp.CSS("button[type=submit]")))
	b.waitUntil("the form is held back", `window.refused && document.activeElement == document.querySelector("postern-upload")`)
	got := evaluate[struct {
		Message string
		Reasons []string
	}](b, `refused`)
	if got.Message != message || !slices.Equal(got.Reasons, []string{reason}) {
		b.t.Errorf("why the form is held back: wanted %s, %q, got %+v", reason, message, got)
	}
}

func TestADisabledWidgetTakesNoFilesAndAddsNothingToTheForm(t *testing.T) {
	t.Parallel()
	p := startDev(t, "--origin", appOrigin)
	b := embed(t, p, tabOptions{}, `<form method="post"><fieldset><postern-upload name="pictures" profile="photos" required></postern-upload></fieldset></form>`)
	widget := b.widgets(p, 1)[0]
	widget.chooseFiles(writeFile(t, "plot.png", pngOf(t, 60<<10)))
	keys := b.waitForValues(1)
	for _, c := range []struct{ name, off, on string }{
		{"by its attribute", `w.setAttribute("disabled", "")`, `w.removeAttribute("disabled")`},
		{"by its property", `w.disabled = true`, `w.disabled = false`},
		{"by the fieldset around it", `w.closest("fieldset").disabled = true`, `w.closest("fieldset").disabled = false`},
	} {
		t.Run(c.name, func(t *testing.T) {
			evaluate[any](b, `(() => { const w = document.querySelector("postern-upload"); `+c.off+` })()`)
			widget.waitUntil("the file control is closed", `document.querySelector("input[type=file]").disabled`)
			if got := b.formEntries("pictures"); len(got) != 0 {
				t.Errorf("what a disabled widget contributes: wanted nothing, got %q", got)
			}
			if evaluate[bool](b, `document.querySelector("postern-upload").willValidate`) {
				t.Error("a disabled widget is validated")
			}
			evaluate[any](b, `(() => { const w = document.querySelector("postern-upload"); `+c.on+` })()`)
			widget.waitUntil("the file control is open", `!document.querySelector("input[type=file]").disabled`)
			if got := b.formEntries("pictures"); !slices.Equal(got, keys) {
				t.Errorf("what it contributes afterwards: wanted %q, got %q", keys, got)
			}
		})
	}
	b.requireCleanConsole()
}

func TestAResetFormCancelsItsUploads(t *testing.T) {
	t.Parallel()
	p := startDev(t, "--origin", appOrigin)
	b := embed(t, p, tabOptions{}, `<form method="post"><postern-upload name="pictures" profile="files" required></postern-upload></form>`)
	widget := b.widgets(p, 1)[0]
	release := b.Proxy.hold(t, func(r *http.Request) bool { return p.isForStore(r) && r.URL.Query().Get("partNumber") == "2" })
	film, _ := randomFile(t, "film.bin", 20*mebibyte)
	widget.chooseFiles(writeFile(t, "notes.txt", []byte("words")), film)
	b.waitForValues(1)
	widget.waitForAcceptedBytes(p, 8*mebibyte)
	if open := p.store(t).openUploads(); len(open) != 1 {
		t.Fatalf("open multipart uploads before the reset: wanted one, got %q", open)
	}
	evaluate[any](b, `document.querySelector("form").reset()`)
	b.waitUntil("the value is gone", `document.querySelector("postern-upload").value.length == 0 && document.querySelector("postern-upload").validity.valueMissing`)
	widget.waitUntil("the rows are gone", `document.querySelector(".postern-file") == null`)
	waitFor(b.t, "the parts are gone from the store", func() bool { return len(p.store(t).openUploads()) == 0 })
	release()
	widget.chooseFiles(writeFile(t, "other.txt", []byte("other words")))
	keys := b.waitForValues(1)
	b.waitUntil("the widget is at rest", `document.querySelector("postern-upload:state(busy)") == null`)
	if got := b.formEntries("pictures"); !slices.Equal(got, keys) || p.store(t).object(keys[0]).Sum != sumOf([]byte("other words")) {
		t.Errorf("what the form would post: wanted the new file alone, got %q", got)
	}
	b.requireCleanConsole()
}

// A browser that kept the whole page meanwhile gives it back with its widget; this is what happens
// where it has to load it anew.
func TestUploadsAreRestoredByGoingBack(t *testing.T) {
	t.Parallel()
	p := startDev(t, "--origin", appOrigin)
	b, keys := embedPicture(t, p)
	b.submit()
	b.run(chromedp.NavigateBack())
	if got := b.waitForValues(1); !slices.Equal(got, keys) || !slices.Equal(b.formEntries("pictures"), keys) {
		t.Errorf("what the form would post: wanted %q again, got %q and %q", keys, got, b.formEntries("pictures"))
	}
	widget := b.widgets(p, 1)[0]
	widget.waitUntil("the row is there again", `document.querySelector(".postern-file[data-state=done]") != null`)
	widget.chooseFiles(writeFile(t, "other.png", pngOf(t, 61<<10)))
	b.waitForValues(2)
	widget.pressRowButton("remove")
	if got := b.waitForValues(1); slices.Equal(got, keys) {
		t.Errorf("after the first file was removed: wanted the other's key, got %q", got)
	}
	b.requireCleanConsole()
}
