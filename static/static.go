// Package static is the browser side of Postern as files to serve: ES modules
// that need no bundler, one stylesheet, and the language catalogues.
//
// Serve [FS] under a path that holds [Hash], and the files may be cached for
// good: a change to any of them changes the path of all.
//
//	/assets/{hash}/define.js     registers <postern-uploader>
//	/assets/{hash}/postern.css
//	/assets/{hash}/lang/en.json
//
// Modules name each other relatively, so the path is free to choose.
package static

import (
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"io/fs"
	"sync"
)

// FS holds the modules and the stylesheet at its root and the catalogues
// under lang.
//
//go:embed *.js *.css lang/*.json
var FS embed.FS

// Hash names the whole tree: 16 lower-case hex digits of a SHA-256 over every
// path and every content.
func Hash() string { return treeHash() }

var treeHash = sync.OnceValue(func() string {
	sum, err := hashTree(FS)
	if err != nil {
		panic("static: reading embedded files: " + err.Error())
	}
	return sum
})

// hashTree frames each file by its length, so that no content can pass for
// another file.
func hashTree(tree fs.FS) (string, error) {
	hash := sha256.New()
	err := fs.WalkDir(tree, ".", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		content, err := fs.ReadFile(tree, path)
		if err != nil {
			return err
		}
		hash.Write(frame(path, len(content)))
		hash.Write(content)
		return nil
	})
	return hex.EncodeToString(hash.Sum(nil))[:16], err
}
