package handlers

import (
	"cmp"
	"errors"
	"net/http"
	"slices"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/postern-dev/postern/handlers/language"
	"github.com/postern-dev/postern/handlers/problem"
	"github.com/postern-dev/postern/handlers/uploads"
	"github.com/postern-dev/postern/templates"
)

// formPages prepares the form of a profile in every language, as a page or for an iframe.
func formPages(l *layout, p *uploads.ServedProfile, embedded bool) map[string]*formCache {
	out := make(map[string]*formCache)
	for _, t := range l.catalogue.All() {
		cache := &formCache{view: formView(l, t, p), component: templates.Form}
		if embedded {
			cache.component, cache.view.Embedded, cache.view.ParentOrigins = templates.Widget, true, p.Settings.Origins
			cache.view.Languages, cache.view.Modules = nil, append(cache.view.Modules, l.asset("widget.js"))
		}
		out[t.Tag] = cache
	}
	return out
}

// formView is the form of a profile without what is issued per visit.
func formView(l *layout, t *language.Texts, served *uploads.ServedProfile) templates.FormView {
	p := served.Settings
	view := templates.FormView{
		Page:    l.page(t, t.Text("page.form.title")),
		ID:      p.Name,
		Heading: t.Text("page.form.heading"), Subtitle: p.Name,
		Rules:       t.Rules(p.Types, p.MinSize, p.MaxSize),
		ChooseLabel: t.Text("page.form.choose"), SubmitLabel: t.Text("page.form.submit"),
		Hint:   t.Text("page.form.hint"),
		Accept: acceptAttribute(p.Types), Endpoint: l.base, Profile: p.Name,
		Catalog: l.asset("lang/" + t.Tag + ".json"),
		MinSize: p.MinSize, MaxSize: p.MaxSize, Types: p.Types, TypeNames: t.TypeNames(p.Types), Multiple: true,
		Ask:        templates.AskView{Reason: t.Text("page.form.ask_reason"), Label: t.Text("page.form.ask")},
		FilesLabel: t.Text("page.form.files"), Pickers: pickerLabels(t, served),
	}
	view.Scripts, view.Data = []string{l.asset("define.js")}, []string{view.Catalog}
	for _, name := range l.assets.imports("define.js") {
		view.Modules = append(view.Modules, l.asset(name))
	}
	return view
}

// pickerLabels are the texts of the ways to choose files that need script.
func pickerLabels(t *language.Texts, served *uploads.ServedProfile) templates.PickerLabels {
	out := templates.PickerLabels{
		ChooseSeveral: t.Text("page.form.choose_several"), Folder: t.Text("page.form.folder"),
		Drop: t.Text("page.form.drop"), DropAccepts: t.Text("page.form.drop_accepts"), DropRefuses: t.Text("page.form.drop_refuses"),
	}
	if served.Allows("image/jpeg") {
		out.Camera = t.Text("page.form.camera")
	}
	return out
}

// acceptAttribute is the attribute of the file control; a profile that accepts any type has none.
func acceptAttribute(types []string) string {
	if slices.Contains(types, "*/*") {
		return ""
	}
	return strings.Join(types, ",")
}

// issueFunc issues the form of a request, or says why not.
type issueFunc func(echo.Context, *servedProfile, uploads.Visitor) (uploads.Issued, error)

// errNotIssued says that a page gets a button in place of a form: the visitor may have a form, but
// has to ask for it.
var errNotIssued = errors.New("handlers: opening this page issues no form")

// issueInPage issues a form because a page is opened, where the request may make it so and open
// forms leave room in the quota. Otherwise nothing is charged, and the error is errNotIssued.
func (h *Handlers) issueInPage(c echo.Context, p *servedProfile, v uploads.Visitor) (uploads.Issued, error) {
	r := c.Request()
	if r.Method == http.MethodHead || !readFetchMetadata(r.Header).mayIssue() {
		return uploads.Issued{}, cmp.Or(h.service.CheckForm(r.Context(), p.ServedProfile, v), errNotIssued)
	}
	issued, err := h.service.IssueFormInPage(r.Context(), p.ServedProfile, v)
	if err != nil && problem.From(err).Code == problem.QuotaExceeded {
		err = errNotIssued
	}
	return issued, err
}

// issueAsked issues a form that somebody asked for with the button of a page.
func (h *Handlers) issueAsked(c echo.Context, p *servedProfile, v uploads.Visitor) (uploads.Issued, error) {
	return h.service.IssueForm(c.Request().Context(), p.ServedProfile, v)
}

// showForm shows the upload form. It is issued anew for each visit: a form is good for one object.
func (h *Handlers) showForm(c echo.Context) error { return h.answerWithForm(c, h.issueInPage) }

