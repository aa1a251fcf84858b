package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/postern-dev/postern/cmd/postern/config"
)

// The program is checked in a module of its own, as its readers would have it.
func TestTheReadmesProgramCompiles(t *testing.T) {
	t.Parallel()
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	sums, err := os.ReadFile(filepath.Join(root, "go.sum"))
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	write(t, filepath.Join(dir, "main.go"), readme(t, "go"))
	write(t, filepath.Join(dir, "go.sum"), string(sums))
	write(t, filepath.Join(dir, "go.mod"), fmt.Sprintf("module readme\n\ngo 1.26\n\nrequire %s v0.0.0\n\nreplace %[1]s => %s\n", "github.com/postern-dev/postern", root))
	vet := exec.Command("go", "vet", "-mod=mod", ".")
	vet.Dir = dir
	if out, err := vet.CombinedOutput(); err != nil {
		t.Errorf("%v:\n%s", err, out)
	}
}

func TestTheReadmesConfigLoads(t *testing.T) {
	t.Parallel()
	name := filepath.Join(t.TempDir(), "postern.yaml")
	write(t, name, readme(t, "yaml"))
	secret := func(name string) string { return name + strings.Repeat("-", 32) }
	if _, err := config.Load(name, secret); err != nil {
		t.Error(err)
	}
}

// The commands need two files that the README describes: a refusal by the store, and the config file,
// here of a store on this machine whose bucket has no rules yet.
func TestTheReadmesCommandsWork(t *testing.T) {
	text, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	file := readme(t, "yaml")
	file = strings.NewReplacer("{provider: aws, region: eu-central-1}", "{provider: versity, region: us-east-1, endpoint: "+strconv.Quote(startStore(t).URL())+", path_style: true}",
		"https://uploads.example.com", "http://127.0.0.1:1", "https://app.example.com", "http://localhost:1").Replace(file)
	useOperator(t)
	environment := sampleEnvironment()
	environment["POSTERN_TOKEN_KEY"], environment["POSTERN_TICKET_KEY"] = serveTokenKey, serveTicketKey
	write(t, "postern.yaml", file) // the working directory is the store's own
	write(t, "refusal.xml", `<Error><Code>AccessDenied</Code><Message>Invalid according to Policy: Policy Condition failed: ["eq", "$key", "users/1/photo.png"]</Message></Error>`)
	wanted := map[string]struct {
		code int
		text string
	}{
		"sign":    {exitDone, "--form-string 'key=users/1/photo.png'"},
		"explain": {exitFailed, "value_mismatch"},
		"setup":   {exitFailed, "cors_missing"},
		"iam":     {exitDone, `"s3:PutObject"`},
		"serve":   {exitDone, "can be served"},
		"doctor":  {exitFailed, "cors_missing"},
		"sweep":   {exitDone, ""},
	}
	for line := range strings.Lines(string(text)) {
		command, typed := strings.CutPrefix(strings.TrimSpace(line), "postern ")
		command, _, _ = strings.Cut(command, " #")
		args := strings.Fields(command)
		if !typed || len(args) == 0 {
			continue
		}
		want, known := wanted[args[0]]
		if got := invoke(t, environment, args...); !known || got.code != want.code || !strings.Contains(got.stdout, want.text) {
			t.Errorf("postern %s: want %d and %q, got %+v", command, want.code, want.text, got)
		}
		delete(wanted, args[0])
	}
	if len(wanted) > 0 {
		t.Errorf("wanted these in README.md as well: %v", wanted)
	}
}

var (
	readmeLink = regexp.MustCompile(`\]\(([^):]+)\)`)
	readmePath = regexp.MustCompile("(?m)^(?:\\| `|[^|`]*\\s\\./)((?:policy|handlers|templates|static|cmd)[a-z0-9/]*)")
)

func TestLinksAndPackagesOfTheReadmeExist(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	found := append(readmeLink.FindAllSubmatch(text, -1), readmePath.FindAllSubmatch(text, -1)...)
	if len(found) < 10 {
		t.Fatalf("links and packages in README.md: wanted at least ten, got %d", len(found))
	}
	for _, m := range found {
		if _, err := os.Stat(filepath.Join("../..", string(m[1]))); err != nil {
			t.Errorf("README.md names %s: %v", m[1], err)
		}
	}
}

// readme returns the first block of the README in a language.
func readme(t *testing.T, language string) string {
	t.Helper()
	text, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, found := strings.Cut(string(text), "```"+language+"\n")
	block, _, hasEnd := strings.Cut(rest, "```")
	if !found || !hasEnd {
		t.Fatalf("wanted a block of %s in README.md", language)
	}
	return block
}
