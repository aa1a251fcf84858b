package walls

import (
	"bytes"
	"net/http"
	"strings"

	"golang.org/x/net/html"

	"github.com/postern-dev/postern/cmd/postern/visitor"
)

// form reads the signed form out of the page that a browser without script sees.
func (a *attempt) form(profile string) visitor.Post {
	a.Helper()
	answer := a.page("/forms/" + profile)
	a.accepted(answer)
	root, err := html.Parse(bytes.NewReader(answer.Body))
	if err != nil {
		a.Fatal(err)
	}
	var p visitor.Post
	for node := range root.Descendants() {
		switch {
		case node.Data == "form":
			p.URL = attribute(node, "action")
		case node.Data == "input" && attribute(node, "type") == "hidden":
			p.Fields = append(p.Fields, visitor.Field{Name: attribute(node, "name"), Value: attribute(node, "value")})
		}
	}
	if p.URL == "" || p.Get("policy") == "" {
		a.Fatalf("no signed form in the page: %v", answer)
	}
	a.site.keep(p.Get("policy"), p.Get("x-amz-signature"))
	return p
}

// page asks for a page as a browser does.
func (a *attempt) page(path string) visitor.Answer {
	a.Helper()
	header := http.Header{"Accept": {"text/html,application/xhtml+xml,*/*;q=0.8"}}
	return a.got(a.Visitor.Raw(a.Context(), http.MethodGet, path, header, nil))
}

// landing sends a form and returns the page that the store sends the browser to.
func (a *attempt) landing(p visitor.Post, body []byte) visitor.Answer {
	a.Helper()
	sent := a.got(p.Send(a.Context(), "garden.png", body))
	if sent.Status != http.StatusSeeOther {
		a.Fatalf("after the form: wanted 303, got %v", sent)
	}
	return a.page(strings.TrimPrefix(sent.Header.Get("Location"), a.site.URL))
}

func attribute(node *html.Node, name string) string {
	for _, attr := range node.Attr {
		if attr.Key == name {
			return attr.Val
		}
	}
	return ""
}
