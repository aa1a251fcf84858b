package explain

import (
	"strings"

	"github.com/postern-dev/postern/policy"
)

// maxGroups bounds the groups of a text that are looked through for a form.
const maxGroups = 64

// maxRetries bounds how often a group without an end is taken for something else.
const maxRetries = 4

// readLiteral reads a text that begins with a bracket: a policy, a form, an error, or an answer
// with a presigned URL.
func (e *evidence) readLiteral(text string) bool {
	r := newLiteralReader(text)
	v := r.value(0)
	if isPolicyLiteral(v) {
		e.kind = KindPolicy
		e.readPolicy(text)
		return true
	}
	if e.readTree(v, r.incomplete, text, 0) {
		return true
	}
	if isErrorJSON(text) {
		e.kind = KindError
		e.readStoreError(text)
	}
	return e.kind != ""
}

// isPolicyLiteral reports whether a literal is a policy's document.
func isPolicyLiteral(v literal) bool {
	for _, item := range v.items {
		if item.name == "conditions" && item.kind == literalGroup || item.name == "expiration" && len(v.items) <= 2 {
			return true
		}
	}
	return false
}

// readTree reads what is among literals. start is their offset in the text.
func (e *evidence) readTree(v literal, incomplete bool, text string, start int) bool {
	s := formSearch{}
	s.visit(v, 0)
	switch f := s.found; {
	case f != nil && f.hasPolicy():
		e.takeForm(f, incomplete, text, start)
	case e.readAnswerLiteral(v):
	case e.readURLLiteral(v, 0):
	case f != nil:
		e.takeForm(f, incomplete, text, start)
	default:
		return e.readPolicyLiteral(v, 0)
	}
	return true
}

// takeForm makes the form of what was found among literals.
func (e *evidence) takeForm(f *foundForm, incomplete bool, text string, start int) {
	e.kind = KindForm
	e.form = &form{address: f.address, fields: f.fields, visitorFields: f.visitorFields, incomplete: incomplete || f.tooMany}
	if e.form.address == "" {
		e.form.address = lastAddress(text[:start])
	}
	e.form.takeFile(f.ordered)
	if policyText := fieldValue(f.fields, "policy"); len(policyText) <= maxPolicyBytes && decodeLoosely(policyText) != "" {
		f.unread = nil // values without quotes, and no expressions
	}
	for _, name := range f.unread {
		if e.form.unread == nil {
			e.form.unread = map[string]bool{}
		}
		e.form.unread[name] = true
	}
	if f.policy != "" && !f.hasPolicy() {
		e.form.fields = append(e.form.fields, policy.Field{Name: "policy", Value: f.policy})
	}
	e.form.otherPolicy = f.policy != "" && f.policy != fieldValue(e.form.fields, "policy")
	e.madeBy = makerOf(f.fields, text)
}

// takeFile makes a field named file the file. In an object the fields behind it don't come after
// it.
func (f *form) takeFile(ordered bool) {
	i := fieldIndex(f.fields, "file")
	if i < 0 {
		return
	}
	after := f.fields[i+1:]
	f.controls = &controls{method: "post", enctype: multipartType, files: []string{f.fields[i].Name}}
	if ordered {
		f.fields, f.afterFile = f.fields[:i:i], after
	} else {
		f.fields = append(f.fields[:i:i], after...)
	}
}

// lastAddress returns the last address of a text, "" if it has none.
func lastAddress(text string) string {
	text = text[max(0, len(text)-maxURLBytes):]
	at := max(strings.LastIndex(text, "https://"), strings.LastIndex(text, "http://"))
	if at < 0 {
		return ""
	}
	v, _ := (&literalReader{text: text, at: at}).bareAddress()
	return v.text
}

func (e *evidence) readAnswerLiteral(v literal) bool {
	answer := answerInLiteral(v, 0)
	if answer == "" {
		return false
	}
	e.kind = KindError
	e.readStoreError(answer)
	return true
}

// readURLLiteral reads the first presigned URL among literals.
func (e *evidence) readURLLiteral(v literal, depth int) bool {
	if v.kind == literalString && strings.HasPrefix(v.text, "http") && isPresigned(v.text) {
		e.readURLOrAnswer(v.text)
		return true
	}
	if text := strings.TrimSpace(v.text); v.kind == literalString && strings.HasPrefix(text, "{") && strings.Contains(text, "ignature=") && depth < maxNestedTexts {
		return e.readURLLiteral(newLiteralReader(text).value(0), depth+1)
	}
	for _, item := range v.items {
		if depth < maxLiteralDepth && e.readURLLiteral(item, depth+1) {
			return true
		}
	}
	return false
}

// readPolicyLiteral reads the first policy's document among literals, as a program would encode it.
func (e *evidence) readPolicyLiteral(v literal, depth int) bool {
	if isPolicyLiteral(v) {
		e.kind = KindPolicy
		e.readPolicy(literalJSON(v))
		return true
	}
	for _, item := range v.items {
		if depth < maxLiteralDepth && e.readPolicyLiteral(item, depth+1) {
			return true
		}
	}
	return false
}

// readLiteralsWithin reads the first group of a text that holds something to explain.
func (e *evidence) readLiteralsWithin(text string) bool {
	if hasRequestCall(text[:min(len(text), maxHeadBytes)]) && !strings.Contains(text, "eyJ") {
		return false // code, with no form in it
	}
	r, retries := newLiteralReader(text), 0
	all := literal{kind: literalGroup} // of a list whose items are printed one by one
	for range maxGroups {
		i := strings.IndexAny(r.rest(), "{[(")
		if i < 0 || retries > maxRetries {
			break
		}
		bracket := r.at + i
		start := nameBefore(text, r.at, bracket)
		r.at, r.left, r.incomplete = start, maxLiterals, false
		v := r.value(0)
		if e.readTree(v, r.incomplete, text, start) {
			return true
		}
		if r.left < 0 {
			break
		}
		all.items = append(all.items, v)
		if r.incomplete { // it wasn't the group that it seemed to be
			r.at = bracket + 1
			retries++
		}
	}
	return len(all.items) > 1 && e.readTree(all, false, text, 0)
}

// nameBefore returns the offset of the name that stands before a bracket, not before from.
func nameBefore(text string, from, bracket int) int {
	at := bracket
	for at > from && bracket-at < maxNameBytes && (isNameByte(text[at-1]) || strings.IndexByte(":\\#<&", text[at-1]) >= 0) {
		at--
	}
	if at < bracket && strings.HasPrefix(text[at:], "#<") || strings.HasPrefix(text[at:], "map[") || bracket-at > 0 && text[bracket] != '[' {
		return at
	}
	return bracket
}
