package explain

import (
	"strings"

	"github.com/postern-dev/postern/policy"
)

// setOption applies an argument of a call that sends a request: a named one, an object of options,
// or the body.
func (r *request) setOption(a literal, c *codeReader) {
	switch name := strings.ToLower(a.name); name {
	case "":
		if a.kind == literalGroup && isOptions(a) {
			for _, option := range a.items {
				r.setOption(option, c)
			}
			return
		}
		if r.body == bodyNone && a.text != "nil" && a.text != "null" && a.text != "None" {
			r.setBody(a, c.text)
		}
	case "url", "uri", "to":
		r.address = c.addressOf(a)
	case "method", "type", "verb", "httpmethod":
		r.method = a.text
	case "headers", "header":
		r.addHeaders(a)
	case "auth":
		r.addHeader("Authorization: auth")
	case "body", "data", "content", "file":
		r.setBody(a, c.text)
	case "files", "multipart", "formdata", "form_data", "multipartformdata":
		r.body = bodyMultipart
	case "json":
		r.body = bodyJSON
	case "form", "form_params", "params":
		if name != "params" {
			r.body = bodyURLEncoded
		}
	}
}

// isOptions reports whether an object has the members of a request's options.
func isOptions(v literal) bool {
	for _, item := range v.items {
		switch strings.ToLower(item.name) {
		case "method", "httpmethod", "headers", "header", "body", "data", "url", "type", "onuploadprogress", "json", "formdata", "multipart", "auth":
			return v.call == ""
		}
		if item.name == "" && strings.Contains(item.text, "headers") {
			return true
		}
	}
	return false
}

// addHeaders adds the headers of an object. A variable may hold any.
func (r *request) addHeaders(v literal) {
	if v.kind != literalGroup {
		r.openHeaders = true
		return
	}
	for _, item := range v.items {
		if len(v.items) == 1 && item.kind == literalGroup && item.name == "" { // new Headers({…})
			r.addHeaders(item)
			return
		}
		field, _, ok := fieldOf(item)
		if r.openHeaders = r.openHeaders || !ok; ok && len(r.headers) < maxItems {
			r.headers = append(r.headers, field)
		}
	}
}

// addFormFields adds the members of an object as the fields and files of a form.
func (r *request) addFormFields(v literal) {
	for _, item := range v.items {
		text, known := scalar(item)
		switch {
		case item.name == "":
		case item.kind == literalGroup || !known && looksLikeFile(item) || strings.EqualFold(item.name, "file"):
			r.form.addFile(item.name)
		case known:
			r.form.addField(policy.Field{Name: item.name, Value: text})
		default:
			r.form.addUnread(item.name)
		}
	}
}

// bodyWithin returns the body of a form that is written out in an argument: GetBytes("…").
func bodyWithin(v literal, depth int) string {
	if v.kind == literalString && isMultipartBody(v.text) {
		return v.text
	}
	for _, item := range v.items {
		if text := bodyWithin(item, depth+1); text != "" && depth < maxLiteralDepth {
			return text
		}
	}
	return ""
}

// setBody tells what a body is made of. text is the whole code, in which a variable may be
// assigned.
func (r *request) setBody(v literal, text string) {
	source := v.text + " " + v.call
	if plainName.MatchString(v.text) && v.kind == literalBare {
		value := assigned(text, v.text)
		line, _, _ := strings.Cut(value[:min(len(value), 2*maxNameBytes)], "\n")
		source += " " + line
	}
	lower := strings.ToLower(source)
	written := bodyWithin(v, 0)
	switch {
	case written != "":
		r.body, r.form = bodyMultipart, multipartForm(written)
	case strings.Contains(lower, "formdata") || strings.Contains(lower, "form_data") || strings.Contains(lower, "multipart"):
		r.body = bodyMultipart
	case strings.Contains(lower, "json"):
		r.body = bodyJSON
	case strings.Contains(lower, "urlsearchparams") || strings.Contains(lower, "urlencode"):
		r.body = bodyURLEncoded
	case v.kind == literalGroup && v.call == "" && v.name == "data" && r.tool == "":
		r.body = bodyUnknown // Python sends a dict as a form, axios as JSON
	case v.kind == literalString:
		r.body = bodyText
	case looksLikeFile(v):
		r.body = bodyFile
	default:
		r.body = bodyUnknown
	}
}
