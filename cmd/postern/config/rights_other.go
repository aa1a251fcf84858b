//go:build !unix

package config

import "io/fs"

// hasRights says whether the mode of a file tells what other users may do with it.
const hasRights = false

// foreignRights returns the rights that nobody but its owner may have to a secret file.
func foreignRights(fs.FileInfo) fs.FileMode { return 0 }
