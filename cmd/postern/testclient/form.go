package testclient

import (
	"bytes"
	"fmt"

	"golang.org/x/net/html"
)

// ParseForm reads the signed form of a page, as a browser without script does. A page without one
// is an error.
func ParseForm(page []byte) (Post, error) {
	root, err := html.Parse(bytes.NewReader(page))
	if err != nil {
		return Post{}, fmt.Errorf("testclient: page: %w", err)
	}
	var p Post
	for node := range root.Descendants() {
		switch {
		case node.Data == "form" && p.URL == "":
			p.URL = attribute(node, "action")
		case node.Data == "input" && attribute(node, "type") == "hidden":
			p.Fields = append(p.Fields, Field{Name: attribute(node, "name"), Value: attribute(node, "value")})
		}
	}
	if p.URL == "" || p.Get("policy") == "" {
		return Post{}, fmt.Errorf("testclient: page: wanted a signed form, got %.600q", page)
	}
	return p, nil
}

func attribute(node *html.Node, name string) string {
	for _, attr := range node.Attr {
		if attr.Key == name {
			return attr.Val
		}
	}
	return ""
}
