package explain

import (
	"regexp"
	"strings"

	"github.com/postern-dev/postern/policy"
)

// maxHeadBytes bounds where in a text a request, a call or a message is looked for.
const maxHeadBytes = 32 << 10

// requestLine is the first line of an HTTP request, also as curl -v shows it.
var requestLine = regexp.MustCompile(`(?m)^(?:> )?(GET|HEAD|PUT|POST|DELETE|PATCH) (\S+)(?: HTTP/[0-9.]+)?\r?$`)

// httpRequest reads a request as it goes over the network: its first line, the headers, and a
// form's body. It returns nil for other texts.
func httpRequest(text string) *request {
	at := requestLine.FindStringSubmatchIndex(text[:min(len(text), maxHeadBytes)])
	if at == nil {
		return nil
	}
	r := &request{method: text[at[2]:at[3]], address: text[at[4]:at[5]], complete: true, form: newCommandForm()}
	rest := strings.TrimLeft(text[at[1]:], "\r\n")
	for rest != "" && len(r.headers) < maxItems {
		line, after, _ := strings.Cut(rest, "\n")
		name, value, ok := strings.Cut(strings.TrimSuffix(strings.TrimPrefix(line, "> "), "\r"), ":")
		if name = strings.TrimSpace(name); !ok || name == "" || strings.ContainsAny(name, " \t<{") {
			break
		}
		r.headers = append(r.headers, policy.Field{Name: name, Value: strings.TrimSpace(value)})
		rest = after
	}
	host := fieldValue(r.headers, "Host")
	if len(r.headers) == 0 || host == "" && !strings.Contains(r.address, "://") {
		return nil
	}
	if strings.HasPrefix(r.address, "/") {
		r.address = "https://" + host + r.address
	}
	if isMultipartBody(rest) {
		r.form, r.body = multipartForm(rest), bodyMultipart
	} else if t := fieldValue(r.headers, "Content-Type"); strings.HasPrefix(strings.ToLower(t), multipartType) {
		r.body = bodyMultipart
	} else {
		r.body = bodyUnknown
	}
	return r
}
