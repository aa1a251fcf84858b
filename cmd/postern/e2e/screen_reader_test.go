package e2e

import (
	"errors"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
)

// screenReaderSource is the script of a virtual screen reader, which walks through the DOM by the
// rules for roles and names, and announces what changes in live regions. It is published as a
// module; the page's policy allows none but its own, so it runs as a script that sets a variable.
var screenReaderSource = sync.OnceValues(func() (string, error) {
	source, err := npmSource("@guidepup/virtual-screen-reader", "lib/esm/index.browser.js")
	if err != nil {
		return "", err
	}
	body, exports, found := strings.Cut(source, "export{")
	_, name, named := strings.Cut(strings.Split(exports, " as virtual")[0], ",")
	if !found || !named {
		return "", errors.New("the virtual screen reader has other exports than expected")
	}
	return "(() => {" + body + "\nwindow.screenReader = " + name + ";})()", nil
})

// plainText leaves out the marks around names and numbers in a text, and unbreakable spaces.
var plainText = strings.NewReplacer("\u2068", "", "\u2069", "", "\u00a0", " ")

// startScreenReader starts the screen reader in a page.
func (b *tab) startScreenReader() {
	b.t.Helper()
	source, err := screenReaderSource()
	must(b.t, err)
	evaluate[any](b, source)
	evaluate[any](b, `screenReader.start({ container: document.body }).then(() => screenReader.clearSpokenPhraseLog())`)
}

// announced returns what the screen reader has said of itself since the last call, because
// something has changed.
func (b *tab) announced() (phrases []string) {
	b.t.Helper()
	said := evaluate[[]string](b, `(async () => {
		const said = await screenReader.spokenPhraseLog();
		await screenReader.clearSpokenPhraseLog();
		return said.filter((phrase) => /^(polite|assertive): /.test(phrase));
	})()`)
	for _, phrase := range said {
		phrases = append(phrases, plainText.Replace(phrase))
	}
	return phrases
}

// readAloud returns what the screen reader says of each element and text of the page, in order.
func (b *tab) readAloud() (phrases []string) {
	b.t.Helper()
	said := evaluate[[]string](b, `(async () => {
		await screenReader.stop();
		await screenReader.start({ container: document.body });
		const said = [];
		do {
			await screenReader.next();
			said.push(await screenReader.lastSpokenPhrase());
		} while (said.at(-1) != "end of document" && said.length < 500);
		await screenReader.clearSpokenPhraseLog();
		return said;
	})()`)
	for _, phrase := range said {
		phrases = append(phrases, plainText.Replace(phrase))
	}
	return phrases
}

// requireInOrder requires that phrases begin with the wanted texts, in that order; others may lie
// between them.
func requireInOrder(t *testing.T, what string, phrases []string, wanted ...string) {
	t.Helper()
	rest := phrases
	for _, text := range wanted {
		at := slices.IndexFunc(rest, func(phrase string) bool { return strings.HasPrefix(phrase, text) })
		if at < 0 {
			t.Errorf("%s: wanted %q, after what is before it in %q, among\n%s", what, text, wanted, strings.Join(phrases, "\n"))
			return
		}
		rest = rest[at+1:]
	}
}

