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
			cache.view.Languages, cache.view.Modules = nil, append(cache.view.Modules, l.asset("widget.js"), l.asset("questions.js"))
		}
		out[t.Tag] = cache
	}
	return out
}

// formView is the form of a profile without what is issued per visit.
func formView(l *layout, t *language.Texts, served *uploads.ServedProfile) templates.FormView {
	p := served.Settings
	types, extensions, mistaken := served.Accepted()
	view := templates.FormView{
		Page:    l.page(t, cmp.Or(p.Title[t.Tag], t.Text("page.form.title"))),
		ID:      p.Name,
		Heading: cmp.Or(p.Title[t.Tag], t.Text("page.form.heading")), Intro: p.Intro[t.Tag], ShowHeading: p.Title[t.Tag] != "",
		Rules:       t.Rules(p.Types, p.MinSize, p.MaxSize),
		ChooseLabel: t.Text("page.form.choose"), SubmitLabel: t.Text("page.form.submit"),
		Hint:   t.Text("page.form.hint"),
		Accept: acceptAttribute(types, extensions), Endpoint: l.base, Profile: p.Name,
		Catalog: l.asset("lang/" + t.Tag + ".json"),
		MinSize: p.MinSize, MaxSize: p.MaxSize, Types: p.Types, Accepted: slices.Concat(types, mistaken, extensions), TypeNames: t.TypeNames(p.Types), Multiple: p.MaxFiles != 1,
		Ask:      templates.AskView{Reason: t.Text("page.form.ask_reason"), Label: t.Text("page.form.ask")},
		MaxFiles: p.MaxFiles, AcceptMetadata: p.AcceptMetadata, Removable: int64(p.Removable.Seconds()), Checksum: string(p.Checksum), Redirect: p.Redirect,
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
		Drop: t.Text("page.form.drop"), DropAccepts: t.Text("page.form.drop_accepts"), DropRefuses: t.Text("page.form.drop_refuses"),
	}
	if served.Settings.MaxFiles != 1 {
		out.ChooseSeveral, out.Folder = t.Text("page.form.choose_several"), t.Text("page.form.folder")
	}
	if served.Allows("image/jpeg") {
		out.Camera = t.Text("page.form.camera")
	}
	return out
}

// acceptAttribute is the attribute of the file control; a profile that accepts any type has none.
// Extensions are there for systems that know no type for a file.
func acceptAttribute(types, extensions []string) string {
	if slices.Contains(types, "*/*") {
		return ""
	}
	return strings.Join(slices.Concat(types, extensions), ",")
}

// formRoute is a page with the form of a profile: a page of its own, or one for an iframe.
type formRoute struct {
	*Handlers
	embedded bool
}

// show shows the upload form. It is issued anew for each visit: a form is good for one object.
func (f formRoute) show(c echo.Context) error { return f.answer(c, f.issueInPage) }

// tellScript says by its status to a script of any page whether that page may embed the widget, so
// that embed.js can say why there is none: 404 for an unknown profile, 403 for an origin that it
// doesn't list. Nothing else of the answer can be read.
func (f formRoute) tellScript(c echo.Context) error {
	c.Response().Header().Set(echo.HeaderAccessControlAllowOrigin, "*")
	return f.show(c)
}

// issue shows the upload form to somebody who asked for it with the button of this page.
func (f formRoute) issue(c echo.Context) error {
	if err := f.origins.checkOwnPage(c.Request()); err != nil {
		return err
	}
	if err := wantNoBody(c); err != nil {
		return err
	}
	return f.answer(c, f.issueAsked)
}

// issueFunc issues the form of a request, or says why not.
type issueFunc func(*http.Request, *servedProfile, uploads.Visitor) (uploads.Issued, error)

// errNotIssued says that a page gets a button in place of a form: the visitor may have a form, but
// has to ask for it.
var errNotIssued = errors.New("handlers: opening this page issues no form")

// issueAsked issues a form that the visitor asked for.
func (h *Handlers) issueAsked(r *http.Request, p *servedProfile, v uploads.Visitor) (uploads.Issued, error) {
	return h.service.IssueForm(r.Context(), p.ServedProfile, v)
}

