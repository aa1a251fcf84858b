package templates_test

import (
	"reflect"
	"strings"
	"testing"

	"golang.org/x/net/html"
)

// attack breaks out of text, attributes, scripts and comments wherever one of them isn't escaped,
// and reverses the direction of the text that follows.
const attack = "\"'`><script>alert(1)</script><!--\u202e</textarea><img src=x onerror=alert(2)>"

// attackURL is what an attacker would choose as a URL.
const attackURL = "javascript:alert('3')//"

// hostile returns the view with every string in it replaced by an attacker's. The states stay, so
// that the component takes the same branches.
func hostile[View any](view View) View {
	fillHostile(reflect.ValueOf(&view).Elem())
	return view
}

func fillHostile(value reflect.Value) {
	switch value.Kind() {
	case reflect.Struct:
		for i := range value.NumField() {
			fillField(value.Type().Field(i).Name, value.Field(i))
		}
	case reflect.Slice:
		fresh := reflect.MakeSlice(value.Type(), value.Len(), value.Len())
		reflect.Copy(fresh, value)
		value.Set(fresh)
		for i := range value.Len() {
			fillHostile(value.Index(i))
		}
	case reflect.String:
		value.SetString(attack)
	}
}

func fillField(name string, field reflect.Value) {
	switch name {
	case "State", "VerdictState", "Severity":
	case "URL", "Action", "Stylesheet", "DemoStylesheet", "Embed", "Scripts", "Modules", "Data":
		fillURL(field)
	default:
		fillHostile(field)
	}
}

func fillURL(field reflect.Value) {
	if field.Kind() == reflect.String {
		field.SetString(attackURL)
		return
	}
	field.Set(reflect.ValueOf([]string{attackURL}))
}

func TestNoPageHasInlineScriptOrStyleOrAnythingFromAHostileView(t *testing.T) {
	t.Parallel()
	for name, component := range pages() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			source := render(t, component)
			for node := range parse(t, source).Descendants() {
				checkElement(t, node)
			}
		})
	}
}

func parse(t *testing.T, source string) *html.Node {
	t.Helper()
	node, err := html.Parse(strings.NewReader(source))
	if err != nil {
		t.Fatal(err)
	}
	return node
}

func checkElement(t *testing.T, node *html.Node) {
	t.Helper()
	if node.Type == html.CommentNode {
		t.Errorf("got the comment %q", node.Data)
	}
	if node.Type != html.ElementNode {
		return
	}
	switch node.Data {
	case "style", "img", "iframe", "object", "embed", "base":
		t.Errorf("got the element %s", node.Data)
	case "script":
		if node.FirstChild != nil {
			t.Errorf("got the inline script %q", node.FirstChild.Data)
		}
	}
	for _, attribute := range node.Attr {
		checkAttribute(t, node.Data, attribute)
	}
}

func checkAttribute(t *testing.T, element string, attribute html.Attribute) {
	t.Helper()
	if attribute.Key == "style" || strings.HasPrefix(attribute.Key, "on") {
		t.Errorf("got %s=%q on %s", attribute.Key, attribute.Val, element)
	}
	switch attribute.Key {
	case "href", "src", "action", "formaction":
		if strings.HasPrefix(strings.TrimSpace(attribute.Val), "javascript:") {
			t.Errorf("got %s=%q on %s", attribute.Key, attribute.Val, element)
		}
	}
}

func TestHostileTextIsShownUnchangedAsText(t *testing.T) {
	t.Parallel()
	view := hostile(normalForm())
	document := parse(t, render(t, pages()["form.hostile"]))
	for node := range document.Descendants() {
		if node.Type == html.ElementNode && node.Data == "h1" {
			if got := node.FirstChild.Data; got != view.Heading {
				t.Errorf("got heading %q, wanted %q", got, view.Heading)
			}
			return
		}
	}
	t.Error("got no heading")
}
