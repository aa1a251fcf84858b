//go:build unix

package config

import (
	"io/fs"
	"os"
	"syscall"
)

// hasRights says whether the mode of a file tells what other users may do with it.
const hasRights = true

// foreignRights returns the rights that nobody but its owner may have to a secret file.
func foreignRights(info fs.FileInfo) fs.FileMode {
	if owner, ok := info.Sys().(*syscall.Stat_t); ok && int(owner.Uid) != os.Geteuid() {
		return 0o027
	}
	return 0o077
}
