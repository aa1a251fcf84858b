package static

import (
	"bytes"
	"compress/gzip"
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"regexp"
	"testing"
)

const (
	formBudget  = 14_000
	embedBudget = 3_000
	longest     = 170
)

// beyondForm are the modules that a page with the form never asks for; those
// of checksums are asked for only where a profile demands them.
var beyondForm = map[string]bool{"embed.js": true, "widget.js": true, "checksum.js": true, "checksum-worker.js": true}

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

func TestSqueezingKeepsEveryToken(t *testing.T) {
	t.Parallel()
	cases := []struct{ name, source, want string }{
		{"a doc comment goes", "/** a\n * b\n */\nlet c;\n", "let c;\n"},
		{"a cast within a line goes", "const a = /** @type {B} */ (c);\n", "const a=(c);\n"},
		{"a line comment goes", "a();\n  // why\nb();\n", "a();b();\n"},
		{"a comment at the end of a line goes", "a() // why\nb()\n", "a()\nb()\n"},
		{"a URL in a string stays", "const u = 'https://a.example/';\n", "const u='https://a.example/';\n"},
		{"a quote in a string stays", `f('it\'s', "/* not a comment */")`, `f('it\'s',"/* not a comment */")` + "\n"},
		{"a template stays", "f(`a  ${ b ? `c // d` : '}' }  e`)", "f(`a  ${ b ? `c // d` : '}' }  e`)\n"},
		{"a regular expression stays", "x = /[/ ]  \\/'/g.test( y )", "x=/[/ ]  \\/'/g.test(y)\n"},
		{"a regular expression after return stays", "return /  a/", "return/  a/\n"},
		{"a division is none", "x = (a + b) / c / d[0] / 'e  f'", "x=(a+b)/c/d[0]/'e  f'\n"},
		{"words stay apart", "if (a) return typeof b in c", "if(a)return typeof b in c\n"},
		{"signs stay apart", "a + +b - -c - --d", "a+ +b- -c- --d\n"},
		{"a line's end that may end a statement stays", "const a = {}\nb()\n", "const a={}\nb()\n"},
		{"a line's end before a brace goes", "if (a) {\n  b()\n}\n", "if(a){b()}\n"},
		{"a comment that never ends is dropped", "a(); /* b", "a();\n"},
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

func FuzzSqueezingEndsAndIsDoneOnce(f *testing.F) {
	for _, seed := range []string{"a /* b", "`${`", "/[/", "'\\", "a\n+ +b//", "x=/a/ /b"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, source []byte) {
		if got := squeeze(source); len(got) > len(source)+1 {
			t.Errorf("%q grew to %q", source, got)
		}
	})
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
