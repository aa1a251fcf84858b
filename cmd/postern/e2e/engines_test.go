package e2e

import (
	"bytes"
	"fmt"
	"image/color"
	"image/png"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/postern-dev/postern/cmd/postern/testbrowser"
)

// flow is one thing that people do, tried in Firefox and WebKit. After each the console has to be
// without exceptions and violations of a content security policy.
type flow struct {
	name string
	long bool // whether only long runs have it
	do   func(b *tab, p *devServer)
}

// flows are those of engines_test.go, the eight that tell most, and of engines_long_test.go.
func flows() []flow {
	return append([]flow{
		{"a small file goes by POST", false, sendByPOST},
		{"a large file goes in parts, with a pause", false, sendInPartsWithAPause},
		{"an upload continues after a reload", false, continueAfterAReload},
		{"files are dropped, many at once", false, dropManyFiles},
		{"a form without script", false, sendWithoutScript},
		{"a widget in the form of another site, and Back", false, useAWidgetAndGoBack},
		{"a field in the form of an application", false, useAField},
		{"a store without the right CORS rule is diagnosed", false, diagnoseCORS},
	}, longFlows()...)
}

func TestFirefoxAndWebKitDoWhatPeopleDo(t *testing.T) {
	t.Parallel()
	for name, start := range otherEngines {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e := startEngine(t, start)
			t.Run("planted problems are found, and pictures show the page", func(t *testing.T) {
				b := e.newTab(t)
				b.open(e.dev.URL + "/forms/photos")
				b.waitUntilReady(true)
				b.takePicture()
				b.findProblems()
			})
			for _, flow := range flows() {
				if flow.long && !long {
					continue
				}
				t.Run(flow.name, func(t *testing.T) {
					b := e.newTab(t)
					flow.do(b, e.dev)
					b.screenshot(strings.ReplaceAll("flow "+flow.name, " ", "-"))
					b.requireCleanConsole()
				})
			}
			for _, fault := range e.faults() {
				t.Run(fault.name, func(t *testing.T) { fault.requireSameFileAfter(e.newTab(t), e.dev) })
			}
		})
	}
}

// takePicture requires a picture of the page that has more than one colour.
func (b *tab) takePicture() {
	b.t.Helper()
	encoded, err := b.engine.Screenshot()
	must(b.t, err)
	picture, err := png.Decode(bytes.NewReader(encoded))
	must(b.t, err)
	colors := map[color.Color]bool{}
	for y := range picture.Bounds().Dy() {
		colors[picture.At(picture.Bounds().Dx()/2, y)] = true
	}
	if size := picture.Bounds().Size(); size.X < testbrowser.Width || len(colors) < 2 {
		b.t.Errorf("picture: wanted %d px and several colours, got %v and %d", testbrowser.Width, size, len(colors))
	}
}

// faults are the rows of the fault table that these engines are tried with.
func (e *engine) faults() []fault {
	if long {
		return faults()
	}
	return slices.DeleteFunc(faults(), func(f fault) bool { return f.name != "the store answers 503 for a while" })
}

func sendByPOST(b *tab, p *devServer) {
	picture := pngOf(b.t, mebibyte)
	b.open(p.URL + "/forms/photos")
	b.upload(writeFile(b.t, "ga rden «ä».png", picture))
	b.waitForState("done")
	if stored := p.store(b.t).onlyObject(); stored.Sum != sumOf(picture) || stored.Type != "image/png" {
		b.t.Errorf("stored: wanted image/png with SHA-256 %s, got %+v", sumOf(picture), stored)
	}
	if posts := b.Proxy.requests(hostOf(b.t, p.Store), http.MethodPost); len(posts) != 1 {
		b.t.Errorf("requests to the store: wanted one POST, got %+v", posts)
	}
}

func sendInPartsWithAPause(b *tab, p *devServer) {
	path, sum := randomFile(b.t, "garden.bin", 24*mebibyte)
	b.open(p.URL + "/forms/files")
	release := b.Proxy.hold(b.t, p.partsFrom(2))
	b.upload(path)
	b.waitForAcceptedParts(p, 1)
	b.pressRowButton("pause")
	b.waitForRow("paused")
	release()
	b.pressRowButton("resume")
	b.waitForState("done")
	if stored := p.store(b.t).onlyObject(); stored.Sum != sum {
		b.t.Errorf("stored: wanted SHA-256 %s, got %+v", sum, stored)
	}
	b.parts(p).requireNoResend(b.t)
}

// The tab keeps what a guest was uploading, so that the same file goes on after a reload.
func continueAfterAReload(b *tab, p *devServer) {
	path, sum := randomFile(b.t, "garden.bin", 24*mebibyte)
	b.open(p.URL + "/forms/files")
	release := b.Proxy.hold(b.t, p.partsFrom(2))
	b.upload(path)
	b.waitForAcceptedParts(p, 1)
	must(b.t, b.engine.Reload())
	release()
	b.waitForRow("interrupted")
	b.chooseFiles(path)
	b.waitForState("done")
	if stored := p.store(b.t).onlyObject(); stored.Sum != sum {
		b.t.Errorf("stored: wanted SHA-256 %s, got %+v", sum, stored)
	}
	b.parts(p).requireNoResend(b.t)
}

