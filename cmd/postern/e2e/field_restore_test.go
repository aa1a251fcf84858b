package e2e

import (
	"fmt"
	"net/http"
	"slices"
	"testing"

	"github.com/chromedp/chromedp"
)

// goBack leaves the page and comes back to it, from the browser's memory or by loading it again.
func (b *tab) goBack() {
	b.t.Helper()
	b.waitUntil("there is a page before", `history.length > 1`)
	evaluate[any](b, `void setTimeout(() => history.back())`)
}

func TestAFieldIsAsItWasAfterAReload(t *testing.T) {
	t.Parallel()
	b := newTab(t, tabOptions{})
	startAlbumSite(t, b.Proxy)
	b.openAlbum("field=pictures&field=notes")
	b.chooseIn("pictures", writeFile(t, "lake.png", pngOf(t, 60<<10)), writeFile(t, "hill.png", pngOf(t, 61<<10)))
	b.chooseIn("notes", writeFile(t, "notes.txt", []byte("words")))
	b.takeOut("hill.png")
	b.openAlbum("field=pictures&field=notes")
	b.waitForReceipts("reloaded", "pictures", "lake.png")
	b.waitForReceipts("reloaded", "notes", "notes.txt")
	b.openAlbum("field=notes&title=another")
	b.requireReceipts("the page at another address", "notes")
	b.openAlbum("field=pictures&field=notes")
	b.waitForReceipts("back at the first address", "pictures", "lake.png")
	evaluate[any](b, `sessionStorage.setItem(Object.keys(sessionStorage).find((key) => key.endsWith(" notes")),
		Object.entries(sessionStorage).find(([key]) => key.endsWith(" notes"))[1].replace(/"ends":\d+/, '"ends":' + (Date.now() - 1)))`)
	b.openAlbum("field=pictures&field=notes")
	b.waitForReceipts("reloaded after the receipt of the notes has ended", "pictures", "lake.png")
	b.requireReceipts("reloaded after the receipt of the notes has ended", "notes")
	b.run(chromedp.SendKeys(chromedp.CSS("[name=title]"), "Lakes"))
	b.loadBy("#save")
	if kept := evaluate[[]string](b, `Object.keys(sessionStorage).filter((key) => key.startsWith("postern field"))`); len(kept) != 0 {
		t.Errorf("kept after the form was sent: wanted nothing, got %q", kept)
	}
	b.requireCleanConsole()
}

// waitForReceipts waits until the form would send the receipts of these files.
func (b *tab) waitForReceipts(when, field string, names ...string) {
	b.t.Helper()
	b.waitUntil(when+": as many receipts as wanted", fmt.Sprintf(`document.querySelectorAll(".postern-receipts [name=%s]").length == %d`, field, len(names)))
	b.requireReceipts(when, field, names...)
}

func TestBackRestoresWhatAFieldHadWhenTheFormWasSent(t *testing.T) {
	t.Parallel()
	for _, memory := range []bool{true, false} {
		t.Run(pick(memory, "from the browser's memory", "loaded again"), func(t *testing.T) {
			b := newTab(t, tabOptions{})
			startAlbumSite(t, b.Proxy)
			b.beforeLoad(`addEventListener("pageshow", ({persisted}) => { window.persisted = persisted; })`)
			if !memory {
				b.beforeLoad(`addEventListener("unload", () => {})`) // such a page isn't kept in memory
			}
			b.openAlbum("required")
			b.chooseIn("pictures", writeFile(t, "lake.png", pngOf(t, 60<<10)), writeFile(t, "hill.png", pngOf(t, 61<<10)))
			b.takeOut("hill.png")
			b.run(chromedp.SendKeys(chromedp.CSS("[name=title]"), "Lakes"))
			b.loadBy("#save")
			b.goBack()
			b.waitUntil("the form is back", `document.getElementById("album") != null`)
			b.waitForFields()
			b.waitForReceipts("back", "pictures", "lake.png")
			b.requireValidity("back", "pictures", "")
			if persisted := evaluate[bool](b, `window.persisted`); persisted && !memory {
				t.Error("the page came from memory: this case tests nothing")
			}
			b.requireCleanConsole()
		})
	}
}

