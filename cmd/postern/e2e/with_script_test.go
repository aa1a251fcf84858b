package e2e

import (
	"bytes"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"
)

// recordProgress makes the page record the values of all visible progress bars whenever something
// changes.
const recordProgress = `(() => {
	window.seen = [];
	const look = () => {
		for (const bar of document.querySelectorAll(".postern-file progress"))
			if (bar.checkVisibility({ visibilityProperty: true }) && bar.value > 0 && bar.value < 1) window.seen.push(bar.value);
	};
	new MutationObserver(look).observe(document.body, {subtree: true, childList: true, attributes: true, characterData: true});
})()`

func TestWithScriptASmallFileIsSentByPOST(t *testing.T) {
	t.Parallel()
	p := startDev(t)
	picture := pngOf(t, mebibyte)
	b := newTab(t, tabOptions{})
	b.open(p.URL + "/forms/photos")
	b.upload(writeFile(t, "garden.png", picture))
	b.waitForState("done")
	stored := p.store(t).onlyObject()
	if stored.Sum != sumOf(picture) || stored.Type != "image/png" {
		t.Errorf("stored: wanted image/png with SHA-256 %s, got %+v", sumOf(picture), stored)
	}
	if posts := b.Proxy.requests(hostOf(t, p.Store), http.MethodPost); len(posts) != 1 {
		t.Errorf("requests to the store: wanted one POST, got %+v", posts)
	}
	b.requireNoFileAtServer(p, picture[:64])
	b.requireCleanConsole()
}

func TestWithScriptALargeFileIsSentInParts(t *testing.T) {
	t.Parallel()
	size := mediumFile
	p := startDev(t)
	path, sum := randomFile(t, "garden.bin", size)
	b := newTab(t, tabOptions{})
	b.open(p.URL + "/forms/files")
	evaluate[any](b, recordProgress)
	b.Proxy.listener.limitRate(byteRate) // so that the bar moves in steps that can be seen
	b.upload(path)
	b.waitForState("done")
	if stored := p.store(t).onlyObject(); stored.Sum != sum || stored.Size != size {
		t.Errorf("stored: wanted %d bytes with SHA-256 %s, got %+v", size, sum, stored)
	}
	b.parts(p).requireSentOnce(t, size)
	b.requireSteadyProgress()
	b.requireNoFileAtServer(p, readFile(t, path)[:64])
	b.requireCleanConsole()
}

func TestWithScriptPartsAreSentInParallelOnASlowLine(t *testing.T) {
	t.Parallel()
	const size = 64 * mebibyte
	p := startDev(t)
	path, sum := randomFile(t, "garden.bin", size)
	b := newTab(t, tabOptions{})
	b.open(p.URL + "/forms/files")
	b.Proxy.setDelay(50 * time.Millisecond)
	b.upload(path)
	b.waitForState("done")
	if stored := p.store(t).onlyObject(); stored.Sum != sum {
		t.Errorf("stored: wanted SHA-256 %s, got %+v", sum, stored)
	}
	if concurrent := b.Proxy.maxConcurrent(http.MethodPut, hostOf(t, p.Store)); concurrent < 2 {
		t.Errorf("parts under way at the same time: wanted at least 2, got %d", concurrent)
	}
	b.parts(p).requireSentOnce(t, size)
}

func TestWithScriptAFileThatBreaksTheRulesIsRefusedBeforeItIsSent(t *testing.T) {
	t.Parallel()
	cases := []struct{ name, filename, says string }{
		{"too large by one byte", "huge.png", "huge.png is 10.1 MB; the limit is 10 MB. Choose a smaller file. size_too_large"},
		{"of another type", "notes.txt", "notes.txt can’t be uploaded here: only PNG, JPEG or WebP. Choose another file. type_not_allowed"},
	}
	plain := strings.NewReplacer("\u2068", "", "\u2069", "", "\u00a0", " ")
	p := startDev(t)
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			size := int64(pick(c.filename == "huge.png", 10*mebibyte+1, 1000))
			path, _ := randomFile(t, c.filename, size)
			b := newTab(t, tabOptions{})
			b.open(p.URL + "/forms/photos")
			b.chooseFiles(path)
			b.waitForState("refused")
			if says := plain.Replace(evaluate[string](b, `[...document.querySelectorAll(".postern-file .postern-row-text > *")].map((e) => e.textContent).join(" ")`)); says != c.says {
				t.Errorf("text of the row: wanted %q, got %q", c.says, says)
			}
			if sent := b.Proxy.requests(hostOf(t, p.Store), ""); len(sent) != 0 {
				t.Errorf("requests to the store: wanted none, got %+v", sent)
			}
		})
	}
}

