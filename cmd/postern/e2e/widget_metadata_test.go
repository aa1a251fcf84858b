package e2e

import (
	"fmt"
	"testing"
)

// The frame's uploader asks for the metadata of a file as its own element has them: this test is
// about what it gets from the tag in the other document.
func TestTheFrameGetsTheMetadataOfItsTag(t *testing.T) {
	t.Parallel()
	p := startDev(t, "--origin", appOrigin)
	for _, c := range []struct{ name, set, wanted string }{
		{"none", ``, `{}`},
		{"the attribute", `tag.setAttribute("metadata", '{"album":"summer"}')`, `{"album":"summer"}`},
		{"an object", `tag.metadata = { album: "winter" }`, `{"album":"winter"}`},
		{"both", `tag.setAttribute("metadata", '{"album":"summer","from":"tag"}'); tag.metadata = { album: "winter" }`, `{"album":"winter","from":"tag"}`},
		{"a function of the file", `tag.metadata = ({ name, size, type, path }) => ({ album: [name, size, type, path].join() })`, `{"album":"plot.png,5,image/png,2026/plot.png"}`},
		{"a function that takes its time", `tag.metadata = (file) => new Promise((f) => setTimeout(() => f({ album: "late" })))`, `{"album":"late"}`},
		{"a function that fails at first", `let calls = 0; tag.metadata = () => { if (!calls++) throw new Error("not yet"); return { album: "at last" }; }`, `{"album":"at last"}`},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := embed(t, p, tabOptions{}, picturesForm)
			widget := b.widgets(p, 1)[0]
			evaluate[any](b, fmt.Sprintf(`(() => { const tag = document.querySelector("postern-upload"); %s })()`, c.set))
			const ask = `(async () => {
				const file = Object.assign(new File(["words"], "plot.png", { type: "image/png" }), { path: "2026/plot.png" });
				return JSON.stringify(await document.querySelector("postern-uploader").metadata(file));
			})()`
			if got := evaluate[string](widget, ask); got != c.wanted {
				t.Errorf("metadata: wanted %s, got %s", c.wanted, got)
			}
		})
	}
}
