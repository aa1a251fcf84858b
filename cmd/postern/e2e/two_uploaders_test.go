package e2e

import (
	"context"
	"net/http"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/dom"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"

	"github.com/postern-dev/postern/static"
	"github.com/postern-dev/postern/templates"
)

// twoUploadersPage is a page with the uploaders of both profiles of p, at a path of the same
// origin.
func twoUploadersPage(t *testing.T) http.HandlerFunc {
	t.Helper()
	assets := "/assets/" + static.Hash() + "/"
	var html strings.Builder
	html.WriteString(`<!doctype html><html lang="en"><meta charset="utf-8"><title>two</title><link rel="stylesheet" href="` + assets + `postern.css">` +
		`<body class="postern-page"><script type="module" src="` + assets + `define.js"></script>`)
	for _, profile := range []string{"photos", "files"} {
		must(t, templates.Uploader(templates.FormView{
			Endpoint: "", Profile: profile, Catalog: assets + "lang/en.json", Multiple: true, MinSize: 1, MaxSize: 10 * mebibyte,
			ChooseLabel: "Choose a file for " + profile, SubmitLabel: "Upload", Rules: "Rules of " + profile, FilesLabel: "Files",
			Pickers: templates.PickerLabels{Drop: "or drop files here", DropAccepts: "Drop", DropRefuses: "No"},
		}).Render(t.Context(), &html))
	}
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		_, _ = w.Write([]byte(html.String()))
	}
}

func TestTwoUploadersOnOnePageKeepToThemselves(t *testing.T) {
	t.Parallel()
	p := startDev(t)
	b := newTab(t, tabOptions{})
	show := twoUploadersPage(t)
	b.Proxy.intercept(func(w http.ResponseWriter, r *http.Request) bool {
		if r.URL.Path != "/two" {
			return false
		}
		show(w, r)
		return true
	})
	b.open(p.URL + "/two")
	b.waitUntil("both uploaders are ready", `document.querySelectorAll("postern-uploader[ready]").length == 2`)
	names := evaluate[[]string](b, `[...document.querySelectorAll("postern-uploader")].map((u) =>
		[u.querySelector("input[type=file]").labels[0].closest("postern-uploader") == u, u.querySelector("label").control.closest("postern-uploader") == u,
			u.querySelector("input[type=file]").ariaDescribedByElements.map((e) => e.textContent)].join(" "))`)
	if got, want := strings.Join(names, "; "), "true true Rules of photos; true true Rules of files"; got != want {
		t.Errorf("label, control and rules of each uploader: wanted %q, got %q", want, got)
	}
	notes := []byte("only words")
	b.clickAndChooseFile(`postern-uploader[profile=files] label`, writeFile(t, "notes.txt", notes))
	b.waitUntil("the second uploader has uploaded the file", `document.querySelector("postern-uploader[profile=files] .postern-file[data-state=done]") != null`)
	picture := writeFile(t, "garden.png", pngOf(t, 60<<10))
	for _, profile := range []string{"photos", "files"} {
		b.dragFiles(`postern-uploader[profile=`+profile+`] form`, true, picture)
		b.waitUntil("the picture dropped on "+profile+" is uploaded", `document.querySelector("postern-uploader[profile=`+profile+`] [title='garden.png']")?.closest("[data-state=done]") != null`)
	}
	rows := evaluate[[]int](b, `[...document.querySelectorAll("postern-uploader")].map((u) => u.querySelectorAll(".postern-file").length)`)
	if len(rows) != 2 || rows[0] != 1 || rows[1] != 2 {
		t.Errorf("rows of each uploader: wanted 1 and 2, got %v", rows)
	}
	if keys := p.store(t).keys(); len(keys) != 3 {
		t.Errorf("stored: wanted three objects, got %q", keys)
	}
	b.requireCleanConsole()
}

// clickAndChooseFile clicks on an element and chooses a file in the dialogue that opens.
func (b *tab) clickAndChooseFile(selector, path string) {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, patience)
	defer cancel()
	_, err := chromedp.Call(ctx, page.SetInterceptFileChooserDialog, page.SetInterceptFileChooserDialogParams{Enabled: true})
	must(b.t, err)
	click := chromedp.Func(func(ctx context.Context, _ *chromedp.Target) error {
		return chromedp.Do(ctx, chromedp.Click(chromedp.CSS(selector)))
	})
	opened, err := chromedp.Run(ctx, chromedp.WaitEvent(page.FileChooserOpened, nil, click))
	if err != nil {
		b.t.Fatalf("waiting for a file dialogue: %v\npage: %s", err, b.describe())
	}
	_, err = chromedp.Call(ctx, dom.SetFileInputFiles, dom.SetFileInputFilesParams{Files: []string{path}, BackendNodeID: opened.BackendNodeID})
	must(b.t, err)
}
