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

// maxCopySize is S3's own limit for CopyObject, in bytes. At zero the store refuses every copy.
const maxCopySize = 5 << 30

// ioBufferSize is how much of an object is read or copied at once, in bytes. The gateway makes a
// buffer for each GET, also of a few bytes; by default one of a mebibyte.
const ioBufferSize = 128 << 10

// openStore opens dir/objects and makes it the working directory. Metadata are in extended
// attributes where the filesystem has them and in dir/metadata otherwise; a folder that has
// dir/metadata keeps it. With versions, buckets can keep them, in dir/versions.
func openStore(dir string, versions bool) (*posix.Posix, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return nil, err
	}
	objects := filepath.Join(dir, "objects")
	if err := os.MkdirAll(objects, 0o700); err != nil {
		return nil, err
	}
	metadata, err := openMetadata(objects, filepath.Join(dir, "metadata"))
	if err != nil {
		return nil, fmt.Errorf("metadata of %q: %w", dir, err)
	}
	options := posix.PosixOpts{CopyObjectThreshold: maxCopySize, IOBufferSize: ioBufferSize}
	if versions {
		options.VersioningDir = filepath.Join(dir, "versions")
		if err := os.MkdirAll(options.VersioningDir, 0o700); err != nil {
			return nil, err
		}
	}
	return posix.New(objects, metadata, options)
}

func openMetadata(objects, sidecar string) (meta.MetadataStorer, error) {
	if _, err := os.Stat(sidecar); errors.Is(err, fs.ErrNotExist) && canSetAttributes(objects) {
		return meta.XattrMeta{}, nil
	}
	if err := os.MkdirAll(sidecar, 0o700); err != nil {
		return nil, err
	}
	return meta.NewSideCar(sidecar)
}

// canSetAttributes sets an extended attribute to find out: on some filesystems they can only be
// read.
func canSetAttributes(dir string) bool {
	f, err := os.CreateTemp(dir, ".probe")
	if err != nil {
		return false
	}
	defer os.Remove(f.Name())
	defer f.Close()
	return meta.XattrMeta{}.StoreAttribute(f, "", "", "postern", []byte("1")) == nil
}
