package explain

import (
	"regexp"
	"strings"
)

// requestCalls are the last names of the calls that send a request or prepare one, in any of the
// languages.
var requestCalls = map[string]bool{
	"fetch": true, "axios": true, "ajax": true, "ofetch": true, "ky": true, "got": true, "request": true, "put": true, "post": true, "PUT": true, "POST": true,
	"patch": true, "open": true, "send": true, "upload": true, "http": true, "$http": true, "setRequestHeader": true, "append": true, "set": true, "Set": true,
	"field": true, "NewRequest": true, "NewRequestWithContext": true, "PutAsync": true, "PostAsync": true, "uploadAsync": true, "Put": true, "Post": true,
}

// nextCall returns the next of these calls: the object before its name, the name, and the offset of
// the parenthesis, -1 if there is none.
func nextCall(text string, from int) (object, name string, at int) {
	for at = from; ; at++ {
		i := strings.IndexByte(text[at:], '(')
		if i < 0 {
			return "", "", -1
		}
		at += i
		start := at
		for start > from && at-start < maxNameBytes && (isNameByte(text[start-1]) && text[start-1] != '-' || strings.IndexByte(":>-", text[start-1]) >= 0) {
			start--
		}
		name = text[start:at]
		if i := strings.LastIndexAny(name, ".>:"); i >= 0 {
			object, name = strings.TrimRight(name[:i+1], ".->:"), name[i+1:]
		} else {
			object = ""
		}
		if requestCalls[name] {
			return object, name, at
		}
	}
}

func hasRequestCall(text string) bool {
	_, _, at := nextCall(text, 0)
	return at >= 0
}

// addressOf returns the address that an argument is, also by the name of a variable.
func (c *codeReader) addressOf(v literal) string {
	if strings.Contains(v.text, "://") && v.kind == literalString {
		return v.text
	}
	if v.kind != literalBare {
		return ""
	}
	return stringAssigned(c.text, v.text)
}

var plainName = regexp.MustCompile(`^[$@]?[A-Za-z_][\w.]{0,60}$`)

// stringAssigned returns the address that code assigns to a variable, "" if there is none.
func stringAssigned(text, name string) string {
	value := assigned(text, name)
	r := newLiteralReader(value)
	if r.skipSpaces(); r.quote() == "" {
		return ""
	}
	if address := r.string(); strings.Contains(address, "://") {
		return address
	}
	return ""
}

// assigned returns what follows the equals sign of the first assignment to a variable.
func assigned(text, name string) string {
	if !plainName.MatchString(name) {
		return ""
	}
	for at, tries := 0, 0; tries < 16; tries++ {
		i := strings.Index(text[at:], name)
		if i < 0 {
			return ""
		}
		at += i + len(name)
		rest := strings.TrimLeft(text[at:min(len(text), at+maxNameBytes)], " \t")
		if value, ok := strings.CutPrefix(strings.TrimPrefix(rest, ":"), "="); ok && !strings.HasPrefix(value, "=") && !strings.HasPrefix(value, ">") {
			return text[at+strings.IndexByte(text[at:], '=')+1:]
		}
	}
	return ""
}
