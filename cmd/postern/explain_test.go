package main

import (
	"bytes"
	"encoding/json"
	"io"
	"io/fs"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/postern-dev/postern/cmd/postern/testserver"
	"github.com/postern-dev/postern/policy/explain"
)

func TestExplainAcceptsWhatSignPrintsInEveryDialect(t *testing.T) {
	for _, dialect := range []string{"aws", "oss", "gcs"} {
		for _, format := range []string{"json", "html", "curl"} {
			t.Run(dialect+" "+format, func(t *testing.T) {
				signed := invoke(t, sampleEnvironment(), goodSign("--key", "a/b.png", "--type", "image/png", "--size", "1..10", "--acl", "private",
					"--meta", "album=1", "--dialect", dialect, "--format", format)...)
				file := filepath.Join(t.TempDir(), "form")
				write(t, file, signed.stdout)
				got := invoke(t, sampleEnvironment(), "explain", file, "--at", sampleAt, "--file-size", "10")
				if got.code != exitDone || !strings.Contains(got.stdout, "signature: matches") {
					t.Errorf("got %d\n%s%s", got.code, got.stdout, got.stderr)
				}
				write(t, file, strings.Replace(signed.stdout, "album", "abmul", 1))
				if got := invoke(t, sampleEnvironment(), "explain", file, "--at", sampleAt); got.code != exitFailed {
					t.Errorf("with a changed field: got %d\n%s", got.code, got.stdout)
				}
			})
		}
	}
}

// Whatever a value contains, explain reads the command as the form that it was made from.
func TestExplainReadsACommandAsAShellDoes(t *testing.T) {
	for name, text := range map[string]string{
		"quotes": `it's "a" 'b'`, "what a shell expands": "`x` * ~ !1 {a,b}", "what ends a command": "a; b | c & d > e # f",
		"what curl reads settings in": `@a;type=b "c"`, "other scripts": "плот 図面 مخطط",
	} {
		t.Run(name, func(t *testing.T) {
			signed := invoke(t, sampleEnvironment(), goodSign("--key", "a/b.png", "--size", "1..10", "--meta", "note="+text, "--format", "curl")...)
			file := filepath.Join(t.TempDir(), "command")
			write(t, file, signed.stdout+signed.stderr)
			got := invoke(t, sampleEnvironment(), "explain", file, "--at", sampleAt, "--file-size", "10")
			if got.code != exitDone || !strings.Contains(got.stdout, "x-amz-meta-note = "+text+"\n") {
				t.Errorf("got %d\n%s%s\nfor %s", got.code, got.stdout, got.stderr, signed.stdout)
			}
		})
	}
}

func TestExplainExitCodes(t *testing.T) {
	dir := t.TempDir()
	signed := invoke(t, sampleEnvironment(), goodSign("--key", "a/b.png", "--size", "1..10", "--format", "json")...)
	form := filepath.Join(dir, "form.json")
	write(t, form, signed.stdout)
	write(t, filepath.Join(dir, "words.txt"), "why?")
	const page = `<form action="https://media.s3.amazonaws.com/">`
	write(t, filepath.Join(dir, "large.html"), page+strings.Repeat(" ", explain.MaxInput-len(page)))
	write(t, filepath.Join(dir, "larger.html"), page+strings.Repeat(" ", explain.MaxInput-len(page)+1))
	cases := []struct {
		name string
		args []string
		code int
		want string
	}{
		{"accepted", []string{form, "--at", sampleAt, "--file-size", "10"}, exitDone, "accepted: nothing found"},
		{"refused for its size", []string{form, "--at", sampleAt, "--file-size", "11"}, exitFailed, "size_too_large"},
		{"refused for its key", []string{form, "--at", sampleAt, "--form", "key=a/c.png"}, exitFailed, "value_mismatch"},
		{"expired by now", []string{form}, exitFailed, "policy_expired"},
		{"nothing to explain", []string{filepath.Join(dir, "words.txt")}, exitUsage, "words.txt: wanted a policy"},
		{"10 MiB", []string{filepath.Join(dir, "large.html")}, exitFailed, "policy_missing"},
		{"a byte more", []string{filepath.Join(dir, "larger.html")}, exitUsage, "larger.html: wanted at most 10485760 bytes"},
		{"no such file", []string{filepath.Join(dir, "none")}, exitUsage, "none: no such file"},
		{"a folder", []string{dir}, exitUsage, "it can't be read"},
		{"a size that is none", []string{form, "--file-size", "-1"}, exitUsage, `--file-size`},
		{"a field that is none", []string{form, "--form", "key"}, exitUsage, `--form "key": wanted NAME=VALUE`},
		{"a URL as argument", []string{"https://media.example/a?X-Amz-Signature=00"}, exitFailed, "parameter_missing"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			got := invoke(t, sampleEnvironment(), append([]string{"explain"}, c.args...)...)
			if got.code != c.code || !strings.Contains(got.stdout+got.stderr, c.want) {
				t.Errorf("want %d and %q, got %+v", c.code, c.want, got)
			}
		})
	}
}

