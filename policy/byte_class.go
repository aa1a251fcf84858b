package policy

// byteClass is a set of classes of bytes. classesOf unites them over a value, so that one pass
// answers all questions about it.
type byteClass uint8

const (
	classEscaped  byteClass = 1 << iota // needs an escape in JSON
	classControl                        // is a control character
	classDollar                         // begins a variable at some stores
	classNotToken                       // is no letter, digit, '-', '_' or '.'
	classNotPath                        // is neither unreserved in a URL (RFC 3986, 2.3) nor a slash
	classNotHost                        // is no a-z, 0-9, '-' or '.'
	classNotDigit                       // is no digit
)

var byteClasses = func() (table [256]byteClass) {
	for i := range table {
		b := byte(i)
		digit := '0' <= b && b <= '9'
		host := digit || 'a' <= b && b <= 'z' || b == '-' || b == '.'
		token := host || 'A' <= b && b <= 'Z' || b == '_'
		for class, in := range map[byteClass]bool{
			classEscaped: b < ' ' || b == '"' || b == '\\', classControl: b < ' ' || b == 0x7f, classDollar: b == '$',
			classNotToken: !token, classNotPath: !token && b != '/' && b != '~', classNotHost: !host, classNotDigit: !digit,
		} {
			if in {
				table[i] |= class
			}
		}
	}
	return table
}()

// classesOf returns every class that some byte of s is in.
func classesOf(s string) (all byteClass) {
	for i := range len(s) {
		all |= byteClasses[s[i]]
	}
	return all
}
