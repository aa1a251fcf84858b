package e2e

import (
	"fmt"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
)

// lineRate, in bytes a second, leaves time to strike amid parts.
const lineRate = 64 * mebibyte

func TestAKilledTabGoesOnWhereItWas(t *testing.T) {
	t.Parallel()
	for _, percent := range []int64{30, 60, 90} {
		t.Run(fmt.Sprintf("at %d %%", percent), func(t *testing.T) {
			t.Parallel()
			p := dev(t)
			path := sparseFile(t, "garden.bin", some, mebibyte)
			anchor := newTab(t, look{})
			anchor.open(p.URL + "/healthz")
			first := anchor.sibling()
			first.open(p.URL + "/forms/files")
			first.Wire.lines.limit(lineRate)
			release := first.Wire.hold(t, p.fromPart(16))
			first.upload(path)
			first.untilSent(p, some*percent/100)
			first.Close()
			anchor.letGo()
			anchor.Wire.lines.limit(0)
			second := anchor.sibling()
			second.open(p.URL + "/forms/files")
			second.until("the row is there again", `document.querySelector(".postern-file[data-state=interrupted]") != null`)
			second.shot(fmt.Sprintf("row-interrupted-%d", percent))
			release()
			second.choose(path)
			second.untilState("done")
			second.whole(p, path, true)
			if keys := p.store(t).open(); len(keys) != 0 {
				t.Errorf("open multipart uploads: wanted none, got %q", keys)
			}
		})
	}
}

// sibling opens another tab with the same storage on the same line.
func (b *tab) sibling() *tab {
	b.t.Helper()
	ctx, cancel := chromedp.NewContext(b.ctx)
	other := &tab{t: b.t, ctx: ctx, width: b.width, Wire: b.Wire, Close: cancel, console: &console{}}
	b.t.Cleanup(cancel)
	must(b.t, other.prepare(look{Width: b.width}))
	return other
}

// letGo waits until no tab is at a file any more: one that was killed is for a moment longer.
func (b *tab) letGo() {
	b.t.Helper()
	b.until("no tab holds a file", `navigator.locks.query().then(({ held }) => held.length == 0)`)
}

// untilSent waits until the store has taken parts of that many bytes.
func (b *tab) untilSent(p *postern, bytes int64) {
	b.t.Helper()
	for deadline := time.Now().Add(patience); b.parts(p).bytes(true) < bytes; time.Sleep(pollEvery) {
		if time.Now().After(deadline) {
			b.t.Fatalf("waiting for %d bytes: got %d within %v", bytes, b.parts(p).bytes(true), patience)
		}
	}
}
