package static

import (
	"cmp"
	"errors"
	"io/fs"
	"slices"
)

// mergedFS shows several file systems as one. No file path is in two of them.
type mergedFS []fs.FS

// Open opens a file, or a folder as the first file system has it.
func (m mergedFS) Open(name string) (file fs.File, err error) {
	for _, part := range m {
		if file, err = part.Open(name); !errors.Is(err, fs.ErrNotExist) {
			break
		}
	}
	return file, err
}

// ReadDir lists a folder of all file systems, sorted by name.
func (m mergedFS) ReadDir(name string) ([]fs.DirEntry, error) {
	var all []fs.DirEntry
	var missing error
	for _, part := range m {
		entries, err := fs.ReadDir(part, name)
		if errors.Is(err, fs.ErrNotExist) {
			missing = err
			continue
		}
		if err != nil {
			return nil, err
		}
		all = append(all, entries...)
	}
	if all == nil {
		return nil, missing
	}
	slices.SortFunc(all, func(a, b fs.DirEntry) int { return cmp.Compare(a.Name(), b.Name()) })
	return all, nil
}

// subFS is an embedded folder as a file system of its own. It panics if there is no such folder.
func subFS(parent fs.FS, folder string) fs.FS {
	sub, err := fs.Sub(parent, folder)
	if err != nil {
		panic("static: " + err.Error())
	}
	return sub
}
