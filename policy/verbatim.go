package policy

import "encoding/binary"

// isVerbatim says whether JSON reads the bytes as themselves: no quote, no backslash, no control
// character.
func isVerbatim(b []byte) bool {
	for ; len(b) >= 8; b = b[8:] {
		if specialBytes(binary.LittleEndian.Uint64(b)) != 0 {
			return false
		}
	}
	for _, c := range b {
		if c < ' ' || c == '"' || c == '\\' {
			return false
		}
	}
	return true
}

// specialsWithin isn't 0 if text[from:to] has a quote, a backslash or a control character. The text
// goes on for at least eight bytes.
func specialsWithin(text []byte, from, to int) (found uint64) {
	for ; to-from >= 8; from += 8 {
		found |= specialBytes(binary.LittleEndian.Uint64(text[from:]))
	}
	if from == to {
		return found
	}
	last := specialBytes(binary.LittleEndian.Uint64(text[from:]))
	return found | last<<(8*(8-(to-from)))
}

// specialBytes marks the special ones of eight bytes with their highest bit.
//
// A byte of seven bits is 0 if adding 0x7f to it doesn't carry into the eighth. Of the bytes that
// have their eighth bit already, none is special.
func specialBytes(w uint64) uint64 {
	const ones, sevens = 0x0101010101010101, 0x7f7f7f7f7f7f7f7f
	control := w&(ones*0x60) + sevens
	quote := (w^(ones*'"'))&sevens + sevens
	slash := (w^(ones*'\\'))&sevens + sevens
	return ^(control&quote&slash | w | sevens)
}