// issueForm shows the upload form to somebody who asked for it.
func (h *Handlers) issueForm(c echo.Context) error {
	if err := h.checkAsked(c); err != nil {
		return err
	}
	return h.answerWithForm(c, h.issueAsked)
}

// checkAsked refuses what the button of our own page doesn't send.
func (h *Handlers) checkAsked(c echo.Context) error {
	if err := h.origins.checkOwnPage(c.Request()); err != nil {
		return err
	}
	return wantNoBody(c)
}

func (h *Handlers) answerWithForm(c echo.Context, issue issueFunc) error {
	p, visitor, err := h.formRequest(c)
	if err != nil {
		return err
	}
	p.formHeaders.set(c.Response().Header())
	issued, err := issue(c, p, visitor)
	if err != nil && !needsScript(err) && !errors.Is(err, errNotIssued) {
		return err
	}
	return h.layout.renderForm(c, p.forms, issued, err, visitor, h.service.Owners(visitor))
}

// showWidget shows the form for an iframe. A visitor without a ticket gets one without fields: the
// host page hands the script a ticket, which then asks for a plan of its own.
func (h *Handlers) showWidget(c echo.Context) error { return h.answerWithWidget(c, h.issueInPage) }

// issueWidget shows the form for an iframe to somebody who asked for it in that frame.
func (h *Handlers) issueWidget(c echo.Context) error {
	if err := h.checkAsked(c); err != nil {
		return err
	}
	return h.answerWithWidget(c, h.issueAsked)
}

func (h *Handlers) answerWithWidget(c echo.Context, issue issueFunc) error {
	p, visitor, err := h.formRequest(c)
	if err != nil {
		return err
	}
	if visitor.Origin != "" && !p.allowsOrigin(visitor.Origin) {
		return errOrigin
	}
	p.widgetHeadersFor(visitor).replace(c.Response().Header())
	issued, err := issue(c, p, visitor)
	getsTicket := c.Request().Method != http.MethodPost && !visitor.Known
	if err != nil && !needsScript(err) && !errors.Is(err, errNotIssued) && !(getsTicket && problem.From(err).Code == problem.Unauthorized) {
		return err
	}
	return h.layout.renderForm(c, p.widgets, issued, err, visitor, h.service.Owners(visitor))
}

// formRequest finds the profile and the visitor of a form page.
func (h *Handlers) formRequest(c echo.Context) (*servedProfile, uploads.Visitor, error) {
	c.Response().Header()[echo.HeaderVary] = varyForm
	p, err := h.profileNamed(c.Param("profile"))
	if err != nil {
		return nil, uploads.Visitor{}, err
	}
	visitor, err := h.identify(c)
	if t := h.layout.catalogue.Requested(c.Request()); t != nil {
		visitor.Language = t.Tag
	}
	return p, visitor, err
}

// needsScript reports that the visitor may upload, but not by a plain form: the store takes no form
// posts, or the files are larger than one may be.
func needsScript(err error) bool {
	refused := problem.From(err)
	return refused.Code == problem.InvalidRequest && refused.Field == "method"
}

// renderForm shows a form as issued, or without fields where none could be issued, in the visitor's
// language and with the visitor's owner marks. Where the reason is errNotIssued, a button asks for
// one.
func (l *layout) renderForm(c echo.Context, pages map[string]*formCache, issued uploads.Issued, reason error, v uploads.Visitor, owners []string) error {
	page := pages[l.catalogue.Negotiate(c.Request()).Tag]
	view, changed := l.tighten(page.view, v)
	view.Owners = owners
	if issued.Form != nil && !changed {
		return page.show(c, issued.Form, owners)
	}
	if issued.Form != nil {
		view.Action = issued.Form.URL
		for _, f := range issued.Form.Fields {
			view.Fields = append(view.Fields, templates.Field(f))
		}
	}
	if errors.Is(reason, errNotIssued) {
		view.Ask.Action = l.formPath(view.Profile, v.Language, view.Embedded)
	}
	return render(c, http.StatusOK, page.component(view))
}

// tighten puts the limits of an identity into a view where they are tighter than the profile's, and
// reports whether any is.
func (l *layout) tighten(view templates.FormView, v uploads.Visitor) (out templates.FormView, changed bool) {
	if v.MaxSize > 0 && v.MaxSize < view.MaxSize {
		view.MaxSize, changed = v.MaxSize, true
		view.Rules = l.catalogue.ByTag(view.Lang).Rules(view.Types, view.MinSize, view.MaxSize)
	}
	if view.Embedded && v.Origin != "" {
		view.ParentOrigins, changed = []string{v.Origin}, true
	}
	return view, changed
}

var varyLanguage = []string{"Accept-Language"}
