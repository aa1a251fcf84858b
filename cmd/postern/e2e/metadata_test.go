package e2e

import (
	"fmt"
	"mime"
	"path/filepath"
	"slices"
	"testing"

	"github.com/chromedp/chromedp"
)

func TestMetadataComesFromAttributePropertyAndFunction(t *testing.T) {
	t.Parallel()
	p, b := openSeparate(t, "accept_metadata: [album, caption]\n")
	element := `document.querySelector("postern-uploader")`
	for i, c := range []struct{ set, album, caption string }{
		{`.setAttribute("metadata", '{"album":"7","secret":"x"}')`, "7", ""},
		{`.metadata = { caption: "été" }`, "7", "été"},
		{`.metadata = async (file) => ({ album: "8", caption: file.name })`, "8", "garden.png"},
	} {
		evaluate[any](b, element+c.set+"; undefined")
		before := p.store(t).keys()
		b.chooseFiles(writeFile(t, "garden.png", pngOf(t, 60<<10)))
		b.waitUntil("the file is done", fmt.Sprintf(`document.querySelectorAll(".postern-file[data-state=done]").length == %d`, i+1))
		for _, key := range p.store(t).keys() {
			if slices.Contains(before, key) {
				continue
			}
			got := p.store(t).object(key).Metadata
			if got["album"] != c.album || decodedWord(t, got["caption"]) != c.caption || got["secret"] != "" {
				t.Errorf("%s: got %q", c.set, got)
			}
		}
	}
}

// decodedWord reads a value as S3 keeps what isn't ASCII.
func decodedWord(t *testing.T, value string) string {
	t.Helper()
	text, err := new(mime.WordDecoder).DecodeHeader(value)
	must(t, err)
	return text
}

func TestFilesOfAFolderCarryTheirPath(t *testing.T) {
	t.Parallel()
	p, b := openSeparate(t, "accept_metadata: [path]\n")
	folder := filepath.Dir(writeFile(t, "lake.png", pngOf(t, 50<<10)))
	b.dragFiles("form", true, folder)
	b.waitForState("done")
	if got := p.store(t).onlyObject().Metadata["path"]; got != filepath.Base(folder)+"/lake.png" {
		t.Errorf("path: wanted that in the folder %q, got %q", filepath.Base(folder), got)
	}
}

func TestFilesBeyondTheProfilesNumberAreRefusedInTheVisitorsLanguage(t *testing.T) {
	t.Parallel()
	p := startDev(t, "--origin", uploadsOrigin)
	b := newTab(t, tabOptions{})
	startSeparateServer(t, b.Proxy, p, separateOptions{settings: "max_files: 2\n"})
	b.open(uploadsOrigin + "/forms/files?lang=de")
	b.waitUntilReady(true)
	var paths []string
	for _, name := range []string{"a.png", "b.png", "c.png"} {
		paths = append(paths, writeFile(t, name, pngOf(t, 50<<10)))
	}
	b.chooseFiles(paths...)
	b.waitUntil("two are done and one is refused", `[...document.querySelectorAll(".postern-file")].map((f) => f.dataset.state).join() == "refused,done,done"`) // what needs the person is first
	text := evaluate[string](b, `document.querySelector(".postern-file[data-state=refused] .postern-status").textContent.replace(/[\u2068\u2069]/g, "")`)
	if text != "Hier können nur 2 Dateien hochgeladen werden, deshalb bleibt c.png weg. Entfernen Sie erst eine andere." {
		t.Errorf("got %q", text)
	}
	b.click("clear")
	b.run(chromedp.Click(chromedp.CSS(".postern-file[data-state=refused] [data-action=remove]")))
	b.waitUntil("the element has room again", `!document.querySelector("postern-uploader").hasAttribute("full")`)
	b.chooseFiles(paths[2])
	b.waitUntil("the third is done", `[...document.querySelectorAll(".postern-file")].map((f) => f.dataset.state).join() == "done,done"`)
}

func TestWhereOneFileIsAllowedANewChoiceReplacesTheOld(t *testing.T) {
	t.Parallel()
	_, b := openSeparate(t, "max_files: 1\n")
	if evaluate[bool](b, `document.querySelector("input[type=file]").multiple`) {
		t.Error("the file control takes several files")
	}
	states := func() string {
		return evaluate[string](b, `[...document.querySelectorAll(".postern-file")].map((f) => f.querySelector("bdi").title + " " + f.dataset.state).join()`)
	}
	var paths []string
	for _, name := range []string{"a.png", "b.png", "c.png", "d.png"} {
		paths = append(paths, writeFile(t, name, pngOf(t, 50<<10)))
	}
	b.chooseFiles(paths[0])
	b.waitForState("done")
	b.chooseFiles(paths[1])
	b.waitUntil("the second has replaced the first", `document.querySelector(".postern-file bdi")?.title == "b.png"`)
	b.waitForState("done")
	if got := states(); got != "b.png done" {
		t.Errorf("rows: got %q", got)
	}
	// To tell whether a file was sent before, its samples are hashed. Here that takes longer for the first than for the second.
	evaluate[bool](b, `(() => {
		const digest = crypto.subtle.digest.bind(crypto.subtle);
		let delay = 900;
		crypto.subtle.digest = async (...given) => { await new Promise((resolve) => setTimeout(resolve, delay -= 300)); return digest(...given); };
		return true;
	})()`)
	b.dragFiles("form", true, paths[2], paths[3])
	b.waitUntil("the first is done and the second refused", `[...document.querySelectorAll(".postern-file")].map((f) => f.querySelector("bdi").title + " " + f.dataset.state).sort().join() == "c.png done,d.png refused"`)
	text := evaluate[string](b, `document.querySelector(".postern-file[data-state=refused] .postern-status").textContent.replace(/[\u2068\u2069]/g, "")`)
	if text != "Only one file can be uploaded here, so d.png was left out." {
		t.Errorf("got %q", text)
	}
}

func TestAProfilesTitleAndIntroAreShown(t *testing.T) {
	t.Parallel()
	_, b := openSeparate(t, "title: {en: Your photos}\nintro: {en: Of the last year.}\n")
	if text := b.text(); !evaluate[bool](b, `document.querySelector("h1").innerText == "Your photos" && document.title == "Your photos" && document.body.innerText.includes("Of the last year.")`) {
		t.Errorf("got %q", text)
	}
}
