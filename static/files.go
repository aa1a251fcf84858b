package static

import (
	"bytes"
	"embed"
	"io/fs"
	"slices"
)

// Files is a tree of files to serve; see [FS]. It can be read by several
// goroutines at once.
type Files struct {
	embed.FS
	modules map[string][]byte
}

// Open opens a file or folder by its slash-separated path.
func (f Files) Open(name string) (fs.File, error) {
	file, err := f.FS.Open(name)
	content, module := f.modules[name]
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
	if content, module := f.modules[name]; module {
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

// squeezed is the tree with what only a reader of the source needs taken out
// of its modules.
func squeezed(tree embed.FS) Files {
	files := Files{FS: tree, modules: map[string][]byte{}}
	names, err := fs.Glob(tree, "*.js")
	if err != nil {
		panic("static: listing modules: " + err.Error())
	}
	for _, name := range names {
		content, err := tree.ReadFile(name)
		if err != nil {
			panic("static: reading a module: " + err.Error())
		}
		files.modules[name] = squeeze(content)
	}
	return files
}
