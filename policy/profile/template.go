package profile

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/postern-dev/postern/policy"
)

// template is a compiled key template.
type template struct {
	pieces []piece
	prefix int // how many pieces make the prefix that belongs to one subject alone
}

// piece is a literal without slashes, a slash, or a placeholder.
type piece struct {
	literal string // "" for a placeholder
	name    string // subject, yyyy, mm, dd, id, ext, name, claim
	claim   string // of {claim:NAME}
}

// maxWidths is how many bytes each placeholder can become at most.
var maxWidths = map[string]int{
	"subject": maxSegment, "claim": maxSegment, "yyyy": 4, "mm": 2, "dd": 2, "id": maxIdentifier, "ext": maxExtension, "name": maxSlug,
}

var dateLayouts = map[string]string{"yyyy": "2006", "mm": "01", "dd": "02"}

// parseTemplate compiles a key template and returns what would be right instead of each mistake.
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
	if !has(t.pieces, "id") && !insecure {
		wanted = append(wanted, "{id}, so that keys can't be guessed")
	}
	if t.maxBytes() > policy.MaxKeyBytes {
		wanted = append(wanted, fmt.Sprintf("keys of at most %d bytes", policy.MaxKeyBytes))
	}
	t.prefix = t.subjectPrefix()
	return t, wanted
}

// split cuts text at braces and slashes into pieces, and returns what would be right instead of
// each mistake.
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
			t.pieces = append(t.pieces, piece{literal: "/"})
		}
		if !consistsOf(segment, "-_.=@") {
			wanted = append(wanted, "only letters, digits and -_.=@ between placeholders")
		}
		if segment != "" {
			t.pieces = append(t.pieces, piece{literal: segment})
		}
	}
	return wanted
}

func (t *template) addPlaceholder(name string) []string {
	kind, claim, colon := strings.Cut(name, ":")
	if _, known := maxWidths[kind]; !known || colon != (kind == "claim") || colon && !isIdentifier(claim) {
		return []string{"{subject}, {yyyy}, {mm}, {dd}, {id}, {ext}, {name} or {claim:NAME} instead of {" + clip(name) + "}"}
	}
	t.pieces = append(t.pieces, piece{name: kind, claim: claim})
	return nil
}

// segments groups the pieces between slashes.
func (t *template) segments() [][]piece {
	groups := [][]piece{nil}
	for _, p := range t.pieces {
		if p.literal == "/" {
			groups = append(groups, nil)
			continue
		}
		groups[len(groups)-1] = append(groups[len(groups)-1], p)
	}
	return groups
}

// checkSegment returns what would be right instead of each mistake in one segment. A subject or
// claim has a segment to itself: beside other text, two subjects could get the same key. Only {ext}
// decides what comes after a dot.
func checkSegment(segment []piece, last bool) (wanted []string) {
	named := false // whatever the placeholders become
	for i, p := range segment {
		named = named || p.name != "" && p.name != "ext" || strings.Trim(p.literal, ".") != ""
		switch {
		case (p.name == "subject" || p.name == "claim") && (last || len(segment) > 1):
			wanted = append(wanted, "{"+p.name+"} alone between two slashes")
		case (p.name == "name" || p.name == "ext") && !last:
			wanted = append(wanted, "{"+p.name+"} in the last segment only")
		case p.name == "name" && i > 0 && strings.HasSuffix(segment[i-1].literal, "."):
			wanted = append(wanted, "no dot before {name}, which would be the extension")
		}
	}
	if !named {
		wanted = append(wanted, "no empty segment and none of dots")
	}
	return wanted
}

// overlaps reports whether a key of the template could lie below prefix, judged by the literal that
// the template begins with.
func (t *template) overlaps(prefix string) bool {
	var fixed strings.Builder
	for _, p := range t.pieces {
		if p.name != "" {
			break
		}
		fixed.WriteString(p.literal)
	}
	return strings.HasPrefix(prefix, fixed.String()) || strings.HasPrefix(fixed.String(), prefix)
}

// prefixHasSubject reports whether the prefix belongs to one subject.
func (t *template) prefixHasSubject() bool { return has(t.pieces[:t.prefix], "subject") }

// has reports whether one of the pieces is the placeholder of that name.
func has(pieces []piece, name string) bool {
	return slices.ContainsFunc(pieces, func(p piece) bool { return p.name == name })
}

// maxBytes is the length of the longest key.
func (t *template) maxBytes() (n int) {
	for _, p := range t.pieces {
		n += len(p.literal) + maxWidths[p.name]
	}
	return n
}

// subjectPrefix counts the pieces up to the slash before the first placeholder that isn't the
// subject or a claim.
func (t *template) subjectPrefix() (n int) {
	for i, p := range t.pieces {
		if p.name != "" && p.name != "subject" && p.name != "claim" {
			return n
		}
		if p.literal == "/" {
			n = i + 1
		}
	}
	return n
}

// placeholderValues is what the placeholders of one key stand for.
type placeholderValues struct {
	identity Identity
	now      time.Time
	id, name string
	ext      string
}

// render returns the key and its prefix that belongs to the subject. It fails with Forbidden when a
// claim is missing or can't be in a key.
func (t *template) render(v placeholderValues) (key, prefix string, err error) {
	out := make([]byte, 0, 128)
	end := 0
	for i, p := range t.pieces {
		if i == t.prefix {
			end = len(out)
		}
		if out, err = p.append(out, v); err != nil {
			return "", "", err
		}
	}
	return string(out), string(out[:end]), nil
}

// append adds the piece's text or the value of its placeholder to a key.
func (p piece) append(out []byte, v placeholderValues) ([]byte, error) {
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
	return v.now.AppendFormat(out, dateLayouts[p.name]), nil
}

func (p piece) appendClaim(out []byte, value string) ([]byte, error) {
	field := "claim:" + p.claim
	if value == "" {
		return nil, &RequestError{Code: Forbidden, Field: field, Wanted: "a value in the ticket"}
	}
	if err := checkSubject(field, value); err != nil {
		return nil, err
	}
	return append(out, encodeSegment(value)...), nil
}
