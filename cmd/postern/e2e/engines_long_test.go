package e2e

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
)

// longFlows are the flows that only long runs have.
func longFlows() []flow {
	return []flow{
		{"a paused file waits until it is resumed, and a cancelled one is removed", true, pauseAndCancel},
		{"the server and its store are killed between parts", true, killBetweenParts},
		{"a file that breaks the rules is refused", true, refuseByRules},
		{"a file of a false type is removed and explained", true, refuseFalseType},
		{"a required upload blocks the form", true, requireUpload},
		{"a form that is reset cancels its uploads", true, resetForm},
		{"a ticket is renewed during an upload", true, renewTicket},
		{"checksums are computed by a worker", true, sendWithChecksums},
		{"pages in other languages", true, useLanguages},
		{"pages from right to left", true, readFromRightToLeft},
		{"a store that can't be reached is diagnosed in a widget", true, diagnoseUnreachableStore},
		{"a busy store isn't taken for one that limits bodies", true, diagnoseBusyStore},
		{"every page with an empty console", true, openEveryPage},
	}
}

func pauseAndCancel(b *tab, p *devServer) {
	path, _ := randomFile(b.t, "garden.bin", 24*mebibyte)
	b.open(p.URL + "/forms/files")
	b.Proxy.hold(b.t, p.partsFrom(2))
	b.upload(path)
	b.waitForAcceptedParts(p, 1)
	b.pressRowButton("pause")
	b.waitForRow("paused")
	b.pressRowButton("cancel")
	b.waitUntil("the row is removed", `document.querySelector(".postern-file") == null`)
	waitFor(b.t, "no multipart upload is open", func() bool { return len(p.store(b.t).openUploads()) == 0 })
	if keys := p.store(b.t).keys(); len(keys) != 0 {
		b.t.Errorf("stored after the file was cancelled: wanted nothing, got %q", keys)
	}
}

func killBetweenParts(b *tab, p *devServer) {
	path, sum := randomFile(b.t, "garden.bin", 40*mebibyte)
	b.open(p.URL + "/forms/files")
	release := b.Proxy.hold(b.t, p.partsFrom(2))
	b.upload(path)
	b.waitForAcceptedParts(p, 1)
	p.Kill()
	release()
	b.waitUntil("the page waits", `document.querySelector(".postern-file:is([data-state=offline], [data-state=retrying])") != null`)
	p.Restart()
	b.waitForState("done")
	if stored := p.store(b.t).onlyObject(); stored.Sum != sum {
		b.t.Errorf("stored: wanted SHA-256 %s, got %+v", sum, stored)
	}
	b.parts(p).requireNoResend(b.t)
}

func refuseByRules(b *tab, p *devServer) {
	b.open(p.URL + "/forms/photos")
	b.waitUntilReady(true)
	b.chooseFiles(writeFile(b.t, "notes.txt", []byte("words")))
	b.waitForState("refused")
	if sent := b.Proxy.requests(hostOf(b.t, p.Store), ""); len(sent) != 0 {
		b.t.Errorf("requests to the store: wanted none, got %+v", sent)
	}
}

func refuseFalseType(b *tab, p *devServer) {
	b.open(p.URL + "/forms/photos")
	b.upload(writeFile(b.t, "notes.png", []byte(strings.Repeat("only words\n", 200))))
	b.waitUntil("the file is refused", `["refused", "failed"].includes(document.querySelector(".postern-file")?.dataset.state)`)
	if words := b.text(); !strings.Contains(words, "PNG") {
		b.t.Errorf("text of the page: wanted the allowed types in it, got %q", words)
	}
	if keys := p.store(b.t).keys(); len(keys) != 0 {
		b.t.Errorf("objects in the store: wanted none, got %q", keys)
	}
}

func requireUpload(b *tab, p *devServer) {
	b.openHostPage(p, picturesForm)
	widget := b.widgets(p, 1)[0]
	b.requireFormRefused("valueMissing", catalogText(b.t, "en", "upload.required"))
	release := b.Proxy.hold(b.t, p.isForStore)
	widget.chooseFiles(writeFile(b.t, "plot.png", pngOf(b.t, 60<<10)))
	b.waitUntil("the widget is busy", `document.querySelector("postern-upload:state(busy)") != null`)
	widget.waitUntilFrameFits()
	b.requireFormRefused("customError", catalogText(b.t, "en", "upload.busy"))
	release()
	keys := b.waitForValues(1)
	b.waitUntil("the widget is not busy", `document.querySelector("postern-upload:state(busy)") == null`)
	widget.waitUntilFrameFits()
	b.submit()
	if got := b.postedFields()["pictures"]; !slices.Equal(got, keys) {
		b.t.Errorf("form that the host received: wanted %q, got %q", keys, got)
	}
}

