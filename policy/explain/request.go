package explain

import (
	"net/url"
	"strings"

	"github.com/postern-dev/postern/policy"
)

// request is what a command, a piece of code or a recorded request sends.
type request struct {
	tool        string         // such as curl or fetch
	method      string         // "" if it isn't known
	address     string         // "" if it isn't in the input
	headers     []policy.Field // as they are set, without those that the tool adds
	removed     []string       // headers that the tool adds by itself otherwise, in lower case
	complete    bool           // there are no headers but these and the tool's own
	openHeaders bool           // headers come from a variable
	body        bodyKind
	bodyFrom    string // how the body is given where that matters: the option, or the text itself
	unquoted    bool   // the address is not between quotes, and the shell cuts it at the first &
	form        *form  // of a body of multipart/form-data; its fields may be unknown
}

// bodyKind is what a request's body is made of.
type bodyKind int

const (
	bodyNone       bodyKind = iota
	bodyUnknown             // something that isn't in the input, such as a variable
	bodyFile                // a file's bytes
	bodyText                // a text
	bodyMultipart           // multipart/form-data
	bodyURLEncoded          // application/x-www-form-urlencoded
	bodyJSON
)

func newCommandForm() *form { return &form{controls: &controls{}} }

// header returns a header's value as it is set, and whether it is.
func (r *request) header(name string) (value string, ok bool) {
	i := fieldIndex(r.headers, name)
	if i < 0 {
		return "", false
	}
	return r.headers[i].Value, true
}

// contentType returns the content type that is sent: the one that is set, or the one that the tool
// chooses by itself.
func (r *request) contentType() (value string, chosen bool) {
	if value, ok := r.header("Content-Type"); ok {
		return value, false
	}
	for _, name := range r.removed {
		if name == "content-type" {
			return "", false
		}
	}
	switch r.body {
	case bodyMultipart:
		return multipartType, true
	case bodyURLEncoded:
		return urlencodedType, true
	case bodyJSON:
		return "application/json", true
	case bodyText:
		return textTypes[r.tool], true
	}
	return "", true
}

// textTypes are the content types that tools choose for a text.
var textTypes = map[string]string{"curl": urlencodedType, "wget": urlencodedType, "axios": urlencodedType, "fetch": "text/plain;charset=UTF-8", "XMLHttpRequest": "text/plain;charset=UTF-8"}

// readRequest takes over what a request sends: a form, or a body for a presigned URL.
func (e *evidence) readRequest(r *request) {
	r.finish()
	presigned := isPresigned(r.address)
	sendsForm := r.body == bodyMultipart || r.body == bodyURLEncoded && r.tool != "" || r.form != nil && len(r.form.fields)+len(r.form.afterFile) > 0
	putsForm := r.method == "PUT" && r.body == bodyMultipart && r.address == "" // a signed form is posted
	if presigned || putsForm || !sendsForm || r.method == "PUT" && r.body != bodyMultipart {
		if e.kind, e.request = KindRequest, r; r.address != "" {
			e.kind = KindURL
			e.readURL(r.address)
		}
		return
	}
	e.kind, e.form, e.request = KindCommand, r.form, r
	e.form.address = r.address
	e.form.controls.method = r.method
	if e.form.controls.enctype = r.enctype(); r.body == bodyMultipart && len(e.form.fields) == 0 && len(e.form.controls.files) == 0 {
		e.form.incomplete = true
	}
}

// enctype is the type of a form's body without its parameters.
func (r *request) enctype() string {
	if r.body == bodyMultipart {
		return multipartType
	}
	value, _ := r.contentType()
	value, _, _ = strings.Cut(value, ";")
	return value
}

// finish fills in the method that a tool chooses by itself.
func (r *request) finish() {
	r.method = strings.ToUpper(r.method)
	switch {
	case r.method != "":
	case r.tool == "curl" && r.bodyFrom == "--upload-file":
		r.method = "PUT"
	case r.body != bodyNone:
		r.method = "POST"
	default:
		r.method = "GET"
	}
}

// isPresigned reports whether an address has a signature in its query.
func isPresigned(address string) bool {
	u, err := url.Parse(strings.ReplaceAll(address, "&amp;", "&"))
	if err != nil {
		return strings.Contains(address, "X-Amz-Signature=")
	}
	for name := range u.Query() {
		if name = strings.ToLower(name); name == "signature" || strings.HasSuffix(name, "-signature") {
			return true
		}
	}
	return false
}
