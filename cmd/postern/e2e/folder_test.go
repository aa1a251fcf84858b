package e2e

import (
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/chromedp/cdproto/accessibility"
	"github.com/chromedp/chromedp"
)

// watchLeaving lets a test hide the page, and notes each notification that the page shows.
const watchLeaving = `(() => {
	window.told = [];
	window.Notification = class { static permission = "granted"; constructor(title, {body, silent}) { told.push([title, body, silent].join("|")); } };
	Object.defineProperty(document, "hidden", {get: () => window.away ?? false});
	window.asksBeforeLeaving = () => !dispatchEvent(new Event("beforeunload", {cancelable: true}));
})()`

// addGarden adds a folder of that many files and an empty one, which is refused, and a file beside it.
const addGarden = `(() => {
	const file = (content, name, path) => Object.assign(new File([content], name, {lastModified: 1}), {path});
	const leaves = Array.from({length: %d}, (_, i) => file("leaf " + i, "leaf " + i + " of the old apple tree behind the house, in the last light of October.txt", "Garden/leaves/x"));
	document.querySelector("postern-uploader").add([file("map", "map.txt"), ...leaves, file("", "empty.txt", "Garden/empty.txt")]);
})()`

// folderText is what the row of the folder says, with its name.
const folderText = `document.querySelector(".postern-folder .postern-name").textContent + ": " + document.querySelector(".postern-folder summary .postern-status").textContent`

func TestAFolderIsOneRowThatOpensAndNothingThatNeedsThePersonIsHidden(t *testing.T) {
	t.Parallel()
	p := startDev(t)
	files := pick(long, 1000, 12)
	b := newTab(t, tabOptions{})
	b.beforeLoad(watchLeaving)
	b.open(p.URL + "/forms/files")
	b.waitUntilReady(true)
	title := evaluate[string](b, `document.querySelector("postern-uploader").setAttribute("notify", ""), document.title`)
	tall := evaluate[float64](b, `document.querySelector("form").offsetHeight`)
	var failures atomic.Int32
	release := b.Proxy.hold(t, p.isForStore)
	evaluate[any](b, fmt.Sprintf(addGarden, files))
	b.waitUntil("the title says how far the files are", `/^\d+% · /.test(document.title) && document.querySelector(".postern-folder[data-state=attention]") != null`)
	if !evaluate[bool](b, `asksBeforeLeaving()`) {
		t.Error("leaving while files are on their way: wanted the browser to ask")
	}
	if short := evaluate[float64](b, `document.querySelector("form").offsetHeight`); short > 0.6*tall {
		t.Errorf("height of the zone once there are rows: wanted at most 0.6 of %v px, got %v", tall, short)
	}
	b.Proxy.intercept(func(w http.ResponseWriter, r *http.Request) bool {
		if !p.isForStore(r) || r.Method != http.MethodPost || failures.Add(1) > 2 {
			return false
		}
		allowOrigin(w, r)
		w.WriteHeader(http.StatusBadRequest)
		_, _ = w.Write([]byte(`<Error><Code>IncompleteBody</Code></Error>`))
		return true
	})
	evaluate[any](b, `window.away = true`)
	release()
	b.waitUntil("all other files are done", fmt.Sprintf(`document.querySelectorAll(".postern-file[data-state=done]").length == %d && document.title == %q`, files-1, title))
	b.requireWhatIsLeft(files)
	b.requireOneName("leaf 0 of the old apple tree behind the house, in the last light of October.txt")
	b.run(chromedp.Click(chromedp.CSS("[data-action=retry_all]")))
	b.waitUntil("the failed files are done", fmt.Sprintf(`document.querySelectorAll(".postern-file[data-state=done]").length == %d`, files+1))
	b.run(chromedp.Click(chromedp.CSS("[data-action=clear_finished]")))
	b.waitUntil("the refused file alone is left, and the zone has the focus", `document.querySelectorAll(".postern-file").length == 1 && document.activeElement.type == "file"`)
	if keys := p.store(t).keys(); len(keys) != files+1 {
		t.Errorf("stored after the rows were cleared: wanted %d objects, got %d", files+1, len(keys))
	}
	b.requireCleanConsole()
}

