package testclient

import (
	"encoding/json"
	"encoding/xml"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"strings"
)

// Answer is a whole response.
type Answer struct {
	Status int
	Header http.Header
	Body   []byte
}

// problem is what an error says of itself, as problem+json or as the store's XML.
type problem struct {
	XMLName xml.Name `json:"-"`
	Code    string   `json:"code" xml:"Code"`
	Field   string   `json:"field" xml:"-"`
	Missing []int    `json:"missing" xml:"-"`
}

// pageCode finds the code in an error page.
var pageCode = regexp.MustCompile(`<code>([a-z_]+)</code>`)

// Code returns the code of a refusal: the contract's, as JSON or as a page, or the store's own; ""
// for anything else.
func (a Answer) Code() string { return a.problem().Code }

// Field returns the field that a problem names.
func (a Answer) Field() string { return a.problem().Field }

// Missing returns the part numbers that an incomplete upload lacks.
func (a Answer) Missing() []int { return a.problem().Missing }

// OK tells whether the status is a success.
func (a Answer) OK() bool { return a.Status >= 200 && a.Status < 300 }

// String is for messages: status and the beginning of the body.
func (a Answer) String() string {
	body := string(a.Body)
	if len(body) > 600 {
		body = body[:600] + "…"
	}
	return fmt.Sprintf("%d %s", a.Status, body)
}

func (a Answer) problem() problem {
	var p problem
	kind := a.Header.Get("Content-Type")
	switch {
	case strings.HasPrefix(kind, "application/problem+json"):
		_ = json.Unmarshal(a.Body, &p)
	case !a.OK() && strings.HasPrefix(kind, "text/html"):
		if found := pageCode.FindSubmatch(a.Body); found != nil {
			p.Code = string(found[1])
		}
	case !a.OK() && strings.Contains(kind, "xml"):
		_ = xml.Unmarshal(a.Body, &p)
	}
	return p
}

// send makes a request and reads its whole answer.
func send(client *http.Client, request *http.Request) (Answer, error) {
	response, err := client.Do(request)
	if err != nil {
		return Answer{}, fmt.Errorf("visitor: %w", err)
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		return Answer{}, fmt.Errorf("visitor: read answer: %w", err)
	}
	return Answer{Status: response.StatusCode, Header: response.Header, Body: body}, nil
}

// Do sends any request, to the store perhaps, without following redirects.
func Do(request *http.Request) (Answer, error) { return send(straight, request) }
