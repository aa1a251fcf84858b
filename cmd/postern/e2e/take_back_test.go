package e2e

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
)

// openSeparate opens the form of a server whose profile has further settings.
func openSeparate(t *testing.T, settings string) (*devServer, *tab) {
	t.Helper()
	p := startDev(t, "--origin", uploadsOrigin)
	b := newTab(t, tabOptions{})
	startSeparateServer(t, b.Proxy, p, separateOptions{settings: settings})
	b.open(uploadsOrigin + "/forms/files")
	b.waitUntilReady(true)
	return p, b
}

// click presses a button of the first row.
func (b *tab) click(action string) {
	b.t.Helper()
	b.run(chromedp.Click(chromedp.CSS(".postern-file [data-action=" + action + "]")))
}

// announced is the last announcement for screen readers, without what isolates names.
const announced = `document.querySelector(".postern-live").textContent.replace(/[\u2068\u2069]/g, "")`

// rowText is the text of the first row's state, without what isolates names.
const rowText = `document.querySelector(".postern-file .postern-row-text").textContent.replace(/[\u2068\u2069]/g, "")`

func (b *tab) requireNoRow() {
	b.t.Helper()
	b.waitUntil("the row is gone", `document.querySelector(".postern-file") == null`)
}

func TestCancellingBeforeAcceptanceIsFinal(t *testing.T) {
	t.Parallel()
	p := startDev(t)
	path, _ := randomFile(t, "garden.bin", 24*mebibyte)
	b := newTab(t, tabOptions{})
	b.open(p.URL + "/forms/files")
	b.waitUntilReady(true)
	b.Proxy.hold(t, p.isForStore)
	b.chooseFiles(path)
	b.waitForRow("sending")
	evaluate[any](b, `{ window.plan = [...document.querySelector("postern-uploader").queue.uploads][0].plan; }`)
	b.click("cancel")
	b.requireNoRow()
	if text := evaluate[string](b, announced); text != "garden.bin removed" {
		t.Errorf("announcement: got %q", text)
	}
	waitFor(t, "the parts to be freed", func() bool { return len(p.store(t).openUploads()) == 0 })
	got := evaluate[string](b, "fetch(`/uploads/${plan.id}/complete`, { method: 'POST', headers: { 'Upload-Token': plan.token } }).then(async (r) => `${r.status} ${(await r.json()).code}`)")
	if got != "410 upload_expired" {
		t.Errorf("completing afterwards: wanted 410 upload_expired, got %s", got)
	}
}

func TestRemoveOnAFinishedRowDeletesTheFileAtTheServer(t *testing.T) {
	t.Parallel()
	p := startDev(t)
	b := newTab(t, tabOptions{})
	b.open(p.URL + "/forms/photos")
	b.upload(writeFile(t, "garden.png", pngOf(t, 60<<10)))
	b.waitForState("done")
	p.store(t).onlyObject()
	b.click("remove")
	b.requireNoRow()
	if keys := p.store(t).keys(); len(keys) != 0 {
		t.Errorf("stored: wanted nothing, got %q", keys)
	}
	if text := evaluate[string](b, announced); text != "garden.png removed" {
		t.Errorf("announcement: got %q", text)
	}
	b.requireCleanConsole()
}

func TestWhereNothingCanBeRemovedTheButtonClearsTheList(t *testing.T) {
	t.Parallel()
	p, b := openSeparate(t, "")
	b.upload(writeFile(t, "garden.png", pngOf(t, 60<<10)))
	b.waitForState("done")
	if label := evaluate[string](b, `document.querySelector("[data-action=clear]").textContent`); label != "Clear from the list" {
		t.Errorf("label: got %q", label)
	}
	b.click("clear")
	b.requireNoRow()
	if text := evaluate[string](b, announced); text != "garden.png cleared from the list" {
		t.Errorf("announcement: got %q", text)
	}
	p.store(t).onlyObject()
}

