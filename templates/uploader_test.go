package templates_test

import (
	"slices"
	"testing"

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

// A store reads no field that comes after the file.
func TestFieldsKeepTheirOrderAndTheFileIsLast(t *testing.T) {
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

func TestTheButtonPostsNoFieldOfItsOwn(t *testing.T) {
	t.Parallel()
	for _, button := range elements(t, render(t, templates.Uploader(normalForm())), "button") {
		if name, ok := attribute(button, "name"); ok {
			t.Errorf("got a button named %q, wanted none: its value would be an uncovered field", name)
		}
	}
}

func TestTheControlHasItsLabelAndItsRules(t *testing.T) {
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

func TestOnlyTheWidgetNamesItsParents(t *testing.T) {
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
		if name == "uploader.normal" || name == "uploader.hostile" {
			continue
		}
		root := elements(t, render(t, component), "html")[0]
		for _, wanted := range []string{"lang", "dir"} {
			if got, _ := attribute(root, wanted); got == "" {
				t.Errorf("%s: got no %s", name, wanted)
			}
		}
	}
}
