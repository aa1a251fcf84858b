package static

import (
	"bytes"
	"compress/gzip"
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
)

const (
	formBudget  = 14 << 10
	embedBudget = 3 << 10
	longest     = 170
)

// beyondForm are the modules that a page with the form never asks for.
var beyondForm = map[string]bool{"embed.js": true, "widget.js": true}

func modules(t *testing.T) []string {
	t.Helper()
	names, err := fs.Glob(FS, "*.js")
	if err != nil || len(names) == 0 {
		t.Fatalf("modules: %q, %v", names, err)
	}
	return names
}

func gzipped(t *testing.T, content []byte) int {
	t.Helper()
	var out bytes.Buffer
	writer := gzip.NewWriter(&out)
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
	total := 0
	for _, name := range modules(t) {
		content, err := FS.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		size := gzipped(t, content)
		t.Logf("%6d  %s", size, name)
		if !beyondForm[name] {
			total += size
		}
		if name == "embed.js" && size > embedBudget {
			t.Errorf("embed.js: wanted at most %d bytes gzipped, got %d", embedBudget, size)
		}
	}
	if total > formBudget {
		t.Errorf("script of the form page: wanted at most %d bytes gzipped, got %d", formBudget, total)
	}
}

func TestModulesAreShort(t *testing.T) {
	t.Parallel()
	for _, name := range modules(t) {
		content, err := sources.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if lines := bytes.Count(content, []byte("\n")); lines > longest {
			t.Errorf("%s: wanted at most %d lines, got %d", name, longest, lines)
		}
	}
}

func TestSqueezingTakesOutNothingButComments(t *testing.T) {
	t.Parallel()
	cases := []struct{ name, source, want string }{
		{"a doc comment keeps its lines", "/** a\n * b\n */\nlet c;\n", "\n\n\nlet c;\n"},
		{"a cast within a line goes", "const a = /** @type {B} */ (c);\n", "const a = (c);\n"},
		{"a line comment keeps its line", "a();\n  // why\nb();\n", "a();\n\nb();\n"},
		{"a URL stays", "const u = 'https://a.example/';\n", "const u = 'https://a.example/';\n"},
		{"indentation goes", "if (a) {\n  b();\n}\n", "if (a) {\nb();\n}\n"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if got := string(squeeze([]byte(c.source))); got != c.want {
				t.Errorf("wanted %q, got %q", c.want, got)
			}
		})
	}
}

// Squeezing reads no JavaScript, so nothing that looks like a comment, and no
// text of several lines, may stand inside a string of a module.
func TestModulesAreWrittenSoThatSqueezingIsSafe(t *testing.T) {
	t.Parallel()
	for _, name := range modules(t) {
		content, err := sources.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(string(content)) {
			before, _, found := strings.Cut(line, "/**")
			if found && (strings.Count(before, "'")%2 != 0 || strings.Count(before, "`")%2 != 0) {
				t.Errorf("%s: a comment's beginning inside a string: %s", name, line)
			}
		}
		for i, line := range strings.Split(string(squeeze(content)), "\n") {
			if strings.Count(line, "`")%2 != 0 {
				t.Errorf("%s:%d: a template literal over several lines", name, i+1)
			}
		}
	}
}

func TestFilesAreServedByTheStandardLibrary(t *testing.T) {
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
		want, wantErr := FS.ReadFile(name)
		if err != nil || wantErr != nil || !bytes.Equal(got, want) {
			t.Errorf("%s: wanted the file's %d bytes, got %d (%v, %v)", name, len(want), len(got), err, wantErr)
		}
	}
}

func TestHashNamesTheWholeTree(t *testing.T) {
	t.Parallel()
	if !regexp.MustCompile(`^[0-9a-f]{16}$`).MatchString(Hash()) {
		t.Errorf("hash: wanted 16 hex digits, got %q", Hash())
	}
	if again, err := hashTree(FS); err != nil || again != Hash() {
		t.Errorf("hash: wanted %q again, got %q (%v)", Hash(), again, err)
	}
	if string(frame("ab", 1)) == string(frame("a", 1)) {
		t.Error("frames of different paths are equal")
	}
}
