package main

import (
	"net/http"

	"github.com/postern-dev/postern/handlers"
)

// tongue is what a visitor of a development page reads, on every page that the links lead to.
type tongue struct {
	handlers.Words
	query string // "?lang=de" where that was asked for; "" where the browser's languages decide
}

func tongueOf(h *handlers.Handlers, r *http.Request) tongue {
	w := tongue{Words: h.Words(r)}
	if r.URL.Query().Has("lang") {
		w.query = "?lang=" + w.Page("").Lang
	}
	return w
}

// to is the way to another page in the same language.
func (w tongue) to(page string) string { return page + w.query }
