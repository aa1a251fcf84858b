package static

import (
	"bytes"
	"compress/gzip"
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"testing"
)

// The limits of the modules: bytes after gzip, and lines of source.
const (
	firstBudget = 15_000 // what every visit loads
	lateBudget  = 3_000  // each module that is loaded when it is needed, and what a page with the widget loads first
	formBudget  = 23_000 // what a page with the form ever loads while the store takes its files
	fieldBudget = 3_000  // what a page with a field loads beyond that
	maxLines    = 170
)

// notOnFormPage are the modules that a page with the form never loads; md5.js is loaded in place of
// crc.js, which counts.
var notOnFormPage = map[string]bool{"embed.js": true, "embed-answers.js": true, "embed-failure.js": true, "widget.js": true, "questions.js": true, "md5.js": true, "field.js": true, "kept-receipts.js": true, "diagnosis.js": true}

// importOf matches a static import; others are loaded when they are needed.
var importOf = regexp.MustCompile(`(?:from|import)"\./([\w-]+\.js)"`)

// addImports adds the names of a module and of all that it imports.
func addImports(t *testing.T, name string, to map[string]bool) {
	t.Helper()
	if to[name] {
		return
	}
	to[name] = true
	content, err := fs.ReadFile(FS, name)
	if err != nil {
		t.Fatal(err)
	}
	for _, found := range importOf.FindAllSubmatch(content, -1) {
		addImports(t, string(found[1]), to)
	}
}

// modules are the names of the served modules.
func modules(t *testing.T) []string {
	t.Helper()
	names, err := fs.Glob(FS, "*.js")
	if err != nil || len(names) == 0 {
		t.Fatalf("modules: %q, %v", names, err)
	}
	return names
}

// gzipped is the size of a content after gzip.
func gzipped(t *testing.T, content []byte) int {
	t.Helper()
	var out bytes.Buffer
	writer, err := gzip.NewWriterLevel(&out, gzip.BestCompression)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := writer.Write(content); err != nil {
		t.Fatal(err)
	}
	if err := writer.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Len()
}

func TestScriptStaysWithinItsBudget(t *testing.T) {
	t.Parallel()
	first, total, field := 0, 0, 0
	sizes := map[string]int{}
	loadedFirst, loadedByField := map[string]bool{}, map[string]bool{}
	addImports(t, "define.js", loadedFirst)
	addImports(t, "field.js", loadedByField)
	for _, name := range modules(t) {
		content, err := fs.ReadFile(FS, name)
		if err != nil {
			t.Fatal(err)
		}
		size := gzipped(t, content)
		t.Logf("%6d  %s", size, name)
		sizes[name] = size
		if !notOnFormPage[name] {
			total += size
		}
		if loadedFirst[name] {
			first += size
		} else if loadedByField[name] {
			field += size
		}
		if !loadedFirst[name] && size > lateBudget {
			t.Errorf("%s: wanted at most %d bytes gzipped, got %d", name, lateBudget, size)
		}
	}
	if sizes["md5.js"] > sizes["crc.js"] {
		t.Errorf("md5.js: wanted at most the size of crc.js, which it is loaded in place of: %d bytes, got %d", sizes["crc.js"], sizes["md5.js"])
	}
	if first > firstBudget {
		t.Errorf("script that every visit of the form page loads: wanted at most %d bytes gzipped, got %d", firstBudget, first)
	}
	if field > fieldBudget {
		t.Errorf("script that a page with a field loads beyond that: wanted at most %d bytes gzipped, got %d", fieldBudget, field)
	}
	if total > formBudget {
		t.Errorf("script of the form page: wanted at most %d bytes gzipped, got %d", formBudget, total)
	}
}

// bundles are the parts of each module that is bundled.
func bundles() map[string][]string {
	return map[string][]string{
		"embed.js":         {"embed/frame.js", "embed/late.js", "embed/properties.js"},
		"embed-failure.js": {"embed/texts.js"},
		"core.js": {"element.js", "file-sources.js", "form-element.js", "large-files.js", "list.js", "messages.js", "owner.js", "queue.js", "rate.js", "request.js", "row.js", "rules.js",
			"saved-uploads.js", "slots.js", "transfer.js", "turns.js", "upload.js", "batches.js"},
		"total.js":     {"announce.js", "folder.js"},
		"multipart.js": {"pace.js", "part-urls.js", "parts-under-way.js"},
		"crc.js":       {"checksum-worker.js"},
	}
}

