package handlers

import (
	"bytes"
	"strings"
	"testing"

	"github.com/a-h/templ"
	"github.com/labstack/echo/v4"

	"net/http/httptest"

	"github.com/postern-dev/postern/policy"
	"github.com/postern-dev/postern/templates"
)

func TestACachedPageIsThePageAsRendered(t *testing.T) {
	t.Parallel()
	forms := map[string]policy.Form{
		"plain values":   {URL: "https://media.example.com/", Fields: []policy.Field{{Name: "key", Value: "users/a/1"}, {Name: "policy", Value: "ey+/=="}}},
		"hostile values": {URL: "https://media.example.com/", Fields: []policy.Field{{Name: "key", Value: `"><script>alert('x')&amp;</script>`}, {Name: "policy", Value: placeholder(0) + placeholder(1)}}},
		"other fields":   {URL: "https://media.example.com/", Fields: []policy.Field{{Name: "key", Value: "k"}, {Name: "x-amz-security-token", Value: "<t>"}}},
		"more fields":    {URL: "https://media.example.com/", Fields: []policy.Field{{Name: "key", Value: "k"}, {Name: "policy", Value: "p"}, {Name: "acl", Value: "private"}}},
		"no values":      {URL: "https://media.example.com/", Fields: []policy.Field{{Name: "key"}, {Name: "policy"}}},
	}
	for kind, component := range map[string]func(templates.FormView) templ.Component{"form": templates.Form, "widget": templates.Widget} {
		page := &formCache{component: component, view: templates.FormView{ID: "photos", Heading: "A & B", Rules: `"quoted"`, Types: []string{"image/png"}, MaxSize: 9}}
		for _, owners := range [][]string{nil, {"AAAAAAAAAAAAAAAAAAAAAA"}, {"BBBBBBBBBBBBBBBBBBBBBB", "AAAAAAAAAAAAAAAAAAAAAA"}} { // later times from memory
			for name, form := range forms {
				c := echo.New().NewContext(httptest.NewRequest("GET", "/", nil), httptest.NewRecorder())
				if err := page.show(c, &form, owners); err != nil {
					t.Fatal(err)
				}
				view := page.view
				view.Action, view.Owners = form.URL, owners
				for _, f := range form.Fields {
					view.Fields = append(view.Fields, templates.Field(f))
				}
				var whole bytes.Buffer
				if err := component(view).Render(t.Context(), &whole); err != nil {
					t.Fatal(err)
				}
				got := c.Response().Writer.(*httptest.ResponseRecorder).Body.String()
				if got != whole.String() {
					t.Errorf("%s, %s:\nwanted %s\ngot    %s", kind, name, whole.String(), got)
				}
				if strings.Contains(got, "<script>alert") {
					t.Errorf("%s, %s: not escaped", kind, name)
				}
			}
		}
	}
}