// requireWhatIsLeft requires that the page says which of the files need the person, first of all,
// and that it told so outside of the page.
func (b *tab) requireWhatIsLeft(files int) {
	b.t.Helper()
	plain := strings.NewReplacer("\u2068", "", "\u2069", "", "\u00a0", " ")
	b.waitUntil("the folder has its end", `/need you$/.test(document.querySelector(".postern-total .postern-status").textContent)`)
	total := fmt.Sprintf("%d of %d done, 3 need you", files-1, files+2)
	if got := plain.Replace(evaluate[string](b, `document.querySelector(".postern-total .postern-status").textContent`)); !strings.HasPrefix(got, strings.ReplaceAll(total, "1000", "1,000")) && files < 1000 {
		b.t.Errorf("total: wanted %q, got %q", total, got)
	}
	said := plain.Replace(evaluate[string](b, folderText))
	if !strings.HasPrefix(said, "Garden: ") || !strings.HasSuffix(said, "need you") && !strings.HasSuffix(said, "needs you") {
		b.t.Errorf("row of the folder: wanted what needs the person, got %q", said)
	}
	if evaluate[bool](b, `document.querySelector(".postern-folder .postern-file").checkVisibility()`) {
		b.t.Error("the folder: wanted it closed")
	}
	b.run(chromedp.Click(chromedp.CSS(".postern-folder summary")))
	b.waitUntil("the folder is open", `document.querySelector(".postern-folder .postern-file").checkVisibility()`)
	if late := evaluate[[]string](b, `[...document.querySelectorAll(".postern-files")].flatMap((list) => { const states = [...list.children].map((row) => row.dataset.state); const first = states.findIndex((s) => !/refused|failed|attention/.test(s)); return states.slice(first).filter((s) => /refused|failed|attention/.test(s)); })`); len(late) != 0 {
		b.t.Errorf("rows that need the person after others: wanted none, got %q", late)
	}
	told := evaluate[[]string](b, `told`)
	if len(told) != 1 || !strings.Contains(plain.Replace(told[0]), "need you|true") {
		b.t.Errorf("notifications: wanted one without sound that says what is left, got %q", told)
	}
	if evaluate[bool](b, `asksBeforeLeaving()`) {
		b.t.Error("leaving when nothing is on its way: wanted no question")
	}
}

// requireOneName requires that a name is one text although its row cuts it: it is found, copied
// whole and read once, and its end is in sight.
func (b *tab) requireOneName(name string) {
	b.t.Helper()
	b.resize(375)
	got := evaluate[struct {
		Found  bool
		Copied string
		Cut    bool
		End    string
	}](b, fmt.Sprintf(`(() => {
		const label = [...document.querySelectorAll(".postern-name")].find((n) => n.title == %[1]q);
		getSelection().selectAllChildren(label);
		const Copied = getSelection().toString();
		getSelection().removeAllRanges();
		const end = label.querySelector("[data-end]");
		const room = label.getBoundingClientRect();
		return {Found: window.find(%[1]q), Copied, Cut: label.firstChild.offsetHeight > room.height, End: getComputedStyle(end, "::after").top + " " + getComputedStyle(end, "::after").content};
	})()`, name))
	if !got.Found || got.Copied != name {
		b.t.Errorf("the name %q: wanted it found by a search and copied whole, got %+v", name, got)
	}
	if !got.Cut || got.End != `0px "…ober.txt"` {
		b.t.Errorf("the name %q: wanted it cut, and its end at the end of the line, got %+v", name, got)
	}
	tree, err := chromedp.Call(b.ctx, accessibility.GetFullAXTree, accessibility.GetFullAXTreeParams{})
	must(b.t, err)
	read := 0
	for _, node := range tree.Nodes {
		if node.Name != nil && !node.Ignored && node.Role != nil && string(node.Role.Value) != `"InlineTextBox"` && string(node.Name.Value) == fmt.Sprintf("%q", name) && string(node.Role.Value) != `"progressbar"` {
			read++
		}
	}
	if read != 1 {
		b.t.Errorf("the name %q: wanted a screen reader to find it once, got %d", name, read)
	}
	evaluate[any](b, `window.find("Upload files", false, true)`)
	b.resize(1280)
}