func TestRemoveAfterItsTimeSaysThatTheFileStays(t *testing.T) {
	t.Parallel()
	p, b := openSeparate(t, "")
	b.upload(writeFile(t, "garden.png", pngOf(t, 60<<10)))
	b.waitForState("done")
	// The page's clock is slow: it still offers what the server doesn't do any more.
	evaluate[any](b, `{ const [u] = document.querySelector("postern-uploader").queue.uploads; u.removableUntil = Date.now() + 1e6; u.onChange(u); }`)
	b.waitUntil("the row offers to remove the file", `document.querySelector(".postern-file [data-action=remove]") != null`)
	b.click("remove")
	b.waitUntil("the row offers to be cleared", `document.querySelector(".postern-file [data-action=clear]") != null`)
	const wanted = "garden.png was accepted and can’t be removed from here any more. Ask whoever runs this site."
	if text := evaluate[string](b, announced); text != wanted {
		t.Errorf("announcement: got %q", text)
	}
	if text := evaluate[string](b, rowText); text != wanted+" already_completed" {
		t.Errorf("row: got %q", text)
	}
	p.store(t).onlyObject()
}

func TestTheRowStopsOfferingToRemoveWhenTheTimeEnds(t *testing.T) {
	t.Parallel()
	_, b := openSeparate(t, "removable: 3s\n")
	b.upload(writeFile(t, "garden.png", pngOf(t, 60<<10)))
	b.waitUntil("the row offers to remove the file", `document.querySelector(".postern-file[data-state=done] [data-action=remove]") != null`)
	b.waitUntil("the row offers to be cleared", `document.querySelector(".postern-file [data-action=clear]") != null`)
}

func TestAFinishedRowLinksToTheFileAsLongAsTheLinkLives(t *testing.T) {
	t.Parallel()
	picture := pngOf(t, 60<<10)
	p := startDev(t, "--origin", uploadsOrigin)
	b := newTab(t, tabOptions{})
	server := startSeparateServer(t, b.Proxy, p, separateOptions{settings: "download: {lifetime: 4s}\n"})
	b.open(uploadsOrigin + "/forms/files")
	b.upload(writeFile(t, "garden.png", picture))
	b.waitUntil("the row has a link", `document.querySelector(".postern-file a") != null`)
	link := evaluate[map[string]string](b, `(({ target, rel, href, ariaLabel, textContent }) => ({ target, rel, href, label: ariaLabel.replace(/[\u2068\u2069]/g, ""), text: textContent }))(document.querySelector(".postern-file a"))`)
	if link["target"] != "_blank" || link["rel"] != "noopener" || link["text"] != "Open" || link["label"] != "Open: garden.png" {
		t.Errorf("link: got %v", link)
	}
	answer, err := http.Get(strings.Replace(link["href"], uploadsOrigin, server.URL, 1))
	must(t, err)
	body, err := io.ReadAll(answer.Body)
	must(t, err)
	must(t, answer.Body.Close())
	if sumOf(body) != sumOf(picture) {
		t.Errorf("the link leads to %d bytes, wanted the file", len(body))
	}
	b.waitUntil("the dead link is gone", `document.querySelector(".postern-file[data-state=done] a") == null`)
}

func TestContinuePostsTheReceiptsToTheRedirect(t *testing.T) {
	t.Parallel()
	host := newReceiptHost(t)
	_, b := openSeparate(t, fmt.Sprintf("redirect: %s/uploaded\n", host.url))
	b.upload(writeFile(t, "garden.png", pngOf(t, 60<<10)), writeFile(t, "lake.png", pngOf(t, 50<<10)))
	b.waitForState("done")
	b.waitUntil("the button is there", `document.querySelector(".postern-continue button")?.checkVisibility()`)
	path, _ := randomFile(t, "film.bin", 24*mebibyte)
	release := b.Proxy.hold(t, isPart)
	b.chooseFiles(path)
	b.waitUntil("the button is gone while a file is under way", `!document.querySelector(".postern-continue button").checkVisibility()`)
	release()
	b.waitForState("done")
	b.waitUntil("the button is back", `document.querySelector(".postern-continue button").checkVisibility()`)
	value := evaluate[[]map[string]any](b, `document.querySelector("postern-uploader").value`)
	b.run(chromedp.Click(chromedp.CSS(".postern-continue button")))
	b.waitUntil("the application is shown", `document.title == "uploaded"`)
	if got := host.receipts(); len(got) != 3 || got[0] != value[0]["receipt"] || got[2] != value[2]["receipt"] || got[0] == "" {
		t.Errorf("receipts: wanted three, got %q", got)
	}
	for i, name := range []string{"garden.png", "lake.png", "film.bin"} {
		if v := value[i]; v["name"] != name || v["key"] == "" || v["size"] == nil || v["type"] == "" {
			t.Errorf("value %d: got %v", i, v)
		}
	}
}