func TestAFieldNeverShowsAnotherPersonsFiles(t *testing.T) {
	t.Parallel()
	b := newTab(t, tabOptions{})
	startAlbumSite(t, b.Proxy)
	signIn := func(name string) { evaluate[any](b, `document.cookie = "person=`+name+`; path=/"`) }
	b.openAlbum("")
	signIn("alice")
	b.openAlbum("")
	b.chooseIn("pictures", writeFile(t, "lake.png", pngOf(t, 60<<10)))
	signIn("bob")
	b.openAlbum("")
	evaluate[any](b, `document.querySelector("postern-uploader").queue.owner.settle()`)
	b.requireReceipts("another person", "pictures")
	signIn("alice")
	b.openAlbum("")
	b.waitForReceipts("the same person", "pictures", "lake.png")
	evaluate[any](b, `document.querySelector("postern-uploader").forget()`)
	b.requireReceipts("forgotten", "pictures")
	b.openAlbum("")
	evaluate[any](b, `document.querySelector("postern-uploader").queue.owner.settle()`)
	b.requireReceipts("opened after forgetting", "pictures")
	b.requireCleanConsole()
}

// replaceForm puts another rendering of the page in the place of the form, as htmx does.
const replaceForm = `(async (method) => {
	const form = document.getElementById("album");
	if (method == "POST") form.dispatchEvent(new SubmitEvent("submit", {bubbles: true, cancelable: true}));
	const answer = await fetch(form.action, {method, ...(method == "POST" && {body: new FormData(form)})});
	const page = new DOMParser().parseFromString(await answer.text(), "text/html");
	form.outerHTML = page.getElementById("album").outerHTML;
})(%q)`

// equalise makes the field in the page equal to the one that the server renders, node by node, as
// scripts do that compare two trees.
const equalise = `(async () => {
	const page = new DOMParser().parseFromString(await (await fetch(location.href)).text(), "text/html");
	const morph = (old, now) => {
		if (old.nodeType != now.nodeType || old.nodeName != now.nodeName) return old.replaceWith(document.adoptNode(now));
		if (old.nodeType == 3) { old.data = now.data; return; }
		for (const {name} of [...old.attributes ?? []]) if (!now.hasAttribute(name)) old.removeAttribute(name);
		for (const {name, value} of now.attributes ?? []) if (old.getAttribute(name) != value) old.setAttribute(name, value);
		const [olds, nows] = [[...old.childNodes], [...now.childNodes]];
		olds.forEach((node, i) => nows[i] ? morph(node, nows[i]) : node.remove());
		old.append(...nows.slice(olds.length));
	};
	morph(document.querySelector("postern-uploader"), page.querySelector("postern-uploader"));
})()`

func TestAFieldWorksWhenAScriptRendersItAgain(t *testing.T) {
	t.Parallel()
	b := newTab(t, tabOptions{})
	s := startAlbumSite(t, b.Proxy)
	lake, hill, wood := pngOf(t, 60<<10), pngOf(t, 61<<10), pngOf(t, 62<<10)
	b.openAlbum("")
	b.chooseIn("pictures", writeFile(t, "lake.png", lake))
	evaluate[any](b, fmt.Sprintf(replaceForm, "GET"))
	b.waitForFields()
	b.waitForReceipts("replaced before it was sent", "pictures", "lake.png")
	evaluate[any](b, `(() => { const field = document.querySelector("postern-uploader"); field.outerHTML = field.outerHTML; })()`)
	b.waitUntil("the copy of the field works", `document.querySelector("postern-uploader").field != null && document.querySelectorAll(".postern-file").length == 1`)
	b.requireReceipts("copied", "pictures", "lake.png")
	b.openAlbum("")
	b.waitForReceipts("reloaded after it was copied", "pictures", "lake.png")
	evaluate[any](b, fmt.Sprintf(replaceForm, "POST"))
	b.waitForFields()
	b.waitForReceipts("replaced by the answer", "pictures", "lake.png")
	b.chooseIn("pictures", writeFile(t, "hill.png", hill))
	evaluate[any](b, `(() => { const field = document.querySelector("postern-uploader"); document.getElementById("album").prepend(field); field.remove(); document.querySelector("fieldset").append(field); })()`)
	b.waitForFields()
	b.requireReceipts("moved", "pictures", "lake.png", "hill.png")
	b.chooseIn("pictures", writeFile(t, "wood.png", wood))
	evaluate[any](b, equalise)
	b.waitForFields()
	// The page that the server renders now has no files: the first one, which it had rendered, is gone.
	b.waitForReceipts("equal to another rendering", "pictures", "hill.png", "wood.png")
	if rows := evaluate[int](b, `document.querySelectorAll(".postern-file").length`); rows != 2 {
		t.Errorf("rows: wanted 2, got %d\n%s", rows, b.describe())
	}
	if buttons := evaluate[int](b, `document.querySelectorAll("[name=postern-upload]").length`); buttons != 0 {
		t.Errorf("buttons for visitors without script: wanted none, got %d", buttons)
	}
	b.run(chromedp.SendKeys(chromedp.CSS("[name=title]"), "Lakes"))
	b.loadBy("#save")
	want := []string{sumOf(hill), sumOf(wood)}
	slices.Sort(want)
	if got := s.sums(s.savedAlbum(), "pictures"); !slices.Equal(got, want) {
		t.Errorf("pictures: wanted %q, got %q", want, got)
	}
	b.requireCleanConsole()
}

