package config

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
)

// maxSecretFile is the largest secret file that is read, in bytes. Keys are far smaller.
const maxSecretFile = 16 << 10

// ReadSecretFile reads a file that holds a secret. It refuses one that isn't a regular file, one
// that is larger than 16 KiB, and one that somebody else can read or change, by the rules of ssh
// for private keys: nobody but its owner may have a right to a file that is ours. Where it belongs
// to another user, its group may read it: that is how systemd, and Kubernetes with fsGroup, let a
// service read a file of root's.
//
// It also refuses a file that any user can replace, because its folder is writable for all and
// isn't sticky as /tmp is. A group that may write to the folder is taken, unlike by sshd for
// authorized_keys: on many systems each user has a group of their own that may write to everything
// the user makes, and in Kubernetes the group is that of the container.
//
// Links are followed; the rules hold for the file and for the folders of both. The error wraps
// fs.ErrNotExist where there is no such file, and never shows what a file holds.
func ReadSecretFile(name string) ([]byte, error) {
	// Without O_NONBLOCK, opening a named pipe waits for somebody who writes to it.
	file, err := os.OpenFile(name, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return nil, err
	}
	if err := errors.Join(checkSecretFile(name, info), checkSecretFolders(name)); err != nil {
		return nil, err
	}
	text, err := io.ReadAll(io.LimitReader(file, maxSecretFile+1))
	if err == nil && len(text) > maxSecretFile {
		err = fmt.Errorf("secret file %q: larger than %d bytes, which no key is", name, maxSecretFile)
	}
	if err != nil {
		return nil, err
	}
	return text, nil
}

func checkSecretFile(name string, info fs.FileInfo) error {
	mode := info.Mode()
	if !mode.IsRegular() {
		return fmt.Errorf("secret file %q: wanted a regular file, got %s", name, describeType(mode))
	}
	if mode &= foreignRights(info); mode == 0 {
		return nil
	}
	can := "change"
	if mode&0o044 != 0 {
		can = "read"
	}
	return fmt.Errorf("secret file %q: other users can %s it (mode %04o); make it 0600 (in Kubernetes, defaultMode: 0400)", name, can, info.Mode().Perm())
}

// describeType names what a secret file can't be.
func describeType(mode fs.FileMode) string {
	switch {
	case mode.IsDir():
		return "a folder"
	case mode&fs.ModeNamedPipe != 0:
		return "a named pipe"
	case mode&fs.ModeDevice != 0:
		return "a device"
	}
	return "something else"
}

// checkSecretFolders checks the folder of name and, where name is a link, that of the file.
func checkSecretFolders(name string) error {
	target, err := filepath.EvalSymlinks(name)
	if err != nil {
		return err
	}
	for _, dir := range []string{filepath.Dir(name), filepath.Dir(target)} {
		info, err := os.Stat(dir)
		if err != nil {
			return err
		}
		if mode := info.Mode(); mode&0o002 != 0 && mode&fs.ModeSticky == 0 && hasRights {
			return fmt.Errorf("secret file %q: any user can replace it, since its folder %q is writable for all (mode %04o); make the folder 0700", name, dir, mode.Perm())
		}
	}
	return nil
}

// CheckDataFolder refuses a folder for data that other users may do something with: rights are
// those that nobody but its owner may have, such as 0o077.
func CheckDataFolder(dir string, rights fs.FileMode) error {
	info, err := os.Stat(dir)
	if err != nil {
		return err
	}
	if mode := info.Mode().Perm(); mode&rights != 0 && hasRights {
		return fmt.Errorf("data folder %q: other users can read or change it (mode %04o); make it 0700, or name another one", dir, mode)
	}
	return nil
}
