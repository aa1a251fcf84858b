package profile

import (
	"fmt"
	"strings"
	"time"
)

// template is a compiled key template: literals and placeholders in order.
type template struct {
	parts  []piece
	prefix int // how many parts make the prefix that belongs to one subject alone
}

type piece struct {
	literal string // set when it is no placeholder
	name    string // subject, yyyy, mm, dd, id, ext, name, claim
	claim   string // of {claim:NAME}
}

// widths is the most bytes each placeholder can become.
var widths = map[string]int{
	"subject": maxSegment, "claim": maxSegment, "yyyy": 4, "mm": 2, "dd": 2, "id": maxID, "ext": maxExt, "name": maxSlug,
}

var layouts = map[string]string{"yyyy": "2006", "mm": "01", "dd": "02"}

// parseTemplate reads a key template and returns every reason it can't be used, each as what was
// wanted.
func parseTemplate(text string, insecure bool) (*template, []string) {
	t := new(template)
	wanted := t.split(text)
	if len(wanted) > 0 {
		return nil, wanted
	}
	segments := t.segments()
	for i, segment := range segments {
		wanted = append(wanted, checkSegment(segment, i == len(segments)-1)...)
	}
	if len(segments) < 2 {
		wanted = append(wanted, "a directory before the last segment")
	}
	if !t.has("id") && !insecure {
		wanted = append(wanted, "{id}, so that keys can't be guessed")
	}
	if t.longest() > MaxKeyBytes {
		wanted = append(wanted, fmt.Sprintf("keys of at most %d bytes", MaxKeyBytes))
	}
	t.prefix = t.ownPrefix()
	return t, wanted
}

// split cuts text at its braces; slashes become pieces of their own.
func (t *template) split(text string) (wanted []string) {
	for text != "" {
		literal, rest, open := strings.Cut(text, "{")
		wanted = append(wanted, t.addLiteral(literal)...)
		if !open {
			break
		}
		name, after, closed := strings.Cut(rest, "}")
		if !closed {
			return append(wanted, "a closing brace after {"+clip(name))
		}
		wanted = append(wanted, t.addPlaceholder(name)...)
		text = after
	}
	return wanted
}

func (t *template) addLiteral(text string) (wanted []string) {
	for i, segment := range strings.Split(text, "/") {
		if i > 0 {
			t.parts = append(t.parts, piece{literal: "/"})
		}
		if strings.ContainsFunc(segment, func(r rune) bool { return !literalRune(r) }) {
			wanted = append(wanted, "only letters, digits and -_.=@ between placeholders")
		}
		if segment != "" {
			t.parts = append(t.parts, piece{literal: segment})
		}
	}
	return wanted
}

func literalRune(r rune) bool {
	return alphanumeric(r) || strings.ContainsRune("-_.=@", r)
}

func (t *template) addPlaceholder(name string) []string {
	kind, claim, colon := strings.Cut(name, ":")
	if _, known := widths[kind]; !known || colon != (kind == "claim") || colon && !safeID(claim) {
		return []string{"{subject}, {yyyy}, {mm}, {dd}, {id}, {ext}, {name} or {claim:NAME} instead of {" + clip(name) + "}"}
	}
	t.parts = append(t.parts, piece{name: kind, claim: claim})
	return nil
}

// segments groups the pieces between slashes.
func (t *template) segments() [][]piece {
	groups := [][]piece{nil}
	for _, p := range t.parts {
		if p.literal == "/" {
			groups = append(groups, nil)
			continue
		}
		groups[len(groups)-1] = append(groups[len(groups)-1], p)
	}
	return groups
}

// checkSegment says what one segment lacks. A subject or claim has a segment to itself: beside
// other text, two subjects could come to the same key.
func checkSegment(segment []piece, last bool) (wanted []string) {
	solid := false
	for _, p := range segment {
		solid = solid || p.name != "" && p.name != "ext" || strings.Trim(p.literal, ".") != ""
		switch {
		case (p.name == "subject" || p.name == "claim") && (last || len(segment) > 1):
			wanted = append(wanted, "{"+p.name+"} alone between two slashes")
		case (p.name == "name" || p.name == "ext") && !last:
			wanted = append(wanted, "{"+p.name+"} in the last segment only")
		}
	}
	if !solid {
		wanted = append(wanted, "no empty segment and none of dots")
	}
	return wanted
}

func (t *template) has(name string) bool {
	for _, p := range t.parts {
		if p.name == name {
			return true
		}
	}
	return false
}

func (t *template) longest() (n int) {
	for _, p := range t.parts {
		n += len(p.literal) + widths[p.name]
	}
	return n
}

// ownPrefix counts the pieces up to the slash before the first placeholder that isn't the subject
// or a claim.
func (t *template) ownPrefix() (n int) {
	for i, p := range t.parts {
		if p.name != "" && p.name != "subject" && p.name != "claim" {
			return n
		}
		if p.literal == "/" {
			n = i + 1
		}
	}
	return n
}

// values is what the placeholders of one key stand for.
type values struct {
	identity Identity
	now      time.Time
	id, name string
	ext      string
}

// render returns the key and its prefix, or which claim is missing.
func (t *template) render(v values) (key, prefix string, err error) {
	out := make([]byte, 0, 128)
	cut := 0
	for i, p := range t.parts {
		if i == t.prefix {
			cut = len(out)
		}
		if out, err = p.append(out, v); err != nil {
			return "", "", err
		}
	}
	return string(out), string(out[:cut]), nil
}

func (p piece) append(out []byte, v values) ([]byte, error) {
	switch p.name {
	case "":
		return append(out, p.literal...), nil
	case "subject":
		return append(out, encodeSegment(v.identity.Subject)...), nil
	case "claim":
		return p.appendClaim(out, v.identity.Claims[p.claim])
	case "id":
		return append(out, v.id...), nil
	case "ext":
		return append(out, v.ext...), nil
	case "name":
		return append(out, slug(v.name)...), nil
	}
	return v.now.AppendFormat(out, layouts[p.name]), nil
}

func (p piece) appendClaim(out []byte, value string) ([]byte, error) {
	field := "claim:" + p.claim
	if value == "" {
		return nil, &Error{Code: Forbidden, Field: field, Wanted: "a value in the ticket"}
	}
	if err := checkSubject(field, value); err != nil {
		return nil, err
	}
	return append(out, encodeSegment(value)...), nil
}
