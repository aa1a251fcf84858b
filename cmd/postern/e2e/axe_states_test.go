package e2e

import (
	"fmt"
	"testing"

	"github.com/chromedp/chromedp"
)

// allRows is the height of a window that shows all rows at once: what lies under another element
// can't be judged.
const allRows = 3000

// moves are the steps that bring a chosen file into each state; what has none starts out in it.
var moves = map[string]string{
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
}

// why is the code of a file that was refused or has failed.
const why = `{refused: "type_not_allowed", failed: "network"}`

// rowOf adds a file to the element and moves it by hand; nothing is sent.
const rowOf = `async (state, steps, handle = null) => {
	const {queue, list} = document.querySelector("postern-uploader");
	queue.pump = () => {};
	if (!queue.picture) {
		const canvas = new OffscreenCanvas(64, 48);
		canvas.getContext("2d").fillRect(8, 8, 20, 20);
		queue.picture = await canvas.convertToBlob();
	}
	const name = "garden by the lake in summer, " + state + ".png";
	const upload = queue.add(new File([queue.picture, new Uint8Array(1 << 20)], name, {type: "image/png", lastModified: 1}));
	if (state == "interrupted") Object.assign(upload, {state, handle});
	upload.until = Date.now() + 40000;
	upload.stored = {key: "k", size: upload.size, type: "image/png"};
	for (const step of steps.split(" ").filter(Boolean)) upload.move(step, ` + why + `[step]);
	if (steps.includes("sending") || state == "interrupted") upload.count(upload.size * 0.43, 0);
	if (state == "sending") {
		list.row(upload).paint();
		Object.assign(list.rows.get(upload).meter, {rate: 3e5, steps: 9});
	}
	list.mark(upload);
}`

// everyRow shows a file in every state, in a window that is high enough for all.
func (b *tab) everyRow() {
	b.t.Helper()
	evaluate[any](b, `document.querySelector("postern-uploader").queue.host.rules.many = true`)
	for state, steps := range moves {
		evaluate[any](b, fmt.Sprintf("(%s)(%q, %q)", rowOf, state, steps))
	}
	evaluate[any](b, "("+rowOf+`)("interrupted", "", {})`) // need only be opened again
	b.until("every state is shown", fmt.Sprintf(`new Set([...document.querySelectorAll(".postern-file")].map((f) => f.dataset.state)).size == %d`, len(moves)))
	b.until("there is a picture", `document.querySelector(".postern-thumb canvas") != null`)
}

// zoneState is a state of the zone and how a page is brought there.
type zoneState struct{ name, provoke, shown string }

// drag moves a file of a type over the zone.
const drag = `(() => {
	const data = new DataTransfer();
	data.items.add(new File(["x"], "x", {type: %q}));
	document.querySelector("postern-uploader form").dispatchEvent(new DragEvent("dragover", {dataTransfer: data, bubbles: true, cancelable: true}));
})()`

// rest brings the zone back.
const rest = `for (const name of ["dragging", "disabled", "readonly", "manual"]) document.querySelector("postern-uploader").removeAttribute(name)`

func zoneStates() []zoneState {
	attribute := func(name string) string {
		return fmt.Sprintf(`document.querySelector("postern-uploader").setAttribute(%q, "")`, name)
	}
	return []zoneState{
		{"resting", ``, `:not([dragging], [full], [disabled], [readonly])`},
		{"focused", `document.querySelector("input[type=file]").focus()`, `:focus-within`},
		{"dragging what is accepted", fmt.Sprintf(drag, "image/png"), `[dragging=accepts]`},
		{"dragging what is refused", fmt.Sprintf(drag, "text/html"), `[dragging=refuses]`},
		{"disabled", attribute("disabled"), `[disabled]:has(input[type=file]:disabled)`},
		{"read-only", attribute("readonly"), `[readonly]:has(input[type=file]:disabled)`},
		{"with a button of its own", attribute("manual"), `[manual]`},
		{"full", `(() => {
			const {queue} = document.querySelector("postern-uploader");
			queue.host.rules.many = false;
			return (` + rowOf + `)("chosen", "");
		})()`, `[full]`},
	}
}

func TestEveryStateOfTheUploaderIsUsableInEveryLanguage(t *testing.T) {
	t.Parallel()
	p := dev(t)
	inEveryLanguage(t, look{}, func(b *tab, language string) {
		b.visit(p.URL+"/forms/photos", language, true)
		b.until("there is a camera", `document.querySelector(".postern-camera") != null`)
		b.do(chromedp.EmulateViewport(b.width, allRows))
		for _, s := range zoneStates() {
			evaluate[any](b, rest)
			evaluate[any](b, s.provoke)
			b.until("the zone is "+s.name, fmt.Sprintf(`document.querySelector("postern-uploader%s") != null`, s.shown))
			b.accessible("the zone, " + s.name)
		}
		b.everyRow()
		b.usable("rows")
	})
}
