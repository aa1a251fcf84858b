package profile

import (
	"encoding/binary"
	"encoding/hex"
	"io"
	"time"
)

// NewID returns an upload ID: 48 bits of Unix milliseconds, then 128 bits from random, as 44
// lower-case hex digits that sort by time. It panics when random fails: an ID that can be guessed
// must not be issued.
func NewID(now time.Time, random io.Reader) string {
	var id [22]byte
	var ms [8]byte
	binary.BigEndian.PutUint64(ms[:], uint64(now.UnixMilli()))
	copy(id[:6], ms[2:])
	if _, err := io.ReadFull(random, id[6:]); err != nil {
		panic("profile: random source failed: " + err.Error())
	}
	return hex.EncodeToString(id[:])
}
