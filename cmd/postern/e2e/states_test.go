package e2e

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"
)

// rowState is a state of a row and how a page is brought there.
type rowState struct {
	name    string
	provoke func(b *tab)
	held    bool // whether the file has to stay where it is
}

func rowStates() []rowState {
	return []rowState{
		{"sending", func(*tab) {}, true},
		{"paused", func(b *tab) { b.pressRowButton("pause") }, true},
		{"offline", func(b *tab) {
			b.Proxy.intercept(func(http.ResponseWriter, *http.Request) bool { panic(http.ErrAbortHandler) })
			_, err := chromedp.Call(b.ctx, network.OverrideNetworkState, network.OverrideNetworkStateParams{Offline: true, DownloadThroughput: -1, UploadThroughput: -1})
			must(b.t, err)
		}, false},
		{"retrying", func(b *tab) {
			b.Proxy.intercept(func(w http.ResponseWriter, r *http.Request) bool {
				if r.Method != http.MethodPut {
					return false
				}
				allowOrigin(w, r)
				w.Header().Set("Retry-After", "60")
				w.WriteHeader(http.StatusServiceUnavailable)
				return true
			})
		}, false},
		{"failed", func(b *tab) {
			b.Proxy.intercept(func(w http.ResponseWriter, r *http.Request) bool {
				if r.Method == http.MethodOptions || !strings.Contains(r.URL.Path, "/complete") {
					return false
				}
				w.Header().Set("Content-Type", "application/problem+json")
				w.WriteHeader(http.StatusForbidden)
				_, _ = w.Write([]byte(`{"status":403,"code":"forbidden","title":"This identity may not do that."}`))
				return true
			})
		}, false},
	}
}

func TestEveryStateOfARowIsShown(t *testing.T) {
	t.Parallel()
	p := startDev(t)
	path, _ := randomFile(t, "garden in the last summer, seen from the lake.bin", 48*mebibyte)
	for i, s := range rowStates() {
		t.Run(s.name, func(t *testing.T) {
			for _, l := range languages {
				b := newTab(t, tabOptions{Language: l.tag, Width: 375, Dark: i%2 == 1})
				b.open(p.URL + "/forms/files")
				release := b.Proxy.hold(t, p.isForStore)
				b.upload(path)
				b.waitForRow("sending")
				s.provoke(b)
				if !s.held {
					release()
				}
				b.waitForRow(s.name)
				b.requireFits("a row "+s.name, l.tag, l.direction, 375)
				b.screenshot(fmt.Sprintf("row-%s-%s", s.name, l.tag))
				if words := evaluate[string](b, `document.querySelector(".postern-file").innerText`); len(words) < 10 {
					t.Errorf("the row says %q", words)
				}
				b.Close()
			}
		})
	}
}

func (b *tab) waitForRow(state string) {
	b.t.Helper()
	b.waitUntil("the file is "+state, fmt.Sprintf(`document.querySelector(".postern-file[data-state=%s]") != null`, state))
}

// pressable tells whether a press on the middle of what a selector finds would reach it. What is in
// a row reacts to nothing before the row has been drawn (content-visibility), though it has its
// place already.
const pressable = `((node) => {
	node?.scrollIntoView({ block: "nearest" });
	const { left, right, top, bottom } = node?.getBoundingClientRect() ?? {};
	return node != null && document.elementFromPoint((left + right) / 2, (top + bottom) / 2) == node;
})(document.querySelector(%q))`

// pressRowButton presses the button of the first row that does that.
func (b *tab) pressRowButton(what string) {
	b.t.Helper()
	button := ".postern-file [data-action=" + what + "]"
	b.waitUntil("there is a button to "+what, fmt.Sprintf(pressable, button))
	b.run(chromedp.Click(chromedp.CSS(button)))
}

func TestAPausedFileResumesAndACancelledFileIsRemoved(t *testing.T) {
	t.Parallel()
	p := startDev(t)
	path, sum := randomFile(t, "garden.bin", 48*mebibyte)
	b := newTab(t, tabOptions{})
	b.open(p.URL + "/forms/files")
	release := b.Proxy.hold(t, p.partsFrom(2))
	b.upload(path)
	b.waitForAcceptedBytes(p, 8*mebibyte)
	b.pressRowButton("pause")
	b.waitForRow("paused")
	release()
	b.pressRowButton("resume")
	b.waitForState("done")
	if stored := p.store(t).onlyObject(); stored.Sum != sum {
		t.Errorf("stored: wanted sum %s, got %+v", sum, stored)
	}
	b.parts(p).requireNoResend(t)
	b.pressRowButton("remove")
	b.waitUntil("the row is gone", `document.querySelector(".postern-file") == null`)
	other, _ := randomFile(t, "other.bin", 48*mebibyte)
	b.Proxy.hold(t, p.isForStore)
	b.chooseFiles(other)
	b.waitForRow("sending")
	b.pressRowButton("cancel")
	b.waitUntil("the row is gone", `document.querySelector(".postern-file") == null`)
	for deadline := time.Now().Add(patience); len(p.store(t).openUploads()) != 0; time.Sleep(pollInterval) {
		if time.Now().After(deadline) {
			t.Fatalf("multipart uploads still open %v after cancelling: %q", patience, p.store(t).openUploads())
		}
	}
	p.store(t).onlyObject()
}
