package main

import (
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/postern-dev/postern/handlers"
	"github.com/postern-dev/postern/templates"
)

// demoPages play the pages of a foreign site, to try the widget there. They are linked to under the
// server's other host name, which for a browser is a foreign origin.
type demoPages struct {
	h         *handlers.Handlers
	addresses addresses
}

const maxDemoForm = 64 << 10 // bytes that the demo form may post

func (d *demoPages) register(e *echo.Echo) {
	g := e.Group("/demo", d.headers)
	g.Match(readMethods, "/site", d.site)     // a plain page with the widget
	g.Match(readMethods, "/form", d.form)     // a form with a required upload
	g.POST("/form", d.form)                   // the same, showing the values it was sent
	g.Match(readMethods, "/themes", d.themes) // one widget in four themes
}

// headers sends the headers that a careful site would: a policy that allows its own stylesheet and
// Postern's script and frame, nothing else.
func (d *demoPages) headers(next echo.HandlerFunc) echo.HandlerFunc {
	policy := strings.Join([]string{
		"default-src 'none'", "script-src " + d.addresses.own, "frame-src " + d.addresses.own,
		"connect-src " + d.addresses.own, // by which the widget's script asks why its frame doesn't answer
		"style-src 'self'", "img-src 'self'", "form-action 'self'", "base-uri 'none'", "frame-ancestors 'none'",
		"require-trusted-types-for 'script'", "trusted-types 'none'",
	}, "; ")
	return func(c echo.Context) error {
		h := c.Response().Header()
		h.Set("Content-Security-Policy", policy)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Cache-Control", "no-store")
		return next(c)
	}
}

// view fills in what all demo pages share; name is the page's name in the catalogue.
func (d *demoPages) view(l pageLanguage, name string) templates.DemoView {
	key := "page.demo." + name
	page := l.page(l.Text(key + ".title"))
	page.Stylesheet = "" // a foreign site has a stylesheet of its own
	return templates.DemoView{
		Page:           page,
		DemoStylesheet: d.h.AssetURL("demo.css"),
		Embed:          d.addresses.own + "/embed.js",
		Server:         d.addresses.own,
		Profile:        "photos",
		Back:           templates.Link{URL: l.link(d.addresses.own + "/"), Text: l.Text("page.demo.back")},
		Fallback:       templates.Link{URL: l.link(d.addresses.own + "/forms/photos"), Text: l.Text("page.demo.fallback")},
		Site:           l.Text(key + ".name"),
		Heading:        l.Text(key + ".heading"),
		Intro:          l.Text(key + ".intro"),
		WidgetLabel:    l.Text(key + ".widget"),
	}
}

func (d *demoPages) site(c echo.Context) error {
	l := languageOf(d.h, c.Request())
	view := d.view(l, "site")
	view.After = l.Text("page.demo.site.after")
	return handlers.Render(c, http.StatusOK, templates.DemoSite(view))
}

func (d *demoPages) themes(c echo.Context) error {
	l := languageOf(d.h, c.Request())
	view := d.view(l, "themes")
	for _, name := range []string{"plain", "ink", "moss", "paper"} {
		key := "page.demo.themes." + name
		view.Themes = append(view.Themes, templates.Theme{Name: name, Title: l.Text(key), Note: l.Text(key + ".note")})
	}
	return handlers.Render(c, http.StatusOK, templates.DemoThemes(view))
}

func (d *demoPages) form(c echo.Context) error {
	l := languageOf(d.h, c.Request())
	view := d.view(l, "form")
	view.Action, view.FieldName = l.link("/demo/form"), "photo"
	view.NameLabel, view.NoteLabel = l.Text("page.demo.form.person"), l.Text("page.demo.form.note")
	view.SubmitLabel, view.ReceivedHeading = l.Text("page.demo.form.submit"), l.Text("page.demo.form.received")
	if c.Request().Method == http.MethodPost {
		received, err := posted(c)
		if err != nil {
			return err
		}
		view.Received = received
	}
	return handlers.Render(c, http.StatusOK, templates.DemoForm(view))
}

// posted lists the fields that the demo form sent, sorted by name.
func posted(c echo.Context) ([]templates.Detail, error) {
	r := c.Request()
	r.Body = http.MaxBytesReader(c.Response(), r.Body, maxDemoForm)
	if err := r.ParseForm(); err != nil {
		return nil, echo.NewHTTPError(http.StatusBadRequest).SetInternal(err)
	}
	var list []templates.Detail
	for _, name := range slices.Sorted(maps.Keys(r.PostForm)) {
		for _, value := range r.PostForm[name] {
			list = append(list, templates.Detail{Term: name, Value: value})
		}
	}
	return list, nil
}
