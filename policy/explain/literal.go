package explain

import (
	"strings"
	"unicode/utf8"
)

// literal is a value as programs print it or as code writes it, in the notation of JSON,
// JavaScript, Python, Ruby, PHP, Go, Java or PowerShell.
type literal struct {
	kind  literalKind
	name  string    // the member's, "" in a list
	text  string    // of a string without its quotes, of a bare word as written
	call  string    // what is before a group's bracket, such as array or fetch
	items []literal // of a group
}

type literalKind int

const (
	literalString literalKind = iota // between quotes
	literalBare                      // a number, a name, an expression, or a text without quotes
	literalGroup                     // a list, an object or the arguments of a call
)

const (
	// maxLiterals bounds the literals of a text, and with it the memory for them.
	maxLiterals = 1 << 13
	// maxLiteralDepth bounds groups within groups. Answers of APIs have fewer than ten levels.
	maxLiteralDepth = 32
	// maxNameBytes bounds a member's name.
	maxNameBytes = 128
)

// literalReader reads literals of any of the notations: it evaluates nothing, and reads on where
// one language or another would see a mistake. Each byte is looked at a bounded number of times.
type literalReader struct {
	text       string
	at         int  // offset of the next byte
	left       int  // literals that may still be read
	incomplete bool // the text ends within quotes or brackets, or holds more than is read
}

func newLiteralReader(text string) *literalReader {
	return &literalReader{text: text, left: maxLiterals}
}

func (r *literalReader) rest() string { return r.text[r.at:] }

func (r *literalReader) isAt(prefix string) bool { return strings.HasPrefix(r.text[r.at:], prefix) }

// peek returns the next byte, 0 at the end.
func (r *literalReader) peek() byte {
	if r.at >= len(r.text) {
		return 0
	}
	return r.text[r.at]
}

// giveUp ends the reading: what follows can't be told apart.
func (r *literalReader) giveUp() {
	r.at, r.incomplete = len(r.text), true
}

// skipBlanks skips white space and comments.
func (r *literalReader) skipBlanks() {
	for r.at < len(r.text) {
		switch {
		case strings.IndexByte(" \t\r\n", r.text[r.at]) >= 0:
			r.at++
		case r.isAt("\u00a0"), r.isAt("▼"), r.isAt("▶"), r.isAt("▸"), r.isAt("▾"): // marks of consoles
			_, n := utf8.DecodeRuneInString(r.rest())
			r.at += n
		case r.isAt("//"), r.isAt("# "):
			r.skipPast("\n")
		case r.isAt("/*"):
			r.skipPast("*/")
		default:
			return
		}
	}
}

func (r *literalReader) skipSpaces() {
	for r.at < len(r.text) && (r.text[r.at] == ' ' || r.text[r.at] == '\t') {
		r.at++
	}
}

// skipPast skips everything up to and with an end, or to the text's end.
func (r *literalReader) skipPast(end string) {
	i := strings.Index(r.text[r.at:], end)
	if i < 0 {
		r.at = len(r.text)
		return
	}
	r.at += i + len(end)
}

// value reads one literal.
func (r *literalReader) value(depth int) (v literal) {
	r.skipBlanks()
	if r.left--; r.left < 0 || depth > maxLiteralDepth || r.at >= len(r.text) {
		r.giveUp()
		return literal{kind: literalBare}
	}
	r.skipCount()
	switch {
	case r.quote() != "":
		return r.strings()
	case strings.IndexByte("{[(", r.peek()) >= 0:
		return r.group(depth, "")
	case r.isAt("#<"):
		return r.inspected(depth)
	}
	return r.word(depth)
}

// skipCount skips the length that consoles print before a list: (2) ['key', 'a'].
func (r *literalReader) skipCount() {
	digits := 0
	for rest := r.rest(); digits+1 < len(rest) && digits < 6 && isDigit(rest[1+digits]); {
		digits++
	}
	if rest := r.rest(); digits > 0 && rest[0] == '(' && (strings.HasPrefix(rest[1+digits:], ") [") || strings.HasPrefix(rest[1+digits:], ") {")) {
		r.at += digits + len("() ")
	}
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }

// groupEnds are the ends of the groups that begin with each bracket.
var groupEnds = map[byte]byte{'{': '}', '[': ']', '(': ')', '<': '>'}

// group reads what is between brackets. A bracket of another kind ends the group too, so that one
// that is missing hides nothing.
func (r *literalReader) group(depth int, call string) literal {
	end := groupEnds[r.text[r.at]]
	r.at++
	v := literal{kind: literalGroup, call: call}
	for {
		for r.skipBlanks(); r.at < len(r.text) && strings.IndexByte(",;|", r.text[r.at]) >= 0; r.skipBlanks() {
			r.at++
		}
		switch c := r.peek(); {
		case r.at >= len(r.text) || r.left < 0:
			r.giveUp()
			return v
		case c == end:
			r.at++
			return v
		case strings.IndexByte("}])", c) >= 0:
			return v
		}
		start := r.at
		v.items = append(v.items, r.item(depth+1))
		if r.at == start {
			r.at++
		}
	}
}

// item reads a member with its name, or an item of a list.
func (r *literalReader) item(depth int) (v literal) {
	if c := r.peek(); (c == '+' || c == '-' || c == '#') && r.at+1 < len(r.text) && r.text[r.at+1] == '"' {
		r.at++ // the mark of a member's visibility
	}
	name, printed, ok := r.memberName()
	switch {
	case ok && printed && !r.isPrintedGroup():
		v = r.printedValue()
	default:
		v = r.value(depth)
	}
	v.name = name
	return v
}

// inspected reads an object as Ruby's inspect shows it: #<PresignedPost:0x1 @url="…", @fields={…}>.
// An address has no members: #<URI::HTTPS https://…>.
func (r *literalReader) inspected(depth int) literal {
	r.at++
	call := r.rest()
	call = call[1:min(len(call), maxNameBytes)]
	if i := strings.IndexAny(call, " >\n"); i >= 0 {
		call = call[:i]
	}
	v := r.group(depth, call)
	if n := len(v.items); n > 0 && v.items[0].name == "" && v.items[0].kind == literalBare {
		v.items = v.items[1:] // the class
	}
	if len(v.items) == 1 && v.items[0].name == "" {
		return v.items[0]
	}
	return v
}
