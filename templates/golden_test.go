package templates_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/a-h/templ"

	"github.com/postern-dev/postern/templates"
)

// compareGolden compares a component's HTML with testdata/name.html, one tag a line. Where they
// differ it writes name.actual.html beside it, to be looked at and, if it is right, renamed.
func compareGolden(t *testing.T, name string, component templ.Component) {
	t.Helper()
	path := filepath.Join("testdata", name+".html")
	actual := filepath.Join("testdata", name+".actual.html")
	got := lines(render(t, component))
	want, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		t.Fatal(err)
	}
	if string(want) == got {
		_ = os.Remove(actual)
		return
	}
	if err := os.WriteFile(actual, []byte(got), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Errorf("%s differs from %s", actual, path)
}

func lines(html string) string {
	return strings.ReplaceAll(html, "><", ">\n<") + "\n"
}

func render(t *testing.T, component templ.Component) string {
	t.Helper()
	var out strings.Builder
	if err := component.Render(t.Context(), &out); err != nil {
		t.Fatalf("rendering: %v", err)
	}
	return out.String()
}

// pages are all components, each with a usual view and with a hostile one: a view in which an
// attacker chose every string.
func pages() map[string]templ.Component {
	return map[string]templ.Component{
		"form.normal":        templates.Form(normalForm()),
		"form.ask":           templates.Form(askingForm()),
		"form.hostile":       templates.Form(hostile(normalForm())),
		"uploader.normal":    templates.Uploader(normalForm()),
		"uploader.hostile":   templates.Uploader(hostile(normalForm())),
		"uploader.two":       twoUploaders(),
		"widget.normal":      templates.Widget(normalWidget()),
		"widget.hostile":     templates.Widget(hostile(normalWidget())),
		"result.done":        templates.Result(normalResult()),
		"result.refused":     templates.Result(refusedResult()),
		"result.hostile":     templates.Result(hostile(refusedResult())),
		"error.normal":       templates.Error(normalError()),
		"error.hostile":      templates.Error(hostile(normalError())),
		"index.normal":       templates.Index(normalIndex()),
		"index.hostile":      templates.Index(hostile(normalIndex())),
		"recent.empty":       templates.Recent(emptyRecent()),
		"recent.normal":      templates.Recent(recentWithUploads()),
		"recent.hostile":     templates.Recent(hostile(recentWithUploads())),
		"demosite.normal":    templates.DemoSite(normalDemo()),
		"demosite.hostile":   templates.DemoSite(hostile(normalDemo())),
		"demoform.normal":    templates.DemoForm(normalDemo()),
		"demoform.hostile":   templates.DemoForm(hostile(normalDemo())),
		"demothemes.normal":  templates.DemoThemes(normalDemo()),
		"demothemes.hostile": templates.DemoThemes(hostile(normalDemo())),
		"explain.result":     templates.Explain(explainWithResult()),
		"explain.empty":      templates.Explain(emptyExplain()),
		"explain.hostile":    templates.Explain(hostile(explainWithResult())),
	}
}

func TestPagesMatchTheirGoldenFiles(t *testing.T) {
	t.Parallel()
	for name, component := range pages() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			compareGolden(t, name, component)
		})
	}
}

func TestEveryGoldenFileBelongsToAPage(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/*.html")
	if err != nil || len(files) == 0 {
		t.Fatalf("got %d golden files and error %v", len(files), err)
	}
	known := pages()
	for _, file := range files {
		name := strings.TrimSuffix(strings.TrimSuffix(filepath.Base(file), ".html"), ".actual")
		if _, ok := known[name]; !ok {
			t.Errorf("%s belongs to no page", file)
		}
	}
}
