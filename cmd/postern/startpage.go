package main

import (
	"log/slog"
	"net/http"
	"net/url"
	"path"

	"github.com/labstack/echo/v4"

	"github.com/postern-dev/postern/handlers"
	"github.com/postern-dev/postern/policy/profile"
	"github.com/postern-dev/postern/templates"
)

// startPage is the page at / of dev: it links to the forms, the demo pages and the tools, and says
// where the store and its data are.
type startPage struct {
	h           *handlers.Handlers
	addresses   addresses
	profiles    []profile.Profile
	data, store string
	recent      recentPage
}

// router is all of dev: the routes of h, and the pages that only dev has.
func (s *startPage) router(log *slog.Logger) (*echo.Echo, error) {
	own, err := url.Parse(s.addresses.own)
	if err != nil {
		return nil, err
	}
	e := newEcho(s.h, log, clientAddress("", nil), newOwnHosts(own, nil, log).check)
	s.h.Register(e.Group(""))
	s.register(e)
	return e, nil
}

func (s *startPage) register(e *echo.Echo) {
	e.Match(readMethods, "/", s.h.Page(s.show))
	e.Match(readMethods, recentPath, s.h.Page(s.recent.show))
	e.POST(receiverPath, s.recent.receiver.receive)
	demo := demoPages{h: s.h, addresses: s.addresses}
	demo.register(e)
}

// show renders the page in the visitor's language.
func (s *startPage) show(c echo.Context) error {
	l := languageOf(s.h, c.Request())
	return handlers.Render(c, http.StatusOK, templates.Index(templates.IndexView{
		Page:         l.page(l.Text("page.index.title")),
		Heading:      l.Text("page.index.heading"),
		Intro:        l.Text("page.index.intro"),
		Groups:       []templates.LinkGroup{s.forms(l), s.demos(l), s.tools(l)},
		FactsHeading: l.Text("page.index.facts"),
		Facts: []templates.Detail{
			{Term: l.Text("page.index.store"), Value: s.store},
			{Term: l.Text("page.index.bucket"), Value: devBucket},
			{Term: l.Text("page.index.key"), Value: devAccess},
			{Term: l.Text("page.index.data"), Value: s.data},
		},
	}))
}

func (s *startPage) forms(l pageLanguage) templates.LinkGroup {
	group := templates.LinkGroup{Heading: l.Text("page.index.forms")}
	for _, p := range s.profiles {
		group.Links = append(group.Links, templates.Link{
			URL: l.link(path.Join("/forms", p.Name)), Text: p.Name,
			Note: l.Text("page.index."+p.Name, "rules", l.Rules(p.Types, p.MinSize, p.MaxSize)),
		})
	}
	return group
}

// demos links to the demo pages under the server's other host name, so that the widget is tried on
// a foreign origin.
func (s *startPage) demos(l pageLanguage) templates.LinkGroup {
	group := templates.LinkGroup{Heading: l.Text("page.index.demos")}
	for _, name := range []string{"site", "form", "themes"} {
		key := "page.index.demo." + name
		group.Links = append(group.Links, templates.Link{
			URL: l.link(s.addresses.foreign + "/demo/" + name), Text: l.Text(key), Note: l.Text(key + ".note"),
		})
	}
	return group
}

func (s *startPage) tools(l pageLanguage) templates.LinkGroup {
	return templates.LinkGroup{
		Heading: l.Text("page.index.tools"),
		Links: []templates.Link{
			{URL: l.link(recentPath), Text: l.Text("page.index.recent"), Note: l.Text("page.index.recent.note")},
			{URL: l.link("/explain"), Text: l.Text("page.index.explain"), Note: l.Text("page.index.explain.note")},
		},
	}
}
