package handlers

import (
	"net/http"

	"github.com/a-h/templ"
	"github.com/labstack/echo/v4"

	"github.com/postern-dev/postern/policy/profile"
	"github.com/postern-dev/postern/templates"
)

// Page wraps a page that a host adds beside ours: it gets the same security headers, a request ID,
// and its errors as a page in the visitor's language.
func (h *Handlers) Page(next echo.HandlerFunc) echo.HandlerFunc { return h.page(next) }

// AssetURL is the path of a static file, such as "postern.css".
func (h *Handlers) AssetURL(name string) string { return h.asset(name) }

// Words are the texts of the catalogue in one visitor's language, for pages that a host adds beside
// ours. They are safe for concurrent use.
type Words struct {
	h *Handlers
	w *words
}

// Words picks the visitor's language, from ?lang= or Accept-Language.
func (h *Handlers) Words(r *http.Request) Words { return Words{h: h, w: h.locales.negotiate(r)} }

// Text is the text of a key with {name} placeholders filled in; args are names and values in turn.
func (t Words) Text(key string, args ...string) string { return t.w.text(key, args...) }

// Rules says in a sentence what a profile takes.
func (t Words) Rules(p profile.Profile) string { return t.w.rules(p.Types, p.MinSize, p.MaxSize) }

// Page is the frame of a page in this language.
func (t Words) Page(title string) templates.Page { return t.h.pageFor(t.w, title) }

// Render writes a component as a page; nothing is sent when it fails.
func Render(c echo.Context, status int, page templ.Component) error { return render(c, status, page) }
