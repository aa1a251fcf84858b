package static

import (
	"cmp"
	"errors"
	"io/fs"
	"slices"
)

// union shows several trees as one. No two hold a file of the same path.
type union []fs.FS

// Open opens a file; a folder that several trees have is opened in the first.
func (u union) Open(name string) (file fs.File, err error) {
	for _, tree := range u {
		if file, err = tree.Open(name); !errors.Is(err, fs.ErrNotExist) {
			break
		}
	}
	return file, err
}

// ReadDir lists a folder of all trees, sorted by name.
func (u union) ReadDir(name string) ([]fs.DirEntry, error) {
	var all []fs.DirEntry
	var missing error
	for _, tree := range u {
		entries, err := fs.ReadDir(tree, name)
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

// sub is a folder that is known to be there as a tree of its own.
func sub(tree fs.FS, folder string) fs.FS {
	inner, err := fs.Sub(tree, folder)
	if err != nil {
		panic("static: " + err.Error())
	}
	return inner
}
