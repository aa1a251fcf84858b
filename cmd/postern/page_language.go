package main

import (
	"net/http"

	"github.com/postern-dev/postern/handlers"
	"github.com/postern-dev/postern/handlers/language"
	"github.com/postern-dev/postern/templates"
)

// pageLanguage is the language of one of dev's own pages, which its links keep.
type pageLanguage struct {
	*language.Texts
	handlers *handlers.Handlers
	query    string // "?lang=de" where that was asked for; "" where the browser's languages decide
}

func languageOf(h *handlers.Handlers, r *http.Request) pageLanguage {
	l := pageLanguage{Texts: h.Texts(r), handlers: h}
	if r.URL.Query().Has("lang") {
		l.query = "?lang=" + l.Tag
	}
	return l
}

// page returns what every page in this language has in common.
func (l pageLanguage) page(title string) templates.Page { return l.handlers.Frame(l.Texts, title) }

// link returns the address of another page in the same language.
func (l pageLanguage) link(page string) string { return page + l.query }