func TestEveryModuleIsMinified(t *testing.T) {
	t.Parallel()
	bundled := bundles()
	sources, err := filepath.Glob("*.js")
	sources = slices.DeleteFunc(sources, func(name string) bool {
		return slices.Contains(slices.Concat(bundled["core.js"], bundled["total.js"], bundled["multipart.js"], bundled["crc.js"]), name)
	})
	if served := modules(t); err != nil || !slices.Equal(served, sources) {
		t.Errorf("modules under dist: wanted %q, got %q (%v); run go generate ./static", sources, served, err)
	}
	for _, name := range sources {
		source, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, part := range bundled[name] {
			content, err := os.ReadFile(part)
			if err != nil {
				t.Fatal(err)
			}
			source = append(source, content...)
		}
		if served, err := fs.ReadFile(FS, name); err != nil || len(served) >= len(source) || bytes.Contains(served, []byte("/**")) {
			t.Errorf("%s: wanted less than %d bytes and no comment, got %d bytes (%v)", name, len(source), len(served), err)
		}
	}
}

// embed.js is loaded by pages of others, as a module or as a classic script, once or several times.
func TestTheEmbeddingScriptIsOneFileWithoutGlobalNames(t *testing.T) {
	t.Parallel()
	content, err := fs.ReadFile(FS, "embed.js")
	if err != nil {
		t.Fatal(err)
	}
	if !regexp.MustCompile(`(?s)^\(\(\)=>\{.*\}\)\(\);\s*$`).Match(content) || regexp.MustCompile(`\b(import\b[^(]|export\b)`).Match(content) {
		t.Errorf("embed.js: wanted one function that is called, without export and import but for what is loaded later, got %.80s…", content)
	}
}

func TestModulesHaveAtMost170Lines(t *testing.T) {
	t.Parallel()
	names, err := filepath.Glob("*.js")
	if err != nil || len(names) == 0 {
		t.Fatalf("modules: %q, %v", names, err)
	}
	parts, err := filepath.Glob("embed/*.js")
	if err != nil || len(parts) == 0 {
		t.Fatalf("parts of embed.js: %q, %v", parts, err)
	}
	for _, name := range append(names, parts...) {
		content, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if lines := bytes.Count(content, []byte("\n")); lines > maxLines {
			t.Errorf("%s: wanted at most %d lines, got %d", name, maxLines, lines)
		}
	}
}

func TestFilesCanBeServedByTheStandardLibrary(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.FileServerFS(FS))
	t.Cleanup(server.Close)
	for _, name := range []string{"define.js", "postern.css", "lang/en.json"} {
		response, err := server.Client().Get(server.URL + "/" + name)
		if err != nil {
			t.Fatal(err)
		}
		got, err := io.ReadAll(response.Body)
		response.Body.Close()
		want, wantErr := fs.ReadFile(FS, name)
		if err != nil || wantErr != nil || !bytes.Equal(got, want) {
			t.Errorf("%s: wanted the file's %d bytes, got %d (%v, %v)", name, len(want), len(got), err, wantErr)
		}
	}
}

func TestHashIdentifiesAllFiles(t *testing.T) {
	t.Parallel()
	if !regexp.MustCompile(`^[0-9a-f]{16}$`).MatchString(Hash()) {
		t.Errorf("hash: wanted 16 hex digits, got %q", Hash())
	}
	if again, err := hashFiles(FS); err != nil || again != Hash() {
		t.Errorf("hash: wanted %q again, got %q (%v)", Hash(), again, err)
	}
	if string(fileHeader("ab", 1)) == string(fileHeader("a", 1)) {
		t.Error("headers of different files are equal")
	}
}

// static/docs/widget.md is what hosts read about the tag.
func TestTheGuideOfTheWidgetHasItsAttributesAndCodes(t *testing.T) {
	t.Parallel()
	guide, err := os.ReadFile("docs/widget.md")
	if err != nil {
		t.Fatal(err)
	}
	for file, pattern := range map[string]string{
		"embed.js":         `'([a-z-]+)'(?:, |\];)`,
		"embed-failure.js": `(?:return|:) \['([a-z_]+)'`,
		"embed/late.js":    `'([a-z_]+)'(?: :|\])`,
		"owner.js":         `'(missing|refused)'`,
	} {
		source, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if file == "embed.js" {
			source = regexp.MustCompile(`observedAttributes = .*`).Find(source)
		}
		found := regexp.MustCompile(pattern).FindAllSubmatch(source, -1)
		if len(found) < 2 {
			t.Errorf("%s: wanted several names that match %s, got %q", file, pattern, found)
		}
		for _, name := range found {
			if !bytes.Contains(guide, name[1]) {
				t.Errorf("docs/widget.md: wanted %s of %s in it", name[1], file)
			}
		}
	}
}
