package explain

import (
	"regexp"
	"strings"

	"github.com/postern-dev/postern/policy"
)

// maxCodeBytes bounds the code that is looked through for calls.
const maxCodeBytes = 64 << 10

// maxCalls bounds the calls that are read: a form has fewer fields than maxItems.
const maxCalls = maxItems

// codeReader reads the calls of a piece of code that sends a request.
type codeReader struct {
	text    string
	request request
	found   bool // a call that sends
	form    *form
	appends int
}

// codeRequest reads the request that code sends, nil if the text has none. It looks at the calls'
// arguments and evaluates nothing.
func codeRequest(text string) *request {
	c := &codeReader{text: text, form: newCommandForm()}
	c.form.controls.enctype = multipartType
	at := 0
	for range maxCalls {
		object, name, bracket := nextCall(text, at)
		if bracket < 0 {
			break
		}
		r := newLiteralReader(text[bracket:])
		r.left = maxLiterals / 16
		arguments := r.group(0, name)
		c.call(object, name, arguments.items)
		if r.incomplete {
			break
		}
		at = bracket + r.at
	}
	c.ruby()
	if !c.found {
		return nil
	}
	return c.finish()
}

// finish adds the form that was built by calls of append.
func (c *codeReader) finish() *request {
	r := &c.request
	if r.form == nil {
		r.form = newCommandForm()
	}
	if c.appends > 0 && (r.body == bodyMultipart || r.body == bodyUnknown) {
		r.body, r.form = bodyMultipart, c.form
	}
	if strings.Contains(strings.ToLower(r.method), "put") && r.body == bodyNone {
		r.body = bodyUnknown
	}
	return r
}

// call applies one call.
func (c *codeReader) call(object, name string, arguments []literal) {
	r := &c.request
	switch name {
	case "append", "set", "Set", "field":
		c.formCall(object, name, arguments)
	case "setRequestHeader":
		c.headerCall(arguments)
	case "send":
		if c.found && len(arguments) == 1 && r.tool == "XMLHttpRequest" {
			r.setBody(arguments[0], c.text)
		}
	case "open":
		if len(arguments) >= 2 && isMethod(strings.ToUpper(arguments[0].text)) {
			r.tool, r.method, r.address, c.found = "XMLHttpRequest", arguments[0].text, c.addressOf(arguments[1]), true
			r.complete = true
		}
	default:
		if !c.found || r.address == "" && r.body == bodyNone {
			c.sendingCall(object, name, arguments)
		}
	}
}

// formCall is formData.append("key", "…"), or a header that is set: req.Header.Set("…", "…").
func (c *codeReader) formCall(object, name string, arguments []literal) {
	lower := strings.ToLower(object)
	switch {
	case len(arguments) < 2:
	case arguments[0].kind != literalString:
		c.form.incomplete = true // a loop over fields that aren't in the input
		c.form.fileFirst = c.form.fileFirst || len(c.form.controls.files) > 0
		c.appends++
	case strings.Contains(lower, "header"), strings.ToLower(name) == "set" && !strings.Contains(lower, "form") && !strings.Contains(lower, "data") && !strings.Contains(lower, "fd"):
		c.headerCall(arguments)
	default:
		c.appends++
		field, value := arguments[0].text, arguments[1]
		text, known := scalar(value)
		switch {
		case strings.EqualFold(field, "file") || !known && looksLikeFile(value):
			c.form.addFile(field)
		case known:
			c.form.addField(policy.Field{Name: field, Value: text})
		default:
			c.form.addUnread(field)
		}
	}
}

func (c *codeReader) headerCall(arguments []literal) {
	if len(arguments) >= 2 && len(c.request.headers) < maxItems {
		c.request.headers = append(c.request.headers, policy.Field{Name: arguments[0].text, Value: arguments[1].text})
	}
}

func looksLikeFile(v literal) bool {
	text := strings.ToLower(v.text + v.call)
	return strings.Contains(text, "file") || strings.Contains(text, "blob") || strings.Contains(text, "open") || strings.Contains(text, "stream")
}

// sendingCall reads the arguments of a call that sends: address, options and body, in the order of
// the language.
func (c *codeReader) sendingCall(object, name string, arguments []literal) {
	r := &c.request
	tool, method := toolOf(object, name), strings.TrimSuffix(strings.ToUpper(name), "ASYNC")
	address, isSending := "", false
	var rest []literal
	for i, a := range arguments {
		switch text := a.text; {
		case a.name != "", a.kind == literalGroup:
			rest = append(rest, a)
		case isMethod(strings.ToUpper(text)) && i < 2:
			method = text
		case address == "" && c.addressOf(a) != "":
			address, isSending = c.addressOf(a), true
		case i == 0 && (tool != "" || strings.Contains(strings.ToLower(text), "url")):
			isSending = true // a variable
		default:
			rest = append(rest, a)
		}
	}
	options := request{}
	for _, a := range rest {
		options.setOption(a, c)
	}
	if address == "" {
		address = options.address
	}
	if !isSending && address == "" && options.method == "" {
		return
	}
	r.tool, r.address, c.found = tool, address, true
	r.complete = tool != "" && !options.openHeaders
	if r.method = options.method; r.method == "" && isMethod(method) {
		r.method = method
	}
	if tool == "ng-file-upload" {
		options.body = bodyMultipart // whatever its data are
	}
	r.headers, r.body, r.bodyFrom, r.form = append(r.headers, options.headers...), options.body, options.bodyFrom, options.form
}

// toolOf names the library of a call, "" if it isn't known what it adds.
func toolOf(object, name string) string {
	lower := strings.ToLower(object)
	switch {
	case name == "fetch", name == "axios", name == "ajax", name == "got":
		return name
	case strings.HasPrefix(lower, "axios"):
		return "axios"
	case strings.HasPrefix(lower, "requests"), strings.HasPrefix(lower, "session"), strings.HasPrefix(lower, "httpx"):
		return "requests"
	case name == "upload" && strings.HasSuffix(lower, "upload"):
		return "ng-file-upload"
	case strings.HasSuffix(name, "Async"):
		return "HttpClient"
	case strings.HasPrefix(name, "NewRequest"):
		return "net/http"
	}
	return ""
}

// ruby reads HTTParty.put url, body: …, and RestClient.put url, file: calls without parentheses.
func (c *codeReader) ruby() {
	if c.found || !strings.Contains(c.text, "HTT") && !strings.Contains(c.text, "Rest") && !strings.Contains(c.text, "Excon") && !strings.Contains(c.text, "Faraday") {
		return
	}
	if m := rubyCall.FindStringSubmatchIndex(c.text); m != nil {
		r := newLiteralReader("(" + c.text[m[1]:])
		r.left = maxLiterals / 16
		c.call(c.text[m[2]:m[3]], c.text[m[4]:m[5]], r.group(0, "").items)
	}
}

var rubyCall = regexp.MustCompile(`\b(HTTParty|RestClient|Faraday|HTTP|Excon)\.(put|post) `)
