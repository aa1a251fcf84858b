package profile

import (
	"cmp"
	"slices"
	"strings"
)

// OctetStream is the content type of a file whose type nobody knows.
const OctetStream = "application/octet-stream"

const maxTypeBytes = 127

// activeTypes are the types that browsers show as documents that can run script, that load script,
// or that they take for another type by a look at the bytes: a stored object of such a type can act
// as a page of the bucket's origin. isActive adds every +xml and every multipart type.
//
// PDF isn't among them, although the MIME Sniffing Standard calls it scriptable: a PDF's script
// runs in the viewer's own sandbox and reaches neither the page's origin nor its cookies.
var activeTypes = set(
	// The MIME Sniffing Standard, 4.6 "MIME type groups" (https://mimesniff.spec.whatwg.org): HTML
	// and XML types.
	"text/html", "text/xml", "application/xml",
	// The same: the 16 names of JavaScript, which other pages load as their own script.
	"application/ecmascript", "application/javascript", "application/x-ecmascript", "application/x-javascript",
	"text/ecmascript", "text/javascript", "text/javascript1.0", "text/javascript1.1", "text/javascript1.2", "text/javascript1.3",
	"text/javascript1.4", "text/javascript1.5", "text/jscript", "text/livescript", "text/x-ecmascript", "text/x-javascript",
	// The same, 7 "Determining the computed MIME type of a resource": a type that says nothing, for
	// which browsers look for HTML in the bytes. Gecko has names of its own for it in
	// nsMimeTypes.h.
	"unknown/unknown", "application/unknown", "application/x-unknown-content-type",
	"application/x-vnd.mozilla.guess-from-ext", "application/x-vnd.mozilla.maybe-text",
	// What browsers show as XML without being named +xml: stylesheets (XSLT 1.0, 2.2, and Blink's
	// IsXMLMIMEType), parts of documents (RFC 7303), and types of Gecko's nsContentDLF.
	"text/xsl", "text/xslt", "application/xslt", "application/mathml", "text/mathml", "text/rdf", "text/xul",
	"application/xml-dtd", "application/xml-external-parsed-entity", "text/xml-external-parsed-entity",
	"application/xhtml", "image/svg", "image/svg-xml", "application/x-view-source", "application/http-index-format",
	// Pages with their parts, or instead of others: MHTML (RFC 2557), and application caches.
	"message/rfc822", "message/global", "application/x-mimearchive", "text/cache-manifest",
	// What a page loads as a part of itself: modules ("WebAssembly/ES Module Integration"),
	// bundles, import maps, speculation rules, and stylesheets, which read out pages by their
	// selectors.
	"application/wasm", "application/webbundle", "application/importmap+json", "application/speculationrules+json", "text/css",
	// Plug-ins, and what Internet Explorer runs: some companies still have it.
	"application/x-shockwave-flash", "application/futuresplash", "application/x-silverlight-app", "application/x-java-applet",
	"text/vbscript", "text/vbs", "text/x-component", "text/scriptlet", "text/webviewhtml", "application/hta",
)

func set(list ...string) map[string]bool {
	all := make(map[string]bool, len(list))
	for _, item := range list {
		all[item] = true
	}
	return all
}

// Active reports whether browsers may run content of this type as a page or script, load it as a
// part of one, or guess its type. What isn't one type, such as a list, counts as active: browsers
// read it in ways of their own.
func Active(contentType string) bool {
	t, ok := CleanType(contentType)
	return !ok || isActive(t)
}

// isActive is Active for a type as CleanType returns it. Gecko shows the parts of any multipart
// type by their own types (nsMultiMixedConv).
func isActive(t string) bool {
	return activeTypes[t] || strings.HasSuffix(t, "+xml") || strings.HasPrefix(t, "multipart/")
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
	spelling map[string]string // each name of an exact type, and how the profile spells it
	families map[string]bool   // "image"
	any      bool
}

// compileTypes returns the rule and the list in clean form; bad holds the index of every pattern
// that is none, or is there twice.
func compileTypes(patterns []string) (rule typeRule, clean []string, bad []int) {
	rule = typeRule{exact: make(map[string]bool, len(patterns)), spelling: map[string]string{}, families: map[string]bool{}}
	seen := make(map[string]bool, len(patterns))
	for i, pattern := range patterns {
		t, ok := rule.add(strings.ToLower(pattern))
		if !ok || seen[t] {
			bad = append(bad, i)
			continue
		}
		seen[t] = true
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
		r.families[family] = true
		return pattern, isTypeName(family)
	}
	t, ok := CleanType(pattern)
	r.exact[t] = true
	for _, name := range TypeNames(t) {
		r.spelling[name] = cmp.Or(r.spelling[name], t)
	}
	r.spelling[t] = t
	return t, ok && pattern != "" && !strings.ContainsAny(pattern, "; \t")
}

