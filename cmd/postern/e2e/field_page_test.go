package e2e

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
)

// everyPart are the selectors of the fields and uploaders on the page of the next test.
var everyPart = []string{"[name=pictures]", "[name=notes]", "[profile=cover]", "[profile=notes]:not([name])"}

// rowsOf are the names of the files in a field or uploader.
func (b *tab) rowsOf(part string) string {
	b.t.Helper()
	return evaluate[string](b, fmt.Sprintf(`[...document.querySelectorAll("postern-uploader%s .postern-name")].map((n) => n.title).join(" ")`, part))
}

func TestTwoFieldsAndTwoUploadersOnOnePageKeepToThemselves(t *testing.T) {
	t.Parallel()
	b := newTab(t, tabOptions{})
	s := startAlbumSite(t, b.Proxy)
	b.openAlbum("field=pictures&field=notes&uploader=cover&uploader=notes&required")
	for _, part := range everyPart {
		own := evaluate[string](b, fmt.Sprintf(`(() => {
			const part = document.querySelector("postern-uploader%s"), input = part.querySelector("input[type=file]");
			const outside = [...input.labels, ...input.ariaDescribedByElements ?? [], ...input.ariaLabelledByElements ?? [], ...part.ariaLabelledByElements ?? []].filter((e) => !part.contains(e));
			const ids = [...part.querySelectorAll("[id]")].filter(({id}) => document.querySelectorAll("#" + CSS.escape(id)).length > 1);
			return [input.labels.length, input.ariaDescribedByElements?.length, outside.length, ids.length].join(" ");
		})()`, part))
		if own != "1 1 0 0" {
			t.Errorf("%s: wanted a label and a description of its own and no id twice, got %q", part, own)
		}
	}
	b.run(chromedp.EmulateViewport(b.width, tallWindow))
	b.requireAccessible("empty")
	pictures := map[string]string{}
	for i, part := range everyPart {
		name := fmt.Sprintf("picture%d.png", i)
		pictures[part] = name
		b.dragFiles("postern-uploader"+part+" :is(form, .postern-form)", true, writeFile(t, name, pngOf(t, 50<<10+i)))
		b.waitUntil("the file dropped on "+part+" is uploaded", fmt.Sprintf(`document.querySelector("postern-uploader%s [data-state=done]") != null`, part))
	}
	for part, name := range pictures {
		if got := b.rowsOf(part); got != name {
			t.Errorf("files in %s: wanted %q, got %q", part, name, got)
		}
	}
	evaluate[any](b, `document.querySelector("postern-uploader[name=notes] input[type=file]").focus()`)
	evaluate[any](b, `document.activeElement.blur()`)
	evaluate[bool](b, fmt.Sprintf(pastePicture, "body"))
	b.waitUntil("the pasted file is uploaded", `document.querySelectorAll("postern-uploader[name=notes] [data-state=done]").length == 2`)
	evaluate[bool](b, fmt.Sprintf(pastePicture, "postern-uploader[name=pictures] input[type=file]"))
	// That one is no picture by its content, and is refused.
	b.waitUntil("the file pasted into the other field is refused", `document.querySelector("postern-uploader[name=pictures] :is([data-state=failed], [data-state=refused])") != null`)
	if rows := evaluate[int](b, `document.querySelectorAll(".postern-file").length`); rows != 6 {
		t.Errorf("rows: wanted 6, got %d", rows)
	}
	b.requireAccessible("with files that are done, and one that is refused")
	names := evaluate[[]string](b, `[...new Set(new FormData(document.getElementById("album").cloneNode(true)).keys())]`)
	if want := []string{"title", "postern-field", "pictures", "notes"}; !slices.Equal(slices.Sorted(slices.Values(names)), slices.Sorted(slices.Values(want))) {
		t.Errorf("names in the form: wanted %q, got %q", want, names)
	}
	if keys := s.store.keys(); len(keys) != 5 {
		t.Errorf("stored: wanted 5 objects, got %q", keys)
	}
	b.requireCleanConsole()
}

// spoilReceipts makes the form send receipts that no server has signed.
const spoilReceipts = `document.querySelectorAll(".postern-receipts input").forEach((input) => input.value += "x")`

