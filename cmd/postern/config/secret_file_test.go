//go:build unix

package config_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/postern-dev/postern/cmd/postern/config"
)

const fileSecret = "a-secret-in-a-file-0123456789-0123456789"

// secretFile makes a secret file in a new folder, with exactly these rights.
func secretFile(t *testing.T, folder, file fs.FileMode) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "secrets")
	name := filepath.Join(dir, "key")
	must(t, os.Mkdir(dir, 0o700))
	must(t, os.WriteFile(name, []byte(fileSecret), 0o600))
	must(t, os.Chmod(name, file))
	must(t, os.Chmod(dir, folder))
	return name
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestSecretFilesOfOthersAreRefused(t *testing.T) {
	t.Parallel()
	link := func(t *testing.T, target string) string {
		name := filepath.Join(t.TempDir(), "link")
		must(t, os.Symlink(target, name))
		return name
	}
	cases := []struct {
		name string
		file func(t *testing.T) string
		want string // in the error; "" for a file that is read
	}{
		{"its owner alone may read and write it", func(t *testing.T) string { return secretFile(t, 0o700, 0o600) }, ""},
		{"its owner alone may read it", func(t *testing.T) string { return secretFile(t, 0o700, 0o400) }, ""},
		{"a folder that others may list", func(t *testing.T) string { return secretFile(t, 0o755, 0o600) }, ""},
		{"a folder that a group may write to", func(t *testing.T) string { return secretFile(t, 0o775, 0o600) }, ""},
		{"a sticky folder for everybody, such as /tmp", func(t *testing.T) string { return secretFile(t, 0o777|fs.ModeSticky, 0o600) }, ""},
		{"a link to a private file", func(t *testing.T) string { return link(t, secretFile(t, 0o700, 0o600)) }, ""},
		{"everybody may read it", func(t *testing.T) string { return secretFile(t, 0o700, 0o644) }, "other users can read it (mode 0644); make it 0600"},
		{"its group may read it", func(t *testing.T) string { return secretFile(t, 0o700, 0o640) }, "other users can read it (mode 0640); make it 0600"},
		{"others than its group may read it", func(t *testing.T) string { return secretFile(t, 0o700, 0o604) }, "other users can read it (mode 0604); make it 0600"},
		{"its group may change it", func(t *testing.T) string { return secretFile(t, 0o700, 0o620) }, "other users can change it (mode 0620); make it 0600"},
		{"everybody may change it", func(t *testing.T) string { return secretFile(t, 0o700, 0o602) }, "other users can change it (mode 0602); make it 0600"},
		{"a folder in which everybody may replace it", func(t *testing.T) string { return secretFile(t, 0o777, 0o600) }, "any user can replace it"},
		{"a link to a file that others may read", func(t *testing.T) string { return link(t, secretFile(t, 0o700, 0o644)) }, "other users can read it (mode 0644)"},
		{"a link to a file that everybody may replace", func(t *testing.T) string { return link(t, secretFile(t, 0o777, 0o600)) }, "any user can replace it"},
		{"a link that everybody may replace", func(t *testing.T) string {
			name := secretFile(t, 0o700, 0o600)
			dir := filepath.Join(t.TempDir(), "open")
			must(t, os.Mkdir(dir, 0o700))
			must(t, os.Symlink(name, filepath.Join(dir, "link")))
			must(t, os.Chmod(dir, 0o777))
			return filepath.Join(dir, "link")
		}, "any user can replace it"},
		{"nothing", func(t *testing.T) string { return filepath.Join(t.TempDir(), "none") }, "no such file"},
		{"a link to nothing", func(t *testing.T) string { return link(t, "/nonexistent/key") }, "no such file"},
		{"a link to itself", func(t *testing.T) string { return link(t, "link") }, "too many levels"},
		{"a folder", func(t *testing.T) string { return t.TempDir() }, "wanted a regular file, got a folder"},
		{"a device", func(*testing.T) string { return "/dev/zero" }, "wanted a regular file, got a device"},
		{"a named pipe, to which nobody writes", func(t *testing.T) string {
			name := filepath.Join(t.TempDir(), "pipe")
			must(t, syscall.Mkfifo(name, 0o600))
			return name
		}, "wanted a regular file, got a named pipe"},
		{"16 KiB", func(t *testing.T) string { return sizedFile(t, 16<<10) }, ""},
		{"16 KiB and a byte", func(t *testing.T) string { return sizedFile(t, 16<<10+1) }, "larger than 16384 bytes"},
		{"a file without end", func(t *testing.T) string { return sizedFile(t, 1<<40) }, "larger than 16384 bytes"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			text, err := config.ReadSecretFile(c.file(t))
			if c.want == "" && (err != nil || len(text) == 0) {
				t.Errorf("want it read, got %d bytes, %v", len(text), err)
			}
			if c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "\n") || text != nil) {
				t.Errorf("want %q, got %q, %v", c.want, text, err)
			}
		})
	}
}

