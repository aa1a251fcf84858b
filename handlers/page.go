package handlers

import (
	"net/http"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/postern-dev/postern/templates"
)

// formText is what a profile's form says in one language.
type formText struct {
	view templates.FormView // without the fields
}

// formTexts prepares the form of a profile in every language.
func (h *Handlers) formTexts(g *gate) map[string]*formText {
	out := make(map[string]*formText, len(h.locales.list))
	for _, w := range h.locales.list {
		out[w.lang] = &formText{view: h.formView(w, g)}
	}
	return out
}

func (h *Handlers) formView(w *words, g *gate) templates.FormView {
	p := g.profile
	view := templates.FormView{
		Page:    h.pageFor(w, w.text("page.form.title")),
		Heading: w.text("page.form.heading"), Kicker: p.Name,
		Rules:       w.rules(p.Types, p.MinSize, p.MaxSize),
		ChooseLabel: w.text("page.form.choose"), SubmitLabel: w.text("page.form.submit"),
		Hint:   w.text("page.form.hint"),
		Accept: accept(p.Types), Endpoint: h.base, Profile: p.Name,
		Catalog: h.asset("lang/" + w.lang + ".json"),
		MinSize: p.MinSize, MaxSize: p.MaxSize, Types: p.Types, TypeNames: w.typeNames(p.Types), Multiple: true,
	}
	view.Scripts = []string{h.asset("define.js")}
	return view
}

// accept fills the file control's attribute; a list that takes anything has none.
func accept(types []string) string {
	for _, t := range types {
		if t == "*/*" {
			return ""
		}
	}
	return strings.Join(types, ",")
}

// pageFor is what every page of ours has.
func (h *Handlers) pageFor(w *words, title string) templates.Page {
	return templates.Page{Lang: w.lang, Dir: w.dir, Title: title, Stylesheet: h.asset("postern.css"),
		LanguagesLabel: w.text("page.languages"), Languages: w.languages}
}

// asset is the path of a static file.
func (h *Handlers) asset(name string) string { return h.base + "/assets/" + h.assets.hash + "/" + name }

// showForm shows the upload form. It is issued anew for each visit: a form is
// good for one object.
func (h *Handlers) showForm(c echo.Context) error {
	g, who, err := h.enter(c, c.Param("profile"))
	if err != nil {
		return err
	}
	g.page.set(c.Response().Header())
	view := h.viewFor(c, g)
	issued, err := h.issueForm(c.Request().Context(), g, who)
	switch {
	case err == nil:
		h.fill(&view, issued, who)
	case !scriptOnly(err):
		return err
	}
	return render(c, http.StatusOK, templates.Form(view))
}

// scriptOnly reports that the visitor may upload, but not by a plain form: the
// store takes no form posts, or the files are larger than one may be.
func scriptOnly(err error) bool {
	refused := asError(err)
	return refused.Code == CodeInvalidRequest && refused.Field == "method"
}

// showWidget shows the form for an iframe. A visitor without a ticket gets one
// without fields: the host page hands the script a ticket, which then asks for
// its own plan.
func (h *Handlers) showWidget(c echo.Context) error {
	g, who, err := h.enter(c, c.Param("profile"))
	if err != nil {
		return err
	}
	g.widget.set(c.Response().Header())
	if len(g.profile.Origins) > 0 {
		delete(c.Response().Header(), "X-Frame-Options")
		delete(c.Response().Header(), "Cross-Origin-Opener-Policy")
	}
	view := h.viewFor(c, g)
	view.Embedded, view.ParentOrigins = true, g.profile.Origins
	view.Languages = nil
	issued, err := h.issueForm(c.Request().Context(), g, who)
	switch {
	case err == nil:
		h.fill(&view, issued, who)
	case !scriptOnly(err) && (who.known || asError(err).Code != CodeUnauthorized):
		return err
	}
	return render(c, http.StatusOK, templates.Widget(view))
}

// enter finds the profile and the visitor of a page.
func (h *Handlers) enter(c echo.Context, name string) (*gate, visitor, error) {
	g, err := h.gateNamed(name)
	if err != nil {
		return nil, visitor{}, err
	}
	who, err := h.identify(c)
	return g, who, err
}

// viewFor is the prepared form in the visitor's language.
func (h *Handlers) viewFor(c echo.Context, g *gate) templates.FormView {
	w := h.locales.negotiate(c.Request())
	to := c.Response().Header()
	to["Vary"] = varyLanguage
	return g.forms[w.lang].view
}

var varyLanguage = []string{"Accept-Language"}

// fill puts the signed form into the view, and the limits where the identity's
// are tighter than the profile's.
func (h *Handlers) fill(view *templates.FormView, issued issued, who visitor) {
	form := issued.form
	view.Action = form.URL
	view.Fields = make([]templates.Field, len(form.Fields))
	for i, f := range form.Fields {
		view.Fields[i] = templates.Field(f)
	}
	if who.MaxSize > 0 && who.MaxSize < view.MaxSize {
		view.MaxSize = who.MaxSize
		view.Rules = h.locales.byLang[view.Lang].rules(view.Types, view.MinSize, view.MaxSize)
	}
}