// A screen reader tells what the page is for, which files there are and what can be done with each,
// and announces once what happens to them.
func TestAScreenReaderTellsOfEachStateOfAnUpload(t *testing.T) {
	t.Parallel()
	p := startDev(t)
	b := newTab(t, tabOptions{})
	b.open(p.URL + "/forms/photos")
	b.waitUntilReady(true)
	b.startScreenReader()
	t.Run("choose", func(t *testing.T) {
		requireInOrder(t, "read", b.readAloud(), "heading, Upload files, level 1", "form", "Choose files, PNG, JPEG or WebP, up to 10 MB", "button, Choose a folder",
			"end of form", "status", "end of main", "navigation, Language", "link, English, current item", "end of document")
	})
	t.Run("refused", func(t *testing.T) {
		b.chooseFiles(writeFile(t, "notes.txt", []byte("words")))
		b.waitForState("refused")
		requireInOrder(t, "announced", b.announced(), "polite: notes.txt can’t be uploaded here: only PNG, JPEG or WebP. Choose another file.")
		requireInOrder(t, "read", b.readAloud(), "list, Files", "listitem", "notes.txt", "5 bytes", "notes.txt can’t be uploaded here",
			"button, Choose another: notes.txt", "button, Remove: notes.txt", "end of list, Files", "status")
		b.pressRowButton("remove")
		b.waitUntil("the row is removed", `document.querySelector(".postern-file") == null`)
		requireInOrder(t, "announced", b.announced(), "polite: "+fill(catalogText(t, "en", "upload.announce.removed"), "name", "notes.txt"))
	})
	release := b.Proxy.hold(t, p.isForStore)
	t.Run("progress", func(t *testing.T) {
		b.chooseFiles(writeFile(t, "garden.png", pngOf(t, 40<<10)))
		b.submitIfNeeded()
		b.waitForRow("sending")
		requireInOrder(t, "announced", b.announced(), "polite: "+fill(catalogText(t, "en", "upload.announce.started.one"), "n", "1"))
		requireInOrder(t, "read", b.readAloud(), "list, Files", "listitem", "garden.png", "progressbar, Progress", "button, Cancel: garden.png", "end of list, Files")
	})
	t.Run("done", func(t *testing.T) {
		release()
		b.waitForState("done")
		requireInOrder(t, "announced", b.announced(), "polite: "+fill(catalogText(t, "en", "upload.announce.done.one"), "n", "1"))
		requireInOrder(t, "read", b.readAloud(), "list, Files", "listitem", "garden.png", "40 kB", "done",
			"link, Open: garden.png", "button, Remove: garden.png", "end of list, Files")
	})
	t.Run("failed", func(t *testing.T) {
		b.Proxy.intercept(refuseCompletion)
		b.chooseFiles(writeFile(t, "lake.png", pngOf(t, 41<<10)))
		b.submitIfNeeded()
		b.waitForRow("failed")
		requireInOrder(t, "announced", b.announced(), "polite: You may not upload lake.png here.")
		read := b.readAloud()
		requireInOrder(t, "read", read, "listitem", "lake.png", "You may not upload lake.png here.", "button, Retry: lake.png", "button, Remove: lake.png", "end of list, Files")
		row := read[:slices.Index(read, "end of list, Files")+1]
		for _, once := range []string{"lake.png", "You may not upload lake.png here."} {
			if times := len(slices.DeleteFunc(slices.Clone(row), func(phrase string) bool { return !strings.HasPrefix(phrase, once) })); times != 1 {
				t.Errorf("read: wanted %q once, got it %d times among\n%s", once, times, strings.Join(row, "\n"))
			}
		}
		if at := slices.IndexFunc(row, func(phrase string) bool {
			return strings.HasPrefix(phrase, "progressbar") || strings.Contains(phrase, "is safe")
		}); at >= 0 {
			t.Errorf("read of files that are done or have failed: wanted no progress, got %q", row[at])
		}
	})
	b.requireCleanConsole()
}

// fill puts a value into a text's placeholder.
func fill(text, name, value string) string { return strings.ReplaceAll(text, "{"+name+"}", value) }

// refuseCompletion answers requests to complete an upload with 403.
func refuseCompletion(w http.ResponseWriter, r *http.Request) bool {
	if r.Method == http.MethodOptions || !strings.Contains(r.URL.Path, "/complete") {
		return false
	}
	w.Header().Set("Content-Type", "application/problem+json")
	w.WriteHeader(http.StatusForbidden)
	_, _ = w.Write([]byte(`{"status":403,"code":"forbidden","title":"This identity may not do that."}`))
	return true
}