func TestExplainReadsStandardInputAndPrintsJSON(t *testing.T) {
	var stdout, stderr strings.Builder
	text := `<Error><Code>EntityTooLarge</Code><Message>m</Message></Error>`
	c := &console{Context: t.Context(), getenv: func(string) string { return "" }, stdin: strings.NewReader(text), stdout: &stdout, stderr: &stderr}
	code := c.report((&explainCommand{JSON: true}).Run(c))
	var got map[string]any
	if err := json.Unmarshal([]byte(stdout.String()), &got); err != nil || code != exitFailed || len(got) != 2 || got["accepted"] != false {
		t.Errorf("got %d, %v, %q", code, err, stdout.String())
	}
}

func TestDevNeitherLogsNorStoresWhatItExplains(t *testing.T) {
	const pasted = "pasted-and-private"
	data := filepath.Join(t.TempDir(), "data")
	dev := start(t, nil, testserver.DevArgs(data)...)
	form := url.Values{"text": {`<Error><Code>AccessDenied</Code><Message>Invalid according to Policy: Policy expired. ` + pasted + `</Message></Error>`}}
	response, err := http.PostForm(dev.URL+"/explain", form)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	page, err := io.ReadAll(response.Body)
	if err != nil || response.StatusCode != http.StatusOK || !strings.Contains(string(page), "policy_expired") || !strings.Contains(string(page), pasted) {
		t.Fatalf("got %d, %v: %s", response.StatusCode, err, page)
	}
	dev.Stop() // which also requires that nothing more was printed
	if strings.Contains(dev.Log.String(), pasted) {
		t.Errorf("it was logged:\n%s", dev.Log)
	}
	err = fs.WalkDir(os.DirFS(data), ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.Type().IsRegular() {
			return err
		}
		text, err := os.ReadFile(filepath.Join(data, name))
		if bytes.Contains(text, []byte(pasted)) {
			t.Errorf("it was stored in %s", name)
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
}

func TestExplainSaysThatAStoreTakesNoForms(t *testing.T) {
	t.Parallel()
	form := invoke(t, sampleEnvironment(), "sign", "--bucket", "media", "--key", "a", "--endpoint", "https://s3.example.com", "--region", "auto", "--path-style", "--format", "json")
	for _, host := range []string{"0123abcd.r2.cloudflarestorage.com", "s3.us-west-004.backblazeb2.com"} {
		file := filepath.Join(t.TempDir(), "form.json")
		write(t, file, strings.Replace(form.stdout, "s3.example.com", host, 1))
		if got := invoke(t, sampleEnvironment(), "explain", file, "--at", sampleAt); got.code != exitFailed || !strings.Contains(got.stdout, "presigned PUT") {
			t.Errorf("%s: got %+v", host, got)
		}
	}
}
