package e2e

import (
	"fmt"
	"strings"
	"testing"
)

// addAgain adds a file of that name; its content depends on the number, its size and date don't.
const addAgain = `document.querySelector("postern-uploader").add([new File(["content " + %d], %q, {lastModified: 1})])`

// rowTexts are the texts of all rows, in plain characters.
func (b *tab) rowTexts() string {
	b.t.Helper()
	texts := evaluate[[]string](b, `[...document.querySelectorAll(".postern-file .postern-status")].map((text) => text.textContent)`)
	return strings.NewReplacer("\u2068", "", "\u2069", "", "\u00a0", " ").Replace(strings.Join(texts, "\n"))
}

func TestTheSameFileIsNotSentTwiceUnlessAsked(t *testing.T) {
	t.Parallel()
	p := startDev(t)
	b := newTab(t, tabOptions{})
	b.logIn(p, "alice")
	b.openForm(p.URL + "/forms/files")
	evaluate[any](b, fmt.Sprintf(addAgain, 1, "map.txt"))
	b.waitForState("done")
	evaluate[any](b, fmt.Sprintf(addAgain, 1, "map.txt"))
	b.waitForRow("repeated")
	if got, want := b.rowTexts(), "map.txt is in this list already, so it isn’t sent again."; !strings.Contains(got, want) {
		t.Errorf("rows: wanted %q among them, got %q", want, got)
	}
	evaluate[any](b, fmt.Sprintf(addAgain, 2, "map.txt"))
	b.waitUntil("another file with the same name, size and date is sent", `document.querySelectorAll(".postern-file[data-state=done]").length == 2`)
	if keys := p.store(t).keys(); len(keys) != 2 {
		t.Errorf("stored: wanted two objects, got %q", keys)
	}

	other := b.openSibling()
	waitFor(t, "the browser keeps that the files were sent", func() bool {
		return evaluate[bool](b, `Object.entries(localStorage).some(([key, marks]) => key.startsWith("postern-done ") && marks.split("\n").length == 3 && !marks.includes("map"))`)
	})
	other.openForm(p.URL + "/forms/files")
	evaluate[any](other, fmt.Sprintf(addAgain, 1, "map.txt"))
	other.waitForRow("repeated")
	if got, want := other.rowTexts(), "map.txt was uploaded before, so it isn’t sent again."; got != want {
		t.Errorf("row on a later visit: wanted %q, got %q", want, got)
	}
	other.waitUntil("a screen reader hears that the file was uploaded before", `document.querySelector("[role=status]").textContent.includes("uploaded before")`)
	other.pressRowButton("again")
	other.waitForState("done")
	if keys := p.store(t).keys(); len(keys) != 3 {
		t.Errorf("stored after the person asked to send it again: wanted three objects, got %q", keys)
	}

	// Another person has never sent it.
	b.logIn(p, "bob")
	other.openForm(p.URL + "/forms/files")
	evaluate[any](other, fmt.Sprintf(addAgain, 1, "map.txt"))
	other.waitForState("done")
	evaluate[any](other, `document.querySelector("postern-uploader").forget()`)
	other.waitUntil("nothing is kept after a logout", `Object.keys(localStorage).length == 0`)
}

func TestAFileThatAnotherTabIsSendingIsNotSentTwice(t *testing.T) {
	t.Parallel()
	p := startDev(t)
	first := newTab(t, tabOptions{})
	first.logIn(p, "alice")
	first.openForm(p.URL + "/forms/files")
	release := first.Proxy.hold(t, p.isForStore)
	evaluate[any](first, fmt.Sprintf(addAgain, 1, "map.txt"))
	first.waitForRow("sending")
	second := first.openSibling()
	second.openForm(p.URL + "/forms/files")
	evaluate[any](second, fmt.Sprintf(addAgain, 1, "map.txt"))
	second.waitUntil("the second tab says that another one is sending the file", `document.querySelector(".postern-status")?.textContent.startsWith("this file is being sent in another tab")`)
	second.screenshot("row-elsewhere")
	release()
	first.waitForState("done")
	second.waitForRow("repeated")
	if got, want := second.rowTexts(), "map.txt was uploaded before, so it isn’t sent again."; got != want {
		t.Errorf("row in the second tab: wanted %q, got %q", want, got)
	}
	if keys := p.store(t).keys(); len(keys) != 1 {
		t.Errorf("stored: wanted one object, got %q", keys)
	}
}
