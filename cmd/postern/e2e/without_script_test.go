package e2e

import (
	"bytes"
	"strings"
	"testing"
)

func TestWithoutScriptAPictureIsStoredUnchanged(t *testing.T) {
	t.Parallel()
	p := startDev(t)
	picture := pngOf(t, mebibyte)
	b := newTab(t, tabOptions{NoScript: true})
	b.open(p.URL + "/forms/photos")
	b.screenshot("form-noscript")
	b.chooseFiles(writeFile(t, "garden.png", picture))
	b.submit()
	if got := b.url(); !strings.HasPrefix(got, p.URL+"/forms/photos/done/") {
		t.Errorf("address after the form: wanted the landing page, got %s", got)
	}
	b.requireResult("done", "arrived")
	stored := p.store(t).onlyObject()
	if stored.Sum != sumOf(picture) || stored.Size != mebibyte {
		t.Errorf("stored: wanted %d bytes with SHA-256 %s, got %+v", mebibyte, sumOf(picture), stored)
	}
	if stored.Type != "image/png" {
		t.Errorf("content type: wanted image/png, got %q", stored.Type)
	}
	if sent := serverBytes(b.Proxy, p); sent != 0 {
		t.Errorf("bytes sent to the server: wanted 0, got %d", sent)
	}
	b.requireCleanConsole()
}

func TestWithoutScriptTheLandingPageMayBeOpenedTwice(t *testing.T) {
	t.Parallel()
	p := startDev(t)
	b := newTab(t, tabOptions{NoScript: true})
	b.open(p.URL + "/forms/photos")
	b.chooseFiles(writeFile(t, "garden.png", pngOf(t, 40<<10)))
	b.submit()
	b.requireResult("done", "arrived")
	first := p.store(t).onlyObject()
	b.open(b.url())
	b.requireResult("done", "arrived")
	if again := p.store(t).onlyObject(); again.Sum != first.Sum || again.Type != first.Type {
		t.Errorf("after the second visit: wanted %+v, got %+v", first, again)
	}
}

func TestWithoutScriptAFileOfAFalseTypeIsDeletedAndExplained(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name     string
		filename string
		content  []byte
	}{
		{"text renamed to a picture", "notes.png", []byte(strings.Repeat("only words\n", 200))},
		{"a page renamed to a picture", "page.png", []byte("<!doctype html><script>alert(1)</script>")},
		{"an SVG with script renamed to a picture", "drawing.png", []byte(`<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>`)},
		{"a program renamed to a picture", "run.png", append([]byte("\x7fELF\x02\x01\x01"), make([]byte, 500)...)},
	}
	p := startDev(t)
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			b := newTab(t, tabOptions{NoScript: true})
			b.open(p.URL + "/forms/photos")
			b.chooseFiles(writeFile(t, c.filename, c.content))
			b.submit()
			b.requireResult("refused", "PNG")
			b.screenshot("refused-type-noscript")
			if keys := p.store(t).keys(); len(keys) != 0 {
				t.Errorf("objects in the store: wanted none, got %q", keys)
			}
		})
	}
}

func TestWithoutScriptAnyFileIsStoredWhereAllTypesAreAllowed(t *testing.T) {
	t.Parallel()
	p := startDev(t)
	content := bytes.Repeat([]byte("plain words\n"), 1000)
	b := newTab(t, tabOptions{NoScript: true})
	b.open(p.URL + "/forms/files")
	b.chooseFiles(writeFile(t, "ملف #1 100% «a».txt", content))
	b.submit()
	b.requireResult("done", "arrived")
	if stored := p.store(t).onlyObject(); stored.Sum != sumOf(content) {
		t.Errorf("stored: wanted SHA-256 %s, got %+v", sumOf(content), stored)
	}
}

func TestWithoutScriptAForgedLandingPageChangesNothing(t *testing.T) {
	t.Parallel()
	p := startDev(t)
	b := newTab(t, tabOptions{NoScript: true})
	for _, token := range []string{"made-up", "eyJhbGciOiJub25lIn0.eyJzdWIiOiJndWVzdCJ9.", "..%2f..%2fetc"} {
		b.open(p.URL + "/forms/photos/done/" + token)
		if words := b.text(); strings.Contains(words, "arrived") || !strings.Contains(words, "Code") {
			t.Errorf("landing page with token %q: wanted an error with its code, got %q", token, words)
		}
	}
	if keys := p.store(t).keys(); len(keys) != 0 {
		t.Errorf("objects in the store: wanted none, got %q", keys)
	}
}

// requireResult requires that the landing page has a state and that its text contains a word.
func (b *tab) requireResult(state, word string) {
	b.t.Helper()
	got := evaluate[string](b, `document.querySelector("[data-state]")?.dataset.state ?? "no state: " + document.body.innerText`)
	if got != state {
		b.t.Fatalf("state of the result: wanted %q, got %q", state, got)
	}
	if words := b.text(); !strings.Contains(words, word) {
		b.t.Errorf("text of the landing page: wanted %q in it, got %q", word, words)
	}
}

// serverBytes returns the size of all request bodies that were sent to the server.
func serverBytes(w *proxy, p *devServer) int64 {
	var sent int64
	for _, x := range w.requests(hostOf(p.t, p.URL), "") {
		sent += x.BodyRead
	}
	return sent
}
