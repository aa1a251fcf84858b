package handlers

import (
	"net/http"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/postern-dev/postern/templates"
)

// formTexts prepares the form of a profile in every language.
func (h *Handlers) formTexts(g *gate) map[string]*formText {
	out := make(map[string]*formText, len(h.locales.list))
	for _, w := range h.locales.list {
		out[w.lang] = &formText{view: h.formView(w, g), form: templates.Form}
	}
	return out
}

// widgetTexts prepares the same for an iframe.
func (h *Handlers) widgetTexts(g *gate) map[string]*formText {
	out := make(map[string]*formText, len(h.locales.list))
	for _, w := range h.locales.list {
		view := h.formView(w, g)
		view.Embedded, view.ParentOrigins, view.Languages = true, g.profile.Origins, nil
		view.Modules = append(view.Modules, h.asset("widget.js"))
		out[w.lang] = &formText{view: view, form: templates.Widget}
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
	view.Scripts, view.Data = []string{h.asset("define.js")}, []string{view.Catalog}
	for _, name := range h.assets.imports("define.js") {
		view.Modules = append(view.Modules, h.asset(name))
	}
	view.FilesLabel, view.Doors = w.text("page.form.files"), doors(w, g)
	return view
}

// doors are the words of the ways in that need script.
func doors(w *words, g *gate) templates.Doors {
	out := templates.Doors{
		Many: w.text("page.form.many"), Folder: w.text("page.form.folder"),
		Drop: w.text("page.form.drop"), Accepts: w.text("page.form.accepts"), Refuses: w.text("page.form.refuses"),
	}
	if g.compiled.Allows("image/jpeg") {
		out.Camera = w.text("page.form.camera")
	}
	return out
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

// showForm shows the upload form. It is issued anew for each visit: a form is good for one object.
func (h *Handlers) showForm(c echo.Context) error {
	g, who, err := h.enter(c, c.Param("profile"))
	if err != nil {
		return err
	}
	g.page.set(c.Response().Header())
	page := h.pageIn(c, g.forms)
	issued, err := h.issueForm(c.Request().Context(), g, who)
	if err != nil && !scriptOnly(err) {
		return err
	}
	return h.showFormText(c, page, issued, who)
}

// showWidget shows the form for an iframe. A visitor without a ticket gets one without fields: the
// host page hands the script a ticket, which then asks for a plan of its own.
func (h *Handlers) showWidget(c echo.Context) error {
	g, who, err := h.enter(c, c.Param("profile"))
	if err != nil {
		return err
	}
	if who.Origin != "" && !g.origins[who.Origin] {
		return errOrigin
	}
	g.widgetFor(who).replace(c.Response().Header())
	page := h.pageIn(c, g.widgets)
	issued, err := h.issueForm(c.Request().Context(), g, who)
	if err != nil && !scriptOnly(err) && (who.known || asError(err).Code != CodeUnauthorized) {
		return err
	}
	return h.showFormText(c, page, issued, who)
}

// scriptOnly reports that the visitor may upload, but not by a plain form: the store takes no form
// posts, or the files are larger than one may be.
func scriptOnly(err error) bool {
	refused := asError(err)
	return refused.Code == CodeInvalidRequest && refused.Field == "method"
}

// showFormText shows a form as issued, or without fields where none could be.
func (h *Handlers) showFormText(c echo.Context, page *formText, issued issued, who visitor) error {
	view, same := h.narrow(page.view, who)
	if issued.form != nil && same {
		return page.show(c, issued.form)
	}
	if issued.form != nil {
		view.Action = issued.form.URL
		for _, f := range issued.form.Fields {
			view.Fields = append(view.Fields, templates.Field(f))
		}
	}
	return render(c, http.StatusOK, page.form(view))
}

// narrow tells the limits of an identity where they are tighter than the profile's; same is true
// where they aren't.
func (h *Handlers) narrow(view templates.FormView, who visitor) (out templates.FormView, same bool) {
	same = true
	if who.MaxSize > 0 && who.MaxSize < view.MaxSize {
		view.MaxSize, same = who.MaxSize, false
		view.Rules = h.locales.byLang[view.Lang].rules(view.Types, view.MinSize, view.MaxSize)
	}
	if view.Embedded && who.Origin != "" {
		view.ParentOrigins, same = []string{who.Origin}, false
	}
	return view, same
}

// enter finds the profile and the visitor of a page.
func (h *Handlers) enter(c echo.Context, name string) (*gate, visitor, error) {
	g, err := h.gateNamed(name)
	if err != nil {
		return nil, visitor{}, err
	}
	who, err := h.identify(c)
	if w := h.locales.asked(c.Request()); w != nil {
		who.lang = w.lang
	}
	return g, who, err
}

// pageIn is the prepared page in the visitor's language.
func (h *Handlers) pageIn(c echo.Context, pages map[string]*formText) *formText {
	c.Response().Header()["Vary"] = varyLanguage
	return pages[h.locales.negotiate(c.Request()).lang]
}

var varyLanguage = []string{"Accept-Language"}
