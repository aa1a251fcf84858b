package testclient

import (
	"encoding/base64"
	"encoding/binary"
	"hash/crc32"
	"hash/crc64"
)

// nvme is the polynomial of CRC-64/NVME in the reflected form that hash/crc64 takes.
const nvme = 0x9a6c9329ac4bc9b5

// Checksum returns the value of the algorithm as S3 writes it, base64 of the big-endian sum; "" for
// no algorithm.
func Checksum(algorithm string, content []byte) string {
	var sum []byte
	switch algorithm {
	case "crc32":
		sum = binary.BigEndian.AppendUint32(nil, crc32.ChecksumIEEE(content))
	case "crc32c":
		sum = binary.BigEndian.AppendUint32(nil, crc32.Checksum(content, crc32.MakeTable(crc32.Castagnoli)))
	case "crc64nvme":
		sum = binary.BigEndian.AppendUint64(nil, crc64.Checksum(content, crc64.MakeTable(nvme)))
	}
	return base64.StdEncoding.EncodeToString(sum)
}