// sizedFile makes a private file of a size, most of it a hole.
func sizedFile(t *testing.T, size int64) string {
	t.Helper()
	name := secretFile(t, 0o700, 0o600)
	must(t, os.Truncate(name, size))
	return name
}

// A secret of a Kubernetes volume is a link to ..data, a link to a folder with a time in its name.
// The volume is of root's, sticky and writable for all.
func TestSecretsOfAKubernetesVolumeAreRead(t *testing.T) {
	t.Parallel()
	volume := t.TempDir()
	version := filepath.Join(volume, "..2026_11_27_10_00_00.123456789")
	must(t, os.Mkdir(version, 0o755))
	must(t, os.WriteFile(filepath.Join(version, "token-key"), []byte(fileSecret), 0o400))
	must(t, os.Symlink(filepath.Base(version), filepath.Join(volume, "..data")))
	must(t, os.Symlink(filepath.Join("..data", "token-key"), filepath.Join(volume, "token-key")))
	must(t, os.Chmod(volume, 0o777|fs.ModeSticky))
	name := filepath.Join(volume, "token-key")
	text := strings.Replace(good(t), "file:old.key", "file:"+name, 1)
	c, err := load(t, text)
	if err != nil || string(c.TokenKeys[1]) != fileSecret {
		t.Fatalf("want the secret read, got %v", err)
	}
	must(t, os.Chmod(filepath.Join(version, "token-key"), 0o644)) // what a volume without defaultMode has
	if _, err := load(t, text); err == nil || !strings.Contains(err.Error(), "in Kubernetes, defaultMode: 0400") {
		t.Errorf("want a sentence about the mode, got %v", err)
	}
}

func TestAMistakeInASecretFileHasItsPlaceInTheConfig(t *testing.T) {
	t.Parallel()
	for what, name := range map[string]string{
		"other users can read it": secretFile(t, 0o700, 0o644), "a folder": t.TempDir(), "larger than": sizedFile(t, 1<<20),
	} {
		_, err := load(t, strings.Replace(good(t), "file:old.key", "file:"+name, 1))
		var mistake *config.Error
		if !errors.As(err, &mistake) || mistake.Line != 4 || !strings.Contains(mistake.Message, "keys.tokens[1]: can't read the secret: secret file") ||
			!strings.Contains(mistake.Message, what) || strings.Contains(err.Error(), fileSecret) {
			t.Errorf("want %q at line 4, got %v", what, err)
		}
	}
}

func TestDataFoldersAreForTheirOwner(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name          string
		mode, forbids fs.FileMode
		ok            bool
	}{
		{"private", 0o700, 0o077, true},
		{"listed by others", 0o755, 0o077, false},
		{"entered by others", 0o711, 0o077, false},
		{"listed by others, who may", 0o755, 0o022, true},
		{"changed by its group", 0o770, 0o022, false},
		{"changed by everybody", 0o777, 0o022, false},
		{"changed by everybody, though sticky", 0o777 | fs.ModeSticky, 0o022, false},
	}
	for _, c := range cases {
		dir := t.TempDir()
		must(t, os.Chmod(dir, c.mode))
		err := config.CheckDataFolder(dir, c.forbids)
		if (err == nil) != c.ok || err != nil && !strings.Contains(err.Error(), "make it 0700") {
			t.Errorf("%s: got %v", c.name, err)
		}
	}
	if err := config.CheckDataFolder(filepath.Join(t.TempDir(), "none"), 0o077); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("no folder: got %v", err)
	}
}

func TestAFileIsReadWithoutItsSecrets(t *testing.T) {
	t.Parallel()
	c, err := config.LoadWithoutSecrets("testdata/good.yaml")
	if err != nil {
		t.Fatal(err)
	}
	if len(c.TokenKeys) != 2 || c.TokenKeys[0] != "" || c.Tickets.Secret != "" || c.Store.UploadCredentials.SecretAccessKey != "" {
		t.Error("a secret was read, or a reference forgotten")
	}
	if c.Profiles["photos"].Bucket != "media" {
		t.Errorf("got bucket %q", c.Profiles["photos"].Bucket)
	}
}
