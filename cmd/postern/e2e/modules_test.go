package e2e

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const modulesDir = "../../../static"

// testPage runs the tests of a browser module. tests/harness.js says where their results are.
const testPage = `<!doctype html><html lang="en"><meta charset="utf-8"><title>tests</title><link rel="icon" href="data:,"><body>
<script type="module">
import { run } from "/tests/harness.js";
for (const file of FILES) await import("/tests/" + file);
run();
</script>`

func TestTheBrowserModulesPassTheirOwnTests(t *testing.T) {
	t.Parallel()
	paths, err := filepath.Glob(filepath.Join(modulesDir, "tests", "*.test.js"))
	must(t, err)
	if len(paths) == 0 {
		t.Fatal("tests of the modules: wanted some, got none")
	}
	for _, path := range paths {
		t.Run(strings.TrimSuffix(filepath.Base(path), ".test.js"), func(t *testing.T) {
			t.Parallel()
			b := newTab(t, tabOptions{})
			b.open(newFakeServer(t, testSite(t, filepath.Base(path))).api.URL + "/")
			for ran := 0; !evaluate[bool](b, `window.finished ?? false`); ran++ {
				b.waitUntil(fmt.Sprintf("test %d has run", ran+1), fmt.Sprintf(`window.finished || window.results?.length > %d`, ran))
			}
			for _, r := range evaluate[[]moduleResult](b, `window.results`) {
				t.Run(r.Name, func(t *testing.T) {
					if r.Error != "" {
						t.Error(r.Error)
					}
				})
			}
			b.requireCleanConsole()
		})
	}
}

type moduleResult struct{ Name, Error string }

// testSite serves the page, the sources of the modules, and their tests. Visitors get some modules
// bundled, which gives no access to their parts.
func testSite(t *testing.T, files ...string) http.Handler {
	t.Helper()
	list, err := json.Marshal(files)
	must(t, err)
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		_, _ = w.Write([]byte(strings.Replace(testPage, "FILES", string(list), 1)))
	})
	mux.Handle("GET /", http.FileServerFS(os.DirFS(modulesDir)))
	return mux
}
