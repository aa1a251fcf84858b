package explain

import (
	"net/url"
	"strings"

	"github.com/postern-dev/postern/policy/sigv4"
)

// presignedURL is a URL whose query carries its signature.
type presignedURL struct {
	address       *url.URL
	query         url.Values // names in lower case
	signature     *signature
	signedHeaders []string // names in lower case, host among them
}

// maxURLBytes bounds a URL. Servers read request lines of 8 KiB by default (nginx, Apache), some
// more, and a presigned URL with a session token takes 2 to 4 KiB.
const maxURLBytes = 64 << 10

// readURL reads a presigned URL, also one that was copied with white space or out of HTML.
func (e *evidence) readURL(text string) {
	if len(text) > maxURLBytes {
		e.addFault(Finding{Code: "url_too_long", Wanted: "at most " + formatCount(maxURLBytes, "byte"), Got: formatCount(len(text), "byte")})
		return
	}
	text = e.mendedURL(text)
	if strings.ContainsAny(text, " \r\n\t") {
		e.addFault(Finding{Code: "url_broken", Wanted: "no spaces or line ends"})
		text = strings.Join(strings.Fields(text), "")
	}
	address, err := url.Parse(text)
	if err != nil || address.Host == "" {
		e.addFault(Finding{Code: "url_broken", Wanted: "an absolute URL"})
		return
	}
	u := &presignedURL{address: address, query: url.Values{}}
	for name, values := range address.Query() {
		name = strings.ToLower(name)
		u.query[name] = append(u.query[name], values...)
	}
	u.signature = readSignature(u.query.Get)
	u.signedHeaders = strings.FieldsFunc(strings.ToLower(u.parameter("signedheaders")), func(r rune) bool { return r == ';' })
	e.url = u
}

// parameter returns a parameter of the signature by its name without the store's prefix.
func (u *presignedURL) parameter(name string) string {
	if u.signature.dialect == sigv4.OSS && name == "signedheaders" {
		name = "additional-headers" // OSS signs its own headers besides, wherever they are sent
	}
	return u.query.Get(u.signature.dialect.FieldPrefix() + name)
}
