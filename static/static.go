// Package static is the browser side of Postern as files to serve: ES modules that need no bundler,
// one stylesheet, and the language catalogues.
//
// Serve [FS] under a path that holds [Hash], and the files may be cached for good: a change to any
// of them changes the path of all.
//
//	/assets/{hash}/define.js     registers <postern-uploader>
//	/assets/{hash}/widget.js     the same inside an iframe, with the handshake
//	/assets/{hash}/postern.css
//	/assets/{hash}/lang/en.json
//
// embed.js, the tag for other people's pages, is also served at a path of its own. Modules name
// each other relatively, so the path is free to choose.
//
// The folder dist holds the modules without comments and white space, and with short names where
// nobody looks. It is committed: run "go generate ./static" after a change.
package static

import (
	"crypto/sha256"
	"embed"
	"encoding/binary"
	"encoding/hex"
	"io/fs"
	"sync"
)

//go:generate sh -c "go tool esbuild --minify --target=es2022 --charset=utf8 --log-level=error --outdir=dist *.js"

var (
	//go:embed *.css lang/*.json
	texts embed.FS
	//go:embed dist/*.js
	scripts embed.FS
)

// FS holds the modules and the stylesheet at its root and the catalogues under lang. Modules are
// minified; their sources are for the repository.
var FS fs.FS = union{texts, sub(scripts, "dist")}

// Hash names the whole tree: 16 lower-case hex digits of a SHA-256 over every path and every
// content.
func Hash() string { return treeHash() }

var treeHash = sync.OnceValue(func() string {
	sum, err := hashTree(FS)
	if err != nil {
		panic("static: reading embedded files: " + err.Error())
	}
	return sum
})

// hashTree hashes the path and the content of every file of a tree.
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

// frame is a file's path and size in bytes, each of known length: no content can pass for the
// beginning of another file.
func frame(path string, size int) []byte {
	head := binary.BigEndian.AppendUint64(nil, uint64(len(path)))
	head = append(head, path...)
	return binary.BigEndian.AppendUint64(head, uint64(size))
}
