package e2e

import (
	"fmt"
	"net/http"
	"strconv"
	"testing"

	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"
)

// rowState is a state of a row.
type rowState struct {
	name    string
	provoke func(b *tab) // brings a file that is being sent into the state
	held    bool         // whether the parts of the file have to wait until the row is in the state
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
			b.Proxy.intercept(refuseCompletion)
		}, false},
	}
}

func TestEveryStateOfARowIsShown(t *testing.T) {
	t.Parallel()
	p := startDev(t)
	path, _ := randomFile(t, "garden in the last summer, seen from the lake.bin", 20*mebibyte)
	for i, state := range rowStates() {
		t.Run(state.name, func(t *testing.T) {
			t.Parallel()
			for _, l := range layoutLanguages {
				b := newTab(t, tabOptions{Language: l.tag, Width: 375, Dark: i%2 == 1})
				b.open(p.URL + "/forms/files")
				release := b.Proxy.hold(t, p.isForStore)
				b.upload(path)
				b.waitForRow("sending")
				state.provoke(b)
				if !state.held {
					release()
				}
				b.waitForRow(state.name)
				b.requireFits("a row that is "+state.name, l.tag, l.direction)
				b.screenshot(fmt.Sprintf("row-%s-%s", state.name, l.tag))
				if text := evaluate[string](b, `document.querySelector(".postern-file").innerText`); len(text) < 10 {
					t.Errorf("text of the row: wanted at least 10 bytes, got %q", text)
				}
				b.Close()
			}
		})
	}
}

// waitForRow waits until a file has a state.
func (b *tab) waitForRow(state string) {
	b.t.Helper()
	b.waitUntil("a file is "+state, fmt.Sprintf(`document.querySelector(".postern-file[data-state=%s]") != null`, state))
}

// isForStore reports whether a request goes to the store.
func (p *devServer) isForStore(r *http.Request) bool { return "http://"+r.URL.Host == p.Store }

// partsFrom returns a function that reports whether a request sends a part of that number or a
// later one to the store.
func (p *devServer) partsFrom(first int) func(*http.Request) bool {
	return func(r *http.Request) bool {
		number, err := strconv.Atoi(r.URL.Query().Get("partNumber"))
		return err == nil && number >= first && p.isForStore(r)
	}
}

// pressable reports whether a click on the middle of an element would reach it. A row that has its
// place but has not been drawn yet (content-visibility) reacts to no click.
const pressable = `((node) => {
	node?.scrollIntoView({ block: "nearest" });
	const { left, right, top, bottom } = node?.getBoundingClientRect() ?? {};
	return node != null && document.elementFromPoint((left + right) / 2, (top + bottom) / 2) == node;
})(document.querySelector(%q))`

// pressRowButton clicks the button of the first row that has an action.
func (b *tab) pressRowButton(what string) {
	b.t.Helper()
	button := ".postern-file [data-action=" + what + "]"
	b.waitUntil("there is a button to "+what, fmt.Sprintf(pressable, button))
	b.press(button)
}

func TestAPausedFileResumesAndACancelledFileIsRemoved(t *testing.T) {
	t.Parallel()
	p := startDev(t)
	path, sum := randomFile(t, "garden.bin", 24*mebibyte)
	b := newTab(t, tabOptions{})
	b.open(p.URL + "/forms/files")
	release := b.Proxy.hold(t, p.partsFrom(2))
	b.upload(path)
	b.waitForAcceptedBytes(p, 5*mebibyte)
	b.pressRowButton("pause")
	b.waitForRow("paused")
	release()
	b.pressRowButton("resume")
	b.waitForState("done")
	if stored := p.store(t).onlyObject(); stored.Sum != sum {
		t.Errorf("stored: wanted SHA-256 %s, got %+v", sum, stored)
	}
	b.parts(p).requireNoResend(t)
	b.pressRowButton("remove")
	b.waitUntil("the row is removed", `document.querySelector(".postern-file") == null`)
	other, _ := randomFile(t, "other.bin", 24*mebibyte)
	b.Proxy.hold(t, p.isForStore)
	b.chooseFiles(other)
	b.waitForRow("sending")
	b.pressRowButton("cancel")
	b.waitUntil("the row is removed", `document.querySelector(".postern-file") == null`)
	waitFor(t, "no multipart upload is open", func() bool { return len(p.store(t).openUploads()) == 0 })
	if keys := p.store(t).keys(); len(keys) != 0 {
		t.Errorf("stored after one file was removed and the other cancelled: wanted nothing, got %q", keys)
	}
}