// dropFiles drops files from the disk on the form, by an event that a script makes: neither driver
// can drag files from outside the browser.
func (b *tab) dropFiles(paths ...string) {
	b.t.Helper()
	evaluate[any](b, `(() => { const input = Object.assign(document.createElement("input"), { type: "file", id: "disk", multiple: true }); document.body.append(input); })()`)
	b.chooseFilesIn("#disk", paths...)
	evaluate[any](b, `(() => {
		const dataTransfer = new DataTransfer(), disk = document.querySelector("#disk"), form = document.querySelector("postern-uploader form");
		for (const file of disk.files) dataTransfer.items.add(file);
		disk.remove();
		for (const type of ["dragenter", "dragover", "drop"]) form.dispatchEvent(new DragEvent(type, { dataTransfer, bubbles: true, cancelable: true }));
	})()`)
}

func dropManyFiles(b *tab, p *devServer) {
	const count = 20
	var paths []string
	sums := map[string]bool{}
	for i := range count {
		content := pngOf(b.t, 20<<10+i)
		paths, sums[sumOf(content)] = append(paths, writeFile(b.t, fmt.Sprintf("plot-%d.png", i), content)), true
	}
	b.open(p.URL + "/forms/photos")
	b.waitUntilReady(true)
	b.dropFiles(paths...)
	b.submitIfNeeded()
	b.waitUntil("all files are done", fmt.Sprintf(`document.querySelector("postern-uploader[state=done]")?.getAttribute("count") == %d`, count))
	for _, key := range p.store(b.t).keys() {
		delete(sums, p.store(b.t).object(key).Sum)
	}
	if len(sums) != 0 {
		b.t.Errorf("files that the store lacks: wanted none, got %d", len(sums))
	}
}

// withoutScript takes the scripts from every page as a sandbox does: the page is then as it is
// where scripts are switched off, noscript elements included.
func (b *tab) withoutScript() {
	b.Proxy.intercept(func(w http.ResponseWriter, r *http.Request) bool {
		b.Proxy.forward.ServeHTTP(&sandboxingWriter{w}, r)
		return true
	})
}

// sandboxingWriter adds a sandbox without scripts to the policy of a response.
type sandboxingWriter struct{ http.ResponseWriter }

func (w *sandboxingWriter) WriteHeader(status int) {
	w.Header().Add("Content-Security-Policy", "sandbox allow-forms allow-same-origin allow-top-navigation")
	w.ResponseWriter.WriteHeader(status)
}

func sendWithoutScript(b *tab, p *devServer) {
	picture := pngOf(b.t, mebibyte)
	b.withoutScript()
	b.open(p.URL + "/forms/photos")
	if evaluate[bool](b, `customElements.get("postern-uploader") != null`) {
		b.t.Fatal("scripts run in a page that should have none")
	}
	b.chooseFiles(writeFile(b.t, "garden.png", picture))
	b.submit()
	b.requireResult("done", "arrived")
	if got := b.url(); !strings.HasPrefix(got, p.URL+"/forms/photos/done/") {
		b.t.Errorf("address after the form: wanted the landing page, got %s", got)
	}
	if stored := p.store(b.t).onlyObject(); stored.Sum != sumOf(picture) {
		b.t.Errorf("stored: wanted SHA-256 %s, got %+v", sumOf(picture), stored)
	}
}

func useAWidgetAndGoBack(b *tab, p *devServer) {
	b.openHostPage(p, picturesForm)
	widget := b.widgets(p, 1)[0]
	widget.chooseFiles(writeFile(b.t, "plot.png", pngOf(b.t, 60<<10)))
	keys := b.waitForValues(1)
	widget.waitUntilFrameFits()
	b.submit()
	if got := b.postedFields()["pictures"]; !slices.Equal(got, keys) {
		b.t.Errorf("form that the host received: wanted %q, got %q", keys, got)
	}
	must(b.t, b.engine.Back())
	if got := b.waitForValues(1); !slices.Equal(got, keys) || !slices.Equal(b.formEntries("pictures"), keys) {
		b.t.Errorf("values of the widget and in the form: wanted %q, got %q and %q", keys, got, b.formEntries("pictures"))
	}
}

func useAField(b *tab, _ *devServer) {
	s := startAlbumSite(b.t, b.Proxy)
	lake := pngOf(b.t, 60<<10)
	b.openAlbum("field=pictures&required")
	b.chooseIn("pictures", writeFile(b.t, "lake.png", lake))
	b.requireReceipts("uploaded", "pictures", "lake.png")
	must(b.t, b.engine.Type(`document.querySelector("[name=title]")`, "Lakes"))
	b.loadBy("#save")
	b.waitUntil("the album is saved", `document.getElementById("saved") != null`)
	saved := s.savedAlbum()
	if got := s.sums(saved, "pictures"); saved.Title != "Lakes" || !slices.Equal(got, []string{sumOf(lake)}) {
		b.t.Errorf("saved: wanted Lakes with SHA-256 %s, got %q with %q", sumOf(lake), saved.Title, got)
	}
}

func diagnoseCORS(b *tab, p *devServer) {
	b.requireDiagnosis(p, causeFaultOf("cors_origin"), false)
}

// causeFaultOf returns the fault with a cause.
func causeFaultOf(cause string) causeFault {
	all := causeFaults()
	return all[slices.IndexFunc(all, func(f causeFault) bool { return f.cause == cause })]
}
