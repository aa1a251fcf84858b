package explain

import (
	"encoding/binary"
	"strings"
	"unicode/utf16"
)

// withoutUTF16 returns a text in UTF-8 that begins with the byte order mark of UTF-16, as Windows
// PowerShell writes files.
func withoutUTF16(text string) string {
	var order binary.ByteOrder
	switch {
	case strings.HasPrefix(text, "\xff\xfe"):
		order = binary.LittleEndian
	case strings.HasPrefix(text, "\xfe\xff"):
		order = binary.BigEndian
	default:
		return text
	}
	units := make([]uint16, (len(text)-2)/2)
	for i := range units {
		units[i] = order.Uint16([]byte(text[2*i+2 : 2*i+4]))
	}
	return string(utf16.Decode(units))
}
