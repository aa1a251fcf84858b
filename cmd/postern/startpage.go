package main

import (
	"net/http"
	"path"

	"github.com/labstack/echo/v4"

	"github.com/postern-dev/postern/handlers"
	"github.com/postern-dev/postern/policy/profile"
	"github.com/postern-dev/postern/templates"
)

// startPage shows where everything is.
type startPage struct {
	h           *handlers.Handlers
	place       place
	profiles    []profile.Profile
	data, store string
}

func (s *startPage) register(e *echo.Echo) {
	e.GET("/", s.h.Page(s.show))
	demo := demoPages{h: s.h, place: s.place}
	demo.register(e)
}

func (s *startPage) show(c echo.Context) error {
	w := tongueOf(s.h, c.Request())
	return handlers.Render(c, http.StatusOK, templates.Index(templates.IndexView{
		Page:         w.Page(w.Text("page.index.title")),
		Heading:      w.Text("page.index.heading"),
		Intro:        w.Text("page.index.intro"),
		Groups:       []templates.LinkGroup{s.forms(w), s.demos(w), s.tools(w)},
		FactsHeading: w.Text("page.index.facts"),
		Facts: []templates.Detail{
			{Term: w.Text("page.index.store"), Value: s.store},
			{Term: w.Text("page.index.bucket"), Value: devBucket},
			{Term: w.Text("page.index.key"), Value: devAccess},
			{Term: w.Text("page.index.data"), Value: s.data},
		},
	}))
}

func (s *startPage) forms(w tongue) templates.LinkGroup {
	group := templates.LinkGroup{Heading: w.Text("page.index.forms")}
	for _, p := range s.profiles {
		group.Links = append(group.Links, templates.Link{
			URL: w.to(path.Join("/forms", p.Name)), Text: p.Name,
			Note: w.Text("page.index."+p.Name, "rules", w.Rules(p)),
		})
	}
	return group
}

// demos lead to this server under its other name, so that the widget is tried from a foreign
// origin.
func (s *startPage) demos(w tongue) templates.LinkGroup {
	group := templates.LinkGroup{Heading: w.Text("page.index.demos")}
	for _, name := range []string{"site", "form", "themes"} {
		key := "page.index.demo." + name
		group.Links = append(group.Links, templates.Link{
			URL: w.to(s.place.other + "/demo/" + name), Text: w.Text(key), Note: w.Text(key + ".note"),
		})
	}
	return group
}

func (s *startPage) tools(w tongue) templates.LinkGroup {
	return templates.LinkGroup{
		Heading: w.Text("page.index.tools"),
		Links: []templates.Link{{
			URL: w.to("/explain"), Text: w.Text("page.index.explain"), Note: w.Text("page.index.explain.note"),
		}},
	}
}
