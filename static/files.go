package static

import (
	"bytes"
	"embed"
	"fmt"
	"io/fs"
	"slices"
	"sync"

	"github.com/tdewolff/minify/v2"
	"github.com/tdewolff/minify/v2/js"
)

// Files is a tree of files to serve; see [FS]. It can be read by several
// goroutines at once.
type Files struct {
	embed.FS
	modules func() map[string][]byte
}

// Open opens a file or folder by its slash-separated path.
func (f Files) Open(name string) (fs.File, error) {
	file, err := f.FS.Open(name)
	content, module := f.modules()[name]
	if err != nil || !module {
		return file, err
	}
	info, err := file.Stat()
	if err != nil {
		return nil, err
	}
	return &moduleFile{Reader: bytes.NewReader(content), info: moduleInfo{info, int64(len(content))}}, nil
}

// ReadFile returns a file's content. The caller may change it.
func (f Files) ReadFile(name string) ([]byte, error) {
	if content, module := f.modules()[name]; module {
		return slices.Clone(content), nil
	}
	return f.FS.ReadFile(name)
}

// moduleFile is an open module; it can be sought in, as net/http wants it.
type moduleFile struct {
	*bytes.Reader
	info fs.FileInfo
}

func (f *moduleFile) Stat() (fs.FileInfo, error) { return f.info, nil }
func (f *moduleFile) Close() error               { return nil }

type moduleInfo struct {
	fs.FileInfo
	size int64
}

func (i moduleInfo) Size() int64 { return i.size }

// minified is the tree with its modules as browsers are to get them: without
// comments and white space, and with short names where nobody looks. Some
// milliseconds of work, so it waits for whoever asks first.
func minified(tree embed.FS) Files {
	return Files{FS: tree, modules: sync.OnceValue(func() map[string][]byte {
		modules, err := minifyAll(tree)
		if err != nil {
			panic("static: minifying modules: " + err.Error())
		}
		return modules
	})}
}

func minifyAll(tree fs.FS) (map[string][]byte, error) {
	modules := map[string][]byte{}
	names, err := fs.Glob(tree, "*.js")
	if err != nil {
		return nil, err
	}
	for _, name := range names {
		content, err := fs.ReadFile(tree, name)
		if err != nil {
			return nil, err
		}
		var out bytes.Buffer
		if err := js.Minify(minify.New(), &out, bytes.NewReader(content), nil); err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		modules[name] = out.Bytes()
	}
	return modules, nil
}
