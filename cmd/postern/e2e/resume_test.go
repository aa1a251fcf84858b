package e2e

import (
	"fmt"
	"testing"

	"github.com/chromedp/chromedp"

	"github.com/postern-dev/postern/handlers/tickets"
)

// byteRate, in bytes per second, is slow enough to interrupt an upload in the middle of parts.
var byteRate = mediumFile / 4

func TestAnUploadResumesAfterItsTabWasKilled(t *testing.T) {
	t.Parallel()
	for _, percent := range []int64{30, 60, 90} {
		t.Run(fmt.Sprintf("at %d %%", percent), func(t *testing.T) {
			t.Parallel()
			p := startDev(t)
			path := sparseFile(t, "garden.bin", mediumFile, mebibyte)
			opener := newTab(t, tabOptions{})
			// A guest's upload is shown in its own tab only, which is gone.
			opener.Proxy.logIn(hostOf(t, p.URL), p.ticket(tickets.Ticket{Subject: "alice", Profiles: []string{"*"}}))
			opener.open(p.URL + "/healthz")
			first := opener.openSibling()
			first.open(p.URL + "/forms/files")
			first.Proxy.listener.limitRate(byteRate)
			release := first.Proxy.hold(t, p.partsFrom(mediumParts))
			first.upload(path)
			first.waitForAcceptedBytes(p, mediumFile*percent/100)
			first.Close()
			opener.waitForReleasedLocks()
			opener.Proxy.listener.limitRate(0)
			second := opener.openSibling()
			second.open(p.URL + "/forms/files")
			second.waitForRow("interrupted")
			second.screenshot(fmt.Sprintf("row-interrupted-%d", percent))
			release()
			second.chooseFiles(path)
			second.waitForState("done")
			second.requireSameFile(p, path, 0, true)
			if keys := p.store(t).openUploads(); len(keys) != 0 {
				t.Errorf("open multipart uploads: wanted none, got %q", keys)
			}
		})
	}
}

// openSibling opens another tab with the same cookies, storage and proxy.
func (b *tab) openSibling() *tab {
	b.t.Helper()
	ctx, cancel := chromedp.NewContext(b.ctx)
	other := &tab{t: b.t, ctx: ctx, width: b.width, Proxy: b.Proxy, Close: cancel, console: &console{}}
	b.t.Cleanup(cancel)
	must(b.t, other.prepare(tabOptions{Width: b.width}))
	return other
}

// waitForReleasedLocks waits until no tab holds the lock of a file. A killed tab holds it for a
// moment longer.
func (b *tab) waitForReleasedLocks() {
	b.t.Helper()
	b.waitUntil("no tab holds a lock", `navigator.locks.query().then(({ held }) => held.length == 0)`)
}

// waitForAcceptedBytes waits until the store has accepted parts of at least that many bytes.
func (b *tab) waitForAcceptedBytes(p *devServer, bytes int64) {
	b.t.Helper()
	waitFor(b.t, fmt.Sprintf("the store has accepted %d bytes", bytes), func() bool { return b.parts(p).acceptedBytes() >= bytes })
}
