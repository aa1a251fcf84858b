package e2e

import (
	"slices"
	"strings"
	"testing"
)

// finishedFile is what a page learns of an uploaded file.
type finishedFile struct {
	Name, Type, Key, Receipt, URL, Code string
	Size                                int
}

func TestAPageLearnsReceiptAndLinkOfEachFile(t *testing.T) {
	t.Parallel()
	p := startDev(t, "--origin", appOrigin)
	b := embed(t, p, tabOptions{}, picturesForm)
	widget := b.widgets(p, 1)[0]
	evaluate[any](b, `void document.addEventListener("postern:done", ({ detail }) => { window.done = detail; })`)
	widget.chooseFiles(writeFile(t, "plot.png", pngOf(t, 60<<10)))
	key := b.waitForValues(1)[0]
	value := evaluate[[]finishedFile](b, `document.querySelector("postern-upload").value`)[0]
	b.waitUntil("the event has come", `window.done != null`)
	if done := evaluate[finishedFile](b, `window.done`); done != value {
		t.Errorf("event postern:done: wanted the same as in the value, %+v, got %+v", value, done)
	}
	if value.Name != "plot.png" || value.Type != "image/png" || value.Size != len(pngOf(t, 60<<10)) || value.Key != key {
		t.Errorf("value: wanted name, type, size and key %q, got %+v", key, value)
	}
	if got := keysOf(t, []string{value.Receipt}); got[0] != key || !strings.HasPrefix(value.URL, p.URL+"/objects/") {
		t.Errorf("value: wanted a receipt of %q and a link, got %+v", key, value)
	}
	if got := b.formValues("pictures"); !slices.Equal(got, []string{value.Receipt}) {
		t.Errorf("what the form would send: wanted the receipt %q, got %q", value.Receipt, got)
	}
	evaluate[any](b, `document.querySelector("postern-upload").setAttribute("value-as", "key")`)
	if got := b.formValues("pictures"); !slices.Equal(got, []string{key}) {
		t.Errorf("what the form would send with value-as=key: wanted %q, got %q", key, got)
	}
	b.requireCleanConsole()
}

// A form that left the files out in silence would lose them.
func TestAFormOfAServerWithoutReceiptsIsNotSentWithoutItsFiles(t *testing.T) {
	t.Parallel()
	dev := startDev(t, "--origin", uploadsOrigin)
	b := newTab(t, tabOptions{})
	startSeparateServer(t, b.Proxy, dev, separateOptions{origin: appOrigin, withoutReceipts: true})
	b.Proxy.serveHost("app.localhost", pagesByPath(map[string]string{"/": embeddingPageFor(uploadsOrigin, `profile="files" name="documents" lang="de"`)}))
	b.open(appOrigin + "/")
	b.waitUntil("the widget and its page are connected", `document.querySelector("postern-upload").port != null`)
	widget := b.insideFrame(b.crossSiteFrames(uploadsOrigin + "/widget/")[0])
	widget.chooseFiles(writeFile(t, "notes.txt", []byte("words")))
	key := b.waitForValues(1)[0]
	b.waitUntil("nothing is being uploaded", `document.querySelector("postern-upload:state(busy)") == null`)
	b.waitUntil("the console names what to add", `said.length > 0`)
	got := evaluate[failureReport](b, `tell()`)
	if got.Valid || got.Message != catalogText(t, "de", "upload.no_receipt") || len(b.formValues("documents")) != 0 {
		t.Errorf("form without receipts: wanted it refused with a reason and no value, got %+v and %q", got, b.formValues("documents"))
	}
	if said := strings.Join(got.Said, "\n"); strings.Count(said, "receipts: {secrets:") != 1 || !strings.Contains(said, `value-as="key"`) || !strings.Contains(said, `name="documents"`) {
		t.Errorf("console: wanted the lines to add, once, got %s", said)
	}
	evaluate[any](b, `document.querySelector("postern-upload").setAttribute("value-as", "key")`)
	if got := b.formValues("documents"); !slices.Equal(got, []string{key}) || !evaluate[bool](b, `document.querySelector("form").checkValidity()`) {
		t.Errorf("form with value-as=key: wanted %q, got %q", key, got)
	}
	evaluate[any](b, `document.querySelector("postern-upload").removeAttribute("value-as")`)
	evaluate[any](b, `document.querySelector("postern-upload").removeAttribute("name")`)
	if !evaluate[bool](b, `document.querySelector("form").checkValidity()`) {
		t.Error("tag without a name, which has no value in the form: wanted it valid")
	}
}