// choose returns the type that a file declared as t is stored with: the profile's own spelling, or
// the usual one where a wildcard allows it; "" where the profile doesn't take such files.
func (r *typeRule) choose(t string) string {
	usual := TypeNames(t)[0]
	switch {
	case r.spelling[t] != "":
		return r.spelling[t]
	case r.matches(usual):
		return usual
	case r.matches(t):
		return t
	}
	return ""
}

// matches reports whether a wildcard allows t. None allows active types.
func (r *typeRule) matches(t string) bool {
	family, _, _ := strings.Cut(t, "/")
	return !isActive(t) && (r.any || r.families[family])
}

// chooseFor is choose for a file of this name. A type that says nothing is decided by the
// extension, and so is one by which systems call files of this extension wrongly.
func (r *typeRule) chooseFor(filename, t string) string {
	rows := rowsOfExtension[plainExtension(filename)]
	if t == OctetStream {
		return r.chooseByExtension(rows)
	}
	if chosen := r.choose(t); chosen != "" {
		return chosen
	}
	for _, row := range rows {
		if row.isMistaken(t) && len(row.names) > 0 && r.choose(row.names[0]) != "" {
			return r.choose(row.names[0])
		}
	}
	return ""
}

// chooseByExtension decides the type of a file that came without one. An active type is never
// guessed where the profile takes bytes of no known type: those are safe to serve.
func (r *typeRule) chooseByExtension(rows []*typeRow) string {
	unknown := r.choose(OctetStream)
	for _, row := range rows {
		for _, t := range slices.Concat(row.names, row.kinds) {
			if r.exact[t] && (unknown == "" || !isActive(t)) {
				return t
			}
		}
	}
	for _, row := range rows {
		if !r.exact[OctetStream] && len(row.names) > 0 && r.matches(row.names[0]) {
			return row.names[0]
		}
	}
	return unknown
}

// Allows reports whether the profile takes files of this content type; parameters and case don't
// matter, any name of the type will do, and an empty type is OctetStream.
func (c *Compiled) Allows(contentType string) bool {
	return c.Choose(contentType) != ""
}

// Choose returns the type that a file of this content type is stored with: the profile's own name
// for it, or the usual one where a wildcard allows it; "" where the profile doesn't take such
// files.
func (c *Compiled) Choose(contentType string) string {
	t, ok := CleanType(contentType)
	if !ok {
		return ""
	}
	return c.types.choose(t)
}

// Accepted returns what a file dialogue and a script need to know of the types that the profile
// takes: its patterns with all other names of each type, the extensions (".jpg") of types named
// exactly, and the types by which files with such extensions are called wrongly.
func (c *Compiled) Accepted() (types, extensions, mistaken []string) {
	types = slices.Clone(c.profile.Types)
	for _, t := range c.profile.Types {
		row := rowOfType[t]
		if row == nil {
			continue
		}
		types = append(types, TypeNames(t)...)
		for _, e := range row.extensions {
			extensions = append(extensions, "."+e)
		}
		for _, m := range row.mistaken {
			mistaken = append(mistaken, TypeNames(m)...)
		}
	}
	return distinct(types), distinct(extensions), distinct(mistaken)
}

// distinct returns the texts of a list without repeating any, in the list's order.
func distinct(list []string) (out []string) {
	seen := make(map[string]bool, len(list))
	for _, text := range list {
		if !seen[text] {
			seen[text] = true
			out = append(out, text)
		}
	}
	return out
}

// chooseType decides the content type of a file that calls itself contentType. It fails with
// TypeNotAllowed, and says what would have done.
func (c *Compiled) chooseType(filename, contentType string) (string, error) {
	t, ok := CleanType(contentType)
	if ok {
		if chosen := c.types.chooseFor(filename, t); chosen != "" {
			return chosen, nil
		}
	}
	return "", &RequestError{Code: TypeNotAllowed, Field: "type", Wanted: c.wantedType(t, ok), Got: clip(contentType)}
}

// wantedType says what would have been taken instead of the type t; ok is CleanType's.
func (c *Compiled) wantedType(t string, ok bool) string {
	list := strings.Join(c.profile.Types, ", ")
	_, extensions, _ := c.Accepted()
	switch {
	case !ok:
		return "one content type such as image/png, and one of " + list
	case isActive(t) && (c.types.any || len(c.types.families) > 0):
		return "a type that can't run script, since types that can have to be named in the profile by themselves (it takes " + list + ")"
	case t == OctetStream && len(extensions) > 0:
		return "one of " + list + ", or a file name that ends in one of " + strings.Join(extensions, ", ")
	case t == OctetStream:
		return "one of " + list + ", or a file name with an extension of such a type"
	}
	return "one of " + list
}
