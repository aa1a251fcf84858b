package e2e

import (
	"fmt"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
)

// openAlbum opens the form of an album site and waits until its fields are ready.
func (b *tab) openAlbum(query string) {
	b.t.Helper()
	b.open(uploadsOrigin + "/album?" + query)
	b.waitForFields()
}

func (b *tab) waitForFields() {
	b.t.Helper()
	b.waitUntil("the fields are ready", `document.readyState == "complete" && document.querySelector("postern-uploader") != null && !document.querySelector("postern-uploader:not([ready])")`)
}

// chooseIn puts files into the file control of a field and waits until each is uploaded.
func (b *tab) chooseIn(field string, paths ...string) {
	b.t.Helper()
	b.chooseFilesIn(`postern-uploader[name=`+field+`] input[type=file]`, paths...)
	for _, path := range paths {
		b.waitUntil("the file is uploaded", fmt.Sprintf(`[...document.querySelectorAll("postern-uploader[name=%s] [data-state=done] .postern-name")].some((name) => name.title == %q)`, field, filepath.Base(path)))
	}
}

// receiptsIn are the file names in the receipts that the form would send in a field, in order.
func (b *tab) receiptsIn(field string) []string {
	b.t.Helper()
	return evaluate[[]string](b, fmt.Sprintf(`new FormData(document.getElementById("album").cloneNode(true)).getAll(%q)
		.map((r) => { const {filename, key} = JSON.parse(atob(r.split(".")[1].replaceAll("-", "+").replaceAll("_", "/"))); return filename ?? key; })`, field))
}

// requireReceipts requires that the form would send the receipts of these files, and no file.
func (b *tab) requireReceipts(when, field string, names ...string) {
	b.t.Helper()
	if got := b.receiptsIn(field); !slices.Equal(got, names) {
		b.t.Errorf("%s: receipts in %s: wanted %q, got %q\n%s", when, field, names, got, b.describe())
	}
}

// validity is what a field says about itself.
type validity struct {
	Valid   bool
	Message string
}

func (b *tab) validityOf(field string) (v validity) {
	b.t.Helper()
	return evaluate[validity](b, fmt.Sprintf(`(() => { const f = document.querySelector("postern-uploader[name=%s]"); return {Valid: f.checkValidity(), Message: f.validationMessage}; })()`, field))
}

func (b *tab) requireValidity(when, field, message string) {
	b.t.Helper()
	if got := b.validityOf(field); got.Message != message || got.Valid != (message == "") {
		b.t.Errorf("%s: validity of %s: wanted the message %q, got %+v", when, field, message, got)
	}
}

func TestAFieldSendsReceiptsWithTheFormAfterAMistakeElsewhere(t *testing.T) {
	t.Parallel()
	b := newTab(t, tabOptions{})
	s := startAlbumSite(t, b.Proxy)
	lake, notes := pngOf(t, 60<<10), []byte("only words")
	b.openAlbum("field=pictures&field=notes&required")
	b.requireValidity("empty", "pictures", "Upload a file first.")
	b.run(chromedp.Click(chromedp.CSS("#save")))
	if !evaluate[bool](b, `document.activeElement.closest("postern-uploader")?.name == "pictures"`) {
		t.Errorf("focus after an empty form: wanted it in the field, got %s", evaluate[string](b, `document.activeElement.outerHTML`))
	}
	b.chooseIn("pictures", writeFile(t, "lake.png", lake))
	b.chooseIn("notes", writeFile(t, "notes.txt", notes))
	b.requireValidity("with a file", "pictures", "")
	b.requireReceipts("uploaded", "pictures", "lake.png")
	b.loadBy("#save")
	b.waitUntil("the mistake is shown", `document.getElementById("no-title") != null`)
	b.waitForFields()
	b.requireReceipts("after the mistake", "pictures", "lake.png")
	b.requireReceipts("after the mistake", "notes", "notes.txt")
	b.waitForState("done")
	b.run(chromedp.SendKeys(chromedp.CSS("[name=title]"), "Lakes\r"))
	b.waitUntil("the album is saved", `document.getElementById("saved") != null`)
	saved := s.savedAlbum()
	if got := s.sums(saved, "pictures"); !slices.Equal(got, []string{sumOf(lake)}) {
		t.Errorf("pictures: wanted SHA-256 %s, got %q", sumOf(lake), got)
	}
	if got := s.sums(saved, "notes"); !slices.Equal(got, []string{sumOf(notes)}) {
		t.Errorf("notes: wanted SHA-256 %s, got %q", sumOf(notes), got)
	}
	if keys := s.store.keys(); len(keys) != 2 || s.posts != 2 {
		t.Errorf("wanted two objects and two forms, got %q and %d", keys, s.posts)
	}
	b.requireCleanConsole()
}

// loadBy clicks on an element and waits until the next page has loaded.
func (b *tab) loadBy(selector string) {
	b.t.Helper()
	if b.engine != nil {
		b.loadInEngineBy(selector)
		return
	}
	if _, err := chromedp.RunResponse(b.ctx, chromedp.Click(chromedp.CSS(selector))); err != nil {
		b.t.Fatalf("click on %s: %v\npage: %s", selector, err, b.describe())
	}
}

