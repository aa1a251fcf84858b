package explain

import (
	"slices"
	"strings"

	"github.com/postern-dev/postern/policy/sigv4"
)

// checkRequest compares what a command or a piece of code sends with what a presigned URL takes.
func (x *explainer) checkRequest() {
	r := x.request
	if r.unquoted {
		x.add(Finding{Code: "url_unquoted", Field: "URL", Wanted: "the URL between quotes"})
	}
	x.checkMethod(r)
	x.checkBody(r)
	if r.openHeaders {
		return
	}
	x.checkSentHeaders(r)
	if x.url != nil && r.complete {
		x.checkMissingHeaders(r)
	}
}

// operations are the methods of those that SDKs name in a URL as x-id.
var operations = map[string]string{"putobject": "PUT", "uploadpart": "PUT", "getobject": "GET", "headobject": "HEAD", "deleteobject": "DELETE",
	"createmultipartupload": "POST", "completemultipartupload": "POST", "abortmultipartupload": "DELETE"}

// checkMethod finds a method that the URL isn't signed for, as far as the URL says. An object is
// never uploaded by POST to a presigned URL.
func (x *explainer) checkMethod(r *request) {
	if x.url == nil || x.url.signature.isEmpty() {
		return
	}
	query := x.url.query
	wanted := operations[strings.ToLower(query.Get("x-id"))]
	switch isPart := query.Has("partnumber"); {
	case wanted != "":
	case isPart:
		wanted = "PUT"
	case r.method == "POST" && !query.Has("uploads") && !query.Has("uploadid") && !query.Has("delete"):
		wanted = "PUT"
	}
	if wanted != "" && r.method != wanted && r.body != bodyMultipart {
		x.add(Finding{Code: "method_differs", Field: "method", Wanted: wanted, Got: r.method})
	}
}

// checkBody finds a body that isn't the file's bytes.
func (x *explainer) checkBody(r *request) {
	toURL := x.url != nil && !x.url.signature.isEmpty() || x.form == nil && r.method == "PUT"
	switch {
	case !toURL:
	case r.body == bodyMultipart:
		x.add(Finding{Code: "body_sent_as_form", Field: "body", Wanted: "PUT with the file itself as the body", Got: r.method + " with " + multipartType})
	case r.bodyFrom == "--data @":
		x.add(Finding{Code: "body_altered", Field: "body", Wanted: "--data-binary, or --upload-file", Got: "--data"})
	case r.bodyFrom == "--data-urlencode", r.body == bodyURLEncoded && r.tool == "httpie":
		x.add(Finding{Code: "body_sent_as_form", Field: "body", Wanted: "PUT with the file itself as the body", Got: r.method + " with " + urlencodedType})
	}
}

// checkSentHeaders finds headers that a store refuses beside a signature in the URL or the form.
func (x *explainer) checkSentHeaders(r *request) {
	for _, h := range r.headers {
		switch name := strings.ToLower(h.Name); {
		case name == "authorization":
			x.add(Finding{Code: "authorization_twice", Field: "Authorization", Wanted: "no Authorization header", Got: "one beside the signature"})
		case name == "transfer-encoding" && hasFold(h.Value, "chunked"):
			x.add(Finding{Code: "body_chunked", Field: "Transfer-Encoding", Wanted: "Content-Length", Got: h.Value})
		case name == "content-type" && r.body == bodyMultipart && (r.tool != "curl" || r.bodyFrom != "") && !hasFold(h.Value, "boundary=") && hasFold(h.Value, multipartType):
			x.add(Finding{Code: "boundary_missing", Field: "Content-Type", Wanted: "the header that the library writes itself", Got: h.Value})
		case x.url != nil && !x.url.signature.isEmpty() && x.mustBeSigned(name):
			x.add(Finding{Code: "header_unsigned", Field: h.Name, Wanted: h.Name + " among the signed headers", Got: strings.Join(x.url.signedHeaders, ";")})
		}
	}
}

// mustBeSigned reports whether a header has to be signed if it is sent: one of the store's own.
func (x *explainer) mustBeSigned(name string) bool {
	u := x.url
	for _, d := range []*sigv4.Dialect{sigv4.AWS, sigv4.GCS} {
		if strings.HasPrefix(name, d.FieldPrefix()) && u.signature.dialect != sigv4.OSS {
			return !slices.Contains(u.signedHeaders, name)
		}
	}
	return false
}

// checkMissingHeaders finds signed headers that aren't sent, or that the tool fills in by itself.
func (x *explainer) checkMissingHeaders(r *request) {
	for _, name := range x.url.signedHeaders {
		_, set := r.header(name)
		if set || name == "host" || name == "content-length" || r.body == bodyMultipart && name == "content-type" {
			continue
		}
		f := Finding{Code: "signed_header_missing", Field: name, Wanted: "the value that was signed", Got: "none"}
		if value, chosen := r.contentType(); name == "content-type" && chosen {
			switch {
			case value != "":
				f.Got = value + ", which " + r.tool + " adds by itself"
			case r.tool == "fetch" || r.tool == "XMLHttpRequest" || r.tool == "axios" || r.tool == "ng-file-upload" || r.tool == "ajax":
				f.Code, f.Wanted, f.Got = "type_from_file", "the type that was signed", "what the browser takes for the file's type"
			}
		}
		x.add(f)
	}
}
