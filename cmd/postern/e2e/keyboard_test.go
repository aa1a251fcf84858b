package e2e

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/dom"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
)

// The keys of these tests. The tests of this file use only the keyboard.
const (
	tabKey   = "\t"
	enterKey = "\r"
	spaceKey = " "
)

// pressKey presses a key; what has the focus gets it.
func (b *tab) pressKey(key string, modifiers ...chromedp.Modifier) {
	b.t.Helper()
	b.run(chromedp.KeyEvent(key, chromedp.KeyModifiers(modifiers...)))
}

// focusStop is a control that has the focus, and its place on the page.
type focusStop struct {
	Name             string // the action, ID, class or text; "" if nothing has the focus
	Shown            bool   // whether the focus is visible
	Top, Left, Right float64
	Bottom           float64
}

// describeFocus describes what has the focus. The file control is invisible and lies over the drop
// zone: the zone shows the focus, and the label is where a reader looks.
const describeFocus = `(() => {
	let node = document.activeElement;
	while (node?.shadowRoot?.activeElement) node = node.shadowRoot.activeElement;
	if (!node || node == document.body) return {};
	const shows = (style) => style.outlineStyle != "none" && parseFloat(style.outlineWidth) >= 2 || style.boxShadow != "none";
	const unseen = getComputedStyle(node).opacity == "0";
	const seen = unseen ? node.form : node;
	const {top, left, right, bottom} = (unseen ? node.labels[0] : node).getBoundingClientRect();
	const name = node.dataset.action ?? node.id ?? "";
	return {Name: name || node.className || node.name || node.innerText || node.localName, Shown: shows(getComputedStyle(seen)) && node.matches(":focus-visible"),
		Top: top + scrollY, Left: left, Right: right, Bottom: bottom + scrollY};
})()`

// visibleFocus returns what has the focus and requires that the focus is visible.
func (b *tab) visibleFocus() focusStop {
	b.t.Helper()
	here := evaluate[focusStop](b, describeFocus)
	if here.Name != "" && !here.Shown {
		b.t.Errorf("focus of %s: wanted it visible", here.Name)
	}
	return here
}

// tabTo presses Tab until an element that matches the selector has the focus.
func (b *tab) tabTo(selector string, modifiers ...chromedp.Modifier) {
	b.t.Helper()
	at := fmt.Sprintf(`document.activeElement?.matches(%q) ?? false`, selector)
	var way []string
	for range 40 {
		b.pressKey(tabKey, modifiers...)
		way = append(way, b.visibleFocus().Name)
		if evaluate[bool](b, at) {
			return
		}
	}
	b.t.Fatalf("focus after 40 times Tab: wanted %s, got %q", selector, way)
}

// pressAndChooseFile presses a key that opens a file dialogue and chooses a file in it.
func (b *tab) pressAndChooseFile(key, path string) {
	b.t.Helper()
	b.pressAndChooseFileIn(b, key, path)
}

// pressAndChooseFileIn does the same if the focus is in a frame: the frame has a document of its
// own, the keyboard belongs to the page.
func (b *tab) pressAndChooseFileIn(frame *tab, key, path string) {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(frame.ctx, patience)
	defer cancel()
	_, err := chromedp.Call(ctx, page.SetInterceptFileChooserDialog, page.SetInterceptFileChooserDialogParams{Enabled: true})
	must(b.t, err)
	press := chromedp.Func(func(context.Context, *chromedp.Target) error { return chromedp.Do(b.ctx, chromedp.KeyEvent(key)) })
	opened, err := chromedp.Run(ctx, chromedp.WaitEvent(page.FileChooserOpened, nil, press))
	if err != nil {
		b.t.Fatalf("waiting for a file dialogue: %v\npage: %s", err, frame.describe())
	}
	_, err = chromedp.Call(ctx, dom.SetFileInputFiles, dom.SetFileInputFilesParams{Files: []string{path}, BackendNodeID: opened.BackendNodeID})
	must(b.t, err)
}

// pressAndLoad presses a key that leads to another page and waits until that has loaded.
func (b *tab) pressAndLoad(key string) {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, patience)
	defer cancel()
	if _, err := chromedp.RunResponse(ctx, chromedp.KeyEvent(key)); err != nil {
		b.t.Fatalf("waiting for the next page: %v\npage: %s", err, b.describe())
	}
}

func TestAFileIsUploadedByKeyboardAlone(t *testing.T) {
	t.Parallel()
	p := startDev(t)
	path, sum := randomFile(t, "garden.bin", 48*mebibyte)
	b := newTab(t, tabOptions{})
	b.open(p.URL + "/forms/files")
	b.waitUntilReady(true)
	release := b.Proxy.hold(t, func(r *http.Request) bool { return p.isForStore(r) && r.URL.Query().Get("partNumber") > "1" })
	b.tabTo("input[type=file]")
	b.pressAndChooseFile(enterKey, path)
	b.waitForAcceptedBytes(p, 5*mebibyte)
	b.tabTo("[data-action=pause]")
	b.pressKey(spaceKey)
	b.waitForRow("paused")
	release()
	b.waitUntil("the button that resumes has the focus", `document.activeElement.matches("[data-action=resume]")`)
	b.pressKey(enterKey)
	b.waitForState("done")
	if stored := p.store(t).onlyObject(); stored.Sum != sum {
		t.Errorf("stored: wanted SHA-256 %s, got %+v", sum, stored)
	}
	if here := b.visibleFocus(); here.Name == "" {
		t.Error("focus after the upload: wanted it on a control")
	}
	b.requireCleanConsole()
}