// issueInPage issues a form because a page is opened, where the request may make it so and open
// forms leave room in the quota. Otherwise nothing is charged, and the error is errNotIssued.
func (h *Handlers) issueInPage(r *http.Request, p *servedProfile, v uploads.Visitor) (uploads.Issued, error) {
	if r.Method == http.MethodHead || !readFetchMetadata(r.Header).mayIssue() {
		return uploads.Issued{}, cmp.Or(h.service.CheckForm(r.Context(), p.ServedProfile, v), errNotIssued)
	}
	issued, err := h.service.IssueFormInPage(r.Context(), p.ServedProfile, v)
	if err != nil && problem.From(err).Code == problem.QuotaExceeded {
		err = errNotIssued
	}
	return issued, err
}

// answer shows the page of a request with what issue returns, also where that is no form but the
// page is of use without one.
func (f formRoute) answer(c echo.Context, issue issueFunc) error {
	p, visitor, err := f.request(c)
	if err != nil {
		return err
	}
	if err := f.setHeaders(c, p, visitor); err != nil {
		return err
	}
	issued, err := issue(c.Request(), p, visitor)
	AboutUpload(c, issued.ID)
	if err != nil && !errors.Is(err, errNotIssued) && !needsScript(err) && !f.waitsForTicket(c, visitor, err) {
		return err
	}
	if visitor.Return != (uploads.Return{}) {
		return f.showHandedOver(c, p, issued, err, visitor)
	}
	pages := p.forms
	if f.embedded {
		pages = p.widgets
	}
	return f.layout.renderForm(c, pages, issued, err, visitor, f.service.Owners(visitor))
}

// request finds the profile and the visitor of a form page.
func (f formRoute) request(c echo.Context) (*servedProfile, uploads.Visitor, error) {
	c.Response().Header()[echo.HeaderVary] = varyForm
	p, err := f.profileNamed(c.Param("profile"))
	if err != nil {
		return nil, uploads.Visitor{}, err
	}
	visitor, err := f.identify(c)
	visitor.Way = uploads.WayForm
	if f.embedded {
		visitor.Way = uploads.WayWidget
	}
	if t := f.layout.catalogue.Requested(c.Request()); t != nil {
		visitor.Language = t.Tag
	}
	if handoff := c.QueryParams()[handoffParameter]; err == nil && len(handoff) > 0 && !f.embedded {
		visitor.Way = uploads.WayField
		visitor.Return, err = f.handoffs.Open(handoff[0], p.Settings.Name, visitor)
	}
	return p, visitor, err
}

// setHeaders sets the headers of the page, which an error has too. It refuses a visitor whose
// identity is bound to an origin that may not frame the page, and a script that asks from one.
func (f formRoute) setHeaders(c echo.Context, p *servedProfile, v uploads.Visitor) error {
	to := c.Response().Header()
	if !f.embedded {
		p.formHeaders.set(to)
		return nil
	}
	if v.Origin != "" && !p.allowsOrigin(v.Origin) {
		return errOrigin
	}
	if c.Request().Method == http.MethodHead {
		if err := f.origins.checkProfile(c.Request(), p, v); err != nil {
			return err
		}
	}
	p.widgetHeadersFor(v).replace(to)
	return nil
}

// waitsForTicket reports whether a page for an iframe is shown although its visitor is unknown: the
// host page hands the script a ticket, which then asks for a plan of its own.
func (f formRoute) waitsForTicket(c echo.Context, v uploads.Visitor, err error) bool {
	return f.embedded && c.Request().Method != http.MethodPost && !v.Known && problem.From(err).Code == problem.Unauthorized
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
	view := page.view
	view.Owners = owners
	view, changed := l.issuedView(view, issued, reason, v)
	if issued.Form != nil && !changed {
		return page.show(c, issued.Form, owners)
	}
	return render(c, http.StatusOK, page.component(view))
}

// issuedView puts into a view what was issued, or the button that asks for it, and the limits of
// the visitor; changed says whether these are tighter than the profile's.
func (l *layout) issuedView(view templates.FormView, issued uploads.Issued, reason error, v uploads.Visitor) (out templates.FormView, changed bool) {
	view, changed = l.tighten(view, v)
	if issued.Form != nil {
		view.Action = issued.Form.URL
		for _, f := range issued.Form.Fields {
			view.Fields = append(view.Fields, templates.Field(f))
		}
	}
	if errors.Is(reason, errNotIssued) {
		view.Ask.Action = l.formPath(view.Profile, v.Language, view.Embedded)
	}
	if reason != nil && needsScript(reason) {
		view.NeedsScript = l.catalogue.ByTag(view.Lang).Text("page.form.needs_script")
	}
	return view, changed
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
