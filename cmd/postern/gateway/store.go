package gateway

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/versity/versitygw/backend/meta"
	"github.com/versity/versitygw/backend/posix"
)

// maxCopy is S3's own limit for CopyObject. Left at zero, the store refuses every copy.
const maxCopy = 5 << 30

// openStore opens dir/objects, with metadata in extended attributes where the filesystem has them
// and in dir/metadata otherwise. A folder that began with dir/metadata stays with it.
func openStore(dir string) (*posix.Posix, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return nil, err
	}
	objects, sidecar := filepath.Join(dir, "objects"), filepath.Join(dir, "metadata")
	if err := os.MkdirAll(objects, 0o700); err != nil {
		return nil, err
	}
	metadata, err := openMetadata(objects, sidecar)
	if err != nil {
		return nil, fmt.Errorf("metadata of %q: %w", dir, err)
	}
	return posix.New(objects, metadata, posix.PosixOpts{CopyObjectThreshold: maxCopy})
}

func openMetadata(objects, sidecar string) (meta.MetadataStorer, error) {
	if _, err := os.Stat(sidecar); errors.Is(err, fs.ErrNotExist) && hasAttributes(objects) {
		return meta.XattrMeta{}, nil
	}
	if err := os.MkdirAll(sidecar, 0o700); err != nil {
		return nil, err
	}
	return meta.NewSideCar(sidecar)
}

// hasAttributes writes one, because some filesystems let them be read only.
func hasAttributes(dir string) bool {
	f, err := os.CreateTemp(dir, ".probe")
	if err != nil {
		return false
	}
	defer os.Remove(f.Name())
	defer f.Close()
	return meta.XattrMeta{}.StoreAttribute(f, "", "", "postern", []byte("1")) == nil
}
