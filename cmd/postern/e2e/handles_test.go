package e2e

import (
	"fmt"
	"testing"

	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
)

// ownFile writes a file into the browser's own storage, where its handle is like one of the disk,
// and returns the handle.
const ownFile = `const ownFile = async () => {
	const handle = await (await navigator.storage.getDirectory()).getFileHandle("garden.bin", {create: true});
	if ((await handle.getFile()).size == 0) {
		const stream = await handle.createWritable();
		for (let i = 0; i < 48; i++) await stream.write(new Uint8Array(1 << 20).fill(i));
		await stream.close();
	}
	return handle;
};`

// questions stand for the browser's: what it says before it asks, and what the person says.
const questions = `
FileSystemFileHandle.prototype.queryPermission = async () => "prompt";
FileSystemFileHandle.prototype.requestPermission = async () => { window.asked = navigator.userActivation.isActive; return %q; };
window.showOpenFilePicker = async () => { window.chosen = navigator.userActivation.isActive; return [await ownFile()]; };`

// leave begins an upload of the file, with its handle or without, to go away in the middle. Parts
// from the third on don't get beyond their preflights, which are let go of when nobody waits for
// them any more.
func (b *tab) leave(p *postern, handle bool) (release func()) {
	b.t.Helper()
	b.open(p.URL + "/forms/files")
	b.settled(true)
	release = b.Wire.hold(b.t, p.fromPart(3))
	evaluate[any](b, fmt.Sprintf(`(async () => {
		%s
		const handle = await ownFile();
		document.querySelector("postern-uploader").add([Object.assign(await handle.getFile(), %s)]);
	})()`, ownFile, pick(handle, "{handle}", "{}")))
	b.untilSent(p, 16*mebibyte)
	return release
}

// come opens the page again in a browser that answers like that, waits for the row, and lets go of
// what was held.
func (b *tab) come(p *postern, answer string, release func()) {
	b.t.Helper()
	script := page.AddScriptToEvaluateOnNewDocumentParams{Source: ownFile + fmt.Sprintf(questions, answer)}
	_, err := chromedp.Call(b.ctx, page.AddScriptToEvaluateOnNewDocument, script)
	must(b.t, err)
	b.open(p.URL + "/forms/files")
	b.settled(true)
	b.untilRow("interrupted")
	release()
}

func TestAFileWhoseHandleWasKeptIsOpenedByOnePress(t *testing.T) {
	t.Parallel()
	p := dev(t)
	b := newTab(t, look{})
	b.come(p, "granted", b.leave(p, true))
	b.act("resume")
	b.untilState("done")
	if !evaluate[bool](b, `asked === true && window.chosen === undefined`) {
		t.Error("the permission: wanted asked for once, while the press is fresh, and no file dialogue")
	}
	b.parts(p).keptOnce(t)
	if stored := p.store(t).only(); stored.Size != 48*mebibyte {
		t.Errorf("stored: wanted the whole file, got %+v", stored)
	}
}

func TestAFileThatMayNotBeOpenedIsChosenInstead(t *testing.T) {
	t.Parallel()
	p := dev(t)
	b := newTab(t, look{})
	b.come(p, "denied", b.leave(p, true))
	b.act("resume")
	b.untilState("done")
	if !evaluate[bool](b, `asked === true && window.chosen === true`) {
		t.Error("after a no: wanted the file dialogue")
	}
	b.parts(p).keptOnce(t)
}

func TestAFileChosenAgainKeepsItsHandle(t *testing.T) {
	t.Parallel()
	p := dev(t)
	b := newTab(t, look{})
	b.come(p, "granted", b.leave(p, false))
	release := b.Wire.hold(t, p.toStore)
	b.act("choose")
	b.untilRow("sending")
	b.come(p, "granted", release)
	b.act("resume")
	b.untilState("done")
	if !evaluate[bool](b, `asked === true && window.chosen === undefined`) {
		t.Error("the second time: wanted the kept handle opened, and no file dialogue")
	}
	b.parts(p).keptOnce(t)
}