func resetForm(b *tab, p *devServer) {
	b.openHostPage(p, `<form method="post"><postern-upload name="pictures" profile="files" required></postern-upload></form>`)
	widget := b.widgets(p, 1)[0]
	b.Proxy.hold(b.t, p.partsFrom(2))
	film, _ := randomFile(b.t, "film.bin", 20*mebibyte)
	widget.chooseFiles(writeFile(b.t, "notes.txt", []byte("words")), film)
	b.waitForValues(1)
	widget.waitForAcceptedParts(p, 1)
	evaluate[any](b, `document.querySelector("form").reset()`)
	b.waitUntil("the widget has no values", `document.querySelector("postern-upload").value.length == 0 && document.querySelector("postern-upload").validity.valueMissing`)
	widget.waitUntil("the rows are removed", `document.querySelector(".postern-file") == null`)
	waitFor(b.t, "no multipart upload is open", func() bool { return len(p.store(b.t).openUploads()) == 0 })
}

func renewTicket(b *tab, p *devServer) {
	b.openHostPage(p, `<postern-upload profile="files"></postern-upload>`)
	tickets := &ticketServer{p: p, b: b}
	b.Proxy.serveHost("app.localhost", tickets)
	evaluate[any](b, fmt.Sprintf(askServerForTickets, `widget.ticket = give;`))
	widget := b.widgets(p, 1)[0]
	widget.uploadAcrossRenewal(p, tickets)
	widget.requireGoodStatesOnly()
}

func sendWithChecksums(b *tab, p *devServer) {
	startSeparateServer(b.t, b.Proxy, p, separateOptions{partSize: "5MiB", checksum: "crc32"})
	path, sum := randomFile(b.t, "garden.bin", 24*mebibyte)
	b.open(uploadsOrigin + "/forms/files")
	b.upload(path)
	b.waitForState("done")
	if stored := p.store(b.t).onlyObject(); stored.Sum != sum {
		b.t.Errorf("stored: wanted SHA-256 %s, got %+v", sum, stored)
	}
	for _, part := range b.parts(p) {
		if !strings.Contains(part.Query, "x-amz-checksum-crc32") {
			b.t.Errorf("URL of part %s: wanted a signed checksum, got %s", part.partNumber(), part.Query)
		}
	}
	loaded := b.Proxy.requests(strings.TrimPrefix(uploadsOrigin, "http://"), http.MethodGet)
	if !slices.ContainsFunc(loaded, func(r recordedRequest) bool {
		return strings.HasSuffix(r.Path, "/crc.js") && r.Status == http.StatusOK
	}) {
		b.t.Error("the page has not loaded the worker")
	}
}

// askFor makes the browser ask for pages in a language.
func (b *tab) askFor(language string) {
	b.Proxy.intercept(func(_ http.ResponseWriter, r *http.Request) bool {
		r.Header.Set("Accept-Language", language)
		return false
	})
}

func useLanguages(b *tab, p *devServer) {
	for _, language := range []string{"de", "ja", "zh-Hans"} {
		b.askFor(language)
		b.open(p.URL + "/forms/photos")
		b.upload(writeFile(b.t, "garden.png", pngOf(b.t, 40<<10)))
		b.waitForState("done")
		b.requireFitsWindow(language, "ltr")
		if done := catalogText(b.t, language, "upload.state.done"); !strings.Contains(b.text(), done) {
			b.t.Errorf("text of the page in %s: wanted %q in it, got %q", language, done, b.text())
		}
	}
}

func readFromRightToLeft(b *tab, p *devServer) {
	b.askFor("ar")
	b.open(p.URL + "/forms/photos")
	b.upload(writeFile(b.t, "a garden.png", pngOf(b.t, 40<<10)), writeFile(b.t, "notes.txt", []byte("words")))
	b.waitUntil("one file is done and the other refused", `document.querySelector(".postern-file[data-state=done]") != null && document.querySelector(".postern-file[data-state=refused]") != null`)
	b.requireFitsWindow("ar", "rtl")
}

// requireFitsWindow requires of a page with rows what requireFits does, in the window as it is.
func (b *tab) requireFitsWindow(language, direction string) {
	b.t.Helper()
	b.width = evaluate[int64](b, `innerWidth`)
	b.requireFits("a page with rows", language, direction)
}

func diagnoseUnreachableStore(b *tab, p *devServer) {
	b.requireDiagnosis(p, causeFaultOf("store_unreachable"), true)
}

func diagnoseBusyStore(b *tab, p *devServer) {
	b.requireDiagnosis(p, causeFaultOf("unknown_cause"), false)
}

func openEveryPage(b *tab, p *devServer) {
	pages := map[string]string{"index": "/", "form": "/forms/files", "widget": "/widget/photos", "error": "/forms/none", "demo": "/demo/form", "themes": "/demo/themes"}
	for _, name := range slices.Sorted(maps.Keys(pages)) {
		b.open(p.URL + pages[name])
		b.waitUntilReady(true)
		b.screenshot("page-" + name)
		b.requireCleanConsole()
	}
}
