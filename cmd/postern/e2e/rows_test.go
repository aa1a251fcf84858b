package e2e

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"
)

func TestAnotherFileReplacesARefusedFileInItsRow(t *testing.T) {
	t.Parallel()
	p := startDev(t)
	picture := pngOf(t, 60<<10)
	words, another := writeFile(t, "notes.txt", []byte("words")), writeFile(t, "more.txt", []byte("more words"))
	b := newTab(t, tabOptions{})
	b.open(p.URL + "/forms/photos")
	b.waitUntilReady(true)
	b.chooseFiles(words, another)
	b.waitUntil("both are refused", `document.querySelectorAll(".postern-file[data-state=refused]").length == 2`)
	if accept := evaluate[string](b, `document.querySelector("postern-uploader").getAttribute("accept")`); !strings.Contains(accept, "image/png") {
		t.Errorf("types that the file dialogue offers: wanted pictures, got %q", accept)
	}
	b.tabTo(`li:has([title="notes.txt"]) [data-action=replace]`)
	b.pressAndChooseFile(enterKey, writeFile(t, "garden.png", picture))
	b.waitUntil("the new file is uploaded", `document.querySelector(".postern-file[data-state=done]") != null`)
	names := evaluate[[]string](b, `[...document.querySelectorAll(".postern-name")].map((n) => n.title)`)
	if len(names) != 2 || names[0] != "garden.png" || names[1] != "more.txt" {
		t.Errorf("rows: wanted the new file in the first row, got %q", names)
	}
	if !evaluate[bool](b, `document.querySelector(".postern-file").contains(document.activeElement)`) {
		t.Errorf("focus: wanted it in the new row, got %s", evaluate[string](b, `document.activeElement.outerHTML`))
	}
	if stored := p.store(t).onlyObject(); stored.Sum != sumOf(picture) {
		t.Errorf("stored: wanted SHA-256 %s, got %+v", sumOf(picture), stored)
	}
	b.requireCleanConsole()
}

// statesOnTheWay are the states that a file may have several times on a bad connection. Its row
// must not change its height.
var statesOnTheWay = []string{"waiting", "preparing", "sending", "paused", "offline", "retrying", "confirming", "done"}

func TestARowKeepsItsHeightInEveryState(t *testing.T) {
	t.Parallel()
	p := startDev(t)
	forEachLanguage(t, tabOptions{}, func(b *tab, language checkedLanguage) {
		b.open(p.URL + "/forms/photos?lang=" + language.tag)
		b.waitUntilReady(true)
		for _, state := range statesOnTheWay {
			evaluate[any](b, fmt.Sprintf("(%s)(%q, %q)", addRowInState, state, stepsTo[state]))
		}
		b.waitUntil("every state is shown", fmt.Sprintf(`document.querySelectorAll(".postern-file[data-state]").length == %d`, len(statesOnTheWay)))
		for _, width := range []int64{375, 1280} {
			b.resize(width)
			if tall := evaluate[float64](b, `document.querySelector("[data-state=done]").getBoundingClientRect().height`); width == 375 && tall > 64 {
				b.t.Errorf("height of a finished row on a phone: wanted at most 64 px, got %v", tall)
			}
			heights := evaluate[map[string]float64](b, `Object.fromEntries([...document.querySelectorAll(".postern-file")].map((f) => [f.dataset.state, f.querySelector(".postern-state").getBoundingClientRect().height]))`)
			for _, state := range statesOnTheWay {
				if state == "done" && width == 375 {
					continue
				}
				if heights[state] != heights["sending"] {
					b.t.Errorf("height of a row that is %s at %d px: wanted %v px, as while sending, got %v", state, width, heights["sending"], heights[state])
				}
			}
		}
	})
}

// listRowParts lists the parts of a row in the order of a screen reader.
const listRowParts = `[...document.querySelector(".postern-file").querySelectorAll("bdi, .postern-size, progress, .postern-status, code, button")].map((e) => e.className.replace("postern-", ""))`

func TestARowPutsItsMessageBeforeItsButtons(t *testing.T) {
	t.Parallel()
	p := startDev(t)
	b := newTab(t, tabOptions{})
	b.open(p.URL + "/forms/photos")
	b.waitUntilReady(true)
	b.chooseFiles(writeFile(t, "notes.txt", []byte("words")))
	b.waitForState("refused")
	if got := strings.Join(evaluate[[]string](b, listRowParts), " "); got != "name size bar status code row-action row-action" {
		t.Errorf("parts of a row: got %q in this order", got)
	}
}

// recordDrawing makes the page record height and visibility of the form in each frame.
const recordDrawing = `(() => {
	window.drawn = [];
	const record = () => {
		const form = document.querySelector("postern-uploader form");
		const submit = form?.querySelector("[type=submit]");
		// If the script takes longer, the form is shown until it is ready.
		if (submit && !submit.getAnimations().some((a) => a.currentTime >= 250))
			drawn.push([form.getBoundingClientRect().height, getComputedStyle(submit).visibility, form.parentNode.hasAttribute("ready")].join());
		requestAnimationFrame(record);
	};
	record();
})()`

