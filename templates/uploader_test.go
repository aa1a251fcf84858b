package templates_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/a-h/templ"
	"golang.org/x/net/html"

	"github.com/postern-dev/postern/templates"
)

func elements(t *testing.T, source, name string) []*html.Node {
	t.Helper()
	var found []*html.Node
	for node := range parse(t, source).Descendants() {
		if node.Type == html.ElementNode && node.Data == name {
			found = append(found, node)
		}
	}
	return found
}

func attribute(node *html.Node, name string) (string, bool) {
	for _, a := range node.Attr {
		if a.Key == name {
			return a.Val, true
		}
	}
	return "", false
}

// A store ignores fields that come after the file.
func TestFieldsKeepTheirOrderAndTheFileComesLast(t *testing.T) {
	t.Parallel()
	view := normalForm()
	var got []string
	for _, input := range elements(t, render(t, templates.Uploader(view)), "input") {
		name, _ := attribute(input, "name")
		got = append(got, name)
	}
	want := []string{"key", "policy", "x-amz-signature", "file"}
	if !slices.Equal(got, want) {
		t.Errorf("got fields %q, wanted %q", got, want)
	}
}

func TestTheButtonAddsNoField(t *testing.T) {
	t.Parallel()
	for _, button := range elements(t, render(t, templates.Uploader(normalForm())), "button") {
		if name, ok := attribute(button, "name"); ok {
			t.Errorf("got a button named %q, wanted none: its value would be an uncovered field", name)
		}
	}
}

func TestTheFileControlHasItsLabelAndItsRules(t *testing.T) {
	t.Parallel()
	source := render(t, templates.Uploader(normalForm()))
	inputs := elements(t, source, "input")
	control := inputs[len(inputs)-1]
	id, _ := attribute(control, "id")
	described, _ := attribute(control, "aria-describedby")
	labels := elements(t, source, "label")
	if len(labels) != 1 {
		t.Fatalf("got %d labels, wanted 1", len(labels))
	}
	if target, _ := attribute(labels[0], "for"); target != id || id == "" {
		t.Errorf("got a label for %q, wanted %q", target, id)
	}
	rules := slices.ContainsFunc(elements(t, source, "p"), func(p *html.Node) bool {
		own, _ := attribute(p, "id")
		return own == described && p.FirstChild.Data == normalForm().Rules
	})
	if !rules {
		t.Errorf("got no rules under the id %q", described)
	}
}

// twoUploaders is the same profile's form twice on one page.
func twoUploaders() templ.Component {
	first, second := normalForm(), normalForm()
	first.ID, second.ID = "first", "second"
	return templ.Join(templates.Uploader(first), templates.Uploader(second))
}

func TestUploadersOnOnePageHaveIDsOfTheirOwn(t *testing.T) {
	t.Parallel()
	view := normalForm()
	view.ID = ""
	for name, page := range map[string]templ.Component{
		"with ids of the caller's": twoUploaders(),
		"without":                  templ.Join(templates.Uploader(view), templates.Uploader(view), templates.Uploader(view)),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			seen := map[string]bool{}
			for _, uploader := range elements(t, render(t, page), "postern-uploader") {
				own := map[string]bool{}
				for node := range uploader.Descendants() {
					if id, ok := attribute(node, "id"); ok {
						if seen[id] {
							t.Errorf("got the id %q twice", id)
						}
						seen[id], own[id] = true, true
					}
				}
				for node := range uploader.Descendants() {
					for _, name := range []string{"for", "aria-describedby"} {
						if id, ok := attribute(node, name); ok && !own[id] {
							t.Errorf("got %s=%q on %s, wanted an id of the same uploader", name, id, node.Data)
						}
					}
				}
			}
		})
	}
}

func TestOnlyTheWidgetNamesItsParentOrigins(t *testing.T) {
	t.Parallel()
	for name, wanted := range map[string]bool{"form.normal": false, "widget.normal": true} {
		uploader := elements(t, render(t, pages()[name]), "postern-uploader")[0]
		origins, got := attribute(uploader, "parent-origins")
		if _, embedded := attribute(uploader, "embedded"); got != wanted || embedded != wanted {
			t.Errorf("%s: got parents %q and embedded %t, wanted %t", name, origins, embedded, wanted)
		}
	}
}

func TestEveryPageNamesItsLanguageAndDirection(t *testing.T) {
	t.Parallel()
	for name, component := range pages() {
		if strings.HasPrefix(name, "uploader.") {
			continue // part of a page
		}
		root := elements(t, render(t, component), "html")[0]
		for _, wanted := range []string{"lang", "dir"} {
			if got, _ := attribute(root, wanted); got == "" {
				t.Errorf("%s: got no %s", name, wanted)
			}
		}
	}
}
