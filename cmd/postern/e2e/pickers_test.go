package e2e

import (
	"fmt"
	"path/filepath"
	"testing"

	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/chromedp"
)

// dragFiles moves files of the disk over the middle of what a selector finds, and drops them there if
// asked to.
func (b *tab) dragFiles(selector string, drop bool, paths ...string) {
	b.t.Helper()
	at := evaluate[[2]float64](b, fmt.Sprintf(`(() => { const r = document.querySelector(%q).getBoundingClientRect(); return [r.x + r.width / 2, r.y + r.height / 2]; })()`, selector))
	event := input.DispatchDragEventParams{X: at[0], Y: at[1], Data: &input.DragData{Items: []*input.DragDataItem{}, Files: paths, DragOperationsMask: 1}}
	steps := []input.DispatchDragEventType{input.DispatchDragEventTypeDragEnter, input.DispatchDragEventTypeDragOver}
	if drop {
		steps = append(steps, input.DispatchDragEventTypeDrop)
	}
	for _, event.Type = range steps {
		_, err := chromedp.Call(b.ctx, input.DispatchDragEvent, event)
		must(b.t, err)
	}
}

// dropText is what the zone says of what is dragged over it.
const dropText = `document.querySelector(".postern-drop-text").innerText.trim()`

func TestDroppedFilesAndFoldersAreUploaded(t *testing.T) {
	t.Parallel()
	p := startDev(t)
	picture := writeFile(t, "garden.png", pngOf(t, 60<<10))
	folder := filepath.Dir(writeFile(t, "lake.png", pngOf(t, 50<<10)))
	b := newTab(t, tabOptions{})
	b.open(p.URL + "/forms/photos")
	b.waitUntilReady(true)
	invited := evaluate[string](b, dropText)
	b.dragFiles("form", false, picture)
	b.waitUntil("the zone says that it would take it", `document.querySelector("postern-uploader").getAttribute("dragging") == "accepts"`)
	if words := evaluate[string](b, dropText); words == invited || words == "" {
		t.Errorf("while a picture is over it the zone says %q", words)
	}
	b.dragFiles("form", true, picture, folder)
	b.waitUntil("both have arrived", `document.querySelectorAll(".postern-file[data-state=done]").length == 2`)
	if words := evaluate[string](b, dropText); words != invited {
		t.Errorf("after the drop the zone says %q, wanted %q again", words, invited)
	}
	if keys := p.store(t).keys(); len(keys) != 2 {
		t.Errorf("stored: wanted two objects, got %q", keys)
	}
	b.requireCleanConsole()
}

func TestAFileOfAnotherTypeIsRefusedWhileItIsDragged(t *testing.T) {
	t.Parallel()
	p := startDev(t)
	b := newTab(t, tabOptions{})
	b.open(p.URL + "/forms/photos")
	b.waitUntilReady(true)
	words := writeFile(t, "notes.txt", []byte("words"))
	b.dragFiles("form", false, words)
	b.waitUntil("the zone says that it wouldn't take it", `document.querySelector("postern-uploader").getAttribute("dragging") == "refuses"`)
	b.dragFiles("h1", false, words)
	b.waitUntil("the zone is at rest beside it", `!document.querySelector("postern-uploader").hasAttribute("dragging")`)
	b.dragFiles("form", true, words)
	b.dragFiles("form", true, writeFile(t, "lake.png", pngOf(t, 50<<10)))
	b.waitUntil("a picture that is dropped after it has arrived", `document.querySelector(".postern-file[data-state=done]") != null`)
	if rows := evaluate[int](b, `document.querySelectorAll(".postern-file").length`); rows != 1 {
		t.Errorf("rows: wanted the picture's alone, got %d", rows)
	}
}

func TestAFileDroppedBesideTheZoneDoesNotReplaceThePage(t *testing.T) {
	t.Parallel()
	p := startDev(t)
	b := newTab(t, tabOptions{})
	b.open(p.URL + "/forms/photos")
	b.waitUntilReady(true)
	b.dragFiles("h1", true, writeFile(t, "garden.png", pngOf(t, 60<<10)))
	b.dragFiles("form", true, writeFile(t, "lake.png", pngOf(t, 50<<10)))
	b.waitUntil("what was dropped on the zone has arrived", `document.querySelectorAll(".postern-file[data-state=done]").length == 1`)
	if address := b.url(); address != p.URL+"/forms/photos" {
		t.Errorf("the page: wanted the form still, got %s", address)
	}
}

// pastePicture puts a picture into what a selector finds, as from a clipboard.
const pastePicture = `((selector) => {
	const data = new DataTransfer();
	data.items.add(new File([new Uint8Array(1000)], "clip.png", {type: "image/png"}));
	const event = new ClipboardEvent("paste", {clipboardData: data, bubbles: true, cancelable: true});
	document.querySelector(selector).dispatchEvent(event);
	return event.defaultPrevented;
})(%q)`

func TestAPastedPictureIsAddedUnlessATextFieldHasTheFocus(t *testing.T) {
	t.Parallel()
	p := startDev(t)
	b := newTab(t, tabOptions{})
	b.open(p.URL + "/forms/photos")
	b.waitUntilReady(true)
	evaluate[any](b, `document.querySelector("h1").after(document.createElement("textarea"))`)
	for selector, taken := range map[string]bool{"textarea": false, "body": true, "input[type=file]": true} {
		if got := evaluate[bool](b, fmt.Sprintf(pastePicture, selector)); got != taken {
			t.Errorf("pasted into %s: wanted taken %v, got %v", selector, taken, got)
		}
	}
	b.waitUntil("two rows are there", `document.querySelectorAll(".postern-file").length == 2`)
}

func TestFolderAndCameraButtonsAppearWhereTheyWork(t *testing.T) {
	t.Parallel()
	p := startDev(t)
	shown := `[...document.querySelectorAll("form button")].filter((b) => b.checkVisibility()).map((b) => b.dataset.picker ?? b.type)`
	cases := []struct {
		name   string
		look   tabOptions
		finger bool
		doors  []string
	}{
		{"with a mouse", tabOptions{}, false, []string{`{"webkitdirectory":true}`}},
		{"with a finger", tabOptions{}, true, []string{`{"webkitdirectory":true}`, `{"accept":"image/*","capture":"environment"}`}},
		{"without script", tabOptions{NoScript: true}, true, []string{"submit"}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			b := newTab(t, c.look)
			if c.finger && !c.look.NoScript {
				b.emulatePhone(375, 800)
			}
			b.open(p.URL + "/forms/photos")
			if !c.look.NoScript {
				b.waitUntilReady(true)
			}
			if got := evaluate[[]string](b, shown); fmt.Sprint(got) != fmt.Sprint(c.doors) {
				t.Errorf("buttons: wanted %q, got %q", c.doors, got)
			}
		})
	}
}
