package handlers

import (
	"net/http"

	"github.com/a-h/templ"
	"github.com/labstack/echo/v4"

	"github.com/postern-dev/postern/handlers/language"
	"github.com/postern-dev/postern/handlers/uploads"
	"github.com/postern-dev/postern/templates"
)

// Page wraps a page that a host adds beside ours: it gets the same security headers, a request ID,
// and its errors as a page in the visitor's language.
func (h *Handlers) Page(next echo.HandlerFunc) echo.HandlerFunc { return h.respond.page(next) }

// AssetURL is the path of a static file, such as "postern.css".
func (h *Handlers) AssetURL(name string) string { return h.layout.asset(name) }

// Texts picks the texts in the visitor's language, from ?lang= or Accept-Language, for pages that a
// host adds beside ours.
func (h *Handlers) Texts(r *http.Request) *language.Texts { return h.layout.catalogue.Negotiate(r) }

// Frame is what every page of ours has: language, title, stylesheet and the choice of languages.
func (h *Handlers) Frame(t *language.Texts, title string) templates.Page {
	return h.layout.page(t, title)
}

// Link returns the address at which a browser gets an object of a profile, to be shown now. The
// object comes from a receipt or a row of the host's.
func (h *Handlers) Link(profileName string, o uploads.Object) (string, error) {
	return h.service.Link(profileName, o)
}

// Render writes a component as a page; nothing is sent when it fails.
func Render(c echo.Context, status int, page templ.Component) error { return render(c, status, page) }
