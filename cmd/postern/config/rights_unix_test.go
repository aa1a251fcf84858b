//go:build unix

package config

import (
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"testing"
)

// ofAnotherUser is a file that belongs to somebody else, which only root could make.
type ofAnotherUser struct{ fs.FileInfo }

func (ofAnotherUser) Sys() any { return &syscall.Stat_t{Uid: uint32(os.Geteuid()) + 1} }

func TestAGroupMayReadASecretFileOfAnotherUser(t *testing.T) {
	t.Parallel()
	for mode, ok := range map[fs.FileMode]bool{0o400: true, 0o440: true, 0o640: true, 0o460: false, 0o660: false, 0o444: false, 0o644: false, 0o442: false} {
		name := filepath.Join(t.TempDir(), "token.key")
		if err := os.WriteFile(name, nil, 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(name, mode); err != nil {
			t.Fatal(err)
		}
		info, err := os.Stat(name)
		if err != nil {
			t.Fatal(err)
		}
		if err := checkSecretFile(name, ofAnotherUser{info}); (err == nil) != ok {
			t.Errorf("mode %04o: got %v", mode, err)
		}
		if err := checkSecretFile(name, info); (err == nil) != (mode&0o077 == 0) {
			t.Errorf("mode %04o of a file of ours: got %v", mode, err)
		}
	}
}
