package explain

import (
	"errors"
	"strings"

	"golang.org/x/net/html"

	"github.com/postern-dev/postern/policy"
)

// maxTokenBytes bounds one tag or text of a page, and with it the memory for it: a tag with many
// attributes takes up to 80 times its length.
const maxTokenBytes = 256 << 10

// readPage reads the first form of a page that has a policy, or else its first form. Controls
// before any form count as a form.
func (e *evidence) readPage(page string) {
	r := &pageReader{}
	for page != "" {
		r.tokenizer, r.consumed = html.NewTokenizer(strings.NewReader(page)), 0
		r.tokenizer.SetMaxBuf(maxTokenBytes)
		if r.readForms(); !errors.Is(r.tokenizer.Err(), html.ErrBufferExceeded) {
			break
		}
		// A script, or an image in an attribute, may be that long. Go on at the next tag.
		page = page[r.consumed:]
		page = page[max(strings.IndexByte(page, '<'), 0):]
	}
	if e.form = r.first; r.hasPolicy() {
		e.form = r.form
	}
	if e.form == nil {
		e.addFault(Finding{Code: "form_unreadable", Wanted: "a form with fields"})
	}
}

// pageReader reads the forms of a page.
type pageReader struct {
	tokenizer *html.Tokenizer
	consumed  int   // bytes that the tokenizer has read
	first     *form // nil before any form
	form      *form // the last one
	inside    bool  // the last form's end tag is still to come
}

func (r *pageReader) hasPolicy() bool { return r.form != nil && hasField(r.form.fields, "policy") }

func (r *pageReader) next() html.TokenType {
	token := r.tokenizer.Next()
	r.consumed += len(r.tokenizer.Raw())
	return token
}

// readForms reads on until the form that follows one with a policy begins, or to the end.
func (r *pageReader) readForms() {
	for token := r.next(); token != html.ErrorToken; token = r.next() {
		tag, hasAttributes := r.tokenizer.TagName()
		switch name := string(tag); {
		case token == html.EndTagToken:
			r.inside = r.inside && name != "form"
		case name == "form" && !r.inside: // a form within a form is part of the outer one
			if r.hasPolicy() {
				return
			}
			attributes := r.attributes(hasAttributes)
			r.begin(attributes["action"], controls{method: attributes["method"], enctype: attributes["enctype"], ownAction: strings.TrimSpace(attributes["action"]) == "" && attributes["template"] == ""})
			r.inside = true
		case name == "noscript":
			r.tokenizer.NextIsNotRawText() // a form may be there for browsers without script
		case r.form != nil && r.form.isFull():
		case name == "input" || name == "textarea" || name == "button" || name == "select":
			r.addControl(name, r.attributes(hasAttributes))
		}
	}
}

// begin begins a form, in the place of the last one unless that is the first.
func (r *pageReader) begin(address string, c controls) {
	if r.form == nil || r.form == r.first {
		r.form = &form{controls: &controls{}}
	}
	*r.form.controls = c
	*r.form = form{address: address, controls: r.form.controls}
	if r.first == nil {
		r.first = r.form
	}
}

// attributes returns those attributes of the start tag that matter for forms.
func (r *pageReader) attributes(more bool) map[string]string {
	if !more {
		return nil
	}
	attributes := map[string]string{}
	for more {
		var name, value []byte
		name, value, more = r.tokenizer.TagAttr()
		switch string(name) {
		case "action", "method", "enctype", "type", "name", "id", "value", "disabled", "checked", "multiple", "form":
			attributes[string(name)] = string(value)
		case ":name", ":value", "v-bind:name", "v-bind:value", "th:name", "th:value", "[name]", "[value]", "[attr.name]", ":action", "v-bind:action", "th:action", "[action]", "[attr.action]", "v-for", "*ngfor", "th:each", "x-for":
			attributes["template"] = string(name) // Vue, Thymeleaf, Angular and Alpine
		}
	}
	return attributes
}

// addControl adds what browsers send for a control to the last form.
func (r *pageReader) addControl(tag string, attributes map[string]string) {
	if r.form == nil {
		r.begin("", controls{method: "post", enctype: multipartType})
	}
	f := r.form
	has := func(name string) bool { _, ok := attributes[name]; return ok }
	name, inputType, value := attributes["name"], strings.ToLower(attributes["type"]), attributes["value"]
	box := inputType == "checkbox" || inputType == "radio"
	if name == "" && !has("disabled") {
		name = f.takeID(attributes["id"])
	}
	switch {
	case has("disabled"):
		return
	case tag == "input" && inputType == "file":
		f.controls.multiple = f.controls.multiple || has("multiple")
		f.addFile(name)
		return
	case placeholder.MatchString(name), attributes["template"] != "" && name == "":
		f.templated = true
		return
	case attributes["template"] != "":
		f.addUnread(name)
		return
	case name == "" || inputType == "reset" || inputType == "button" || box && !has("checked"):
		return
	case inputType == "submit" || tag == "button":
		if f.controls.buttons == nil {
			f.controls.buttons = map[string]bool{}
		}
		f.controls.buttons[policy.LowerName(name)] = true
	case box && !has("value"):
		value = "on"
	case tag == "textarea":
		if value = ""; r.next() == html.TextToken {
			value = strings.TrimPrefix(string(r.tokenizer.Text()), "\n")
		}
	}
	if value == "" && (tag == "textarea" || tag == "select" || tag == "input" && (inputType == "" || inputType == "text")) {
		f.visitorFields = append(f.visitorFields, name)
	}
	f.addField(policy.Field{Name: name, Value: value})
}
