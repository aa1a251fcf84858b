package e2e

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
)

// npmDir pins the scripts of others that tests load into pages, with a lock file. Their licences
// differ from this project's, so their code isn't here.
const npmDir = "../../../.ci/axe"

// npmInstalled is the folder with the packages that npmDir pins: .ci/test has installed them there.
// If they aren't there, npm installs them into a temporary folder.
var npmInstalled = sync.OnceValues(func() (string, error) {
	for _, name := range []string{"axe-core", "htmx.org", "@guidepup/virtual-screen-reader"} {
		pinned := npmVersion(npmDir, "package-lock.json", "packages", "node_modules/"+name)
		if pinned != npmVersion(npmDir, "node_modules/"+name+"/package.json") {
			return npmInstall()
		}
	}
	return npmDir, nil
})

// npmSource returns a file of a package.
func npmSource(name, file string) (string, error) {
	dir, err := npmInstalled()
	if err != nil {
		return "", err
	}
	source, err := os.ReadFile(filepath.Join(dir, "node_modules", name, file))
	return string(source), err
}

// npmInstall installs the pinned versions and returns the folder.
func npmInstall() (string, error) {
	if _, err := exec.LookPath("npm"); err != nil {
		return "", fmt.Errorf("a package of %s is missing, and so is npm, which installs it; bash .ci/test installs both: %w", npmDir, err)
	}
	dir, err := os.MkdirTemp("", "npm-")
	if err != nil {
		return "", err
	}
	for _, name := range []string{"package.json", "package-lock.json"} {
		content, err := os.ReadFile(filepath.Join(npmDir, name))
		if err != nil {
			return "", err
		}
		if err := os.WriteFile(filepath.Join(dir, name), content, 0o644); err != nil {
			return "", err
		}
	}
	npm := exec.Command("npm", "ci", "--no-audit", "--no-fund", "--silent")
	npm.Dir = dir
	if out, err := npm.CombinedOutput(); err != nil {
		return "", fmt.Errorf("npm ci for %s: %w\n%s", npmDir, err, out)
	}
	return dir, nil
}

// npmVersion returns the version in a JSON file, below the given members; "" if there is none.
func npmVersion(dir, name string, members ...string) string {
	content, err := os.ReadFile(filepath.Join(dir, name))
	if err != nil {
		return ""
	}
	var value any
	if json.Unmarshal(content, &value) != nil {
		return ""
	}
	for _, member := range append(members, "version") {
		object, _ := value.(map[string]any)
		value = object[member]
	}
	version, _ := value.(string)
	return version
}
