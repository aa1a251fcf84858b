package profile

import (
	"slices"
	"strings"
)

// OctetStream is the content type of a file whose type nobody knows.
const OctetStream = "application/octet-stream"

const maxTypeBytes = 127

// activeTypes are the types that browsers run as scripts or show as documents: a stored object of
// such a type can act as a page of the bucket's origin. The JavaScript names are those of the MIME
// Sniffing standard.
var activeTypes = map[string]bool{
	"text/html": true, "text/xml": true, "application/xml": true, "text/xsl": true, "text/xslt": true,
	"application/xml-dtd": true, "application/xml-external-parsed-entity": true, "text/xml-external-parsed-entity": true,
	"text/javascript": true, "application/javascript": true, "application/x-javascript": true, "text/x-javascript": true,
	"text/ecmascript": true, "application/ecmascript": true, "application/x-ecmascript": true, "text/x-ecmascript": true,
	"text/jscript": true, "text/livescript": true, "text/vbscript": true,
	"text/javascript1.0": true, "text/javascript1.1": true, "text/javascript1.2": true,
	"text/javascript1.3": true, "text/javascript1.4": true, "text/javascript1.5": true,
	"application/x-shockwave-flash": true, "multipart/x-mixed-replace": true, "multipart/related": true,
	"message/rfc822": true, "application/x-mimearchive": true, "text/cache-manifest": true,
}

// Active reports whether browsers may run content of this type as a page or script.
func Active(contentType string) bool {
	t, ok := CleanType(contentType)
	return ok && (activeTypes[t] || strings.HasSuffix(t, "+xml"))
}

// CleanType returns a content type in lower case without parameters, and false when text is not one
// content type: no wildcard, no list. Bytes of no known type have one name: OctetStream stands for
// an empty text too, and for binary/octet-stream, which S3 gives objects that came without a type.
func CleanType(text string) (string, bool) {
	text, _, _ = strings.Cut(text, ";")
	text = strings.ToLower(strings.Trim(text, " \t"))
	if text == "" || text == "binary/octet-stream" {
		return OctetStream, true
	}
	family, subtype, _ := strings.Cut(text, "/")
	return text, len(text) <= maxTypeBytes && isTypeName(family) && isTypeName(subtype)
}

// typeRule is the compiled form of Profile.Types.
type typeRule struct {
	exact    map[string]bool
	families []string // with the slash: "image/"
	any      bool
}

// compileTypes returns the rule and the list in clean form; bad holds the index of every pattern
// that is none, or is there twice.
func compileTypes(patterns []string) (rule typeRule, clean []string, bad []int) {
	rule.exact = make(map[string]bool, len(patterns))
	for i, pattern := range patterns {
		t, ok := rule.add(strings.ToLower(pattern))
		if !ok || slices.Contains(clean, t) {
			bad = append(bad, i)
			continue
		}
		clean = append(clean, t)
	}
	return rule, clean, bad
}

// add returns the clean form of a lower-case pattern, and whether it is one.
func (r *typeRule) add(pattern string) (string, bool) {
	if pattern == "*/*" {
		r.any = true
		return pattern, true
	}
	if family, ok := strings.CutSuffix(pattern, "/*"); ok {
		r.families = append(r.families, family+"/")
		return pattern, isTypeName(family)
	}
	t, ok := CleanType(pattern)
	r.exact[t] = true
	return t, ok && pattern != "" && !strings.ContainsAny(pattern, "; \t")
}

func (r *typeRule) allows(t string) bool {
	if r.exact[t] {
		return true
	}
	if Active(t) {
		return false
	}
	return r.any || slices.ContainsFunc(r.families, func(f string) bool { return strings.HasPrefix(t, f) })
}

// Allows reports whether the profile takes files of this content type; parameters and case don't
// matter, and an empty type is OctetStream.
func (c *Compiled) Allows(contentType string) bool {
	t, ok := CleanType(contentType)
	return ok && c.types.allows(t)
}