func TestByKeyboardCancellingAFileMovesTheFocusToTheNextRow(t *testing.T) {
	t.Parallel()
	p := startDev(t)
	b := newTab(t, tabOptions{})
	b.open(p.URL + "/forms/files")
	b.waitUntilReady(true)
	b.Proxy.hold(t, p.isForStore) // however long the keys take, nothing arrives before
	for _, name := range []string{"first.bin", "second.bin", "third.bin"} {
		path, _ := randomFile(t, name, 24*mebibyte)
		b.tabTo("input[type=file]", chromedp.ModifierShift)
		b.pressAndChooseFile(spaceKey, path)
		b.waitUntil("the row is shown", fmt.Sprintf(`[...document.querySelectorAll("bdi")].some((name) => name.title == %q)`, name))
	}
	b.waitForRow("sending")
	for _, beside := range []string{"third.bin", "first.bin", ""} {
		name := evaluate[string](b, `(() => {
			const rows = [...document.querySelectorAll(".postern-file")];
			const row = rows[1] ?? rows[0];
			row.dataset.removed = "";
			return row.querySelector("bdi").title;
		})()`)
		b.tabTo("[data-removed] [data-action=cancel]")
		b.pressKey(enterKey)
		b.waitUntil(name+" is gone", `document.querySelector("[data-removed]") == null`)
		here := evaluate[string](b, `document.activeElement.closest("li")?.querySelector("bdi").title ?? document.activeElement.id`)
		if wanted := pick(beside == "", "postern-file-files", beside); here != wanted {
			t.Errorf("focus after %s was removed: wanted %s, got %q", name, wanted, here)
		}
		b.visibleFocus()
	}
	b.requireCleanConsole()
}

func TestByKeyboardAFailedFileIsRetried(t *testing.T) {
	t.Parallel()
	p := startDev(t)
	path := writeFile(t, "garden.bin", pngOf(t, 40<<10))
	b := newTab(t, tabOptions{})
	b.Proxy.intercept(func(w http.ResponseWriter, r *http.Request) bool {
		if !strings.HasSuffix(r.URL.Path, "/complete") {
			return false
		}
		w.Header().Set("Content-Type", "application/problem+json")
		w.WriteHeader(http.StatusForbidden)
		_, _ = w.Write([]byte(`{"status":403,"code":"forbidden"}`))
		return true
	})
	b.open(p.URL + "/forms/files")
	b.waitUntilReady(true)
	b.tabTo("input[type=file]")
	b.pressAndChooseFile(enterKey, path)
	b.waitForRow("failed")
	b.Proxy.intercept(nil)
	b.tabTo("[data-action=retry]")
	b.pressKey(enterKey)
	b.waitForRow("done")
	b.tabTo("[data-action=remove]")
	b.pressKey(spaceKey)
	b.waitUntil("the row is gone", `document.querySelector(".postern-file") == null`)
	if here := b.visibleFocus(); here.Name != "postern-file-files" {
		t.Errorf("focus after the only file was removed: wanted the file control, got %q", here.Name)
	}
	b.requireCleanConsole()
}

func TestByKeyboardAnInterruptedFileIsResumedOrDiscarded(t *testing.T) {
	t.Parallel()
	p := startDev(t)
	path, sum := randomFile(t, "garden.bin", 32*mebibyte)
	other, _ := randomFile(t, "other.bin", 32*mebibyte)
	anchor := newTab(t, tabOptions{})
	anchor.logIn(p, "alice") // what a guest has begun is for the guest's tab alone
	anchor.open(p.URL + "/healthz")
	first := anchor.openSibling()
	first.open(p.URL + "/forms/files")
	release := first.Proxy.hold(t, p.partsFrom(3))
	first.upload(path, other)
	first.waitUntil("both files are being sent", `document.querySelectorAll(".postern-file[data-state=sending]").length == 2`)
	first.waitForAcceptedBytes(p, 10*mebibyte)
	first.Close()
	anchor.waitForReleasedLocks()
	release()
	b := anchor.openSibling()
	b.open(p.URL + "/forms/files")
	b.waitUntil("both files are interrupted", `document.querySelectorAll(".postern-file[data-state=interrupted]").length == 2`)
	// Without this function the page opens the file dialogue of the input. The dialogue of this
	// function can't be answered from outside the browser.
	evaluate[any](b, `delete window.showOpenFilePicker`)
	row := func(name string) string { return fmt.Sprintf(`li:has([title=%q]) `, name) }
	b.tabTo(row("other.bin") + "[data-action=discard]")
	b.pressKey(enterKey)
	b.waitUntil("the discarded row is gone", fmt.Sprintf(`document.querySelector(%q) == null`, row("other.bin")))
	b.visibleFocus()
	b.tabTo(row("garden.bin")+"[data-action=choose]", chromedp.ModifierShift)
	b.pressAndChooseFile(enterKey, path)
	b.waitForState("done")
	if stored := p.store(t).onlyObject(); stored.Sum != sum {
		t.Errorf("stored: wanted SHA-256 %s, got %+v", sum, stored)
	}
}