func TestTheFormIsHiddenUntilTheScriptHasChangedIt(t *testing.T) {
	t.Parallel()
	p := startDev(t)
	for _, path := range []string{"/forms/photos", "/widget/photos"} {
		t.Run(path, func(t *testing.T) {
			b := newTab(t, tabOptions{})
			b.beforeLoad(recordDrawing)
			b.Proxy.setDelay(100 * time.Millisecond)
			b.open(p.URL + path)
			b.waitUntilReady(true)
			b.waitUntil("a frame has been drawn since the script is ready", `drawn.some((frame) => frame.endsWith(",true"))`)
			frames := evaluate[[]string](b, `[...new Set(drawn)]`)
			height, _, _ := strings.Cut(frames[len(frames)-1], ",")
			for _, frame := range frames {
				if frame != height+",hidden,false" && frame != height+",visible,true" {
					t.Errorf("the form in each frame: wanted it %s px high and hidden until the script is ready, got %q", height, frames)
				}
			}
		})
	}
}

// noteHiddenTime notes in window.hiddenFor how many ms the form is hidden while the script may come.
const noteHiddenTime = `document.addEventListener("DOMContentLoaded", () => requestAnimationFrame(() => { window.hiddenFor = document.querySelector("form [type=submit]").getAnimations()[0]?.effect.getComputedTiming().endTime ?? 0; }))`

// requirePlainForm requires that the form can be used without script, and was hidden for at most
// 300 ms.
func (b *tab) requirePlainForm() {
	b.t.Helper()
	b.waitUntil("the form can be used", `["input[type=file]", "[type=submit]", ".postern-rules"].every((s) => document.querySelector(s).checkVisibility({visibilityProperty: true, opacityProperty: true}))`)
	b.waitUntil("the time is noted", `window.hiddenFor != null`)
	if hidden := evaluate[float64](b, `hiddenFor`); hidden == 0 || hidden > 300 {
		b.t.Errorf("the form is hidden while the script may come: wanted at most 300 ms, got %v", hidden)
	}
	if shown := evaluate[int](b, `document.querySelectorAll("form button:not([type=submit], [hidden])").length`); shown != 0 {
		b.t.Errorf("buttons that need script: wanted none shown, got %d", shown)
	}
}

// blockingWriter adds a policy that forbids all scripts to a response.
type blockingWriter struct{ http.ResponseWriter }

func (w *blockingWriter) WriteHeader(status int) {
	w.Header().Add("Content-Security-Policy", "script-src 'none'")
	w.ResponseWriter.WriteHeader(status)
}

func TestThePlainFormAppearsIfAPolicyForbidsTheScript(t *testing.T) {
	t.Parallel()
	p := startDev(t)
	b := newTab(t, tabOptions{})
	b.Proxy.intercept(func(w http.ResponseWriter, r *http.Request) bool {
		b.Proxy.forward.ServeHTTP(&blockingWriter{w}, r)
		return true
	})
	b.beforeLoad(noteHiddenTime)
	b.open(p.URL + "/forms/photos")
	b.requirePlainForm()
	if evaluate[bool](b, `customElements.get("postern-uploader") != null`) {
		t.Error("the script runs in a page whose policy forbids it")
	}
	b.chooseFiles(writeFile(t, "garden.png", pngOf(t, 60<<10)))
	b.submit()
	b.requireResult("done", "")
}

// Where pixels are divided, or the page ends, no part of a row is seen below the total.
func TestNothingOfTheRowsIsSeenBelowTheTotal(t *testing.T) {
	t.Parallel()
	p := startDev(t)
	b := newTab(t, tabOptions{})
	b.open(p.URL + "/forms/photos")
	b.waitUntilReady(true)
	var files []string
	for i := range 20 {
		files = append(files, writeFile(t, fmt.Sprintf("notes-%d.txt", i), []byte("words")))
	}
	b.chooseFiles(files...)
	b.waitUntil("all rows and the total are shown", `document.querySelectorAll(".postern-file[data-state=refused]").length == 20 && !document.querySelector(".postern-total").hidden`)
	for _, width := range []int64{375, 1280} {
		b.resize(width)
		seen := evaluate[[]string](b, `(async () => {
			const total = document.querySelector(".postern-total"), seen = [];
			for (const y of [0, 100.5, 333.3, 600.7]) {
				scrollTo(0, y);
				await new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn)));
				const { bottom, left, right } = total.getBoundingClientRect();
				if (bottom < innerHeight) seen.push("a gap at " + y);
				for (const x of [left + 1, (left + right) / 2, right - 1]) {
					const found = document.elementFromPoint(x, innerHeight - 1);
					if (!total.contains(found)) seen.push(found?.className + " at " + y);
				}
			}
			return seen;
		})()`)
		if len(seen) != 0 {
			t.Errorf("at the end of a window of %d px, while there is more to scroll: wanted the total alone, got %q", width, seen)
		}
	}
}

func TestThePlainFormAppearsIfTheScriptFailsToLoad(t *testing.T) {
	t.Parallel()
	p := startDev(t)
	for _, missing := range []string{"/define.js", "/core.js", "/lang/en.json"} {
		t.Run(missing, func(t *testing.T) {
			picture := pngOf(t, 60<<10)
			b := newTab(t, tabOptions{})
			b.Proxy.intercept(func(w http.ResponseWriter, r *http.Request) bool {
				if !strings.HasSuffix(r.URL.Path, missing) {
					return false
				}
				http.Error(w, "gone", http.StatusNotFound)
				return true
			})
			b.beforeLoad(noteHiddenTime)
			b.open(p.URL + "/forms/photos")
			b.requirePlainForm()
			b.chooseFiles(writeFile(t, "garden.png", picture))
			b.submit()
			b.requireResult("done", "")
		})
	}
}
