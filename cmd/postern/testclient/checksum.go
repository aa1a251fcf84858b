package testclient

import (
	"encoding/base64"
	"encoding/binary"
	"hash/crc32"
	"hash/crc64"
)

// crc64NVME is the polynomial of CRC-64/NVME in the reversed form that hash/crc64 takes.
const crc64NVME = 0x9a6c9329ac4bc9b5

// Checksum returns a checksum as S3 writes it: base64 of the big-endian sum. algorithm is "crc32",
// "crc32c" or "crc64nvme"; the result for any other is "".
func Checksum(algorithm string, content []byte) string {
	var sum []byte
	switch algorithm {
	case "crc32":
		sum = binary.BigEndian.AppendUint32(nil, crc32.ChecksumIEEE(content))
	case "crc32c":
		sum = binary.BigEndian.AppendUint32(nil, crc32.Checksum(content, crc32.MakeTable(crc32.Castagnoli)))
	case "crc64nvme":
		sum = binary.BigEndian.AppendUint64(nil, crc64.Checksum(content, crc64.MakeTable(crc64NVME)))
	}
	return base64.StdEncoding.EncodeToString(sum)
}
