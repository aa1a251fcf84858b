package testclient

import (
	"encoding/json"
	"encoding/xml"
	"fmt"
	"net/http"
	"regexp"
	"strings"
)

// Answer is a response, read to its end.
type Answer struct {
	Status int
	Header http.Header
	Body   []byte
}

// refusal holds what an error says, as problem+json or as the store's XML.
type refusal struct {
	XMLName xml.Name `json:"-"`
	Code    string   `json:"code" xml:"Code"`
	Field   string   `json:"field" xml:"-"`
	Missing []int    `json:"missing" xml:"-"`
}

// pageCode finds the code in an error page.
var pageCode = regexp.MustCompile(`<code>([a-z_]+)</code>`)

// Code returns the code of a refusal: Postern's, from JSON or from a page, or the store's own; ""
// if the answer is no refusal.
func (a Answer) Code() string { return a.refusal().Code }

// Field returns the name of the field that a refusal is about; "" if it names none.
func (a Answer) Field() string { return a.refusal().Field }

// Missing returns the numbers of the parts that an incomplete upload lacks.
func (a Answer) Missing() []int { return a.refusal().Missing }

// OK reports whether the status is 2xx.
func (a Answer) OK() bool { return a.Status >= 200 && a.Status < 300 }

// String returns the status and at most 600 bytes of the body, for test messages.
func (a Answer) String() string { return fmt.Sprintf("%d %.600s", a.Status, a.Body) }

func (a Answer) refusal() refusal {
	var r refusal
	contentType := a.Header.Get("Content-Type")
	switch {
	case strings.HasPrefix(contentType, "application/problem+json"):
		_ = json.Unmarshal(a.Body, &r)
	case !a.OK() && strings.HasPrefix(contentType, "text/html"):
		if found := pageCode.FindSubmatch(a.Body); found != nil {
			r.Code = string(found[1])
		}
	case !a.OK() && strings.Contains(contentType, "xml"):
		_ = xml.Unmarshal(a.Body, &r)
	}
	return r
}