func TestAFieldSaysWhatTheServerFoundWrongWithIt(t *testing.T) {
	t.Parallel()
	for _, language := range []string{"en", "ar"} {
		b := newTab(t, tabOptions{Width: 375, Language: language})
		startAlbumSite(t, b.Proxy)
		b.openAlbum("required&lang=" + language)
		b.chooseIn("pictures", writeFile(t, "lake.png", pngOf(t, 60<<10)))
		evaluate[any](b, spoilReceipts)
		b.loadBy("#save")
		b.waitForFields()
		describes := `document.querySelector("input[type=file]").ariaDescribedByElements.map((e) => e.textContent).join(" ")`
		said := evaluate[string](b, `document.querySelector(".postern-field-error").innerText`)
		if said == "" || !strings.Contains(evaluate[string](b, describes), said) || !evaluate[bool](b, `document.querySelector("input[type=file]").ariaInvalid == "true"`) {
			t.Errorf("%s: wanted a sentence that describes the control, got %q", language, said)
		}
		if shown := evaluate[int](b, `[...document.querySelectorAll(".postern-total, .postern-receipts")].filter((e) => e.checkVisibility()).length`); shown != 0 {
			t.Errorf("%s: wanted neither a total nor room for receipts shown, got %d of them", language, shown)
		}
		b.requireFits("a field with an error", language, pick(language == "ar", "rtl", "ltr"))
		b.screenshotInLightAndDark("field-error-" + language + "-375-%s")
		b.requireAccessible("a field with an error")
		b.chooseIn("pictures", writeFile(t, "hill.png", pngOf(t, 61<<10)))
		if after := evaluate[string](b, `document.querySelector(".postern-field-error").innerText`); after != "" {
			t.Errorf("%s: the sentence after another file was uploaded: wanted none, got %q", language, after)
		}
		b.requireValidity("after another file was uploaded", "pictures", "")
		b.screenshotInLightAndDark("field-done-" + language + "-375-%s")
		b.resize(1280)
		b.screenshotInLightAndDark("field-done-" + language + "-1280-%s")
		b.requireCleanConsole()
		b.Close()
	}
}

func TestAFieldWithoutScriptKeepsItsFiles(t *testing.T) {
	t.Parallel()
	b := newTab(t, tabOptions{NoScript: true, Width: 375})
	s := startAlbumSite(t, b.Proxy)
	lake, hill := pngOf(t, 60<<10), pngOf(t, 61<<10)
	b.open(uploadsOrigin + "/album?field=pictures")
	b.screenshotInLightAndDark("field-noscript-empty-375-%s")
	b.run(chromedp.SendKeys(chromedp.CSS("[name=title]"), "Draft"))
	for name, content := range map[string][]byte{"lake.png": lake, "hill.png": hill} {
		b.loadBy("[name=postern-upload]")
		b.chooseFiles(writeFile(t, name, content))
		b.submit()
		if title := evaluate[string](b, `document.querySelector("[name=title]")?.value ?? location.href`); title != "Draft" {
			t.Fatalf("title after uploading %s: wanted the draft's, got %q", name, title)
		}
	}
	evaluate[any](b, runTimersAtOnce+`document.querySelector("[name=title]").value = ""`)
	b.requireFits("a field with files, without script", "en", "ltr")
	b.requireAccessible("a field with files, without script")
	b.screenshotInLightAndDark("field-noscript-kept-375-%s")
	b.loadBy("#save") // A form without script names no files.
	if kept := evaluate[[]bool](b, `[...document.querySelectorAll(".postern-kept input")].map((input) => input.checked)`); !slices.Equal(kept, []bool{true, true}) {
		t.Fatalf("files after a mistake elsewhere: wanted two that are kept, got %v\n%s", kept, b.describe())
	}
	evaluate[any](b, `[...document.querySelectorAll(".postern-kept label")].find((label) => label.innerText.includes("61")).click()`)
	b.run(chromedp.SendKeys(chromedp.CSS("[name=title]"), "Lakes"))
	b.loadBy("#save")
	if got := s.sums(s.savedAlbum(), "pictures"); !slices.Equal(got, []string{sumOf(lake)}) {
		t.Errorf("pictures: wanted SHA-256 %s, got %q", sumOf(lake), got)
	}
	if keys := s.store.keys(); len(keys) != 2 {
		t.Errorf("stored: wanted each file once, got %q", keys)
	}
}

// scriptBytes is the size of all scripts that the page has loaded, as they were sent.
const scriptBytes = `performance.getEntriesByType("resource").filter(({name}) => name.endsWith(".js")).reduce((sum, {encodedBodySize}) => sum + encodedBodySize, 0)`

func TestAFieldCostsLittleOnTheFirstLoad(t *testing.T) {
	t.Parallel()
	const formLimit, fieldLimit = 15_000, 3_000 // bytes
	b := newTab(t, tabOptions{})
	startAlbumSite(t, b.Proxy)
	b.open(uploadsOrigin + "/up/forms/pictures")
	b.waitForFields()
	form := evaluate[int](b, scriptBytes)
	b.openAlbum("")
	field := evaluate[int](b, scriptBytes)
	t.Logf("scripts of the form page: %d bytes; a field: %d more", form, field-form)
	if form == 0 || form > formLimit || field-form > fieldLimit || field == form {
		t.Errorf("scripts: wanted at most %d bytes for the form page and %d more for a field, got %d and %d", formLimit, fieldLimit, form, field-form)
	}
}
