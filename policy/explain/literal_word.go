package explain

import (
	"strconv"
	"strings"
)

// word reads what has neither quotes nor a bracket of its own: a number, a name, an expression, an
// address, or a call or type with the group behind it.
func (r *literalReader) word(depth int) literal {
	start := r.at
	if v, ok := r.bareAddress(); ok {
		return v
	}
	for _, keyword := range []string{"new ", "await ", "return ", "&", "@", "%", "..."} {
		if r.isAt(keyword) {
			r.at += len(keyword)
		}
	}
	name := r.callName()
	switch gap := r.gap(name); {
	case name == "map" && r.peek() == '[' && !r.isAt("[string]"):
		return r.goMap(depth)
	case r.peek() == '(':
		return r.call(depth, name)
	case r.peek() == '{' || r.peek() == '[' && gap && name != "":
		return r.group(depth, name)
	}
	r.skipExpression()
	return literal{kind: literalBare, text: strings.TrimSpace(r.text[start:r.at])}
}

// bareAddress reads an address without quotes.
func (r *literalReader) bareAddress() (literal, bool) {
	if !r.isAt("https://") && !r.isAt("http://") {
		return literal{}, false
	}
	address := r.rest()
	if i := strings.IndexAny(address, " \t\r\n\"'<>{}]`"); i >= 0 {
		address = address[:i]
	}
	address = strings.TrimRight(address, ",;)")
	r.at += len(address)
	return literal{kind: literalString, text: address}, true
}

// callName reads a name with dots, colons and backslashes, as of a function, class or type.
func (r *literalReader) callName() string {
	rest, n := r.rest(), 0
	for n < len(rest) && n < maxNameBytes && (isNameByte(rest[n]) || strings.IndexByte(":\\*", rest[n]) >= 0 || rest[n] == '>' && n > 0 && rest[n-1] == '-') {
		n++
	}
	r.at += n
	if n >= maxNameBytes { // the text is one long word
		return ""
	}
	if strings.HasPrefix(r.rest(), "[string]string{") || strings.HasPrefix(r.rest(), "[string]interface {}{") {
		r.skipPast("]") // a type of Go
		r.at += strings.IndexByte(r.rest(), '{')
	}
	return rest[:n]
}

// gap skips spaces, and line ends where print_r has some, and reports whether there were any.
func (r *literalReader) gap(name string) bool {
	start := r.at
	if r.skipSpaces(); r.isAt("Object") { // print_r: "stdClass Object"
		r.at += len("Object")
		r.skipBlanks()
	}
	if name == "Array" || name == "array" {
		r.skipBlanks()
	}
	return r.at > start
}

// call reads the arguments of a call. PHP's var_dump has a length in their place, and the value
// behind it.
func (r *literalReader) call(depth int, name string) literal {
	v := r.group(depth, name)
	for r.skipSpaces(); r.peek() == '#' || r.peek() == '(' && r.at+1 < len(r.text) && isDigit(r.text[r.at+1]); r.skipSpaces() {
		r.skipWord() // object(stdClass)#1 (2) {
	}
	switch {
	case r.peek() == '{' || r.peek() == '[':
		return r.group(depth, name)
	case name == "string" && r.peek() == '"' && len(v.items) == 1:
		return r.counted(v.items[0].text)
	case name != "" && (name == "int" || name == "bool" || name == "float") && len(v.items) == 1:
		return v.items[0]
	}
	r.skipExpression()
	return v
}

func (r *literalReader) skipWord() {
	for r.at < len(r.text) && strings.IndexByte(" \t\r\n{", r.text[r.at]) < 0 {
		r.at++
	}
}

// counted reads a string of var_dump, which has no escapes, by its length in bytes.
func (r *literalReader) counted(length string) literal {
	n, err := strconv.Atoi(length)
	rest := r.text[r.at+1:]
	if err != nil || n < 0 || n >= len(rest) || rest[n] != '"' {
		return r.strings() // somebody replaced the value
	}
	r.at += n + len(`""`)
	return literal{kind: literalString, text: rest[:n]}
}

// goMap reads a map as Go prints it: map[key:a/b.png policy:eyJ…]. A value ends before the next
// name.
func (r *literalReader) goMap(depth int) literal {
	v := literal{kind: literalGroup, call: "map"}
	r.at++
	for {
		r.skipBlanks()
		name := r.bareName()
		switch {
		case r.peek() == ']':
			r.at++
			return v
		case r.peek() != ':' || r.left <= 0 || depth > maxLiteralDepth:
			r.giveUp()
			return v
		}
		r.at++
		item := literal{kind: literalString}
		if r.isAt("map[") {
			r.at += len("map")
			item = r.goMap(depth + 1)
		} else {
			item.text = r.goValue()
		}
		r.left--
		item.name = name
		v.items = append(v.items, item)
	}
}

// goValue reads a value of a map as Go prints it: up to the next name, or the map's end.
func (r *literalReader) goValue() string {
	start := r.at
	for r.at < len(r.text) && r.text[r.at] != ']' {
		if r.text[r.at] == ' ' {
			end := r.at
			r.at++
			name := r.bareName()
			if name != "" && r.peek() == ':' && !r.isAt("://") {
				r.at = end
				break
			}
			continue
		}
		r.at++
	}
	return strings.Trim(r.text[start:r.at], "[")
}

// skipExpression skips the rest of an expression: up to a comma, a semicolon, the end of the line
// or of the group.
func (r *literalReader) skipExpression() {
	for depth := 0; r.at < len(r.text); r.at++ {
		switch c := r.text[r.at]; {
		case c == '\\' && r.at+1 < len(r.text):
			r.at++
		case strings.IndexByte("{[(", c) >= 0:
			depth++
		case strings.IndexByte("}])", c) >= 0:
			if depth--; depth < 0 {
				return
			}
		case depth == 0 && (strings.IndexByte(",;\n", c) >= 0 || c == '>' && r.at > 0 && r.text[r.at-1] != '=' && r.text[r.at-1] != '-'):
			return
		case (c == '"' || c == '\'' || c == '`') && !r.isApostrophe():
			if !r.skipQuoted(c) {
				return
			}
		}
	}
}

// isApostrophe reports whether the next byte is a quote within a word: don't.
func (r *literalReader) isApostrophe() bool {
	isLetter := func(i int) bool {
		return i >= 0 && i < len(r.text) && (r.text[i]|0x20) >= 'a' && (r.text[i]|0x20) <= 'z'
	}
	return r.text[r.at] == '\'' && isLetter(r.at-1) && isLetter(r.at+1)
}

// skipQuoted skips to the quote that ends a text.
func (r *literalReader) skipQuoted(quote byte) bool {
	for r.at++; r.at < len(r.text); r.at++ {
		switch r.text[r.at] {
		case '\\':
			r.at++
		case quote:
			return true
		}
	}
	r.giveUp()
	return false
}