// takeOut presses the last button in the row of a finished file.
func (b *tab) takeOut(name string) {
	b.t.Helper()
	b.waitUntil("the row is there", fmt.Sprintf(`[...document.querySelectorAll(".postern-name")].some((n) => n.title == %q)`, name))
	evaluate[any](b, fmt.Sprintf(`[...document.querySelectorAll(".postern-file")].find((row) => row.querySelector(".postern-name").title == %q)
		.querySelector(".postern-row-action:last-child:not([hidden])").click()`, name))
	b.waitUntil("the row is gone", fmt.Sprintf(`![...document.querySelectorAll(".postern-name")].some((n) => n.title == %q)`, name))
}

func TestAFormIsNotSentWhileAFieldUploads(t *testing.T) {
	t.Parallel()
	b := newTab(t, tabOptions{})
	startAlbumSite(t, b.Proxy)
	b.openAlbum("lang=de&required")
	release := b.Proxy.hold(t, func(r *http.Request) bool { return strings.HasSuffix(r.URL.Path, "/complete") })
	b.run(chromedp.SetUploadFiles(chromedp.CSS("input[type=file]"), []string{writeFile(t, "lake.png", pngOf(t, 60<<10))}))
	b.waitUntil("the upload is being confirmed", `document.querySelector("[data-state=confirming]") != null`)
	b.requireValidity("confirming", "pictures", "Warten Sie, bis das Hochladen abgeschlossen ist.")
	if !evaluate[bool](b, `document.querySelector("postern-uploader:state(busy):invalid") != null`) {
		t.Error("the field: wanted it to match :state(busy) and :invalid")
	}
	release()
	b.waitForState("done")
	b.requireValidity("done", "pictures", "")
	b.chooseFiles(writeFile(t, "notes.txt", []byte("words")))
	b.waitUntil("the other file is refused", `document.querySelector("[data-state=refused]") != null`)
	b.requireValidity("with a refused file", "pictures", "")
	b.requireReceipts("with a refused file", "pictures", "lake.png")
}

func TestADisabledFieldTakesNoFilesAndSendsNone(t *testing.T) {
	t.Parallel()
	b := newTab(t, tabOptions{})
	startAlbumSite(t, b.Proxy)
	b.openAlbum("required")
	b.chooseIn("pictures", writeFile(t, "lake.png", pngOf(t, 60<<10)))
	for name, element := range map[string]string{"the field": "postern-uploader", "the fieldset": "fieldset"} {
		toggle := fmt.Sprintf(`document.querySelector(%q).disabled = %%t`, element)
		evaluate[any](b, fmt.Sprintf(toggle, true))
		b.requireReceipts(name+" is disabled", "pictures")
		if !evaluate[bool](b, `document.querySelector("input[type=file]").matches(":disabled") && document.querySelector("postern-uploader").matches(":disabled") && document.getElementById("album").checkValidity()`) {
			t.Errorf("%s is disabled: wanted the control disabled and the form valid", name)
		}
		b.dragFiles("postern-uploader .postern-form", true, writeFile(t, "other.png", pngOf(t, 50<<10)))
		evaluate[any](b, fmt.Sprintf(toggle, false))
		b.requireReceipts(name+" is enabled again", "pictures", "lake.png")
	}
	if rows := evaluate[int](b, `document.querySelectorAll(".postern-file").length`); rows != 1 {
		t.Errorf("rows: wanted none of the dropped files, got %d in all", rows)
	}
	b.requireCleanConsole()
}

func TestResettingTheFormBringsBackWhatTheServerRendered(t *testing.T) {
	t.Parallel()
	b := newTab(t, tabOptions{})
	startAlbumSite(t, b.Proxy)
	b.openAlbum("")
	b.chooseIn("pictures", writeFile(t, "lake.png", pngOf(t, 60<<10)), writeFile(t, "hill.png", pngOf(t, 61<<10)))
	b.loadBy("#save")
	b.waitForFields()
	b.waitForState("done")
	b.takeOut("lake.png")
	b.chooseIn("pictures", writeFile(t, "wood.png", pngOf(t, 62<<10)))
	b.requireReceipts("changed", "pictures", "hill.png", "wood.png")
	b.run(chromedp.Click(chromedp.CSS("[type=reset]")))
	b.requireReceipts("reset", "pictures", "lake.png", "hill.png")
	b.waitUntil("the rows are those of the server", `[...document.querySelectorAll(".postern-name")].map((n) => n.title).join() == "lake.png,hill.png"`)
	b.requireCleanConsole()
}

func TestALabelOfAFieldOpensItsFileDialogue(t *testing.T) {
	t.Parallel()
	b := newTab(t, tabOptions{})
	startAlbumSite(t, b.Proxy)
	b.openAlbum("field=pictures&field=notes")
	evaluate[any](b, `(() => {
		document.querySelector("[name=notes]").id = "of-notes";
		document.getElementById("album").prepend(Object.assign(document.createElement("label"), {htmlFor: "of-notes", textContent: "Label of notes", id: "label"}));
	})()`)
	b.clickAndChooseFile("#label", writeFile(t, "notes.txt", []byte("words")))
	b.waitForReceipts("chosen by the label", "notes", "notes.txt")
	evaluate[any](b, `document.getElementById("of-notes").focus()`)
	if !evaluate[bool](b, `document.activeElement.matches("#of-notes input[type=file]") && document.getElementById("of-notes").labels[0].id == "label"`) {
		t.Errorf("wanted the focus in the file control of the field with the label, got %s", evaluate[string](b, `document.activeElement.outerHTML`))
	}
	b.requireCleanConsole()
}