func TestWithScriptAFileOfAFalseTypeIsDeletedAndExplained(t *testing.T) {
	t.Parallel()
	p := startDev(t)
	b := newTab(t, tabOptions{})
	b.open(p.URL + "/forms/photos")
	b.upload(writeFile(t, "notes.png", []byte(strings.Repeat("only words\n", 200))))
	b.waitUntil("the file is refused", `["refused", "failed"].includes(document.querySelector(".postern-file")?.dataset.state)`)
	if words := b.text(); !strings.Contains(words, "PNG") {
		t.Errorf("text of the page: wanted the allowed types in it, got %q", words)
	}
	if keys := p.store(t).keys(); len(keys) != 0 {
		t.Errorf("objects in the store: wanted none, got %q", keys)
	}
}

// upload chooses files and starts the upload, once the script is ready.
func (b *tab) upload(paths ...string) {
	b.t.Helper()
	b.waitUntil("the uploader is ready", `customElements.get("postern-uploader") && document.querySelector("postern-uploader[ready]") != null`)
	b.chooseFiles(paths...)
	b.submitIfNeeded()
}

// submitIfNeeded presses the form's button if the files wait for it.
func (b *tab) submitIfNeeded() {
	b.t.Helper()
	b.waitUntil("a row is shown", `document.querySelector(".postern-file") != null`)
	if evaluate[bool](b, `[...document.querySelectorAll(".postern-file")].some((f) => f.dataset.state == "chosen")`) {
		b.press("button[type=submit]")
	}
}

// waitForState waits until every file of the page has a state. It fails at once if a file has
// failed instead.
func (b *tab) waitForState(state string) {
	b.t.Helper()
	b.waitUntil("files are "+state, fmt.Sprintf(`(() => {
		const states = [...document.querySelectorAll(".postern-file")].map((f) => f.dataset.state);
		return states.length && (states.every((s) => s == %q) || states.includes("failed"));
	})()`, state))
	if got := evaluate[string](b, `document.querySelector(".postern-file").dataset.state`); got != state {
		b.t.Fatalf("state of the file: wanted %s, got %s\n%s", state, got, b.text())
	}
}

// requireNoFileAtServer requires that the server received only JSON, and nothing of the file;
// content is the beginning of the file.
func (b *tab) requireNoFileAtServer(p *devServer, content []byte) {
	b.t.Helper()
	for _, x := range b.Proxy.requests(hostOf(b.t, p.URL), "") {
		switch {
		case x.BodyRead > 0 && !strings.HasPrefix(x.ContentType, "application/json"):
			b.t.Errorf("body of %s %s: wanted JSON, got %d bytes of %s", x.Method, x.Path, x.BodyRead, x.ContentType)
		case x.BodyRead > 16<<10 || bytes.Contains(x.BodyStart, content):
			b.t.Errorf("body of %s %s: wanted little JSON and nothing of the file, got %d bytes", x.Method, x.Path, x.BodyRead)
		}
	}
}

// requireSteadyProgress requires that the progress bar moved in at least four steps, and never
// back.
func (b *tab) requireSteadyProgress() {
	b.t.Helper()
	seen := evaluate[[]float64](b, `window.seen`)
	if len(seen) < 4 {
		b.t.Errorf("values of the progress bar: wanted at least 4, got %v", seen)
	}
	for i := 1; i < len(seen); i++ {
		if seen[i] < seen[i-1] {
			b.t.Errorf("value of the progress bar: wanted it never to fall, got %v and then %v", seen[i-1], seen[i])
			return
		}
	}
}

// parts are the requests that sent parts to the store.
type parts []recordedRequest

func (b *tab) parts(p *devServer) parts {
	var found parts
	for _, x := range b.Proxy.requests(hostOf(b.t, p.Store), http.MethodPut) {
		if strings.Contains(x.Query, "partNumber=") {
			found = append(found, x)
		}
	}
	return found
}

// requireSentOnce requires that no part was sent twice, and that all of them have the size of the
// file.
func (p parts) requireSentOnce(t *testing.T, size int64) {
	t.Helper()
	var sent int64
	seen := map[string]int{}
	for _, x := range p {
		sent += x.BodyRead
		seen[x.partNumber()]++
	}
	for number, times := range seen {
		if times > 1 {
			t.Errorf("part %s was sent %d times, wanted once", number, times)
		}
	}
	if sent != size {
		t.Errorf("bytes of all parts: wanted %d, got %d", size, sent)
	}
}

// partNumber returns the part number in the URL of a part.
func (x recordedRequest) partNumber() string {
	_, rest, _ := strings.Cut(x.Query, "partNumber=")
	number, _, _ := strings.Cut(rest, "&")
	return number
}
