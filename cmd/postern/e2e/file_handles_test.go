package e2e

import (
	"fmt"
	"testing"
)

// makeOwnFile writes a file into the browser's private file system and returns its handle, which
// works like that of a file on the disk.
const makeOwnFile = `const ownFile = async () => {
	const handle = await (await navigator.storage.getDirectory()).getFileHandle("garden.bin", {create: true});
	if ((await handle.getFile()).size == 0) {
		const stream = await handle.createWritable();
		for (let i = 0; i < 48; i++) await stream.write(new Uint8Array(1 << 20).fill(i));
		await stream.close();
	}
	return handle;
};`

// answerPrompts replaces the prompts of the browser: asked for a permission, the visitor gives the
// answer; asked for a file, the visitor chooses the same file.
const answerPrompts = `
FileSystemFileHandle.prototype.queryPermission = async () => "prompt";
FileSystemFileHandle.prototype.requestPermission = async () => { window.asked = navigator.userActivation.isActive; return %q; };
window.showOpenFilePicker = async () => { window.chosen = navigator.userActivation.isActive; return [await ownFile()]; };`

// beginAndHold starts to upload the file, with its handle or without it. From the third part on the
// preflights of parts are held until release is called, so that the upload can be interrupted.
func (b *tab) beginAndHold(p *devServer, handle bool) (release func()) {
	b.t.Helper()
	b.open(p.URL + "/forms/files")
	b.waitUntilReady(true)
	release = b.Proxy.hold(b.t, p.partsFrom(3))
	evaluate[any](b, fmt.Sprintf(`(async () => {
		%s
		const handle = await ownFile();
		document.querySelector("postern-uploader").add([Object.assign(await handle.getFile(), %s)]);
	})()`, makeOwnFile, pick(handle, "{handle}", "{}")))
	b.waitForAcceptedBytes(p, 10*mebibyte)
	return release
}

// reopen opens the page again in a browser with that answer to a prompt, waits for the row, and
// releases the held requests.
func (b *tab) reopen(p *devServer, answer string, release func()) {
	b.t.Helper()
	b.beforeLoad(makeOwnFile + fmt.Sprintf(answerPrompts, answer))
	b.open(p.URL + "/forms/files")
	b.waitUntilReady(true)
	b.waitForRow("interrupted")
	release()
}

func TestAFileWithAStoredHandleIsReopenedByOnePress(t *testing.T) {
	t.Parallel()
	p := startDev(t)
	b := newTab(t, tabOptions{})
	b.reopen(p, "granted", b.beginAndHold(p, true))
	b.pressRowButton("resume")
	b.waitForState("done")
	if !evaluate[bool](b, `asked === true && window.chosen === undefined`) {
		t.Error("prompts: wanted one for the permission during the click, and no file dialogue")
	}
	b.parts(p).requireNoResend(t)
	if stored := p.store(t).onlyObject(); stored.Size != 48*mebibyte {
		t.Errorf("stored: wanted 48 MiB, got %+v", stored)
	}
}

func TestIfTheBrowserRefusesToReopenAFileTheVisitorChoosesItAgain(t *testing.T) {
	t.Parallel()
	p := startDev(t)
	b := newTab(t, tabOptions{})
	b.reopen(p, "denied", b.beginAndHold(p, true))
	b.pressRowButton("resume")
	b.waitForState("done")
	if !evaluate[bool](b, `asked === true && window.chosen === true`) {
		t.Error("prompts after a refused permission: wanted the file dialogue")
	}
	b.parts(p).requireNoResend(t)
}

func TestAFileChosenAgainIsRemembered(t *testing.T) {
	t.Parallel()
	p := startDev(t)
	b := newTab(t, tabOptions{})
	b.reopen(p, "granted", b.beginAndHold(p, false))
	release := b.Proxy.hold(t, p.isForStore)
	b.pressRowButton("choose")
	b.waitForRow("sending")
	b.reopen(p, "granted", release)
	b.pressRowButton("resume")
	b.waitForState("done")
	if !evaluate[bool](b, `asked === true && window.chosen === undefined`) {
		t.Error("prompts at the second time: wanted one for the permission of the stored handle, and no file dialogue")
	}
	b.parts(p).requireNoResend(t)
}
