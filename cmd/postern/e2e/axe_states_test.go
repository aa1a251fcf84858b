package e2e

import (
	"fmt"
	"testing"

	"github.com/chromedp/chromedp"
)

// tallWindow is the height of a window that shows all rows at once. The checker can't judge what is
// covered by another element.
const tallWindow = 3000

// stepsTo are the states that a new file goes through before it has the state of the key. A file
// whose steps are empty begins in that state.
var stepsTo = map[string]string{
	"chosen":      "",
	"waiting":     "waiting",
	"preparing":   "waiting preparing",
	"sending":     "waiting preparing sending",
	"paused":      "waiting preparing sending paused",
	"offline":     "waiting preparing sending offline",
	"retrying":    "waiting preparing sending retrying",
	"confirming":  "waiting preparing sending confirming",
	"done":        "waiting preparing sending confirming done",
	"interrupted": "",
	"refused":     "refused",
	"failed":      "waiting preparing failed",
	"repeated":    "repeated",
}

// refusalCodes are the codes of a file that was refused, has failed, or was sent before.
const refusalCodes = `{refused: "type_not_allowed", failed: "network", repeated: "already_uploaded"}`

// addRowInState adds a file to the uploader and moves it to a state. Nothing is sent.
const addRowInState = `async (state, steps, handle = null) => {
	const {queue, list} = document.querySelector("postern-uploader");
	queue.turns.next = () => {};
	if (!queue.picture) {
		const canvas = new OffscreenCanvas(64, 48);
		canvas.getContext("2d").fillRect(8, 8, 20, 20);
		queue.picture = await canvas.convertToBlob();
	}
	const name = "garden by the lake in summer, " + state + ".png";
	const upload = queue.add(new File([queue.picture, new Uint8Array(1 << 20)], name, {type: "image/png", lastModified: 1}));
	if (state == "interrupted") Object.assign(upload, {state, handle});
	upload.retryAt = Date.now() + 40000;
	upload.stored = {key: "k", size: upload.size, type: "image/png"};
	for (const step of steps.split(" ").filter(Boolean)) upload.move(step.replace("repeated", "refused"), ` + refusalCodes + `[step]);
	if (steps.includes("sending") || state == "interrupted") upload.setProgress(upload.size * 0.43, 0);
	if (state == "sending") {
		list.row(upload).update();
		Object.assign(list.rows.get(upload).meter, {rate: 3e5, steps: 9});
	}
	list.schedule(upload);
}`

// showEveryRow adds a file in every state. The window has to be high enough to show all of them.
func (b *tab) showEveryRow() {
	b.t.Helper()
	evaluate[any](b, `document.querySelector("postern-uploader").queue.options.rules.maxFiles = 0`)
	for state, steps := range stepsTo {
		evaluate[any](b, fmt.Sprintf("(%s)(%q, %q)", addRowInState, state, steps))
	}
	evaluate[any](b, "("+addRowInState+`)("interrupted", "", {})`) // with a handle: the browser can open the file again
	b.waitUntil("every state is shown", fmt.Sprintf(`new Set([...document.querySelectorAll(".postern-file")].map((f) => f.dataset.state)).size == %d`, len(stepsTo)))
	b.waitUntil("the total is shown, with its buttons", `Boolean(document.querySelector(".postern-total:not([hidden]) .postern-status")?.textContent)`)
	b.waitUntil("a thumbnail is shown", `document.querySelector(".postern-thumb canvas") != null`)
}

// zoneState is a state of the drop zone, a script that brings the page there, and a selector that
// the element then matches.
type zoneState struct{ name, provoke, selector string }

// dragOverZone moves a file of a type over the zone.
const dragOverZone = `(() => {
	const data = new DataTransfer();
	data.items.add(new File(["x"], "x", {type: %q}));
	document.querySelector("postern-uploader form").dispatchEvent(new DragEvent("dragover", {dataTransfer: data, bubbles: true, cancelable: true}));
})()`

// resetZone brings the zone back to its resting state.
const resetZone = `for (const name of ["dragging", "disabled", "readonly", "manual"]) document.querySelector("postern-uploader").removeAttribute(name)`

func zoneStates() []zoneState {
	attribute := func(name string) string {
		return fmt.Sprintf(`document.querySelector("postern-uploader").setAttribute(%q, "")`, name)
	}
	return []zoneState{
		{"resting", ``, `:not([dragging], [full], [disabled], [readonly])`},
		{"focused", `document.querySelector("input[type=file]").focus()`, `:focus-within`},
		{"dragging an accepted file", fmt.Sprintf(dragOverZone, "image/png"), `[dragging=accepts]`},
		{"dragging a refused file", fmt.Sprintf(dragOverZone, "text/html"), `[dragging=refuses]`},
		{"disabled", attribute("disabled"), `[disabled]:has(input[type=file]:disabled)`},
		{"read-only", attribute("readonly"), `[readonly]:has(input[type=file]:disabled)`},
		{"with a button of its own", attribute("manual"), `[manual]`},
		{"full", `(async () => {
			document.querySelector("postern-uploader").queue.options.rules.maxFiles = 2;
			for (let i = 0; i < 2; i++) await (` + addRowInState + `)("chosen", "");
		})()`, `[full]`},
	}
}

func TestEveryStateOfTheUploaderIsUsableInEveryLanguage(t *testing.T) {
	t.Parallel()
	p := startDev(t)
	forEachLanguage(t, tabOptions{}, func(b *tab, language checkedLanguage) {
		b.openOnPhone(p.URL+"/forms/photos", language.tag, true)
		b.waitUntil("there is a camera button", `document.querySelector(".postern-camera") != null`)
		b.run(chromedp.EmulateViewport(b.width, tallWindow))
		for i, state := range zoneStates() {
			evaluate[any](b, resetZone)
			evaluate[any](b, state.provoke)
			b.waitUntil("the zone is "+state.name, fmt.Sprintf(`document.querySelector("postern-uploader%s") != null`, state.selector))
			if language.includes(i, 8) {
				b.requireAccessible("the zone, " + state.name)
			}
		}
		b.showEveryRow()
		b.requireUsableIn(language, 0, 2, "rows in every state")
	})
}
