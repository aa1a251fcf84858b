package e2e

import (
	"fmt"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
)

// lineRate, in bytes a second, leaves time to strike amid parts.
const lineRate = 64 * mebibyte

func TestAnUploadResumesAfterItsTabWasKilled(t *testing.T) {
	t.Parallel()
	for _, percent := range []int64{30, 60, 90} {
		t.Run(fmt.Sprintf("at %d %%", percent), func(t *testing.T) {
			t.Parallel()
			p := startDev(t)
			path := sparseFile(t, "garden.bin", mediumFile, mebibyte)
			anchor := newTab(t, tabOptions{})
			anchor.open(p.URL + "/healthz")
			first := anchor.openSibling()
			first.open(p.URL + "/forms/files")
			first.Proxy.listener.limitRate(lineRate)
			release := first.Proxy.hold(t, p.partsFrom(16))
			first.upload(path)
			first.waitForAcceptedBytes(p, mediumFile*percent/100)
			first.Close()
			anchor.waitForReleasedLocks()
			anchor.Proxy.listener.limitRate(0)
			second := anchor.openSibling()
			second.open(p.URL + "/forms/files")
			second.waitUntil("the row is there again", `document.querySelector(".postern-file[data-state=interrupted]") != null`)
			second.screenshot(fmt.Sprintf("row-interrupted-%d", percent))
			release()
			second.chooseFiles(path)
			second.waitForState("done")
			second.requireSameFile(p, path, true)
			if keys := p.store(t).openUploads(); len(keys) != 0 {
				t.Errorf("open multipart uploads: wanted none, got %q", keys)
			}
		})
	}
}

// openSibling opens another tab with the same storage on the same line.
func (b *tab) openSibling() *tab {
	b.t.Helper()
	ctx, cancel := chromedp.NewContext(b.ctx)
	other := &tab{t: b.t, ctx: ctx, width: b.width, Proxy: b.Proxy, Close: cancel, console: &console{}}
	b.t.Cleanup(cancel)
	must(b.t, other.prepare(tabOptions{Width: b.width}))
	return other
}

// waitForReleasedLocks waits until no tab is at a file any more: one that was killed is for a moment longer.
func (b *tab) waitForReleasedLocks() {
	b.t.Helper()
	b.waitUntil("no tab holds a file", `navigator.locks.query().then(({ held }) => held.length == 0)`)
}

// waitForAcceptedBytes waits until the store has taken parts of that many bytes.
func (b *tab) waitForAcceptedBytes(p *devServer, bytes int64) {
	b.t.Helper()
	for deadline := time.Now().Add(patience); b.parts(p).bytes(true) < bytes; time.Sleep(pollEvery) {
		if time.Now().After(deadline) {
			b.t.Fatalf("waiting for %d bytes: got %d within %v", bytes, b.parts(p).bytes(true), patience)
		}
	}
}
