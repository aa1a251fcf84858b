package e2e

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"net/http"
	"slices"
	"testing"

	"github.com/chromedp/chromedp"

	"github.com/postern-dev/postern/static"
)

// catalogText returns the text of a key in the catalogue of a language.
func catalogText(t *testing.T, language, key string) string {
	t.Helper()
	text, err := fs.ReadFile(static.FS, "lang/"+language+".json")
	must(t, err)
	var catalogue map[string]string
	must(t, json.Unmarshal(text, &catalogue))
	if catalogue[key] == "" {
		t.Fatalf("catalogue of %s: wanted a text for %q, got none", language, key)
	}
	return catalogue[key]
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
			b.waitUntil("the widget is busy", `document.querySelector("postern-upload:state(busy)") != null`)
			widget.waitUntilFrameFits()
			b.requireFormRefused("customError", catalogText(t, language, "upload.busy"))
			release()
			keys := b.waitForValues(1)
			b.waitUntil("the widget is not busy", `document.querySelector("postern-upload:state(busy)") == null`)
			widget.waitUntilFrameFits()
			evaluate[any](b, `document.querySelector("postern-upload").setCustomValidity("not this one")`)
			b.requireFormRefused("customError", "not this one")
			evaluate[any](b, `document.querySelector("postern-upload").setCustomValidity("")`)
			b.submit()
			if got := b.postedFields()["pictures"]; !slices.Equal(got, keys) {
				t.Errorf("form that the host received: wanted %q, got %q", keys, got)
			}
			b.requireCleanConsole()
		})
	}
}

// requireFormRefused presses the form's button and requires that the browser doesn't send the form,
// gives that reason and message, and moves the focus to the widget.
func (b *tab) requireFormRefused(reason, message string) {
	b.t.Helper()
	b.requireFormRefusedWhen("the form is refused and the widget has the focus", `window.refused && document.activeElement == document.querySelector("postern-upload")`, reason, message)
}

// requireFormRefusedWhen requires the same, but for the focus, once a condition holds.
func (b *tab) requireFormRefusedWhen(condition, expression, reason, message string) {
	b.t.Helper()
	evaluate[any](b, `(() => {
		document.activeElement?.blur();
		window.refused = null;
		document.querySelector("postern-upload").addEventListener("invalid", ({ target }) => {
			window.refused = { message: target.validationMessage, reasons: Object.keys(ValidityState.prototype).filter((r) => target.validity[r]) };
		}, { once: true });
	})()`)
	b.pressSubmit()
	b.waitUntil(condition, expression)
	got := evaluate[struct {
		Message string
		Reasons []string
	}](b, `refused`)
	if got.Message != message || !slices.Equal(got.Reasons, []string{reason}) {
		b.t.Errorf("reason for the refusal: wanted %s, %q, got %+v", reason, message, got)
	}
}

// pressSubmit presses the form's button, again where the page moved it away from under the mouse.
func (b *tab) pressSubmit() {
	b.t.Helper()
	evaluate[any](b, `document.querySelector("button[type=submit]").addEventListener("click", () => { window.pressed = true; }, { once: true })`)
	waitFor(b.t, "the form's button is hit", func() bool {
		evaluate[any](b, standsStill)
		evaluate[any](b, `window.pressed = false`)
		b.press("button[type=submit]")
		return evaluate[bool](b, `window.pressed`)
	})
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
			widget.waitUntil("the file control is disabled", `document.querySelector("input[type=file]").disabled`)
			if got := b.formEntries("pictures"); len(got) != 0 {
				t.Errorf("values of a disabled widget in the form: wanted none, got %q", got)
			}
			if evaluate[bool](b, `document.querySelector("postern-upload").willValidate`) {
				t.Error("willValidate of a disabled widget: wanted false")
			}
			evaluate[any](b, `(() => { const w = document.querySelector("postern-upload"); `+c.on+` })()`)
			widget.waitUntil("the file control is enabled", `!document.querySelector("input[type=file]").disabled`)
			if got := b.formEntries("pictures"); !slices.Equal(got, keys) {
				t.Errorf("values of the enabled widget in the form: wanted %q, got %q", keys, got)
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
	widget.waitForAcceptedBytes(p, 5*mebibyte)
	if open := p.store(t).openUploads(); len(open) != 1 {
		t.Fatalf("open multipart uploads before the reset: wanted one, got %q", open)
	}
	evaluate[any](b, `document.querySelector("form").reset()`)
	b.waitUntil("the widget has no values", `document.querySelector("postern-upload").value.length == 0 && document.querySelector("postern-upload").validity.valueMissing`)
	widget.waitUntil("the rows are removed", `document.querySelector(".postern-file") == null`)
	waitFor(b.t, "no multipart upload is open", func() bool { return len(p.store(t).openUploads()) == 0 })
	release()
	widget.chooseFiles(writeFile(t, "other.txt", []byte("other words")))
	keys := b.waitForValues(1)
	b.waitUntil("the widget is not busy", `document.querySelector("postern-upload:state(busy)") == null`)
	if got := b.formEntries("pictures"); !slices.Equal(got, keys) || p.store(t).object(keys[0]).Sum != sumOf([]byte("other words")) {
		t.Errorf("values in the form: wanted only the new file, got %q", got)
	}
	b.requireCleanConsole()
}

// A browser that keeps the whole page in memory gives back its widget too. This test is about a
// page that is loaded again.
func TestUploadsAreRestoredByGoingBack(t *testing.T) {
	t.Parallel()
	p := startDev(t, "--origin", appOrigin)
	b, keys := embedPicture(t, p)
	b.submit()
	b.run(chromedp.NavigateBack())
	if got := b.waitForValues(1); !slices.Equal(got, keys) || !slices.Equal(b.formEntries("pictures"), keys) {
		t.Errorf("values of the widget and in the form: wanted %q, got %q and %q", keys, got, b.formEntries("pictures"))
	}
	widget := b.widgets(p, 1)[0]
	widget.waitUntil("the row is shown again", `document.querySelector(".postern-file[data-state=done]") != null`)
	widget.chooseFiles(writeFile(t, "other.png", pngOf(t, 61<<10)))
	b.waitForValues(2)
	widget.pressRowButton("clear") // of the restored row: nothing kept its upload token
	if got := b.waitForValues(1); slices.Equal(got, keys) {
		t.Errorf("values after the first file was removed: wanted the key of the other, got %q", got)
	}
	b.requireCleanConsole()
}