// isLaterPart matches all parts but the first.
func isLaterPart(r *http.Request) bool {
	return r.Method == http.MethodPut && r.URL.Query().Has("partNumber") && r.URL.Query().Get("partNumber") != "1"
}

func TestAFieldThatIsMovedGoesOnSending(t *testing.T) {
	t.Parallel()
	b := newTab(t, tabOptions{})
	s := startAlbumSite(t, b.Proxy)
	path, sum := randomFile(t, "garden.bin", 24*mebibyte)
	b.openAlbum("field=notes")
	release := b.Proxy.hold(t, isLaterPart)
	b.chooseFiles(path)
	b.waitUntil("a part has arrived", `[...document.querySelector("postern-uploader").queue.uploads][0]?.storedBytes > 0`)
	b.pressRowButton("pause")
	b.waitForRow("paused")
	b.requireValidity("paused", "notes", "An upload is paused. Resume or remove it first.")
	b.pressRowButton("resume")
	b.requireValidity("resumed", "notes", "Wait until the upload has finished.")
	evaluate[any](b, `document.getElementById("album").append(document.querySelector("postern-uploader"))`)
	release()
	b.waitForState("done")
	evaluate[any](b, `(async () => {
		const field = document.querySelector("postern-uploader");
		field.remove();
		await new Promise((resolve) => setTimeout(resolve));
		document.getElementById("album").append(field);
	})()`)
	b.waitForFields()
	b.waitForReceipts("moved and taken out for a while", "notes", "garden.bin")
	b.run(chromedp.SendKeys(chromedp.CSS("[name=title]"), "Gardens"))
	b.loadBy("#save")
	if got := s.sums(s.savedAlbum(), "notes"); !slices.Equal(got, []string{sum}) {
		t.Errorf("notes: wanted SHA-256 %s, got %q", sum, got)
	}
	b.requireCleanConsole()
}

func TestASingleFileFieldSendsTheNewestFileAlone(t *testing.T) {
	t.Parallel()
	b := newTab(t, tabOptions{})
	s := startAlbumSite(t, b.Proxy)
	second := pngOf(t, 61<<10)
	b.openAlbum("field=cover")
	b.chooseIn("cover", writeFile(t, "first.png", pngOf(t, 60<<10)))
	b.loadBy("#save")
	b.openAlbum("field=cover&draft=1")
	b.requireReceipts("the draft", "cover", "first.png")
	b.takeOut("first.png")
	b.chooseIn("cover", writeFile(t, "second.png", second))
	b.openAlbum("field=cover&draft=1")
	b.waitUntil("the newer file is shown", `document.querySelector("[title='second.png']") != null`)
	b.requireReceipts("the draft, which has the first file, opened again", "cover", "second.png")
	b.run(chromedp.SendKeys(chromedp.CSS("[name=title]"), "Cover"))
	b.loadBy("#save")
	if got := s.sums(s.savedAlbum(), "cover"); !slices.Equal(got, []string{sumOf(second)}) {
		t.Errorf("cover: wanted SHA-256 %s, got %q", sumOf(second), got)
	}
	b.requireCleanConsole()
}
