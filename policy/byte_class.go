package policy

// The byteClasses of bytes that values are looked through for. Values are as long as a URL with a
// token in it, and are looked through for each form.
const (
	classEscaped  = 1 << iota // not its own JSON
	classControl              // a control character
	classDollar               // the beginning of a variable, at some stores
	classNotPath              // neither unreserved in a URL nor a slash
	classNotHost              // not a small letter, digit, hyphen or dot
	classNotDigit             // not a digit
)

var byteClasses = byteClassTable()

func byteClassTable() (table [256]uint8) {
	for i := range table {
		b := byte(i)
		digit := '0' <= b && b <= '9'
		host := digit || 'a' <= b && b <= 'z' || b == '-' || b == '.'
		path := host || 'A' <= b && b <= 'Z' || b == '/' || b == '_' || b == '~'
		control := b < ' ' || b == 0x7f
		for class, in := range map[uint8]bool{
			classEscaped: b < ' ' || b == '"' || b == '\\', classControl: control, classDollar: b == '$',
			classNotPath: !path, classNotHost: !host, classNotDigit: !digit,
		} {
			if in {
				table[i] |= class
			}
		}
	}
	return table
}

// classOf returns every class that some byte of s is in.
func classOf(s string) uint8 {
	var all uint8
	for i := range len(s) {
		all |= byteClasses[s[i]]
	}
	return all
}
