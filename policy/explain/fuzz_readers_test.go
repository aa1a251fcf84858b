package explain

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"
)

// addInputs adds the inputs of all reports and refusals as seeds.
func addInputs(f *testing.F) {
	f.Helper()
	for _, folder := range []string{"reports", "refusals"} {
		files, err := filepath.Glob(filepath.Join("testdata", folder, "*.txt"))
		if err != nil || len(files) == 0 {
			f.Fatalf("wanted seeds in %s, got %v", folder, err)
		}
		for _, file := range files {
			raw, err := os.ReadFile(file)
			if err != nil {
				f.Fatal(err)
			}
			_, input, _ := strings.Cut(string(raw), "-- input --\n")
			input, _, _ = strings.Cut(input, "-- text --\n")
			f.Add(input)
		}
	}
}

// FuzzLiteral wants the reader of literals to move on and to keep its bounds.
func FuzzLiteral(f *testing.F) {
	addInputs(f)
	f.Add(">")
	f.Fuzz(func(t *testing.T, text string) {
		r := newLiteralReader(text)
		v := r.value(0)
		if r.at < 0 || r.at > len(text) || r.at == 0 && text != "" && !r.incomplete && v.kind != literalBare {
			t.Errorf("stopped at %d of %d", r.at, len(text))
		}
		if n := countLiterals(v); n > 2*maxLiterals {
			t.Errorf("%d literals", n)
		}
		s := formSearch{}
		s.visit(v, 0)
		if s.found != nil && len(s.found.fields) > maxItems+1 {
			t.Errorf("%d fields", len(s.found.fields))
		}
	})
}

func countLiterals(v literal) int {
	n := 1
	for _, item := range v.items {
		n += countLiterals(item)
	}
	return n
}

// FuzzCommand wants every command to be read to an end, with what it sends in bounds.
func FuzzCommand(f *testing.F) {
	addInputs(f)
	for _, text := range []string{"curl ^\"https://a.example^\" ^\n -F ^\"key=a^\"", "http -f POST https://a.example key=a file@b", "wget --method=PUT --body-file=a https://a.example", "curl $'a\\u0021\\n' https://a.example"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		for _, r := range []*request{commandRequest(text), powerShellRequest(text), httpRequest(text)} {
			if r != nil && (len(r.headers) > maxItems+1 || len(r.form.fields) > maxItems+1) {
				t.Errorf("%d headers, %d fields", len(r.headers), len(r.form.fields))
			}
		}
	})
}

// FuzzCode wants any text to be read as code to an end.
func FuzzCode(f *testing.F) {
	addInputs(f)
	f.Add("const fd = new FormData(); fd.append('key', 'a'); fetch('https://a.example', {method: 'POST', body: fd})")
	f.Fuzz(func(t *testing.T, text string) {
		if r := codeRequest(text); r != nil && (r.form == nil || len(r.form.fields) > maxItems+1) {
			t.Error("a request without a form, or with more fields than are read")
		}
	})
}

// FuzzMultipart wants the parts of any body to be fields or files.
func FuzzMultipart(f *testing.F) {
	addInputs(f)
	f.Fuzz(func(t *testing.T, text string) {
		if got := multipartForm(text); len(got.fields)+len(got.afterFile)+len(got.controls.files) > maxItems+1 {
			t.Errorf("%d fields, %d behind the file, %d files", len(got.fields), len(got.afterFile), len(got.controls.files))
		}
	})
}

// FuzzUnwrap wants wrappers to end, and none to make an input much larger.
func FuzzUnwrap(f *testing.F) {
	addInputs(f)
	f.Add("\x1b[1m> `{\"a\": 1}`\x1b[0m")
	f.Fuzz(func(t *testing.T, text string) {
		inner := text
		for range maxWrappers {
			next, ok := unwrap(inner)
			if !ok {
				break
			}
			if len(next) > 2*len(inner)+utf8.UTFMax {
				t.Fatalf("%q became %q", inner, next)
			}
			inner = next
		}
	})
}

// FuzzAnswer wants what SDKs and browsers print to be read, or not, without a panic.
func FuzzAnswer(f *testing.F) {
	addInputs(f)
	f.Fuzz(func(t *testing.T, text string) {
		if answer := sdkAnswer(text); answer != "" && !strings.HasPrefix(answer, "<Error>") {
			t.Errorf("got %q", answer)
		}
		e := &evidence{}
		e.readBrowserMessage(text)
		if e.readLines(text) && len(e.form.fields) > maxItems+1 {
			t.Errorf("%d fields", len(e.form.fields))
		}
		x := &evidence{}
		x.read(text, nil)
	})
}
