// Package static holds the files that browsers load: ES modules, which need no bundler, the
// stylesheets and the language catalogues.
//
// Serve [FS] under a path that contains [Hash], and browsers may cache the files forever: a change
// to one file changes the path of all.
//
//	/assets/{hash}/define.js     registers <postern-uploader>
//	/assets/{hash}/widget.js     connects it to the page around it, inside an iframe
//	/assets/{hash}/postern.css
//	/assets/{hash}/lang/en.json
//
// embed.js, which registers <postern-upload> in other sites' pages, is also served at a path of its
// own. It is bundled from itself and the folder embed, so that it works as a module and as a
// classic script. From beside it embed-answers.js is loaded for the first file, and embed-failure.js
// where the frame doesn't answer or the form can't be sent.
//
// Modules import each other by relative paths, so the path can be any. core.js is bundled from all
// that every page with an uploader loads, total.js from what comes with the first file, multipart.js
// from what comes with the first large one: compressed together they are a quarter smaller. Other
// modules are loaded when they are needed, and import what they share from core.js.
//
// The folder dist holds the minified modules. It is committed: run "go generate ./static" after a
// change.
package static

import (
	"crypto/sha256"
	"embed"
	"encoding/binary"
	"encoding/hex"
	"io/fs"
	"sync"
)

//go:generate sh -c "rm -f dist/*.js && go tool esbuild --minify --target=es2022 --charset=utf8 --log-level=error --outdir=dist *.js"
//go:generate sh -c "go tool esbuild --minify --target=es2022 --charset=utf8 --log-level=error --bundle --format=iife --outfile=dist/embed.js embed.js"
//go:generate sh -c "go tool esbuild --minify --target=es2022 --charset=utf8 --log-level=error --bundle --format=esm --outfile=dist/embed-failure.js embed-failure.js"
//go:generate sh bundle.sh core accepted checksum continue diagnosis field metadata own-uploads same-file
//go:generate sh bundle.sh total core same-file
//go:generate sh bundle.sh multipart core checksum
//go:generate sh bundle.sh crc
//go:generate sh bundle.sh md5

var (
	//go:embed *.css lang/*.json
	sources embed.FS
	//go:embed dist/*.js
	minified embed.FS
)

// FS holds the minified modules and the stylesheets in its root and the catalogues in lang.
var FS fs.FS = mergedFS{sources, subFS(minified, "dist")}

// Hash identifies all files together: the first 16 hex digits, in lower case, of a SHA-256 over the
// path and the content of each.
func Hash() string { return filesHash() }

var filesHash = sync.OnceValue(func() string {
	sum, err := hashFiles(FS)
	if err != nil {
		panic("static: reading embedded files: " + err.Error())
	}
	return sum
})

// hashFiles hashes the path and the content of every file.
func hashFiles(files fs.FS) (string, error) {
	hash := sha256.New()
	err := fs.WalkDir(files, ".", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		content, err := fs.ReadFile(files, path)
		if err != nil {
			return err
		}
		hash.Write(fileHeader(path, len(content)))
		hash.Write(content)
		return nil
	})
	return hex.EncodeToString(hash.Sum(nil))[:16], err
}

// fileHeader is the path and the size in bytes of a file, each of known length, so that no content
// can be mistaken for the header of another file.
func fileHeader(path string, size int) []byte {
	head := binary.BigEndian.AppendUint64(nil, uint64(len(path)))
	head = append(head, path...)
	return binary.BigEndian.AppendUint64(head, uint64(size))
}
