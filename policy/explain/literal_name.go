package explain

import "strings"

// memberName reads the name of a member with the colon, equals sign or arrow behind it. printed is
// true for [name] => of PHP's print_r, whose values have no quotes. Where no name follows it reads
// nothing and returns false.
func (r *literalReader) memberName() (name string, printed, ok bool) {
	start := r.at
	switch {
	case r.peek() == '[':
		name, printed = r.bracketName()
	case r.quote() != "" || r.isAt(`:"`):
		if r.peek() == ':' {
			r.at++
		}
		name = r.quotedName()
	default:
		name = r.bareName()
	}
	isCounted := name == "array" && r.at+1 < len(r.text) && r.text[r.at] == ':' && isDigit(r.text[r.at+1]) // array:2 [
	if name != "" && !isCounted && r.arrow(r.text[start] == '[') {
		return strings.TrimLeft(name, ":@$"), printed, true
	}
	r.at = start
	return "", false, false
}

// bracketName reads [name] or ["name"], with PHP's :protected behind it.
func (r *literalReader) bracketName() (name string, printed bool) {
	inside, _, ok := strings.Cut(r.rest()[:min(len(r.rest()), maxNameBytes)], "]")
	if !ok || strings.ContainsAny(inside, "\n,{(") {
		return "", false
	}
	r.at += len(inside) + len("]")
	name = strings.Trim(inside, `[`)
	if before, _, found := strings.Cut(name, ":"); found && before != "" {
		name = before
	}
	bare := strings.Trim(name, `"'`)
	return bare, bare == name
}

// quotedName reads a short text between quotes.
func (r *literalReader) quotedName() string {
	quote := r.quote()
	rest := r.rest()[len(quote):]
	rest = rest[:min(len(rest), maxNameBytes)]
	end := closingQuote(quote)
	name, _, ok := strings.Cut(rest, end)
	if !ok || strings.ContainsAny(name, "\\\n") {
		return ""
	}
	r.at += len(quote) + len(name) + len(end)
	return name
}

// bareName reads a name without quotes: that of a member, an argument or a Ruby symbol.
func (r *literalReader) bareName() string {
	rest, n := r.rest(), 0
	for n < len(rest) && n < maxNameBytes && (isNameByte(rest[n]) || n == 0 && rest[n] == ':') {
		n++
	}
	r.at += n
	return rest[:n]
}

func isNameByte(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || isDigit(c) || c == '_' || c == '-' || c == '$' || c == '@' || c == '.'
}

// arrow reads the sign between a name and its value. Behind a name in brackets it is => alone:
// before another sign they are a list.
func (r *literalReader) arrow(alone bool) bool {
	start := r.at
	r.skipSpaces()
	switch {
	case r.isAt("=>"):
		r.at += 2
		return true
	case alone, r.isAt("::"), r.isAt("=="), r.isAt("://"):
	case r.isAt(":="):
		r.at += 2
		return true
	case r.peek() == ':' || r.peek() == '=':
		r.at++
		return true
	}
	r.at = start
	return false
}

// isPrintedGroup reports whether print_r goes on with a group: "Array", or a class and "Object",
// with a parenthesis behind it.
func (r *literalReader) isPrintedGroup() bool {
	rest := strings.TrimLeft(r.rest()[:min(len(r.rest()), 2*maxNameBytes)], " ")
	head, _, ok := strings.Cut(rest, "(")
	head = strings.TrimSpace(head)
	return ok && (head == "Array" || strings.HasSuffix(head, " Object") && !strings.Contains(head, "\n"))
}

// printedValue reads a value that print_r shows: the rest of the line. Where the line ends were
// lost, the next name or the end of the group ends it.
func (r *literalReader) printedValue() literal {
	r.left--
	if r.peek() == ' ' {
		r.at++
	}
	line := r.printedLine()
	if i := nextPrintedName(line); i >= 0 {
		line = line[:i]
	} else if trimmed := strings.TrimRight(line, " )"); strings.HasPrefix(line[len(trimmed):], " )") {
		line = trimmed
	}
	r.at += len(line)
	return literal{kind: literalString, text: strings.TrimRight(line, " \r")}
}

// printedLine returns the rest of the line, or as much of it as has a name in brackets. It looks at
// no more than twice what the value takes.
func (r *literalReader) printedLine() string {
	rest := r.rest()
	for n := 2 * maxNameBytes; ; n *= 2 {
		window := rest[:min(len(rest), n)]
		if i := strings.IndexByte(window, '\n'); i >= 0 {
			return window[:i]
		}
		if len(window) == len(rest) || nextPrintedName(window) >= 0 {
			return window
		}
	}
}

// nextPrintedName returns the offset of the next " [name] => " in a line, or -1.
func nextPrintedName(line string) int {
	for at := 0; ; {
		i := strings.Index(line[at:], "] => ")
		if i < 0 {
			return -1
		}
		at += i + len("] => ")
		if open := strings.LastIndex(line[max(0, at-maxNameBytes):at], " ["); open >= 0 {
			return max(0, at-maxNameBytes) + open
		}
	}
}
