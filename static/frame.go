package static

import "encoding/binary"

// frame is a file's path and size in bytes that can't be read two ways.
func frame(path string, size int) []byte {
	head := binary.BigEndian.AppendUint64(nil, uint64(len(path)))
	head = append(head, path...)
	return binary.BigEndian.AppendUint64(head, uint64(size))
}
