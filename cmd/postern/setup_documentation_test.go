package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
)

// shellOf returns a function that runs lines of a page in a shell where `postern` is this program.
func shellOf(t *testing.T, dir string) func(script string) (output string, code int) {
	t.Helper()
	bin := t.TempDir()
	write(t, filepath.Join(bin, "postern"), "#!/bin/sh\nexec "+os.Args[0]+" \"$@\"\n")
	if err := os.Chmod(filepath.Join(bin, "postern"), 0o755); err != nil {
		t.Fatal(err)
	}
	return func(script string) (string, int) {
		shell := exec.CommandContext(t.Context(), "sh", "-c", script)
		shell.Dir = dir
		shell.Env = append([]string{asProgram + "=1", "PATH=" + bin + ":" + os.Getenv("PATH"), "HOME=" + dir, "AWS_EC2_METADATA_DISABLED=true"}, operatorKeys...)
		out, _ := shell.CombinedOutput()
		return string(out), shell.ProcessState.ExitCode()
	}
}

// TestThePageAboutSetupIsTrue runs every command of the page against a store of rules, in its
// order.
func TestThePageAboutSetupIsTrue(t *testing.T) {
	t.Parallel()
	store := startBucketRules(t)
	dir := t.TempDir()
	config := docBlockLabelled(t, "setup.md", "setup: config")
	config = strings.Replace(config, "region: eu-central-1", "region: eu-central-1, endpoint: \""+store.URL+"\", public_endpoint: \"https://s3.example.com\", path_style: true", 1)
	write(t, filepath.Join(dir, "postern.yaml"), config)
	run := shellOf(t, dir)
	var codes []int
	for _, label := range []string{"setup: commands", "setup: other ways", "sweep: commands"} {
		for i, command := range strings.Split(strings.TrimSpace(docBlockLabelled(t, "setup.md", label)), "\n") {
			out, code := run(command)
			codes = append(codes, code)
			if label == "setup: commands" && i == 0 {
				if diff := docBlockLabelled(t, "setup.md", "setup: diff"); !strings.HasPrefix(out, diff) {
					t.Errorf("the page shows\n%s\nand the command prints\n%s", diff, out)
				}
			}
			if wanted := map[bool]int{true: exitFailed, false: exitDone}[len(codes) == 1]; code != wanted {
				t.Errorf("%s: exit code %d, wanted %d\n%s", command, code, wanted, out)
			}
		}
	}
	if len(codes) != 9 {
		t.Errorf("%d commands, wanted 9", len(codes))
	}
	terraform, err := os.ReadFile(filepath.Join(dir, "postern.tf"))
	if _, diagnostics := hclsyntax.ParseConfig(terraform, "postern.tf", hcl.InitialPos); err != nil || diagnostics.HasErrors() {
		t.Errorf("postern.tf: %v, %v", err, diagnostics)
	}
	if out, code := run("sh -n steps.sh && grep -c put-bucket steps.sh"); code != 0 || out != "2\n" {
		t.Errorf("steps.sh: exit code %d, %s", code, out)
	}
	write(t, filepath.Join(dir, "postern.yaml"), config+docBlockLabelled(t, "setup.md", "sweep: config"))
	if out, code := run("postern setup --config postern.yaml"); code != exitDone {
		t.Errorf("with the section sweep: exit code %d\n%s", code, out)
	}
}

var codeConstant = regexp.MustCompile(`(?m)^\t[A-Za-z]+ += "([a-z]+_[a-z_]+)" +//`)

func TestEveryFindingOfSetupSweepAndDeliveriesHasAParagraph(t *testing.T) {
	t.Parallel()
	read := func(name string) string {
		text, err := os.ReadFile(filepath.Join(docFolder, "../..", name))
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	pages := read("static/docs/doctor.md") + read("static/docs/setup.md") + read("static/docs/webhooks.md")
	found := 0
	for _, file := range []string{"setup/setup.go", "setup/cors.go", "setup/lifecycle.go", "sweep.go", "deliveries.go"} {
		text := read("cmd/postern/" + file)
		for _, m := range codeConstant.FindAllStringSubmatch(text, -1) {
			found++
			if !strings.Contains(pages, "# "+m[1]+"\n") {
				t.Errorf("%s: %s has no paragraph in doctor.md, setup.md or webhooks.md", file, m[1])
			}
		}
	}
	if found < 20 {
		t.Errorf("%d codes found, wanted at least 20", found)
	}
}
