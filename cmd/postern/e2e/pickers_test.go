package e2e

import (
	"fmt"
	"path/filepath"
	"testing"

	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/chromedp"
)

// dragFiles drags files from the disk to the middle of an element, and drops them there if drop is
// true.
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

// dropText is the text of the drop zone.
const dropText = `document.querySelector(".postern-drop-text").innerText.trim()`

func TestDroppedFilesAndFoldersAreUploaded(t *testing.T) {
	t.Parallel()
	p := startDev(t)
	picture := writeFile(t, "garden.png", pngOf(t, 60<<10))
	folder := filepath.Dir(writeFile(t, "lake.png", pngOf(t, 50<<10)))
	b := newTab(t, tabOptions{})
	b.open(p.URL + "/forms/photos")
	b.waitUntilReady(true)
	resting := evaluate[string](b, dropText)
	b.dragFiles("form", false, picture)
	b.waitUntil("the zone shows that it accepts the file", `document.querySelector("postern-uploader").getAttribute("dragging") == "accepts"`)
	if text := evaluate[string](b, dropText); text == resting || text == "" {
		t.Errorf("text of the zone while a picture is dragged over it: wanted another one, got %q", text)
	}
	b.dragFiles("form", true, picture, folder)
	b.waitUntil("both files are uploaded", `document.querySelectorAll(".postern-file[data-state=done]").length == 2`)
	if text := evaluate[string](b, dropText); text != resting {
		t.Errorf("text of the zone after the drop: wanted %q, got %q", resting, text)
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
	b.waitUntil("the zone shows that it refuses the file", `document.querySelector("postern-uploader").getAttribute("dragging") == "refuses"`)
	b.dragFiles("h1", false, words)
	b.waitUntil("the zone is at rest while the file is beside it", `!document.querySelector("postern-uploader").hasAttribute("dragging")`)
	b.dragFiles("form", true, words)
	b.dragFiles("form", true, writeFile(t, "lake.png", pngOf(t, 50<<10)))
	b.waitUntil("the picture that was dropped next is uploaded", `document.querySelector(".postern-file[data-state=done]") != null`)
	if rows := evaluate[int](b, `document.querySelectorAll(".postern-file").length`); rows != 1 {
		t.Errorf("rows: wanted one, for the picture, got %d", rows)
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
	b.waitUntil("the file that was dropped on the zone is uploaded", `document.querySelectorAll(".postern-file[data-state=done]").length == 1`)
	if address := b.url(); address != p.URL+"/forms/photos" {
		t.Errorf("address of the page: wanted the form, got %s", address)
	}
}

// pastePicture pastes a picture from the clipboard into an element.
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
			t.Errorf("picture pasted into %s: wanted added %v, got %v", selector, taken, got)
		}
	}
	b.waitUntil("two rows are shown", `document.querySelectorAll(".postern-file").length == 2`)
}

func TestFolderAndCameraButtonsAppearWhereTheyWork(t *testing.T) {
	t.Parallel()
	p := startDev(t)
	shown := `[...document.querySelectorAll("form button")].filter((b) => b.checkVisibility()).map((b) => b.dataset.picker ?? b.type)`
	cases := []struct {
		name    string
		look    tabOptions
		phone   bool
		buttons []string
	}{
		{"with a mouse", tabOptions{}, false, []string{`{"webkitdirectory":true}`}},
		{"on a phone", tabOptions{}, true, []string{`{"webkitdirectory":true}`, `{"accept":"image/*","capture":"environment"}`}},
		{"without script", tabOptions{NoScript: true}, true, []string{"submit"}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			b := newTab(t, c.look)
			if c.phone && !c.look.NoScript {
				b.emulatePhone(375, 800)
			}
			b.open(p.URL + "/forms/photos")
			if !c.look.NoScript {
				b.waitUntilReady(true)
			}
			if got := evaluate[[]string](b, shown); fmt.Sprint(got) != fmt.Sprint(c.buttons) {
				t.Errorf("buttons: wanted %q, got %q", c.buttons, got)
			}
		})
	}
}
