package policy_test

import (
	"os/exec"
	"strings"
	"testing"
)

// Whoever imports policy compiles the standard library and these packages only.
func TestStandardLibraryOnly(t *testing.T) {
	t.Parallel()
	list := exec.Command("go", "list", "-deps", "-f", "{{if not .Standard}}{{.ImportPath}}{{end}}", ".", "./sigv4")
	output, err := list.Output()
	if err != nil {
		t.Fatal(err)
	}
	const own = "github.com/postern-dev/postern/policy"
	for _, path := range strings.Fields(string(output)) {
		if path != own && !strings.HasPrefix(path, own+"/") {
			t.Errorf("policy depends on %s", path)
		}
	}
	if len(strings.Fields(string(output))) < 2 {
		t.Errorf("go list named %q, wanted policy and what is under it", output)
	}
}
