package policy

import (
	"encoding/binary"
	"math/bits"
)

// isVerbatim says whether JSON reads the bytes as themselves: no quote, no
// backslash, no control character.
func isVerbatim(b []byte) bool { return specials(b) == 0 }

// specials counts quotes, backslashes and control characters, eight bytes at a
// time.
func specials(b []byte) (count int) {
	rest := b
	for ; len(rest) >= 8; rest = rest[8:] {
		if found := specialBytes(binary.LittleEndian.Uint64(rest)); found != 0 {
			count += bits.OnesCount64(found)
		}
	}
	if len(rest) == 0 {
		return count
	}
	if len(b) >= 8 { // the last eight bytes, but for those that are counted
		last := specialBytes(binary.LittleEndian.Uint64(b[len(b)-8:]))
		return count + bits.OnesCount64(last>>(8*(8-len(rest))))
	}
	for _, c := range rest {
		if c < ' ' || c == '"' || c == '\\' {
			count++
		}
	}
	return count
}

// specialBytes marks the special ones of eight bytes with their highest bit.
//
// A byte of seven bits is 0 if adding 0x7f to it doesn't carry into the eighth.
// Of the bytes that have their eighth bit already, none is special.
func specialBytes(w uint64) uint64 {
	const ones, sevens = 0x0101010101010101, 0x7f7f7f7f7f7f7f7f
	control := (w&(ones*0x60) + sevens)
	quote := ((w^(ones*'"'))&sevens + sevens)
	slash := ((w^(ones*'\\'))&sevens + sevens)
	return ^(control&quote&slash | w | sevens)
}
