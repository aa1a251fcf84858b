package e2e

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"hash/crc32"
	"image"
	"image/png"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
)

const mebibyte = 1 << 20

// pngOf returns a valid PNG of exactly the given size: noise and an ancillary chunk that fills it
// up.
func pngOf(t *testing.T, size int) []byte {
	t.Helper()
	picture := image.NewGray(image.Rect(0, 0, 64, 64))
	fixedRandom().Read(picture.Pix)
	var out bytes.Buffer
	must(t, png.Encode(&out, picture))
	const end = 12 // the IEND chunk
	filling := make([]byte, size-out.Len()-12)
	fixedRandom().Read(filling)
	padded := append(bytes.Clone(out.Bytes()[:out.Len()-end]), pngChunk("noIs", filling)...)
	return append(padded, out.Bytes()[out.Len()-end:]...)
}

// pngChunk encodes a chunk: length, type, data, and the CRC-32 of type and data.
func pngChunk(kind string, data []byte) []byte {
	out := binary.BigEndian.AppendUint32(nil, uint32(len(data)))
	out = append(append(out, kind...), data...)
	return binary.BigEndian.AppendUint32(out, crc32.ChecksumIEEE(out[4:]))
}

// fixedRandom returns a source of random bytes that are the same in every run.
func fixedRandom() *rand.ChaCha8 {
	return rand.NewChaCha8([32]byte{'p', 'o', 's', 't', 'e', 'r', 'n'})
}

// randomFile writes a file of random bytes and returns its path and SHA-256.
func randomFile(t *testing.T, name string, size int64) (path, sum string) {
	t.Helper()
	path = filepath.Join(t.TempDir(), name)
	file, err := os.Create(path)
	must(t, err)
	hash := sha256.New()
	_, err = io.CopyN(io.MultiWriter(file, hash), fixedRandom(), size)
	must(t, err)
	must(t, file.Close())
	return path, hex.EncodeToString(hash.Sum(nil))
}

// writeFile writes a file into a temporary folder and returns its path.
func writeFile(t *testing.T, name string, content []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	must(t, os.WriteFile(path, content, 0o644))
	return path
}

func readFile(t *testing.T, path string) []byte {
	t.Helper()
	content, err := os.ReadFile(path)
	must(t, err)
	return content
}

// sumOf returns the SHA-256 in hex.
func sumOf(content []byte) string {
	sum := sha256.Sum256(content)
	return hex.EncodeToString(sum[:])
}

// pick returns yes if the condition is true, else no.
func pick[T any](condition bool, yes, no T) T {
	if condition {
		return yes
	}
	return no
}
